// The parts of every view: panels, problems, bars, names of processes.
import { html, useContext, useEffect, useRef } from '/htm.js';
import { useNotes } from '/above.js';
import { breakable, count, counted, mfa, nameOf, peerText, timeOfDay, reportedAgo, uncounted, visible } from '/format.js';
import { Live } from '/poll.js';
import { processHash } from '/route.js';

/** One answer, with a heading if there are others beside it: its controls, its problem, its contents, its source.
 * `waiting` is shown while there is none. */
export function Panel({ title, answer, controls, note, waiting, children }) {
  const { active } = useContext(Live);
  const { data, meta, problem, loading } = answer;
  const stale = data !== null && (problem !== null || !active);
  const { own, isSaidAbove } = useNotes(problem, data !== null ? meta?.warnings : []);
  const nothing = isSaidAbove ? 'Nothing was reported.' : waiting ?? (active ? 'Asking the node…' : 'Not asked.');
  return html`
    <section class=${stale ? 'panel stale' : 'panel'} aria-busy=${loading && active}>
      ${(title || stale) && html`
        <header>
          ${title && html`<h2>${title}</h2>`}
          ${stale && html`<span class="mark">old: from ${timeOfDay(meta?.collected_at)}</span>`}
          ${controls}
        </header>`}
      ${own.filter((one) => one.problem).map((one) => html`<${Note} ...${one} />`)}
      ${data !== null && children}
      ${data === null && (problem === null || isSaidAbove) && html`<p class="quiet">${nothing}</p>`}
      ${data !== null && html`<${Provenance} meta=${meta} note=${note} warnings=${own.filter((one) => one.warning)} isSaidAbove=${isSaidAbove} />`}
    </section>`;
}

/** How much was read, when, and at what cost: without this nobody can trust an answer at three in the morning. */
function Provenance({ meta, note, warnings, isSaidAbove }) {
  const parts = note ? [note] : [];
  if (meta?.scanned_count !== undefined) parts.push(`${count(meta.scanned_count)} of ${count(meta.process_count)} processes looked at`);
  if (meta?.skipped_count > 0) parts.push(`${count(meta.skipped_count)} skipped`);
  if (meta?.exact === false) parts.push('the ranking is not certain to be exact');
  const took = meta?.duration_ms > 0 ? ` in ${count(meta.duration_ms)} ms` : '';
  if (meta?.collected_at) parts.push(`collected ${timeOfDay(meta.collected_at)}${took}`);
  if (isSaidAbove) parts.push('see the note above');
  return html`<footer>${parts.join(' · ')}${warnings.map((one) => html`<${Note} ...${one} />`)}</footer>`;
}

/** A problem, or a warning. */
export const Note = ({ problem, warning }) => (problem ? html`<${ProblemNote} problem=${problem} />` : html`<p class="warning">${visible(warning)}</p>`);

export function ProblemNote({ problem }) {
  return html`
    <p class="problem" role="status">
      <strong>${visible(problem.title)}.</strong> ${visible(problem.detail)}
      ${problem.errors.map((error) => html` <span>${visible(error.param)}: ${visible(error.reason)}.</span>`)}
      ${' '}<code>${visible(problem.code)}</code>
    </p>`;
}

/** A share as a bar; the number is beside it, so the bar is hidden from screen readers. */
export function Bar({ ratio, kind = '' }) {
  const width = `${100 * Math.min(Math.max(ratio || 0, 0), 1)}%`;
  return html`<div class="bar" aria-hidden="true"><div class=${kind} style=${{ width }}></div></div>`;
}

/** Text that breaks between the parts of a name. */
export const Parts = ({ text }) => breakable(text).map((part, at) => (at === 0 ? part : html`<wbr />${part}`));

export const Name = ({ text, title }) => html`<bdi class="name" title=${title}><${Parts} text=${text} /></bdi>`;

/** The state of a node's link. */
export function State({ state }) {
  const kind = state === 'up' ? 'up' : state === 'waiting' ? 'down' : 'between';
  return html`<span class=${`state ${kind}`}>${visible(state)}</span>`;
}

