// A program as a stranger writes it, against types that a stock generator made: lists nodes, and the first pair of each.
import createClient from 'openapi-fetch';
import type { components, paths } from './api.js';

declare const process: { argv: string[] };
type Media = 'application/json' | 'application/problem+json';
type Node = components['schemas']['Node'];
type Pair = components['schemas']['Pair'];

const [baseUrl, token] = process.argv.slice(2);
if (!baseUrl || !token) throw new Error('usage: list_nodes URL TOKEN');
const client = createClient<paths, Media>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

async function firstPair(node: string): Promise<Pair | undefined> {
  const { data, error } = await client.GET('/api/v1/nodes/{node}/monitors/pairs', { params: { path: { node }, query: { limit: 1, exact: false } } });
  if (error) throw new Error(`${error.code}: ${error.detail}`);
  return data.data[0];
}

const { data, error } = await client.GET('/api/v1/nodes');
if (error) throw new Error(`${error.code}: ${error.detail}`);
const nodes: Node[] = data.data;
for (const { node, state, losses_count } of nodes) {
  const pair = state === 'up' ? await firstPair(node) : undefined;
  console.log(JSON.stringify({ node, state, losses: losses_count, watcher: pair?.watcher.pid ?? null, count: pair?.count ?? 0 }));
}
const unknown = await client.GET('/api/v1/nodes/{node}/memory', { params: { path: { node: 'nobody@127.0.0.1' } } });
console.log(JSON.stringify({ code: unknown.error?.code, status: unknown.response.status }));
