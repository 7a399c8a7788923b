// The first glance at a node: how long it runs, how near its limits it is, how much it holds.
import { html } from '/htm.js';
import { bytes, count, duration, percent, short, visible } from '/format.js';
import { Bar, ProblemNote } from '/parts.js';
import { usePoll } from '/poll.js';

const NEAR_LIMIT = 0.8;

export function HeadlinePanel({ path, memory }) {
  const { data, problem } = usePoll(`${path}/system`);
  const estimate = memory.data?.monitors_estimate;
  const held = estimate && estimate.local_count !== null ? estimate.local_count + (estimate.remote_count ?? 0) : null;
  const isCounted = estimate?.exact && (estimate.remote_max_count === 0 || estimate.remote_count === null);
  const inProcesses = memory.data && `${bytes(memory.data.processes_bytes)} in processes`;
  const schedulers = data && `${count(data.schedulers_online_count)} schedulers online`;
  return html`
    <dl class="headline" aria-label="Headline">
      <${Figure} term="Uptime" value=${duration(data?.uptime_ms)} note=${release(data)} />
      <${Figure} term="Memory" value=${bytes(memory.data?.total_bytes)} note=${inProcesses} />
      <${Limited} term="Processes" used=${data?.process_count} limit=${data?.process_limit} />
      <${Figure} term=${isCounted ? 'Monitors by pid' : 'Monitors, about'} value=${short(held)} note=${estimate && remoteNote(estimate)} />
      <${Figure} term="Run queue" value=${count(data?.run_queue_count)} note=${schedulers} />
      <${Limited} term="Atoms" used=${data?.atom_count} limit=${data?.atom_limit} />
      <${Limited} term="Ports" used=${data?.port_count} limit=${data?.port_limit} />
      <${Limited} term="ETS tables" used=${data?.ets_count} limit=${data?.ets_limit} />
    </dl>
    ${problem !== null && html`<${ProblemNote} problem=${problem} />`}`;
}

/** Only where no other node is connected it is a fact that none is remote. */
function remoteNote({ remote_count: remote, remote_max_count: most }) {
  if (most === 0) return 'none remote';
  return remote === null ? `and up to ${short(most)} remote` : `about ${short(remote)} of them remote`;
}

function release(data) {
  if (!data) return null;
  const elixir = data.elixir_version ? `, Elixir ${visible(data.elixir_version)}` : '';
  return `OTP ${visible(data.otp_release)}${elixir}`;
}

function Figure({ term, value, note }) {
  return html`<div class="figure"><dt>${term}</dt><dd>${value}<small>${note ?? ' '}</small></dd></div>`;
}

function Limited({ term, used, limit }) {
  const ratio = used / limit;
  const near = ratio >= NEAR_LIMIT;
  const note = limit ? `${percent(ratio)} of ${count(limit)}` : ' ';
  return html`
    <div class=${near ? 'figure near' : 'figure'}>
      <dt>${term}</dt><dd>${count(used)}<small>${note}</small></dd>
      <${Bar} ratio=${ratio} kind=${near ? 'near' : ''} />
    </div>`;
}
