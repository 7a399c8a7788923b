// A question that is asked only when somebody presses its button: it costs the node much, or takes long.
import { useEffect, useRef, useState } from '/htm.js';
import { attempt } from '/api.js';

const UNASKED = { data: null, meta: null, problem: null, loading: false };

/** [{data, meta, problem, loading}, ask]: ask(path, options) asks once and resolves to the answer, or to null if it came too late.
 * One at a time; leaving the view ends it. */
export function useOnce() {
  const [answer, setAnswer] = useState(UNASKED);
  const end = useRef(new AbortController());
  useEffect(() => () => end.current.abort(), []);
  async function ask(path, options) {
    end.current.abort();
    const own = new AbortController();
    end.current = own;
    setAnswer({ ...UNASKED, loading: true });
    const change = await attempt(path, { signal: own.signal, ...options });
    if (own.signal.aborted) return null;
    const next = { ...UNASKED, ...change };
    setAnswer(next);
    return next;
  }
  return [answer, ask];
}
