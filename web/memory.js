// Where a node's memory is: what erlang:memory() says, and what its allocators hold against what they use.
import { html } from '/htm.js';
import { bytes, count, percent, visible } from '/format.js';
import { Bar, Panel } from '/parts.js';
import { Table } from '/table.js';

// System holds the five that are indented; total is processes and system. `kind` is the colour of bar and swatch.
const AREAS = [
  { key: 'total', title: 'Total' },
  { key: 'processes', title: 'Processes', kind: 'processes' },
  { key: 'system', title: 'System' },
  { key: 'binary', title: 'Binary', kind: 'binary', inner: true },
  { key: 'ets', title: 'ETS', kind: 'ets', inner: true },
  { key: 'code', title: 'Code', kind: 'code', inner: true },
  { key: 'atom', title: 'Atom', kind: 'atom', inner: true },
  { key: 'other', title: 'Other', kind: 'other', inner: true, hint: 'What no heap shows: monitors, links, timers, the emulator' },
];

export function MemoryPanel({ answer }) {
  const memory = answer.data;
  return html`
    <${Panel} title="Memory" answer=${answer}>
      ${memory && html`
        <${Estimate} estimate=${memory.monitors_estimate} total=${memory.total_bytes} />
        <${Strip} memory=${memory} />
        <div class="columns inside">
          <${Areas} memory=${memory} />
          <${Allocators} allocators=${memory.allocators ?? []} />
        </div>`}
    <//>`;
}

function Estimate({ estimate, total }) {
  if (!estimate) return null;
  const held = estimate.local_count + estimate.remote_count;
  return html`
    <p class="prose">
      The node holds <b>about ${count(held)} monitors</b>: ${count(estimate.local_count)} local,
      ${' '}${count(estimate.remote_count)} remote, ${bytes(estimate.bytes)} or ${percent(estimate.bytes / total)} of its memory.
      ${' '}Estimated from allocator blocks; links and timers are among them.
    </p>`;
}

/** The whole in one line: the areas that do not hold one another. */
function Strip({ memory }) {
  const areas = AREAS.filter((area) => area.kind);
  return html`
    <div class="strip" aria-hidden="true">
      ${areas.map((area) => html`<div key=${area.key} class=${area.kind} style=${{ flexGrow: sizeOf(memory, area) }}></div>`)}
    </div>`;
}

const sizeOf = (memory, area) => memory[`${area.key}_bytes`] ?? 0;

const AreaName = ({ area }) => html`
  <span class=${area.inner ? 'inner' : ''} title=${area.hint}>
    ${area.kind && html`<i class=${`swatch ${area.kind}`}></i>`}${area.title}
  </span>`;

function Areas({ memory }) {
  const share = (area) => sizeOf(memory, area) / memory.total_bytes;
  const columns = [
    { key: 'area', title: 'Area', head: true, cell: (area) => html`<${AreaName} area=${area} />` },
    { key: 'bytes', title: 'Size', number: true, cell: (area) => bytes(sizeOf(memory, area)) },
    { key: 'share', title: 'Share', number: true, cell: (area) => percent(share(area)) },
    { key: 'bar', title: '', kind: 'wide', cell: (area) => html`<${Bar} ratio=${share(area)} kind=${area.kind ?? ''} />` },
  ];
  return html`<${Table} caption="Memory by area" columns=${columns} rows=${AREAS} keyOf=${(area) => area.key} />`;
}

function Allocators({ allocators }) {
  const rows = [...allocators].sort((a, b) => b.allocated_bytes - a.allocated_bytes);
  const most = Math.max(1, ...rows.map((row) => row.allocated_bytes));
  const columns = [
    { key: 'name', title: 'Allocator', head: true, cell: (row) => visible(row.name) },
    { key: 'used', title: 'Used', number: true, cell: (row) => bytes(row.used_bytes) },
    { key: 'allocated', title: 'Allocated', number: true, cell: (row) => bytes(row.allocated_bytes) },
    { key: 'blocks', title: 'Blocks', number: true, cell: (row) => count(row.blocks_count) },
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
