// Keeps an answer fresh: asks every few seconds while the page is visible, never twice at once, and keeps the last good answer.
import { createContext, useContext, useEffect, useState } from '/htm.js';
import { attempt } from '/api.js';

const BEAT_MS = 5000;
const REST_MAX_MS = 60000;
// A slow question is asked less often, so that one open page keeps a node busy for at most a fifth of the time.
const REST_FACTOR = 4;

/** `active`: whether to ask at all. `nodes`: the registered nodes' rows, by name. */
export const Live = createContext({ active: true, nodes: new Map() });

/** {data, meta, problem, loading}: `data` stays while newer answers fail; `loading` is from a change of `path` to its first answer.
 * A `path` of null asks nothing. */
export function usePoll(path) {
  const { active } = useContext(Live);
  const [answer, setAnswer] = useState({ data: null, meta: null, problem: null, loading: true });
  useEffect(() => {
    if (!active || path === null) return undefined;
    return poll(path, (change) => setAnswer((previous) => ({ ...previous, ...change })));
  }, [path, active]);
  return answer;
}

/** Calls `update` with each change; returns a function that ends it. */
function poll(path, update) {
  const end = new AbortController();
  let timer = 0;
  let busy = false;
  async function refresh() {
    if (busy || document.hidden) return;
    busy = true;
    clearTimeout(timer);
    const started = performance.now();
    const change = await attempt(path, { signal: end.signal });
    busy = false;
    if (end.signal.aborted) return;
    update({ ...change, loading: false });
    timer = setTimeout(refresh, untilBeat(Math.min(REST_FACTOR * (performance.now() - started), REST_MAX_MS)));
  }
  document.addEventListener('visibilitychange', refresh);
  update({ loading: true });
  refresh();
  return () => {
    end.abort();
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', refresh);
  };
}

/** Time to the first beat after `rest`. All panels ask on the same beats: the service answers them from one scan of the node. */
function untilBeat(rest) {
  const now = performance.now();
  return Math.ceil((now + Math.max(rest, BEAT_MS / 10)) / BEAT_MS) * BEAT_MS - now;
}
