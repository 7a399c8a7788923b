// Top processes by any attribute: sorted by the service, which reads all of them, not by this page, which has only a few.
import { html } from '/htm.js';
import { column } from '/columns.js';
import { byteRate, mfa, rate, short, visible } from '/format.js';
import { Panel, Process } from '/parts.js';
import { usePoll } from '/poll.js';
import { changeQuery } from '/route.js';
import { Table } from '/table.js';
import { COLUMNS, SORTS } from '/tables.js';

const LIMITS = ['10', '20', '50', '100'];
const WINDOWS = [['0', 'as it is now'], ['1000', 'change over 1 s'], ['5000', 'change over 5 s']];

const OPERATION = 'listProcesses';
const HINTS = {
  off_heap: 'Memory less heap: monitors, links, messages outside the heap',
  binary: 'Asks every process for its binaries: costly on a large node',
  monitors: 'Processes that it monitors, repetitions included',
};

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

/** The values in the address, if they are valid; else the defaults. */
function readChoice(query) {
  const pick = (name, allowed) => (allowed.includes(query.get(name)) ? query.get(name) : null);
  return {
    sort: pick('sort', Object.keys(SORTS)) ?? 'memory',
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

/** All sort keys of processes, in the order of the service's columns. */
function sortedColumns() {
  const sortOf = new Map(Object.entries(SORTS).map(([sort, field]) => [field, sort]));
  const paths = Object.keys(COLUMNS[OPERATION]).filter((path) => sortOf.has(path));
  return paths.map((path) => {
    const plain = column(OPERATION, path, { sort: sortOf.get(path), hint: HINTS[sortOf.get(path)] });
    return { ...plain, cell: (row) => html`<${Value} row=${row} field=${path} plain=${plain} />` };
  });
}

function columnsOf(node) {
  return [
    { key: 'process', title: 'Process', head: true, cell: (row) => html`<${Process} row=${row} node=${node} />` },
    ...sortedColumns(),
    column(OPERATION, 'current_function.text', { cell: (row) => html`<${Current} row=${row} />` }),
  ];
}

const Current = ({ row }) => html`
  <div class="who"><code>${visible(mfa(row.current_function) ?? '–')}</code><small>${visible(row.status ?? '–')}</small></div>`;

function Value({ row, field, plain }) {
  const change = row[`${field}_per_second`];
  const { kind } = COLUMNS[OPERATION][field];
  return html`
    ${kind === 'count' ? short(row[field]) : plain.cell(row)}
    ${typeof change === 'number' && html`<small>${kind === 'bytes' ? byteRate(change) : rate(change)}</small>`}`;
}
