// Every operation of api/openapi.json on a live service, with right and wrong requests; every answer is held against the description.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Folder } from '../integration/lib/beamgauge.mjs';
import { suite } from '../integration/lib/suite.mjs';
import { until } from '../integration/lib/wait.mjs';
import { document, judge, operations, PATH } from './lib/document.mjs';
import { Requests } from './lib/requests.mjs';

const SCOPES = ['read', 'check', 'chat', 'admin'];
const hash = (token) => createHash('sha256').update(token).digest('hex');
const tokens = Object.fromEntries([...SCOPES, 'every'].map((name) => [name, `bg_${name.padEnd(43, '0')}`]));
const MATTERMOST = 'mattermost-token';
const SLACK = 'slack-secret';
const GONE = '0.4294967.0'; // no process of a node that has just started

const asksNode = (operation) => operation.responses[502] && operation.path.includes('{node}');
const counts = { right: 0, wrong: 0 };
const seen = new Set(); // operations with statuses

async function sectionsFor(world) {
  world.folder = await Folder.make();
  world.keep({ stop: () => world.folder.remove() });
  const sections = {
    chat: { slack_signing_secret_file: await world.folder.write('slack', SLACK), mattermost_token_sha256: hash(MATTERMOST) },
    'check release': { assert: 'process_ratio < 50%', warn: 'monitors_count_max < 100' },
  };
  for (const [name, token] of Object.entries(tokens)) sections[`token ${name}`] = { sha256: hash(token), scopes: name === 'every' ? SCOPES.join(' ') : name };
  return sections;
}

async function prepare(world) {
  world.gauge = await world.beamgauge({ sections: await sectionsFor(world) });
  world.gauge.token = tokens.every;
  world.shop = await world.node({ modules: ['plant', 'truth', 'calling'] });
  world.pay = await world.node({ cookie: world.shop.cookie });
  await world.gauge.register(world.shop, { cookie: world.shop.cookie, tags: ['shop'] });
  await world.gauge.register(world.pay);
  const service = `net_kernel:connect_node('${world.shop.name}'), plant:named(<<"payment_service">>)`;
  await world.pay.eval(service);
  world.watcher = (await world.shop.eval(`plant:watcher([{rpc:call('${world.pay.name}', erlang, whereis, [payment_service]), 500}, {plant:idle(), 3}])`)).slice(1, -1);
  await world.shop.eval('plant:queue(30)');
  await world.shop.eval('spawn(fun() -> {ok, _} = socket:open(inet, dgram, udp), ets:new(kept, []), receive stop -> ok end end), ok');
}

// Chat programs prove in their own ways who they are.
function prove(operation, request) {
  if (operation.operationId === 'chatMattermost') return { ...request.headers, Authorization: `Token ${MATTERMOST}` };
  if (operation.operationId !== 'chatSlack') return request.headers;
  const time = String(Math.floor(Date.now() / 1000) - (counts.right + counts.wrong) % 250); // a signature is taken once
  const signature = createHmac('sha256', SLACK).update(`v0:${time}:${request.body ?? ''}`).digest('hex');
  return { 'X-Slack-Request-Timestamp': time, 'X-Slack-Signature': `v0=${signature}`, ...request.headers };
}

