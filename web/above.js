// What several boxes of a view have to say is said once, above them.
import { createContext, html, useCallback, useContext, useEffect, useRef, useState } from '/htm.js';

const Above = createContext({ isSaid: () => false, report: () => {} });

/** What makes two notes the same: a problem is, whatever was asked. */
const keyOf = ({ problem, warning }) => problem?.code ?? warning;

/** True of a problem that is the node's, and not the question's. */
const isOfNode = ({ problem }) => problem?.status === 502 || problem?.status === 504;

/** `isDown`: what is wrong with the node has been said already. `Note` shows {problem} or {warning}. */
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

/** For a box: `own` are the notes that it has to show itself; `isSaidAbove`, whether there are others. */
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
