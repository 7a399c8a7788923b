// One process: its identity, its memory, its activity, its monitors, its watchers and its links.
import { html, useState } from '/htm.js';
import { CallSitesPanel } from '/callsites.js';
import { CountedAt, CountExactly, isTooLong } from '/exact.js';
import { bytes, bytesOf, count, mfa, nameOf, percent, short, timeOfDay, times, reportedAgo, uncounted, visible, TOGETHER } from '/format.js';
import { Bar, Counted, Facts, Frames, Heading, Name, Panel, Peer } from '/parts.js';
import { Reachable } from '/node.js';
import { usePoll } from '/poll.js';
import { processPath } from '/route.js';
import { Table } from '/table.js';

export function ProcessView({ node, pid }) {
  const brackets = `<${pid}>`;
  return html`<${Reachable} node=${node}><${ProcessPanels} node=${node} pid=${pid} brackets=${brackets} /><//>`;
}

function ProcessPanels({ node, pid, brackets }) {
  const path = processPath(node, pid);
  const answer = usePoll(path);
  const relations = usePoll(`${path}/relations?direction=all&limit=20`);
  const name = answer.data && nameOf(answer.data);
  const relationOf = (relation) => html`<${Relation} key=${relation.direction} latest=${relation} node=${node} path=${path} />`;
  const title = name ? `${name} ${brackets}` : brackets;
  return html`
    <${Heading} title=${title}>${name && html`<${Name} text=${name} />${' '}`}<span class="pid">${brackets}</span><//>
    <${Panel} title="Process" answer=${withoutBound(answer, relations.data)}>${answer.data && html`<${Summary} row=${withRelations(answer.data, relations.data)} node=${node} />`}<//>
    <${Panel} title="Relations" answer=${relations}>
      <div class="three">${(relations.data ?? []).map(relationOf)}</div>
    <//>
    <${CallSitesPanel} path=${path} />`;
}

/** If its lists are too long, the row itself has only a maximum of their entries: the counts of each list are better. */
function withRelations(row, relations) {
  if (row.exact !== false || !relations) return row;
  const counts = relations.filter(({ count: known }) => known !== null).map(({ direction, count: known }) => [`${direction}_count`, known]);
  const open = relations.find(({ direction, uncounted_count: most }) => direction !== 'links' && most !== null);
  return { ...row, ...Object.fromEntries(counts), uncounted_count: open?.uncounted_count ?? null };
}

/** Entries that nobody has counted are shown once, not for each direction. */
function entriesOf(row) {
  if (uncounted(row)) return [['Entries', html`<span class="uncounted">${uncounted(row)}</span>`]];
  return [
    ['Monitors', html`<${Counted} row=${row} field="monitors_count" />`],
    ['Monitored by', html`<${Counted} row=${row} field="monitored_by_count" />`],
    ['Links', html`<${Counted} row=${row} field="links_count" />`],
  ];
}

/** Its relations have a bound that is as good or better. */
function withoutBound(answer, relations) {
  if (!answer.meta || !relations) return answer;
  return { ...answer, meta: { ...answer.meta, warnings: answer.meta.warnings.filter((warning) => !warning.includes(TOGETHER)) } };
}

/** Another process in a row: a ref, or a pid in brackets. */
const peerOf = (value) => (value && typeof value === 'object' ? value : value ? { pid: value } : null);

function Summary({ row, node }) {
  const peer = (value) => peerOf(value) && html`<${Peer} peer=${peerOf(value)} node=${node} />`;
  const facts = [
    ['Status', visible(row.status ?? '–')],
    ['Memory', bytesOf(row, 'memory_bytes')],
    ['Message queue', count(row.message_queue_len)],
    ['Reductions', short(row.reductions_count)],
    ...entriesOf(row),
  ];
  const details = [
    ['Registered name', row.registered_name && html`<${Name} text=${row.registered_name} />`],
    ['Label', row.label && html`<${Name} text=${row.label} />`],
    ['Application', row.application && visible(row.application)],
    ['Started as', row.initial_call && html`<code>${visible(mfa(row.initial_call))}</code>`],
    ['Is in', row.current_function && html`<code>${visible(mfa(row.current_function))}</code>`],
    ['Parent', peer(row.parent)],
    ['Group leader', peer(row.group_leader)],
    ['Priority', row.priority && visible(row.priority)],
    ['Traps exits', row.trap_exit === undefined || row.trap_exit === null ? null : row.trap_exit ? 'yes' : 'no'],
    ['Message queue data', row.message_queue_data && visible(row.message_queue_data)],
  ];
  return html`
    <${Facts} facts=${facts} kind="facts large" />
    <div class="columns inside">
      <div><${Split} row=${row} />${row.stack?.length > 0 && html`<h3>Stack</h3><${Frames} stack=${row.stack} />`}</div>
      <${Facts} facts=${details} />
    </div>
    <${Collection} values=${row.garbage_collection} />`;
}

