// Addresses inside the page: #/nodes, #/nodes/NAME, #/nodes/NAME/processes/0.95.0, with a query if a view has choices.
import { useEffect, useState } from '/htm.js';

export const nodesHash = '#/nodes';
export const allPairsHash = '#/nodes?pairs=all';
export const nodeHash = (node) => `#${nodePath(node)}`;
export const processHash = (node, pid) => `#${processPath(node, pid)}`;

/** Their path in the service. */
export const nodePath = (node) => `/nodes/${encodeURIComponent(node)}`;
export const processPath = (node, pid) => `${nodePath(node)}/processes/${pid.replace(/[<>]/g, '')}`;

/** {view: 'nodes' | 'node' | 'process' | 'unknown', node, pid, query}; `pid` is without its brackets. */
export function parseHash(hash) {
  const [path, search = ''] = hash.replace(/^#?\/?/, '').split('?');
  const query = new URLSearchParams(search);
  const parts = decodeParts(path);
  if (parts === null) return { view: 'unknown', query };
  const [first, node, third, pid] = parts;
  if (parts.length === 1 && (first === '' || first === 'nodes')) return { view: 'nodes', query };
  if (first !== 'nodes' || !node) return { view: 'unknown', query };
  if (parts.length === 2) return { view: 'node', node, query };
  if (parts.length === 4 && third === 'processes' && /^\d+\.\d+\.\d+$/.test(pid)) return { view: 'process', node, pid, query };
  return { view: 'unknown', query };
}

function decodeParts(path) {
  try {
    return path.replace(/\/$/, '').split('/').map(decodeURIComponent);
  } catch {
    return null;
  }
}

export function useRoute() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = () => setHash(location.hash);
    window.addEventListener('hashchange', follow);
    follow(); // it may have changed since the first rendering
    return () => window.removeEventListener('hashchange', follow);
  }, []);
  return parseHash(hash);
}

/** Changes choices of the current view in place: the address can be shared, the back button still leaves the view. */
export function changeQuery(changes) {
  const [path, search = ''] = location.hash.split('?');
  const query = new URLSearchParams(search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  location.replace(text === '' ? path : `${path}?${text}`);
}
