// A note that several boxes of a view share is shown once, above them.
import { createContext, html, useCallback, useContext, useEffect, useRef, useState } from '/htm.js';

const Above = createContext({ isSaid: () => false, report: () => {} });

/** The key of a note: the same problem has the same key for every question. */
const keyOf = ({ problem, warning }) => problem?.code ?? warning;

/** True if a problem concerns the node, not the question. */
const isOfNode = ({ problem }) => problem?.status === 502 || problem?.status === 504;

/** `isDown`: the node's problem is already shown. `Note` shows {problem} or {warning}. */
export function SaidOnce({ isDown, Note, children }) {
  const [boxes, setBoxes] = useState(new Map());
  const report = useCallback((box, notes) => setBoxes((previous) => new Map(previous).set(box, notes)), []);
  const all = [...boxes.values()].flat();
  const shared = all.filter((note, at) => all.findIndex((one) => keyOf(one) === keyOf(note)) < at);
  const keys = new Set(shared.map(keyOf));
  const isSaid = (note) => keys.has(keyOf(note)) || (isDown && isOfNode(note));
  const firsts = [...keys].map((key) => all.find((note) => keyOf(note) === key)).filter((note) => !isDown || !isOfNode(note));
  firsts.sort((one, other) => (other.problem !== undefined) - (one.problem !== undefined));
  return html`
    ${firsts.map((note) => html`<${Note} key=${keyOf(note)} ...${note} />`)}
    <${Above.Provider} value=${{ isSaid, report }}>${children}<//>`;
}

/** For a box: `own` are the notes that it must show itself; `isSaidAbove`: there are others, shown above. */
export function useNotes(problem, warnings) {
  const { isSaid, report } = useContext(Above);
  const box = useRef(null);
  const notes = [...(problem ? [{ problem }] : []), ...(warnings ?? []).map((warning) => ({ warning }))];
  useEffect(() => {
    report(box, notes);
    return () => report(box, []);
  }, [notes.map(keyOf).join('\n')]);
  const own = notes.filter((note) => !isSaid(note));
  return { own, isSaidAbove: own.length < notes.length };
}
