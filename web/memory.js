// A node's memory: erlang:memory(), and what its allocators hold and use.
import { html } from '/htm.js';
import { column } from '/columns.js';
import { bytes, count, percent, visible } from '/format.js';
import { Bar, Panel } from '/parts.js';
import { usePoll } from '/poll.js';
import { Table } from '/table.js';
import { FIGURES } from '/tables.js';

/** A figure as an area; `kind` is the colour of bar and swatch; `inner` ones are part of System. */
const area = (name, more) => ({ key: name, title: FIGURES[name].title, hint: FIGURES[name].help, path: FIGURES[name].path, ...more });

// Total is the sum of processes and system.
const AREAS = [
  area('memory.total_bytes'),
  area('memory.processes_bytes', { kind: 'processes' }),
  area('memory.system_bytes'),
  area('memory.binary_bytes', { kind: 'binary', inner: true }),
  area('memory.ets_bytes', { kind: 'ets', inner: true }),
  area('memory.code_bytes', { kind: 'code', inner: true }),
  area('memory.atom_bytes', { kind: 'atom', inner: true }),
  area('persistent_term_bytes', { kind: 'code', inner: true }),
  area('standard_bytes', { kind: 'other', inner: true }),
  { key: 'rest', title: 'Other', kind: 'other', inner: true, hint: 'The emulator itself' },
];

export function MemoryPanel({ path, answer }) {
  const memory = answer.data;
  return html`
    <${Panel} title="Memory" answer=${answer}>
      ${memory && html`
        <${Estimate} memory=${memory} />
        <${Host} memory=${memory} />
        <${Binaries} path=${path} memory=${memory} />
        <${Strip} memory=${memory} />
        <div class="columns inside">
          <${Areas} memory=${memory} />
          <${Allocators} allocators=${memory.allocators ?? []} />
        </div>`}
    <//>`;
}

/** Monitors only: messages, timers and links are counted separately. */
function Estimate({ memory }) {
  const { monitors_estimate: monitors, total_bytes: total } = memory;
  if (!monitors || monitors.local_count === null) return null;
  const size = monitors.bytes === null ? '' : `${bytes(monitors.bytes)}, ${percent(monitors.bytes / total)} of its memory`;
  return html`
    <p class="prose">
      The node holds <b>${monitors.exact ? '' : 'about '}${counted(monitors.local_count, 'monitor')} by pid of local processes</b>${othersOf(monitors, size)}.
      ${' '}Besides: ${counted(memory.links_count, 'link')}, ${counted(memory.timers_count, 'timer')}, ${counted(memory.messages_count, 'message')}.
    </p>`;
}

/** "1 timer", "2 timers". */
const counted = (number, what) => `${count(number)} ${what}${number === 1 ? '' : 's'}`;

/** If no other node is connected, none is remote, and the size is that of the local ones; else remote ones are estimated, or only bounded. */
function othersOf({ remote_count: remote, remote_max_count: most, named_max_count: named }, size) {
  if (most === 0) return `${size && ` (${size})`}, none of remote processes, and at most ${count(named)} by name or with a tag`;
  const others = remote === null ? `at most ${count(most)} others` : `about ${count(remote)} others (at most ${count(most)})`;
  return ` and ${others}: of remote processes, by name or with a tag${size && `. Together they take ${size}`}`;
}

/** The operating system's view; empty if the node does not report it. */
function Host({ memory }) {
  if (memory.rss_bytes === null) return null;
  const limit = memory.cgroup_limit_bytes !== null
    && html` Its cgroup uses ${bytes(memory.cgroup_used_bytes)} of ${bytes(memory.cgroup_limit_bytes)} (${percent(memory.cgroup_ratio)}).`;
  const outside = memory.unexplained_bytes !== null && html`, of which ${bytes(memory.unexplained_bytes)} are not the allocators'`;
  const swapped = memory.swap_bytes > 0 && html`, and ${bytes(memory.swap_bytes)} swapped out`;
  return html`<p class="prose">The system sees <b>${bytes(memory.rss_bytes)}</b>${outside}${swapped}.${limit}</p>`;
}

const BINARIES_MIN_BYTES = 16 * 1024 * 1024;

/** The processes that hold large binaries, if those are much of the memory. The question goes to all processes, so it is asked once a minute. */
function Binaries({ path, memory }) {
  const isMuch = memory.binary_bytes >= BINARIES_MIN_BYTES && memory.binary_bytes >= memory.total_bytes / 10;
  const { meta } = usePoll(isMuch ? `${path}/binaries?limit=1&max_age_ms=60000` : null);
  return isMuch && meta?.summary ? html`<p class="prose">${meta.summary}</p>` : null;
}

/** All memory in one line: the areas that do not overlap. */
function Strip({ memory }) {
  const parts = AREAS.filter(({ kind }) => kind);
  return html`
    <div class="strip" aria-hidden="true">
      ${parts.map((part) => html`<div key=${part.key} class=${part.kind} style=${{ flexGrow: sizeOf(memory, part) }}></div>`)}
    </div>`;
}

// The part of `other` without a name.
const restOf = (memory) => Math.max(0, (memory.other_bytes ?? 0) - (memory.persistent_term_bytes ?? 0) - (memory.standard_bytes ?? 0));
const sizeOf = (memory, { key, path }) => (key === 'rest' ? restOf(memory) : memory[path] ?? 0);

const AreaName = ({ kind, inner, title, hint }) => html`
  <span class=${inner ? 'inner' : ''} title=${hint}>
    ${kind && html`<i class=${`swatch ${kind}`}></i>`}${title}
  </span>`;

const own = (path, more) => column('getMemory', path, more);

function Areas({ memory }) {
  const share = (row) => sizeOf(memory, row) / memory.total_bytes;
  const columns = [
    { key: 'area', title: 'Area', head: true, cell: (row) => html`<${AreaName} ...${row} />` },
    own('used_bytes', { cell: (row) => bytes(sizeOf(memory, row)) }),
    own('share_ratio', { cell: (row) => percent(share(row)) }),
    { key: 'bar', title: '', kind: 'wide', cell: (row) => html`<${Bar} ratio=${share(row)} kind=${row.kind ?? ''} />` },
  ];
  return html`<${Table} caption="Memory by area" columns=${columns} rows=${AREAS} keyOf=${(row) => row.key} />`;
}

function Allocators({ allocators }) {
  const rows = [...allocators].sort((a, b) => b.allocated_bytes - a.allocated_bytes);
  const most = Math.max(1, ...rows.map((row) => row.allocated_bytes));
  const columns = [
    { key: 'name', title: 'Allocator', head: true, cell: (row) => visible(row.name) },
    { key: 'used', title: 'Used', number: true, cell: (row) => bytes(row.used_bytes) },
    own('allocated_bytes'),
    { key: 'bar', title: 'Used of allocated', kind: 'wide', cell: (row) => html`<${TwoBars} row=${row} most=${most} />` },
  ];
  return html`<${Table} caption="Allocators" columns=${columns} rows=${rows} keyOf=${(row) => row.name} empty="None reported." />`;
}

function TwoBars({ row, most }) {
  const allocated = { width: `${(100 * row.allocated_bytes) / most}%` };
  const used = { width: `${(100 * row.used_bytes) / Math.max(1, row.allocated_bytes)}%` };
  return html`
    <div class="usage">
      <div class="bar" aria-hidden="true">
        <div class="allocated" style=${allocated}><div class="used" style=${used}></div></div>
      </div>
      <span>${percent(row.used_bytes / row.allocated_bytes)}</span>
    </div>`;
}
