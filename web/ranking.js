// The processes that monitor most, and those monitored most, with how often the same peer is repeated: this distinguishes a leak from a registry.
import { html } from '/htm.js';
import { column } from '/columns.js';
import { CountedAt, CountExactly, isTooLong, useExact } from '/exact.js';
import { count, times } from '/format.js';
import { Panel, Process, TopPeers } from '/parts.js';
import { usePoll } from '/poll.js';
import { processPath } from '/route.js';
import { Table } from '/table.js';

const LOUD_RATIO = 10;

const TEXTS = {
  monitors: { title: 'Monitors most', peers: 'Monitors mostly', empty: 'No process monitors another.' },
  monitored_by: { title: 'Monitored most', peers: 'Mostly by', empty: 'No process is monitored.' },
};

const own = (path, more) => column('listMonitors', path, more);

/** One ranking; `by` is monitors or monitored_by. */
export const useRanking = (path, by) => usePoll(`${path}/monitors?by=${by}&limit=10`);

export function RankingPanel({ answer, node, by }) {
  const text = TEXTS[by];
  const [exactOf, keepExact] = useExact();
  const columns = [
    { key: 'process', title: 'Process', head: true, cell: (row) => html`<${Process} row=${row} node=${node} />` },
    own(`${by}_count`),
    own('distinct_count', { hint: 'How many different peers', cell: (row) => distinct(row) }),
    own('duplication_ratio', { title: 'Repeated', hint: 'Entries per distinct peer: 1 is healthy', cell: (row) => ratio(row) }),
    { key: 'peers', title: text.peers, cell: (row) => html`<${TopPeers} peers=${row.top_peers} since=${row.uncounted_since_count} node=${node} />` },
  ];
  const distinct = (row) => (isTooLong(row)
    ? html`<${CountExactly} path=${processPath(node, row.pid)} direction=${by} onCounted=${(relation) => keepExact(row.pid, relation)} />`
    : html`${count(row.distinct_count)}${row.at && html`<${CountedAt} relation=${row} />`}`);
  const rows = (answer.data ?? []).filter((row) => row[`${by}_count`] !== 0).map((row) => withExact(row, exactOf(row.pid), by));
  return html`
    <${Panel} title=${text.title} answer=${answer}>
      <${Table} caption=${text.title} columns=${columns} rows=${rows} keyOf=${(row) => row.pid} empty=${text.empty} />
    <//>`;
}

/** The row with an exact count that somebody requested, if the ranking itself still has only an estimate. */
function withExact(row, relation, by) {
  if (!relation || !isTooLong(row)) return row;
  const { count: counted, distinct_count, duplication_ratio, top_peers, exact, at } = relation;
  return { ...row, [`${by}_count`]: counted, uncounted_count: null, uncounted_since_count: null, distinct_count, duplication_ratio, top_peers, exact, at };
}

const ratio = (row) => html`<span class=${row.duplication_ratio >= LOUD_RATIO ? 'loud' : ''}>${times(row.duplication_ratio)}</span>`;