suite('contract', { timeout: 300_000, each: 60_000, prepare }, (world, test) => {
  const requestsFor = (operation, changes = {}) => {
    const registers = ['putNode', 'deleteNode'].includes(operation.operationId);
    const bodies = { putNode: { cookie: 'secret', tags: ['spare'] }, traceCallSites: { duration_ms: 100, max_calls: 10 }, chat: { text: 'nodes' }, chatSlack: 'text=nodes', chatMattermost: 'text=nodes' };
    const values = {
      node: operation.operationId === 'checkNodes' ? [world.shop.name, world.pay.name] : registers ? 'spare@127.0.0.1' : world.shop.name, pid: world.watcher, target: world.shop.name, application: 'kernel',
      ...(operation.tags[0] === 'checks' && { assert: ['process_ratio < 50%'], warn: ['monitors_count_max:lt:1k'], set: 'release' }),
      ...(operation.operationId === 'getSchedulers' && { window_ms: 100 }), ...changes,
    };
    return new Requests(operation, values, bodies[operation.operationId]);
  };

  const hold = (operation, answer) => {
    seen.add(`${operation.operationId} ${answer.status}`);
    return { answer, faults: judge(operation, answer) };
  };

  // Sends it, and gives what is wrong with the answer beside it.
  const send = async (operation, request) => {
    if (operation.operationId === 'deleteNode') await world.gauge.put('spare@127.0.0.1', { cookie: 'secret' });
    const form = operation.body?.type === 'application/x-www-form-urlencoded' && { 'Content-Type': operation.body.type };
    const answer = await world.gauge.api(request.path, { ...request, headers: { ...form, ...prove(operation, request) } });
    return hold(operation, answer);
  };
  const report = (faults) => assert.deepEqual(faults, []);
  const told = (what, { answer, faults }, more = []) => [...faults, ...more].map((fault) => `${what}: ${fault} <- ${answer.text.slice(0, 300)}`);

  test('the service serves this very document, with a strong tag', async () => {
    const answer = await world.gauge.api('openapi.json', { headers: { Authorization: 'none' } });
    assert.equal(answer.text, await readFile(PATH, 'utf8'));
    assert.match(answer.headers.etag, /^"[^"]+"$/);
    const again = await world.gauge.api('openapi.json', { headers: { 'If-None-Match': answer.headers.etag } });
    assert.deepEqual([again.status, again.text], [304, '']);
  });

  for (const operation of operations) {
    test(`${operation.operationId}: right requests are answered as described`, async () => {
      const faults = [];
      for (const { what, type, request } of requestsFor(operation).right()) {
        const result = await send(operation, request);
        counts.right++;
        const { status, headers } = result.answer;
        const more = status >= 500 ? [`${status}`] : [];
        if (what === 'as plain as can be' && status >= 300) more.push(`${status}`);
        if (type && headers['content-type'].split(';')[0] !== type) more.push(`is ${headers['content-type']}`);
        faults.push(...told(what, result, more));
      }
      report(faults);
    });

    if (operation.operationId === 'getOpenApi') continue; // a file: it has no parameters to check
    test(`${operation.operationId}: wrong requests are refused as described`, async () => {
      const faults = [];
      for (const { what, status, param, request } of requestsFor(operation).wrong()) {
        const result = await send(operation, request);
        counts.wrong++;
        const { answer } = result;
        const more = answer.status === status ? [] : [`${answer.status} and not ${status}`];
        if (param && answer.status === 400 && !answer.body?.errors?.some((error) => error.param === param)) more.push(`does not name ${param}`);
        faults.push(...told(what, result, more));
      }
      report(faults);
    });
  }

  test('whoever has no token, or one of another scope, is refused', async () => {
    const faults = [];
    for (const operation of operations.filter(({ scope }) => scope)) {
      const { path, ...request } = requestsFor(operation).request();
      const others = SCOPES.filter((scope) => scope !== operation.scope);
      for (const [token, status] of [[undefined, 401], ['bg_wrong', 401], ...others.map((scope) => [tokens[scope], 403])]) {
        const answer = await world.gauge.api(path, { ...request, headers: { Authorization: token ? `Bearer ${token}` : 'none' } });
        counts.wrong++;
        faults.push(...told(`${operation.operationId} with ${token}`, hold(operation, answer), answer.status === status ? [] : [`${answer.status}`]));
      }
      const answer = await world.gauge.api(path, { ...request, headers: { Authorization: `Bearer ${tokens[operation.scope]}` } });
      if (answer.status === 401 || answer.status === 403) faults.push(`${operation.operationId}: its own scope is not enough`);
    }
    report(faults);
  });

  test('nodes that are not registered, not to be reached, or hung; processes that are dead', async () => {
    const hung = await world.node({ cookie: world.shop.cookie });
    await world.gauge.register(hung);
    const lost = 'lost@127.0.0.1';
    await world.gauge.put(lost, { cookie: 'x' });
    await world.gauge.failed(lost, 'node_not_in_epmd');
    hung.child.signal('SIGSTOP');
    const faults = [];
    const expect = async (operation, status, changes) => {
      const result = await send(operation, requestsFor(operation, changes).request());
      counts.wrong++;
      faults.push(...told(`${operation.operationId} ${JSON.stringify(changes)}`, result, result.answer.status === status ? [] : [`${result.answer.status} and not ${status}`]));
    };
    for (const operation of operations) {
      if (operation.path.includes('{node}') && operation.operationId !== 'putNode' && operation.operationId !== 'deleteNode') await expect(operation, 404, { node: 'nobody@127.0.0.1' });
      if (asksNode(operation)) await expect(operation, 502, { node: lost });
      if (asksNode(operation)) await expect(operation, 504, { node: hung.name, max_age_ms: 0, timeout_ms: 100 });
      if (operation.path.includes('{pid}')) await expect(operation, 410, { pid: GONE });
    }
    const one = (id) => operations.find(({ operationId }) => operationId === id);
    await expect(one('deleteNode'), 404, { node: 'nobody@127.0.0.1' });
    await expect(one('probeNode'), 404, { target: 'nobody@127.0.0.1' });
    await expect(one('checkNodes'), 404, { node: ['nobody*'] });
    report(faults);
  });

  test('what is too much is refused', async () => {
    const small = await world.beamgauge({ sections: { server: { name: 'beamgauge_small@127.0.0.1' }, limits: { nodes_max: 1, requests_max: 1 } } });
    await small.register(world.shop);
    const faults = [];
    const waiting = small.ask(world.shop, 'schedulers?window_ms=2500');
    await until('the one request to be under way', async () => (await small.api('/livez')).status === 429);
    for (const operation of operations.filter(({ operationId, tags }) => operationId !== 'getOpenApi' && tags[0] !== 'chat')) {
      const { path, ...request } = requestsFor(operation).request();
      const answer = await small.api(path, request);
      counts.wrong++;
      faults.push(...told(operation.operationId, hold(operation, answer), answer.status === 429 ? [] : [`${answer.status}`]));
    }
    assert.equal((await waiting).status, 200);
    const answer = await small.put('second@127.0.0.1', { cookie: 'x' });
    faults.push(...told('a second node', hold(operations.find(({ operationId }) => operationId === 'putNode'), answer), answer.status === 409 ? [] : [`${answer.status}`]));
    report(faults);
  });

  test('a failed check, in every status and form', async () => {
    const faults = [];
    for (const operation of operations.filter(({ operationId }) => operationId === 'checkNode' || operationId === 'checkNodes')) {
      const { schema } = operation.parameters.find(({ name }) => name === 'fail_status');
      const formats = operation.parameters.find(({ name }) => name === 'format').schema.enum;
      for (const status of schema.enum)
        for (const format of formats) {
          const result = await send(operation, requestsFor(operation, { assert: ['pair_count_max < 100'] }).request({ fail_status: status, format }));
          counts.right++;
          const { answer } = result;
          faults.push(...told(`${operation.operationId} ${status} ${format}`, result, answer.status === Number(status) && answer.headers['x-check-status'] === 'fail' ? [] : [`${answer.status}`]));
        }
    }
    report(faults);
  });

  test('groups', async () => {
    const faults = [];
    for (const operation of operations)
      for (const group of operation.parameters.find(({ name }) => name === 'group')?.schema.enum ?? []) {
        const result = await send(operation, requestsFor(operation, { limit: 3 }).request({ group }));
        counts.right++;
        faults.push(...told(`${operation.operationId} ${group}`, result, result.answer.status === 200 || group === 'label' ? [] : [`${result.answer.status}`]));
      }
    report(faults);
  });

  test('every operation was called, and what was seen is told', () => {
    for (const { operationId } of operations) assert.ok([...seen].some((one) => one.startsWith(`${operationId} `)), operationId);
    const documented = operations.reduce((sum, { responses }) => sum + Object.keys(responses).length, 0);
    console.log(`${operations.length} operations of ${Object.keys(document.paths).length} paths: ${counts.right} right and ${counts.wrong} wrong requests, ` +
      `${seen.size} of ${documented} described statuses seen`);
    const unseen = operations.flatMap(({ operationId, responses }) => Object.keys(responses).map((status) => `${operationId} ${status}`)).filter((one) => !seen.has(one) && !one.endsWith(' 500'));
    console.log(`not seen, besides 500: ${unseen.join(', ')}`);
  });
});
