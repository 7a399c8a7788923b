// The start page: the list of nodes, which are up and of the others why not, and what leaks most on any of them.
import { html } from '/htm.js';
import { count, duration, visible } from '/format.js';
import { Heading, Name, Panel, State } from '/parts.js';
import { FleetPairs } from '/pairs.js';
import { nodeHash } from '/route.js';
import { Table } from '/table.js';

const columns = [
  { key: 'node', title: 'Node', head: true, cell: (row) => html`<a href=${nodeHash(row.node)}><${Name} text=${row.node} /></a>` },
  { key: 'state', title: 'State', cell: (row) => html`<${State} state=${row.state} />` },
  { key: 'reason', title: 'Reason', kind: 'prose', cell: (row) => html`<${Reason} row=${row} />` },
  { key: 'since', title: 'Since', number: true, cell: (row) => html`<${Since} at=${row.since_at} />` },
  { key: 'tags', title: 'Tags', cell: (row) => row.tags.map((tag) => html`<span class="tag">${visible(tag)}</span>`) },
  { key: 'losses', title: 'Disconnects', number: true, hint: 'How often the connection was lost', cell: (row) => count(row.losses_count) },
];

function Since({ at }) {
  return html`<time datetime=${at} title=${at}>${duration(Math.max(0, Date.now() - Date.parse(at)))} ago</time>`;
}

export function Reason({ row }) {
  if (!row.reason) return html`<span class="quiet">–</span>`;
  const retry = row.retry_in_ms === null ? null : ` Next try in ${duration(Math.max(1000, row.retry_in_ms))}.`;
  return html`${visible(row.reason.text)}${retry} <code>${visible(row.reason.code)}</code>`;
}

const worstFirst = (a, b) => (a.state === 'up') - (b.state === 'up') || a.node.localeCompare(b.node);

export function NodesView({ answer }) {
  const rows = [...(answer.data ?? [])].sort(worstFirst);
  const up = rows.filter((row) => row.state === 'up').length;
  const note = `${up} of ${rows.length} up`;
  const empty = 'No node is registered. Start beamgauge with --node NAME, or name nodes in its configuration file.';
  return html`
    <${Heading} title="Nodes" />
    <${FleetPairs} />
    <${Panel} answer=${answer} note=${note}>
      <${Table} caption="Registered nodes" columns=${columns} rows=${rows} keyOf=${(row) => row.node} empty=${empty} />
    <//>`;
}
