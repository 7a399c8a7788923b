// Counts a list that is too long to be copied cheaply: only on request, one process at a time.
import { html, useState } from '/htm.js';
import { timeOfDay } from '/format.js';
import { useOnce } from '/once.js';
import { ProblemNote } from '/parts.js';

const TIMEOUT_MS = 60000;
const KEPT_MAX = 20; // counts that a panel keeps

/** True for a row or a relation that is only an estimate. */
export const isTooLong = (row) => row.exact === false && row.distinct_count === null;

/** [of, keep]: `of(pid)` is the exact count of that process's relation, with its time, or undefined. */
export function useExact() {
  const [kept, setKept] = useState(new Map());
  const keep = (pid, relation) => setKept((previous) => new Map([...previous, [pid, relation]].slice(-KEPT_MAX)));
  return [(pid) => kept.get(pid), keep];
}

/** `path` is that of the process. */
export function CountExactly({ path, direction, onCounted }) {
  const [answer, ask] = useOnce();
  async function count() {
    if (answer.loading) return;
    const query = `direction=${direction}&limit=20&exact=true&timeout_ms=${TIMEOUT_MS}`;
    const { data, meta } = (await ask(`${path}/relations?${query}`, { patience_ms: TIMEOUT_MS + 5000 })) ?? {};
    if (data) onCounted({ ...data[0], at: meta.collected_at });
  }
  const hint = 'Copies the whole list: costs memory and time on the node';
  return html`
    <button type="button" class="small" title=${hint} aria-disabled=${answer.loading} onClick=${count}>
      ${answer.loading ? 'counting…' : 'count exactly'}
    </button>
    ${answer.problem !== null && html`<div class="wrap"><${ProblemNote} problem=${answer.problem} /></div>`}`;
}

export const CountedAt = ({ relation }) => html`<small>exact at ${timeOfDay(relation.at)}</small>`;
