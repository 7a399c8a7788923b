// One node: whether it can be asked, then its headline, the monitors that repeat, memory, processes.
import { html, useContext, useRef } from '/htm.js';
import { SaidOnce } from '/above.js';
import { HeadlinePanel } from '/headline.js';
import { MemoryPanel } from '/memory.js';
import { RankingPanel, useRanking } from '/ranking.js';
import { PairsPanel } from '/pairs.js';
import { Heading, Note, State } from '/parts.js';
import { Live, usePoll } from '/poll.js';
import { ProcessesPanel } from '/processes.js';
import { Reason } from '/nodes.js';
import { nodePath, nodesHash } from '/route.js';

/** Wraps everything that asks a node: shows a problem of its link, and asks only while the link is up. */
export function Reachable({ node, children }) {
  const live = useContext(Live);
  const row = live.nodes.get(node);
  const up = row?.state === 'up';
  const seen = useRef(false);
  seen.current ||= up;
  if (row === undefined) {
    return html`<p class="banner bad">No node of this name is registered. <a href=${nodesHash}>All nodes</a></p>`;
  }
  return html`
    ${!up && html`<p class="banner" role="status"><${State} state=${row.state} /> <${Reason} row=${row} /></p>`}
    <${Live.Provider} value=${{ ...live, active: live.active && up }}>
      ${seen.current && html`<${SaidOnce} isDown=${!up} Note=${Note}>${children}<//>`}
    <//>`;
}

export function NodeView({ node, query }) {
  return html`
    <${Heading} title=${node} />
    <${Reachable} node=${node}><${NodePanels} node=${node} query=${query} /><//>`;
}

function NodePanels({ node, query }) {
  const path = nodePath(node);
  const memory = usePoll(`${path}/memory`);
  const watchers = useRanking(path, 'monitors');
  const watched = useRanking(path, 'monitored_by');
  return html`
    <${HeadlinePanel} path=${path} memory=${memory} />
    <${PairsPanel} path=${path} node=${node} watchers=${watchers} watched=${watched} />
    <div class="columns">
      <${RankingPanel} answer=${watchers} node=${node} by="monitors" />
      <${RankingPanel} answer=${watched} node=${node} by="monitored_by" />
    </div>
    <${MemoryPanel} path=${path} answer=${memory} />
    <${ProcessesPanel} path=${path} node=${node} query=${query} />`;
}
