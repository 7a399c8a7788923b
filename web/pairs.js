// Watcher and watched, with the number of monitors: the leak itself, in a sentence.
import { html, useContext, useRef } from '/htm.js';
import { column } from '/columns.js';
import { count, duration, followed, peerText, percent, rate, timeOfDay, uncounted, visible, TOGETHER } from '/format.js';
import { Age, Bar, Bounded, Name, Panel, Peer, State } from '/parts.js';
import { Live, usePoll } from '/poll.js';
import { allPairsHash, nodesHash } from '/route.js';
import { Table } from '/table.js';

// A program needs one monitor on a peer, and a few are common; from here on it is worth a look at night.
const LOUD_COUNT = 100;
const ROWS = 10;
const FLEET_ROWS = 5;
const ROWS_MAX = 200; // the maximum of the service for one answer

// A watcher may have too many monitors to know whom it watches: `watched` is null then.
const keyOf = ({ watcher, watched }) => [peerText(watcher), watcher.node, watched && peerText(watched), watched?.node].join(' ');

/** The number that ranks a pair: its count, or the maximum of that. */
const mostOf = (pair) => pair.count ?? pair.uncounted_count ?? 0;

/** Monitors that came since a watcher was counted, and whose peers are not known, have their own row. */
const isSince = (pair) => uncounted(pair) !== null && Boolean(pair.counted_at);

/** `watched` is the ranking by monitored_by: it has watchers on other nodes, which this node's own pairs do not have. `watchers` is the ranking by monitors: it may know whom a process watches if there was no time to ask. */
export function PairsPanel({ path, node, watchers, watched }) {
  const answer = usePoll(`${path}/monitors/pairs?min=2&limit=${ROWS}`);
  const own = (answer.data ?? []).map((pair) => withPeer(pair, watchers.data ?? []));
  const pairs = [...own, ...fromElsewhere(watched.data ?? [], node)].sort((a, b) => mostOf(b) - mostOf(a)).slice(0, ROWS);
  const title = 'Repeated monitors';
  return html`
    <${Panel} title=${title} answer=${answer}>
      <${Pairs} title=${title} pairs=${pairs} meta=${answer.meta} node=${node} />
    <//>`;
}

/** The same for all nodes together; empty if no node is registered, or nothing repeats. If no node is up, their last report stays. `isWhole`: all of them, not only the first few. */
export function FleetPairs({ isWhole }) {
  const { nodes } = useContext(Live);
  const answer = usePoll(nodes.size > 0 ? `/pairs?min=2&limit=${isWhole ? ROWS_MAX : FLEET_ROWS}` : null);
  const pairs = (answer.data ?? []).map(withHome);
  const isNoneUp = nodes.size > 0 && [...nodes.values()].every((row) => row.state !== 'up');
  if (nodes.size === 0 || (!isNoneUp && pairs.length === 0 && answer.problem === null && !hasUnseen(answer.meta))) return null;
  const title = 'Repeated monitors on all nodes';
  // Each node has its own reason why it cannot be asked.
  const nothing = isNoneUp && answer.data === null && answer.problem?.code === 'node_unreachable' ? { data: [], problem: null } : {};
  const missing = answer.meta?.missing ?? [];
  const said = ({ node }) => [`${node} could not be asked`, `${node}: `, `the pairs of ${node} are `];
  const isSaid = (warning) => missing.some((one) => said(one).some((start) => warning.startsWith(start)));
  const meta = answer.meta && { ...answer.meta, warnings: answer.meta.warnings.filter((warning) => !isSaid(warning)) };
  const empty = isNoneUp ? 'No node is up, and none has reported of repeated monitors.' : undefined;
  return html`
    <${Panel} title=${title} answer=${{ ...answer, meta, ...nothing }}>
      <${Pairs} title=${title} pairs=${pairs} meta=${answer.meta} node=${null} empty=${empty} />
      ${pairs.length > 0 && html`<${Extent} shown=${pairs.length} isTruncated=${answer.meta?.truncated} isWhole=${isWhole} />`}
      <${Silent} nodes=${nodes} pairs=${pairs} missing=${missing} />
    <//>`;
}

