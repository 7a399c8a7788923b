// The page: the current route, the token, and the view that is shown.
import { html, render, useContext, useEffect, useState } from '/htm.js';
import { forgetToken, readToken } from '/api.js';
import { NodeView } from '/node.js';
import { NodesView } from '/nodes.js';
import { Heading, Parts, ProblemNote } from '/parts.js';
import { Live, usePoll } from '/poll.js';
import { ProcessView } from '/process.js';
import { nodeHash, nodesHash, useRoute } from '/route.js';
import { TokenForm } from '/token.js';

function App() {
  const route = useRoute();
  const [refusal, setRefusal] = useState(null);
  const [paused, setPaused] = useState(false);
  useEffect(() => {
    const refuse = (event) => setRefusal(event.detail);
    window.addEventListener('unauthorized', refuse);
    return () => window.removeEventListener('unauthorized', refuse);
  }, []);
  const leave = () => {
    forgetToken();
    location.reload();
  };
  return html`
    <${Live.Provider} value=${{ active: !paused, nodes: new Map() }}>
      <${TopBar} route=${route} paused=${paused} onPause=${() => setPaused(!paused)} onLeave=${readToken() && leave} />
      <main>
        ${refusal === null && html`<${Views} route=${route} />`}
        ${refusal !== null && html`<${TokenForm} problem=${refusal} onToken=${() => setRefusal(null)} />`}
      </main>
    <//>`;
}

function TopBar({ route, paused, onPause, onLeave }) {
  return html`
    <header class="top">
      <nav aria-label="Place">
        <a class="brand" href=${nodesHash}>beamgauge</a>
        ${route.node && html`<a href=${nodeHash(route.node)}><bdi><${Parts} text=${route.node} /></bdi></a>`}
        ${route.pid && html`<span class="pid">${`<${route.pid}>`}</span>`}
      </nav>
      <span class="controls">
        <button type="button" aria-pressed=${paused} onClick=${onPause}>${paused ? 'Paused' : 'Pause'}</button>
        ${onLeave && html`<button type="button" onClick=${onLeave}>Forget token</button>`}
      </span>
    </header>`;
}

/** Every view needs the list of nodes: it shows which nodes can be asked, and which pids can be links. */
function Views({ route }) {
  const live = useContext(Live);
  const answer = usePoll('/nodes');
  if (route.view === 'unknown') return html`<${Nowhere} />`;
  if (answer.data === null && route.view !== 'nodes') return html`<${Waiting} problem=${answer.problem} />`;
  const nodes = new Map((answer.data ?? []).map((row) => [row.node, row]));
  return html`
    <${Live.Provider} value=${{ ...live, nodes }}>
      ${route.view === 'nodes' && html`<${NodesView} answer=${answer} query=${route.query} />`}
      ${answer.problem && route.view !== 'nodes' && html`<${ProblemNote} problem=${answer.problem} />`}
      ${route.view === 'node' && html`<${NodeView} key=${route.node} node=${route.node} query=${route.query} />`}
      ${route.view === 'process' && html`<${ProcessView} key=${`${route.node} ${route.pid}`} node=${route.node} pid=${route.pid} />`}
    <//>`;
}

const Nowhere = () => html`<${Heading} title="Nothing here" /><p>This address leads nowhere. <a href=${nodesHash}>All nodes</a></p>`;

const Waiting = ({ problem }) => (problem ? html`<${ProblemNote} problem=${problem} />` : html`<p class="quiet">Asking for the nodes…</p>`);

render(html`<${App} />`, document.getElementById('app'));