/** A pid that links to its process, if its node is registered. */
export function Pid({ node, pid }) {
  const { nodes } = useContext(Live);
  if (!nodes.has(node)) return html`<span class="pid" title=${`${visible(node)} is not registered here`}>${visible(pid)}</span>`;
  return html`<a class="pid" href=${processHash(node, pid)}>${visible(pid)}</a>`;
}

/** The identity of a process row: its name, its pid, and the function it was started with if the name does not show it. */
export function Process({ row, node }) {
  const name = nameOf(row);
  const more = [mfa(row.initial_call), row.application ?? null].filter((part) => part !== null && part !== name);
  return html`
    <div class="who">
      ${name !== null && html`<${Name} text=${name} />${' '}`}<${Pid} node=${node} pid=${row.pid} />
      ${more.length > 0 && html`<small><${Parts} text=${more.join(' · ')} /></small>`}
      <${Age} row=${row} />
    </div>`;
}

/** A mark for rows of a process that does not answer now: they show its last report. */
export function Age({ row }) {
  const hint = 'It does not answer in time; this is what was reported last';
  return reportedAgo(row) && html` <span class="mark" title=${hint}>${reportedAgo(row)}</span>`;
}

/** The other end of a monitor or link: a process, a name, a port, a reference. `node`: the node of this page. */
export function Peer({ peer, node }) {
  const name = nameOf(peer);
  const home = peer.node ?? node;
  const identity = peer.port ?? peer.reference;
  return html`
    <span class="peer">
      ${name !== null && html`<${Name} text=${name} title=${peer.named_at && `As it was reported at ${timeOfDay(peer.named_at)}`} />${' '}`}
      ${peer.pid && html`<${Pid} node=${home} pid=${peer.pid} />`}
      ${identity && html`<span class="pid">${visible(identity)}</span>`}
      ${home !== node && html` <span class="quiet">on <bdi><${Parts} text=${home} /></bdi></span>`}
      ${peer.alive === false && html` <span class="mark">dead</span>`}
    </span>`;
}

/** The most frequent peers, each with how often it occurs. */
/** `since`: at most how many came since the count; their peers are not known. */
export function TopPeers({ peers = [], since = null, node, limit = 2 }) {
  if (!peers || peers.length === 0) return html`<span class="quiet">–</span>`;
  const shown = peers.slice(0, limit);
  const item = (peer) => html`<li key=${peerText(peer)}><b>${count(peer.count)}×</b> <${Peer} peer=${peer} node=${node} /></li>`;
  const others = since > 0 && html`<li key="since" class="quiet" title="Not counted">≤ ${count(since)} since, of whom is not known</li>`;
  return html`<ul class="peers">${shown.map(item)}${others}</ul>`;
}

export function Counted({ row, field }) {
  const { text, title } = counted(row, field);
  return html`<span title=${title}>${text}</span>`;
}

/** The same for a count that is null because nobody has counted: its maximum. */
export function Bounded({ row, field }) {
  if (!uncounted(row)) return html`<${Counted} row=${row} field=${field} />`;
  return html`<span title=${uncounted(row)}>≤ ${count(row.uncounted_count)}</span>`;
}

/** The stack of a process, now or earlier: innermost first. */
export function Frames({ stack }) {
  const place = (frame) => (frame.file ? `${frame.file}:${frame.line ?? '?'}` : '');
  const item = (frame) => html`<li><code>${visible(frame.text)}</code> <span class="quiet">${visible(place(frame))}</span></li>`;
  return html`<ol class="stack">${stack.map(item)}</ol>`;
}

/** Pairs of a term and its value. Null values are left out. */
export function Facts({ facts, kind = 'facts' }) {
  const present = facts.filter(([, value]) => value !== null && value !== undefined);
  return html`<dl class=${kind}>${present.map(([term, value]) => html`<div key=${term}><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** The view's heading: takes the focus when the view is entered, so that a keyboard or a screen reader starts there. */
export function Heading({ title, children }) {
  const element = useRef(null);
  useEffect(() => {
    document.title = `${visible(title)} · beamgauge`;
    element.current.focus({ preventScroll: true });
  }, [title]);
  return html`<h1 tabindex="-1" ref=${element}>${children ?? html`<bdi><${Parts} text=${title} /></bdi>`}</h1>`;
}
