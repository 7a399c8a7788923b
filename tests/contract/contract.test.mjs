// Every operation of the OpenAPI document on a live service, with right and wrong requests; every answer is held against the description.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { rawRequest } from '../integration/lib/net.mjs';
import { suite } from '../integration/lib/suite.mjs';
import { until } from '../integration/lib/wait.mjs';
import { document, exampleFaults, faultsOf, operationOf, operations, PATH } from './lib/document.mjs';
import { Ledger } from './lib/ledger.mjs';
import { prepare, requestsFor, SCOPES, send, tokens } from './lib/scene.mjs';

const GONE = '0.4294967.0'; // no process of a node that has just started
const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'];

const ledger = new Ledger();
const report = (faults) => assert.deepEqual(faults, []);
const asksNode = ({ path, responses }) => responses[502] && path.includes('{node}');
const wanted = (answer, ...statuses) => (statuses.includes(answer.status) ? [] : [`${answer.status} and not ${statuses.join(' or ')}`]);

// Sends a request that must get this status.
async function expectStatus(world, operation, status, what, request, gauge) {
  const answer = await send(world, operation, request, gauge);
  return ledger.hold(operation, what, answer, wanted(answer, status));
}

// What is wrong with the answer to a right request, besides what the description says.
function refusals({ what, type, mayBeRefused }, { status, headers }) {
  const late = what.startsWith('timeout_ms=') && status === 504; // the least of them is too little for a busy machine
  const unknown = what === 'group=label' && status === 422; // to nodes before OTP 27
  const refused = status >= (mayBeRefused ? 500 : 400) && !late && !unknown;
  return [...(refused ? [`${status}`] : []), ...(type && headers['content-type'].split(';')[0] !== type ? [`is ${headers['content-type']}`] : [])];
}

// csv's first line names the columns: the example's does too, of rows or of groups.
function columnFaults(operation, { path }, { status, headers, text }) {
  if (status !== 200 || !headers['content-type']?.startsWith('text/csv')) return [];
  const group = new URLSearchParams(path.split('?')[1]).get('group') ?? 'none';
  const which = group === 'none' ? 'rows' : 'groups';
  const { example, examples } = operation.responses[200].content['text/csv'];
  const line = (csv) => csv.slice(0, csv.indexOf('\r\n'));
  const described = line(example ?? examples[which].value);
  return line(text) === described ? [] : [`columns ${line(text)} and not ${described}`];
}

suite('the description', {}, (world, test) => {
  for (const operation of operations)
    test(`${operation.operationId}: every answer has an example, and examples are as their schemas say`, () => report(exampleFaults(operation)));
  test('examples of schemas are as the schemas say', () => {
    for (const [name, schema] of Object.entries(document.components.schemas))
      for (const example of schema.examples ?? []) assert.deepEqual(faultsOf(schema, example), [], name);
  });
});

