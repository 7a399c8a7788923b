// What the types must not let pass: each line below its mark is a mistake.
import createClient from 'openapi-fetch';
import type { paths } from './api.js';

const client = createClient<paths, 'application/json'>({ baseUrl: 'http://127.0.0.1' });
const path = { node: 'a@b' };

// @ts-expect-error: no such path
await client.GET('/api/v1/node');
// @ts-expect-error: no such choice
await client.GET('/api/v1/nodes/{node}/processes', { params: { path, query: { sort: 'weight' } } });
// @ts-expect-error: the node is missing
await client.GET('/api/v1/nodes/{node}/memory', { params: { path: {} } });
// @ts-expect-error: a number, not a text
await client.GET('/api/v1/nodes/{node}/monitors', { params: { path, query: { limit: '5' } } });
const { data } = await client.GET('/api/v1/nodes');
// @ts-expect-error: a cookie is never in an answer
console.log(data?.data[0]?.cookie);
