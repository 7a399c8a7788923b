// The summary of a node: its uptime, how near it is to its limits, and its memory.
import { html } from '/htm.js';
import { useNotes } from '/above.js';
import { bytes, count, duration, percent, short, visible } from '/format.js';
import { Bar, Note } from '/parts.js';
import { usePoll } from '/poll.js';
import { FIGURES } from '/tables.js';

const NEAR_LIMIT = 0.8;

export function HeadlinePanel({ path, memory }) {
  const { data, problem } = usePoll(`${path}/system`);
  const { own } = useNotes(problem);
  const estimate = memory.data?.monitors_estimate;
  const held = estimate && estimate.local_count !== null ? estimate.local_count + (estimate.remote_count ?? 0) : null;
  const isCounted = estimate?.exact && (estimate.remote_max_count === 0 || estimate.remote_count === null);
  const inProcesses = memory.data && `${bytes(memory.data.processes_bytes)} in processes`;
  const schedulers = data && `${count(data.schedulers_online_count)} schedulers online`;
  return html`
    <dl class="headline" aria-label="Headline">
      <${Tile} figure="uptime_ms" data=${data} note=${release(data)} />
      <${Tile} figure="memory.total_bytes" term="Memory" data=${memory.data} note=${inProcesses} />
      <${Limited} figure="process_count" data=${data} />
      <${Figure} term=${isCounted ? 'Monitors by pid' : 'Monitors, about'} value=${short(held)} note=${estimate && remoteNote(estimate)} />
      <${Tile} figure="run_queue_count" data=${data} note=${schedulers} />
      <${Limited} figure="atom_count" data=${data} />
      <${Limited} figure="port_count" data=${data} />
      <${Limited} figure="ets_count" data=${data} />
    </dl>
    ${own.map((one) => html`<${Note} ...${one} />`)}`;
}

/** Only if no other node is connected it is certain that none is remote. */
function remoteNote({ remote_count: remote, remote_max_count: most }) {
  if (most === 0) return 'none remote';
  return remote === null ? `and up to ${short(most)} remote` : `about ${short(remote)} of them remote`;
}

function release(data) {
  if (!data) return null;
  const elixir = data.elixir_version ? `, Elixir ${visible(data.elixir_version)}` : '';
  return `OTP ${visible(data.otp_release)}${elixir}`;
}

const SHOW = { bytes, count, milliseconds: duration };

/** A figure of the service's table; `term` replaces a title that is not clear beside the others. */
function Tile({ figure, term, data, note }) {
  const { title, unit, help, path } = FIGURES[figure];
  return html`<${Figure} term=${term ?? title} hint=${help} value=${SHOW[unit](data?.[path])} note=${note} />`;
}

function Figure({ term, hint, value, note }) {
  return html`<div class="figure" title=${hint}><dt>${term}</dt><dd>${value}<small>${note ?? ' '}</small></dd></div>`;
}

/** A figure with a limit. */
function Limited({ figure, data }) {
  const { title, help, path } = FIGURES[figure];
  const used = data?.[path];
  const limit = data?.[path.replace(/_count$/, '_limit')];
  const ratio = used / limit;
  const near = ratio >= NEAR_LIMIT;
  const note = limit ? `${percent(ratio)} of ${count(limit)}` : ' ';
  return html`
    <div class=${near ? 'figure near' : 'figure'} title=${help}>
      <dt>${title}</dt><dd>${count(used)}<small>${note}</small></dd>
      <${Bar} ratio=${ratio} kind=${near ? 'near' : ''} />
    </div>`;
}