suite('contract', { prepare: (world) => prepare(world, { watch: { sample_ms: 500 } }) }, (world, test) => {
  test('the service serves this very document, with a strong tag', async () => {
    const operation = operationOf('getOpenApi');
    const ask = (options) => world.gauge.api('openapi.json', { ...options, headers: { Authorization: 'none', ...options?.headers } });
    const answer = await ask();
    const tag = answer.headers.etag;
    assert.equal(answer.text, await readFile(PATH, 'utf8'));
    assert.match(tag, /^"[^"]+"$/);
    const faults = ledger.hold(operation, 'GET', answer);
    for (const method of ['GET', 'HEAD']) {
      const again = await ask({ method, headers: { 'If-None-Match': `"other", ${tag}` } });
      const more = again.headers.etag === tag ? wanted(again, 304) : [`has the tag ${again.headers.etag}`];
      faults.push(...ledger.hold(operation, `${method} If-None-Match`, again, more));
    }
    const other = await ask({ headers: { 'If-None-Match': '"other"' } });
    faults.push(...ledger.hold(operation, 'another tag', other, wanted(other, 200)));
    report(faults);
  });

  for (const operation of operations) {
    test(`${operation.operationId}: right requests are answered as described`, async () => {
      const faults = [];
      for (const right of requestsFor(world, operation).right()) {
        const answer = await send(world, operation, right.request);
        faults.push(...ledger.hold(operation, right.what, answer, [...refusals(right, answer), ...columnFaults(operation, right.request, answer)]));
      }
      report(faults);
    });

    test(`${operation.operationId}: wrong requests are refused as described`, async () => {
      const faults = [];
      for (const { what, status, param, mayBeRefused, request } of requestsFor(world, operation).wrong()) {
        const answer = await send(world, operation, request);
        const more = mayBeRefused ? refusals({ what, mayBeRefused }, answer) : wanted(answer, status);
        if (param && answer.status === 400 && !answer.body?.errors?.some((error) => error.param === param)) more.push(`does not name ${param}`);
        faults.push(...ledger.hold(operation, what, answer, more));
      }
      report(faults);
    });
  }

  test('HEAD is GET without its body', async () => {
    const faults = [];
    for (const operation of operations.filter(({ method }) => method === 'GET')) {
      const answer = await send(world, operation, { ...requestsFor(world, operation).request(), method: 'HEAD' });
      const more = Number(answer.headers['content-length']) > 0 ? wanted(answer, 200) : ['has no length'];
      faults.push(...ledger.hold(operation, 'HEAD', answer, more, { isHead: true }));
    }
    report(faults);
  });

  test('a path takes the methods that are described, and no other', async () => {
    const faults = [];
    for (const path of Object.keys(document.paths)) {
      const own = operations.filter((operation) => operation.path === path);
      const methods = own.map(({ method }) => method);
      const target = requestsFor(world, own[0]).request().path.split('?')[0];
      const allowed = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].sort().join();
      for (const method of METHODS.filter((one) => !methods.includes(one))) {
        const { status, headers, body } = await world.gauge.api(target, { method });
        const listed = (headers.allow ?? '').split(', ').sort().join();
        if (status !== 405 || listed !== allowed) faults.push(`${method} ${path}: ${status}, Allow: ${headers.allow}, and not ${allowed}`);
        faults.push(...faultsOf(document.components.schemas.Problem, body));
      }
    }
    report(faults);
  });

  test('whoever has no token, or one of another scope, is refused', async () => {
    const faults = [];
    for (const [place, operation] of operations.filter(({ scope }) => scope).entries()) {
      // From an address of its own: many wrong tokens from one would be 429.
      const { headers, ...request } = requestsFor(world, operation).request({}, { localAddress: `127.0.1.${place + 1}` });
      const as = (status, token) => expectStatus(world, operation, status, `with ${token}`, { ...request, headers: { ...headers, Authorization: token } });
      for (const token of ['none', 'Bearer bg_wrong']) faults.push(...await as(401, token));
      for (const scope of SCOPES.filter((one) => one !== operation.scope)) faults.push(...await as(403, `Bearer ${tokens[scope]}`));
      const answer = await send(world, operation, { ...request, headers: { ...headers, Authorization: `Bearer ${tokens[operation.scope]}` } });
      faults.push(...ledger.hold(operation, 'with its own scope', answer, answer.status >= 400 ? [`${answer.status}`] : []));
    }
    for (const operation of ['chatSlack', 'chatMattermost'].map(operationOf)) {
      const headers = { Authorization: 'Token wrong', 'X-Slack-Signature': `v0=${'0'.repeat(64)}` };
      faults.push(...await expectStatus(world, operation, 401, 'without proof', requestsFor(world, operation).request({}, { headers })));
    }
    report(faults);
  });

  test('nodes that are not registered, not to be reached, or hung; processes that are dead', async () => {
    const hung = await world.node({ cookie: world.shop.cookie });
    await world.gauge.register(hung);
    const lost = 'lost@127.0.0.1';
    await world.gauge.put(lost, { cookie: 'x' });
    await world.gauge.failed(lost, 'node_not_in_epmd');
    const faults = [];
    const expect = async (operation, status, changes) =>
      faults.push(...await expectStatus(world, operation, status, JSON.stringify(changes), requestsFor(world, operation, changes).request()));
    for (const operation of operations) {
      if (operation.path.includes('{node}') && operation.responses[404]) await expect(operation, 404, { node: 'nobody@127.0.0.1' });
      if (asksNode(operation)) await expect(operation, 502, { node: lost });
      if (operation.path.includes('{pid}')) await expect(operation, 410, { pid: GONE });
    }
    await expect(operationOf('getApplicationTree'), 404, { application: 'no_such_application' });
    await expect(operationOf('probeNode'), 404, { target: 'nobody@127.0.0.1' });
    await expect(operationOf('checkNodes'), 404, { node: ['nobody*'] });
    await expect(operationOf('checkNodes'), 502, { node: [lost] });
    await hung.pause(); // only now: after a while without ticks the link to it would be closed
    for (const operation of [...operations.filter(asksNode), operationOf('checkNodes')])
      await expect(operation, 504, { node: hung.name, max_age_ms: 0, timeout_ms: 100 });
    await world.gauge.api(`nodes/${lost}`, { method: 'DELETE' });
    await world.gauge.api(`nodes/${hung.name}`, { method: 'DELETE' });
    report(faults);
  });

  test('a node that has no room for one more process', async () => {
    const full = await world.node({ cookie: world.shop.cookie, flags: ['+P', '1024'] });
    await world.gauge.register(full);
    const pid = (await full.eval('plant:idle()')).slice(1, -1);
    await full.eval('logger:set_primary_config(level, none)');
    await full.eval('Fill = fun Fill() -> try spawn(fun() -> receive stop -> ok end end), Fill() catch error:system_limit -> ok end end, Fill()');
    const changes = { node: full.name, pid, max_age_ms: 0 };
    const allocators = requestsFor(world, operationOf('getAllocators'), changes).request();
    await until('no process to be left', async () => (await world.gauge.api(allocators.path)).status === 422);
    const faults = [];
    const known = { getSystem: 200, getMemory: 200, getProcess: 200, checkNode: 503, checkNodes: 503 }; // that there is no room is known, and what is asked for
    for (const operation of [...operations.filter(asksNode), operationOf('checkNodes')])
      faults.push(...await expectStatus(world, operation, known[operation.operationId] ?? 422, 'a full node', requestsFor(world, operation, changes).request()));
    await full.eval('sys:suspend(rex)'); // who answers where no process can be started
    for (const id of ['getSystem', 'getMemory', 'getProcess'])
      faults.push(...await expectStatus(world, operationOf(id), 422, 'a full node held up', requestsFor(world, operationOf(id), changes).request()));
    await world.gauge.api(`nodes/${full.name}`, { method: 'DELETE' });
    report(faults);
  });

  test('what is too much, or not set up, is refused', async () => {
    const small = await world.beamgauge({ sections: { server: { name: 'beamgauge_small@127.0.0.1' }, limits: { nodes_max: 1, requests_max: 1 } } });
    const held = await world.node();
    await small.register(held);
    const faults = [];
    const expect = async (operation, status, what) => {
      faults.push(...await expectStatus(world, operation, status, what, requestsFor(world, operation).request(), small));
    };
    for (const id of ['chatSlack', 'chatMattermost']) await expect(operationOf(id), 404, 'not set up');
    for (const id of ['getHistory', 'getGrowth']) await expect(operationOf(id), 422, 'nothing is sampled');
    await expect(operationOf('putNode'), 409, 'a second node');
    await held.pause();
    const waiting = small.ask(held, 'memory?max_age_ms=0&timeout_ms=60000');
    await until('the one request to be under way', async () => (await small.api('/api/v1/version')).status === 429);
    for (const operation of operations.filter(({ responses }) => responses[429])) await expect(operation, 429, 'a second request');
    held.resume();
    assert.equal((await waiting).status, 200);
    report(faults);
  });

  test('requests that do not come whole', async () => {
    const hasty = await world.beamgauge({ sections: { server: { name: 'beamgauge_hasty@127.0.0.1' }, limits: { request_ms: 50 } } });
    report((await Promise.all(operations.map(async (operation) => {
      const answer = await rawRequest(hasty.port, `${operation.method} /livez HTTP/1.1\r\nHost: localhost\r\n`);
      return ledger.hold(operation, 'half a request', { ...answer, text: answer.body, body: JSON.parse(answer.body) }, wanted(answer, 408));
    }))).flat());
  });

  test('a service without any node that is up', async () => {
    const alone = await world.beamgauge({ sections: { server: { name: 'beamgauge_alone@127.0.0.1' } } });
    await alone.put('lost@127.0.0.1', { cookie: 'x' });
    await alone.failed('lost@127.0.0.1', 'node_not_in_epmd');
    const faults = [];
    for (const [id, status] of [['getReadiness', 503], ['listFleetPairs', 502]])
      faults.push(...await expectStatus(world, operationOf(id), status, 'no node is up', requestsFor(world, operationOf(id)).request(), alone));
    report(faults);
  });

  test('a check that fails, in every status, and one that could not be made, in every form', async () => {
    const lost = 'lost@127.0.0.1';
    await world.gauge.put(lost, { cookie: 'x' });
    await world.gauge.failed(lost, 'node_not_in_epmd');
    const faults = [];
    const expect = async (operation, format, outcome, status, changes, more) => {
      const answer = await send(world, operation, requestsFor(world, operation, changes).request({ ...more, format }));
      const reported = answer.headers['x-check-status'];
      faults.push(...ledger.hold(operation, `${outcome} ${format}`, answer, reported === outcome ? wanted(answer, status) : [`is ${reported}`]));
    };
    for (const operation of ['checkNode', 'checkNodes'].map(operationOf))
      for (const format of operation.parameters.find(({ name }) => name === 'format').schema.enum) {
        for (const status of operation.parameters.find(({ name }) => name === 'fail_status').schema.enum)
          await expect(operation, format, 'fail', Number(status), { assert: ['pair_count_max < 100'] }, { fail_status: status });
        await expect(operation, format, 'unknown', 502, { node: lost });
      }
    await world.gauge.api(`nodes/${lost}`, { method: 'DELETE' });
    report(faults);
  });

  test('groups', async () => {
    const faults = [];
    for (const operation of operations)
      for (const group of operation.parameters.find(({ name }) => name === 'group')?.schema.enum ?? [])
        for (const format of ['json', 'csv']) {
          const request = requestsFor(world, operation, { limit: 3 }).request({ group, format });
          const answer = await send(world, operation, request);
          const status = group === 'label' ? wanted(answer, 200, 422) : wanted(answer, 200); // nodes before OTP 27 know no labels
          faults.push(...ledger.hold(operation, `${group} as ${format}`, answer, [...columnFaults(operation, request, answer), ...status]));
        }
    report(faults);
  });

  test('everything that is described was seen', () => {
    console.log(String(ledger));
    report(ledger.unseen());
  });
});