/** Says whether there are more, with a link to the others. Their number is known only after all are requested. */
function Extent({ shown, isTruncated, isWhole }) {
  const isCut = isTruncated && shown >= (isWhole ? ROWS_MAX : FLEET_ROWS);
  if (!isCut && !isWhole) return null;
  const link = isWhole ? html`<a href=${nodesHash}>Show the first ${FLEET_ROWS}</a>` : html`<a href=${allPairsHash}>Show all</a>`;
  return html`<p class="quiet">${isCut ? `These are the first ${shown}.` : `These are all ${shown}.`} ${link}</p>`;
}

/** The nodes that do not report their pairs now: the state of each, the reason, and the age of the pairs that are shown. */
function Silent({ nodes, pairs, missing }) {
  const rows = [...nodes.values()].filter((row) => row.state !== 'up' || missing.some(({ node }) => node === row.node));
  const reported = (row) => pairs.find((pair) => pair.watcher.node === row.node && isOld(pair));
  const since = (row) => (reported(row) ? `its pairs are those of ${duration(Math.max(1000, reported(row).age_ms))} ago` : 'none of its pairs are shown');
  const why = (row) => (row.state === 'up' ? `${missing.find(({ node }) => node === row.node).reason}; ` : '');
  const item = (row) => html`
    <li key=${row.node}>
      <${Name} text=${row.node} /> <${State} state=${row.state} /> <span class="quiet">${visible(why(row))}${since(row)}</span>
    </li>`;
  return rows.length > 0 && html`<ul class="silent" aria-label="Nodes that do not answer">${rows.map(item)}</ul>`;
}

/** `node`: the node of this page; null if every node must be named. `empty`: the text if there are none. */
function Pairs({ title, pairs, meta, node, empty }) {
  const rates = useRates(pairs, meta);
  const none = 'No process monitors another more than once.';
  const nothing = empty ?? (hasUnseen(meta) ? 'None is known, but not everything could be looked at: see the warnings.' : none);
  return html`
    ${pairs.length > 0 && html`<${Finding} pair=${pairs[0]} node=${node} perSecond=${rates.get(keyOf(pairs[0]))} />`}
    <${Table} caption=${title} columns=${columnsOf(node, pairs, rates)} rows=${pairs} keyOf=${keyOf} empty=${nothing} />`;
}

/** True if there are other warnings than about nodes that did not answer (the list of nodes shows those): lists that were too long. */
const hasUnseen = (meta) => (meta?.warnings?.length ?? 0) > (meta?.nodes_count ?? 0) - (meta?.answered_count ?? 0);

/** A peer without a node (a port or a reference) is on the watcher's node. */
const withHome = (pair) => (pair.watched === null ? pair : { ...pair, watched: { ...pair.watched, node: pair.watched.node ?? pair.watcher.node } });

function withPeer(pair, rows) {
  const [peer] = (pair.watched === null && !isSince(pair) && rows.find((row) => row.pid === pair.watcher.pid)?.top_peers) || [];
  return peer ? { ...pair, watched: peer, count: peer.count, uncounted_count: null } : pair;
}

function fromElsewhere(rows, node) {
  const pairOf = (row) => (peer) => ({ watcher: peer, watched: { ...row, node }, count: peer.count, exact: row.exact, counted_at: row.counted_at, age_ms: row.age_ms });
  const pairs = rows.flatMap((row) => (row.top_peers ?? []).map(pairOf(row)));
  return pairs.filter((pair) => pair.count > 1 && pair.watcher.node !== undefined && pair.watcher.node !== node);
}

/** The age of a count that was made once and is estimated since. */
function age(at) {
  const seconds = Math.max(0, (Date.now() - Date.parse(at)) / 1000);
  return seconds < 90 ? `${Math.round(seconds)} s ago` : `${Math.round(seconds / 60)} min ago`;
}

function Finding({ pair, node, perSecond }) {
  const old = isOld(pair) ? html` <span class="quiet">The node reported this ${duration(Math.max(1000, pair.age_ms))} ago, and did not answer since.</span>` : '';
  return html`
    <p class=${mostOf(pair) >= LOUD_COUNT ? 'finding loud' : 'finding'}>
      <${Peer} peer=${pair.watcher} node=${node} />${' '}<${Deed} pair=${pair} node=${node} perSecond=${perSecond} />${old}
    </p>`;
}

const ON_ITS_PAGE = 'On its page they can be counted exactly, or traced for some seconds.';

