// The lines of code of one process that call monitor without demonitor: traced for a few seconds, on request.
import { html, useEffect, useState } from '/htm.js';
import { column } from '/columns.js';
import { count, rate, visible } from '/format.js';
import { useOnce } from '/once.js';
import { Frames, Panel, Parts } from '/parts.js';
import { Table } from '/table.js';

const TRACE_MS = 5000;
const PATIENCE_MS = TRACE_MS + 20000;

const CUTS = {
  max_calls: (meta) => `${count(meta.calls_count)} calls were seen, and that is as many as are traced at once`,
  message_queue: () => 'it made calls faster than they can be counted',
  process_died: () => 'the process ended',
};

export function CallSitesPanel({ path }) {
  const [answer, ask] = useOnce();
  const trace = () => answer.loading || ask(`${path}/call-sites`, { body: { duration_ms: TRACE_MS }, patience_ms: PATIENCE_MS });
  const title = 'Which lines of code';
  const button = html`<button type="button" aria-disabled=${answer.loading} onClick=${trace}>Trace monitor calls for 5 s</button>`;
  const waiting = answer.loading ? html`<${Progress} />` : 'Sees every call of monitor and demonitor that this process makes meanwhile.';
  const { data, meta } = answer;
  const empty = data && `It called neither monitor nor demonitor in ${seconds(meta)}.`;
  return html`
    <${Panel} title=${title} answer=${answer} controls=${html`<span class="controls">${button}</span>`} waiting=${waiting}
      note=${data && `${count(meta.calls_count)} calls in ${seconds(meta)}`}>
      ${data?.length > 0 && html`<${Verdict} site=${data[0]} />`}
      ${meta?.truncated && html`<p class="warning">${cutText(meta)}</p>`}
      <${Table} caption=${title} columns=${columns} rows=${data ?? []} keyOf=${siteKey} empty=${empty} />
    <//>`;
}

const seconds = (meta) => `${(meta.traced_ms / 1000).toFixed(1)} s`;

const cutText = (meta) => `Ended early, after ${seconds(meta)}: ${CUTS[meta.cut_by]?.(meta) ?? visible(meta.cut_by)}.`;

const placeOf = (site) => (site.file ? `${site.file.split('/').pop()}:${site.line ?? '?'}` : null);

const siteKey = (site) => [site.text, site.file, site.line].join(' ');

function Progress() {
  const [passed, setPassed] = useState(0);
  useEffect(() => {
    const started = performance.now();
    const timer = setInterval(() => setPassed(performance.now() - started), 200);
    return () => clearInterval(timer);
  }, []);
  const left = Math.max(0, Math.ceil((TRACE_MS - passed) / 1000));
  return html`
    <span role="status">Tracing…</span> <span aria-hidden="true">${left > 0 ? `${left} s left` : 'waiting for the answer'}</span>
    <progress aria-label="Tracing" max=${TRACE_MS} value=${Math.min(passed, TRACE_MS)}></progress>`;
}

/** The first site as a sentence. It is emphasised if most of its monitors stay: a call in progress has one for a moment, which is not a leak. */
function Verdict({ site }) {
  const { net_count: net, monitor_count: made } = site;
  if (net === 0) return html`<p class="finding">Every monitor that was made meanwhile was given back.</p>`;
  const place = placeOf(site);
  const deed = net === made ? 'monitors and does not demonitor' : 'monitors more than is given back';
  return html`
    <p class=${net > 1 && net > made / 2 ? 'finding loud' : 'finding'}>
      <${FunctionName} site=${site} /> ${place && html`(<bdi><${Parts} text=${place} /></bdi>) `}${deed}: <b>${rate(site.net_per_second)}</b>
    </p>`;
}

const FunctionName = ({ site }) => html`<code class="name"><${Parts} text=${site.text ?? 'a function that the node could not name'} /></code>`;

function Site({ site }) {
  return html`
    <div class="who">
      <${FunctionName} site=${site} />
      ${site.stack?.length > 0 && html`<details class="inline"><summary>Stack</summary><${Frames} stack=${site.stack} /></details>`}
    </div>`;
}

function Place({ site }) {
  const place = placeOf(site);
  return html`<div class="who"><${Parts} text=${place ?? '–'} />${site.file?.includes('/') && html`<small><${Parts} text=${site.file} /></small>`}</div>`;
}

function Demonitored({ site }) {
  const strange = site.unmatched_demonitor_count;
  const hint = 'Calls of demonitor with a reference that was not made meanwhile';
  return html`${count(site.demonitor_count)}${strange > 0 && html`<small title=${hint}>of others: ${count(strange)}</small>`}`;
}

const own = (path, more) => column('traceCallSites', path, more);
const columns = [
  own('text', { head: true, cell: (site) => html`<${Site} site=${site} />` }),
  own('line', { hint: 'Nodes report it from OTP 25 on', cell: (site) => html`<${Place} site=${site} />` }),
  own('monitor_count', { hint: 'Monitors made' }),
  own('demonitor_count', { cell: (site) => html`<${Demonitored} site=${site} />` }),
  own('ended_count', { hint: 'The watched process ended' }),
  own('net_count', { hint: 'Monitors that stayed' }),
  own('net_per_second'),
];