const SPLIT = [
  { field: 'heap_bytes', title: 'Heap', kind: 'processes' },
  { field: 'mailbox_bytes', title: 'Mailbox, at least', kind: 'binary' },
  { field: 'monitors_estimate_bytes', title: 'Monitors and links, about', atMost: 'Monitors and links, at most', kind: 'ets' },
  { field: 'other_bytes', title: 'Other', kind: 'other' },
];

const PartName = ({ part, row }) => html`<span><i class=${`swatch ${part.kind}`}></i>${(uncounted(row) && part.atMost) || part.title}</span>`;

function Split({ row }) {
  const split = row.memory_split;
  if (!split) return null;
  const share = (part) => split[part.field] / row.memory_bytes;
  const columns = [
    { key: 'part', title: 'Memory', head: true, cell: (part) => html`<${PartName} part=${part} row=${row} />` },
    { key: 'bytes', title: 'Size', number: true, cell: (part) => bytes(split[part.field]) },
    { key: 'share', title: 'Share', number: true, cell: (part) => percent(share(part)) },
    { key: 'bar', title: '', kind: 'wide', cell: (part) => html`<${Bar} ratio=${share(part)} kind=${part.kind} />` },
  ];
  return html`<${Table} caption="Memory of this process" columns=${columns} rows=${SPLIT} keyOf=${(part) => part.field} />`;
}

function Collection({ values }) {
  if (!values) return null;
  const show = (value) => (typeof value === 'number' ? count(value) : visible(JSON.stringify(value)));
  const facts = Object.entries(values).map(([name, value]) => [visible(name.replaceAll('_', ' ')), show(value)]);
  return html`<details><summary>Garbage collection</summary><${Facts} facts=${facts} /></details>`;
}

const peerKey = (peer) => JSON.stringify({ ...peer, count: undefined });

/** Entries that came since the count, whose peers are not known. */
const sinceOf = ({ uncounted_since_count: since }) => (since > 0 ? `: up to ${count(since)} came since, of whom is not known` : '');

const DIRECTIONS = {
  monitors: { title: 'Monitors', empty: 'It monitors nothing.' },
  monitored_by: { title: 'Monitored by', empty: 'Nothing monitors it.' },
  links: { title: 'Links', empty: 'It is linked to nothing.' },
};

/** `latest` is the last report; after an exact count, that count is shown instead. */
function Relation({ latest, node, path }) {
  const [exact, setExact] = useState(null);
  const relation = isTooLong(latest) ? exact ?? latest : latest;
  const isEstimate = relation.exact === false && !isTooLong(relation);
  const text = DIRECTIONS[relation.direction] ?? { title: visible(relation.direction), empty: 'None.' };
  const columns = [
    { key: 'peer', title: 'Peer', head: true, cell: (peer) => html`<${Peer} peer=${peer} node=${node} />` },
    { key: 'count', title: 'Count', number: true, cell: (peer) => count(peer.count) },
    { key: 'share', title: 'Share', number: true, cell: (peer) => percent(peer.count / relation.count) },
  ];
  const spread = relation.distinct_count > 0 && `, ${count(relation.distinct_count)} distinct, each ${times(relation.duplication_ratio)}`;
  return html`
    <div>
      <h3>${text.title} <span class="quiet"><${Counted} row=${relation} field="count" />${spread}</span></h3>
      ${isTooLong(relation) && html`
        <p class="quiet">${uncounted(relation) ? 'Not counted.' : 'Too long to be copied cheaply.'}${' '}
          <${CountExactly} path=${path} direction=${relation.direction} onCounted=${setExact} /></p>`}
      ${reportedAgo(relation) && html`<p class="quiet">It does not answer in time: ${reportedAgo(relation)}.</p>`}
      ${isEstimate && relation.counted_at && html`<p class="quiet">Counted at ${timeOfDay(relation.counted_at)}, estimated since${sinceOf(relation)}.</p>`}
      ${relation.at && html`<p class="quiet"><${CountedAt} relation=${relation} /></p>`}
      ${!isTooLong(relation) && html`
        <${Table} caption=${text.title} columns=${columns} rows=${relation.top_peers ?? []} keyOf=${peerKey} empty=${text.empty} />`}
    </div>`;
}