/** The watcher's activity, if it is known. */
function Deed({ pair, node, perSecond }) {
  const growing = perSecond > 0 ? html`, growing <b>${rate(perSecond)}</b> since this page was opened` : '';
  if (isSince(pair)) return html`has <b>up to ${count(pair.uncounted_count)} entries more</b> than when they were counted, ${age(pair.counted_at)} ${TOGETHER}. ${ON_ITS_PAGE}`;
  if (uncounted(pair)) return html`has <b>${uncounted(pair)}</b>. ${ON_ITS_PAGE}`;
  if (!pair.watched) return html`has <b>about ${count(pair.count)} monitors</b>${growing}; whom it monitors is not known yet. ${ON_ITS_PAGE}`;
  const likely = pair.likely ? 'likely ' : '';
  const about = pair.exact === false ? 'about ' : '';
  const since = pair.counted_at ? html` <span class="quiet">Counted ${age(pair.counted_at)}, about ${count(pair.count)} now.</span>` : '';
  const why = pair.likely ? html` <span class="quiet">${LIKELY}.</span>` : '';
  return html`
    monitors ${likely}<${Peer} peer=${pair.watched} node=${node} />${' '}<b>${about}${count(pair.count)} times</b>${growing}.${since}${why}`;
}

const LIKELY = 'Nobody has counted either list; by the memory that they take these two alone belong together';

function Watched({ pair, node }) {
  if (!pair.watched) return html`<span class="quiet">not known</span>`;
  return html`<${Peer} peer=${pair.watched} node=${node} />${pair.likely && html` <span class="mark" title=${visible(pair.likely)}>likely</span>`}`;
}

/** The count of the watched process's node, if it differs: both are shown, neither is corrected. */
function otherSide({ count: watching, watched_count: watched }) {
  const differs = Number.isInteger(watched) && watched !== watching;
  return differs && html` <small title="Counted by the watched process's own node">other side: ${count(watched)}</small>`;
}

const countedAt = (pair) => pair.counted_at && (isSince(pair)
  ? html` <small title="More than when it was counted">since ${timeOfDay(pair.counted_at)}</small>`
  : html` <small title="Counted then, estimated since">of ${timeOfDay(pair.counted_at)}</small>`);

/** The last report of a node that stopped answering in time. */
const isOld = (pair) => Number.isInteger(pair.age_ms);

const own = (path, more) => column('listMonitorPairs', path, more);

function columnsOf(node, pairs, rates) {
  const certain = (pair) => (uncounted(pair) ? 0 : pair.count);
  const sum = pairs.reduce((total, pair) => total + certain(pair), 0);
  const shareOf = (pair) => (uncounted(pair) ? null : pair.count / sum);
  return [
    own('watcher.pid', { head: true, cell: (pair) => html`<${Peer} peer=${pair.watcher} node=${node} />` }),
    own('watched.name|watched.text', { kind: 'to', cell: (pair) => html`<${Watched} pair=${pair} node=${node} />` }),
    // The panel's heading names the subject.
    own('count', { title: 'Count', kind: 'kept', cell: (pair) => html`<${Bounded} row=${pair} field="count" />${otherSide(pair)}${countedAt(pair)}<${Age} row=${pair} />` }),
    { key: 'rate', title: 'Growth', number: true, hint: 'Average since it was first seen here, or counted again', cell: (pair) => rate(rates.get(keyOf(pair))) },
    { key: 'share', title: 'Share', number: true, hint: 'Of the pairs listed here', cell: (pair) => percent(shareOf(pair)) },
    { key: 'bar', title: '', kind: 'wide', cell: (pair) => html`<${Bar} ratio=${shareOf(pair)} />` },
  ];
}

/** Change per second of each pair since it was first seen here, or counted again; none for old rows. Keeps no more pairs than are listed. */
function useRates(pairs, meta) {
  const seen = useRef(new Map());
  const at = Date.parse(meta?.collected_at);
  const known = pairs.filter((pair) => !uncounted(pair));
  seen.current = new Map(known.map((pair) => [keyOf(pair), followed(seen.current.get(keyOf(pair)), pair, at)]));
  return new Map(known.filter((pair) => !isOld(pair)).map((pair) => [keyOf(pair), seen.current.get(keyOf(pair)).rate]));
}
