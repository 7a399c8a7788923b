// The start page: the list of nodes, their state with the reason if they are down, and the worst leaks on any of them.
import { html } from '/htm.js';
import { column } from '/columns.js';
import { duration, visible } from '/format.js';
import { Heading, Name, Panel, State } from '/parts.js';
import { FleetPairs } from '/pairs.js';
import { nodeHash } from '/route.js';
import { Table } from '/table.js';

const own = (path, more) => column('listNodes', path, more);
const columns = [
  own('node', { head: true, cell: (row) => html`<a href=${nodeHash(row.node)}><${Name} text=${row.node} /></a>` }),
  own('state', { cell: (row) => html`<${State} state=${row.state} />` }),
  own('reason.code', { kind: 'prose', cell: (row) => html`<${Reason} row=${row} />` }),
  own('since_at', { number: true, cell: (row) => html`<${Since} at=${row.since_at} />` }),
  { key: 'tags', title: 'Tags', cell: (row) => row.tags.map((tag) => html`<span class="tag">${visible(tag)}</span>`) },
  own('losses_count', { hint: 'How often the connection was lost' }),
];

function Since({ at }) {
  return html`<time datetime=${at} title=${at}>${duration(Math.max(0, Date.now() - Date.parse(at)))} ago</time>`;
}

export function Reason({ row }) {
  if (!row.reason) return html`<span class="quiet">–</span>`;
  const text = visible(row.reason.text);
  const end = /[.?!]$/.test(text) ? '' : '.';
  const retry = row.retry_in_ms === null ? null : `${end} Next try in ${duration(Math.max(1000, row.retry_in_ms))}.`;
  return html`${text}${retry} <code>${visible(row.reason.code)}</code>`;
}

const worstFirst = (a, b) => (a.state === 'up') - (b.state === 'up') || a.node.localeCompare(b.node);

export function NodesView({ answer, query }) {
  const rows = [...(answer.data ?? [])].sort(worstFirst);
  const up = rows.filter((row) => row.state === 'up').length;
  const note = `${up} of ${rows.length} up`;
  const empty = 'No node is registered. Start beamgauge with --node NAME, or name nodes in its configuration file.';
  return html`
    <${Heading} title="Nodes" />
    <${FleetPairs} isWhole=${query.get('pairs') === 'all'} />
    <${Panel} answer=${answer} note=${note}>
      <${Table} caption="Registered nodes" columns=${columns} rows=${rows} keyOf=${(row) => row.node} empty=${empty} />
    <//>`;
}
