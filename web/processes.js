// Top processes by any attribute: sorted by the service, which looks at all of them, never by this page, which has only a few.
import { html } from '/htm.js';
import { byteRate, bytes, mfa, rate, short, visible } from '/format.js';
import { Counted, Panel, Process } from '/parts.js';
import { usePoll } from '/poll.js';
import { changeQuery } from '/route.js';
import { Table } from '/table.js';

const LIMITS = ['10', '20', '50', '100'];
const WINDOWS = [['0', 'as it is now'], ['1000', 'change over 1 s'], ['5000', 'change over 5 s']];

// sort: the service's sort key; field: what it sorts, in a row.
const SORTED = [
  { sort: 'memory', field: 'memory_bytes', title: 'Memory' },
  { sort: 'total_heap', field: 'total_heap_bytes', title: 'Heap' },
  { sort: 'off_heap', field: 'off_heap_bytes', title: 'Off heap', hint: 'Memory less heap: monitors, links, messages outside the heap' },
  { sort: 'stack', field: 'stack_bytes', title: 'Stack' },
  { sort: 'binary', field: 'binary_bytes', title: 'Binary', hint: 'Asks every process for its binaries: costly on a large node' },
  { sort: 'message_queue_len', field: 'message_queue_len', title: 'Queue' },
  { sort: 'reductions', field: 'reductions_count', title: 'Reductions' },
  { sort: 'monitors', field: 'monitors_count', title: 'Monitors', hint: 'Processes that it monitors, repetitions included' },
  { sort: 'monitored_by', field: 'monitored_by_count', title: 'Monitored by' },
  { sort: 'links', field: 'links_count', title: 'Links' },
];

const ESTIMATED = new Set(['monitors_count', 'monitored_by_count', 'links_count']); // what a row's `exact` is about

export function ProcessesPanel({ path, node, query }) {
  const choice = readChoice(query);
  const answer = usePoll(`${path}/processes?sort=${choice.sort}&limit=${choice.limit}&window_ms=${choice.window}&min=0`);
  const caption = 'Top processes';
  return html`
    <${Panel} title=${caption} answer=${answer} controls=${html`<${Controls} choice=${choice} />`}>
      <${Table} caption=${caption} columns=${columnsOf(node)} rows=${answer.data ?? []} keyOf=${(row) => row.pid}
        sortedBy=${choice.sort} onSort=${(sort) => changeQuery({ sort })} empty="No process." />
    <//>`;
}

/** What the address says, where it makes sense; else the usual. */
function readChoice(query) {
  const pick = (name, allowed) => (allowed.includes(query.get(name)) ? query.get(name) : null);
  return {
    sort: pick('sort', SORTED.map((column) => column.sort)) ?? 'memory',
    limit: pick('limit', LIMITS) ?? '20',
    window: pick('window_ms', WINDOWS.map(([value]) => value)) ?? '0',
  };
}

function Controls({ choice }) {
  const choose = (name) => (event) => changeQuery({ [name]: event.target.value });
  return html`
    <span class="controls">
      <${Choice} label="Show" value=${choice.window} options=${WINDOWS} onChoose=${choose('window_ms')} />
      <${Choice} label="Rows" value=${choice.limit} options=${LIMITS.map((limit) => [limit, limit])} onChoose=${choose('limit')} />
    </span>`;
}

function Choice({ label, value, options, onChoose }) {
  const option = ([name, text]) => html`<option value=${name}>${text}</option>`;
  return html`<label>${label} <select value=${value} onChange=${onChoose}>${options.map(option)}</select></label>`;
}

const valueOf = (field) => (row) => html`<${Value} row=${row} field=${field} />`;

function columnsOf(node) {
  return [
    { key: 'process', title: 'Process', head: true, cell: (row) => html`<${Process} row=${row} node=${node} />` },
    ...SORTED.map((column) => ({ ...column, key: column.sort, number: true, cell: valueOf(column.field) })),
    { key: 'current', title: 'Current function', cell: (row) => html`<${Current} row=${row} />` },
  ];
}

const Current = ({ row }) => html`
  <div class="who"><code>${visible(mfa(row.current_function) ?? '–')}</code><small>${visible(row.status ?? '–')}</small></div>`;

function Value({ row, field }) {
  const change = row[`${field}_per_second`];
  const inBytes = field.endsWith('_bytes');
  return html`
    ${ESTIMATED.has(field) ? html`<${Counted} row=${row} field=${field} />` : inBytes ? bytes(row[field]) : short(row[field])}
    ${typeof change === 'number' && html`<small>${inBytes ? byteRate(change) : rate(change)}</small>`}`;
}
