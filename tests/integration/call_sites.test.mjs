// The line of code that leaks monitors, by bounded tracing; and no trace of it afterwards, whatever happens.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite } from './lib/suite.mjs';
import { SOON_MS, until } from './lib/wait.mjs';

const SOURCE = readFileSync(new URL('../fixtures/calling.erl', import.meta.url), 'utf8').split('\n');
const lineOf = (mark) => SOURCE.findIndex((line) => line.endsWith(`% mark: ${mark}`)) + 1;

suite('call sites', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.shop = await world.node({ modules: ['calling'] });
  world.release = Number(await world.shop.eval('list_to_integer(erlang:system_info(otp_release))'));
  await world.gauge.register(world.shop);
} }, (world, test) => {
  const path = (pid) => `processes/${pid.slice(1, -1)}/call-sites`;
  const trace = (pid, body, { query = '', gauge = world.gauge, node = world.shop, ...options } = {}) =>
    gauge.ask(node, path(pid) + query, { method: 'POST', body, ...options });
  const start = () => world.shop.eval('calling:start()');
  const work = (pid, what, count) => world.shop.eval(`calling:work(list_to_pid("${pid}"), ${what}, ${count})`);

  // Everything that tracing could leave: patterns, flags, sessions, the keeper's name.
  const traces = (pid) => world.shop.eval(`
    P = list_to_pid("${pid}"), Sessions = erlang:system_info(otp_release) >= "27",
    Fs = [{erlang, F, A} || {F, As} <- [{monitor, [2, 3]}, {demonitor, [1, 2]}, {spawn_opt, [2, 3, 4, 5]}, {spawn_monitor, [1, 2, 3, 4]}], A <- As],
    [T || F <- Fs, {all, T} <- [erlang:trace_info(F, all)], T =/= false, T =/= undefined] ++
    [T || {_, T} <- [erlang:trace_info(P, tracer)], T =/= []] ++ [T || {_, T} <- [erlang:trace_info(P, flags)], T =/= []] ++
    [{session, F} || Sessions, F <- Fs ++ [P], S <- [apply(trace, session_info, [F])], S =/= [], S =/= undefined] ++
    [{session, N} || Sessions, {N, _} <- apply(trace, session_info, [all]), N =:= beamgauge_call_sites] ++
    [beamgauge_call_sites || whereis(beamgauge_call_sites) =/= undefined]`);
  const untouched = (pid) => until('nothing of it on the node', async () => {
    assert.deepEqual(await traces(pid), []);
    return true;
  }, { timeout: SOON_MS, interval: 30 });
  const underway = (pid) => until('the tracing', () => world.shop.eval(`calling:is_traced(list_to_pid("${pid}"))`), { interval: 20 });
  // Those that do a tracing, and nothing of the node's own.
  const tracers = () => world.shop.eval('length([P || P <- processes(), {initial_call, {M, F, _}} <- [process_info(P, initial_call)], M =:= erl_eval orelse {M, F} =:= {lists, zipwith3}])');

  test('the line that leaks comes first, with its net; the one that gives back has none', async () => {
    const pid = await start();
    const asked = trace(pid, { duration_ms: 5000, max_calls: 5000 });
    await underway(pid);
    for (const [what, count] of [['tidy', 60], ['leak', 40], ['wrong', 7], ['helper', 5]]) await work(pid, what, count);
    const answer = await asked;
    assert.equal(answer.status, 200, answer.text);
    const { data, meta } = answer.body;
    const found = (name) => data.find((site) => site.function === name);
    assert.deepEqual([data[0].text, data[0].monitor_count, data[0].demonitor_count, data[0].net_count], ['calling:leak/1', 40, 0, 40]);
    assert.deepEqual([data[1].text, data[1].monitor_count, data[1].net_count], ['calling:wrong/1', 7, 7]);
    assert.deepEqual([found('tidy').monitor_count, found('tidy').demonitor_count, found('tidy').net_count], [60, 60, 0]);
    const strange = data.filter((site) => site.unmatched_demonitor_count > 0);
    assert.deepEqual(strange.map((site) => [site.function, site.unmatched_demonitor_count]), [['wrong', 7]]);
    assert.ok(Math.abs(data[0].net_per_second - (40 * 1000) / meta.traced_ms) < 0.01, JSON.stringify([data[0], meta]));
    assert.ok(meta.traced_ms >= 4900 && meta.traced_ms < 25_000, JSON.stringify(meta));
    assert.equal(meta.calls_count, 40 + 7 * 2 + 60 * 2 + 5 * 2);
    assert.deepEqual([meta.truncated, meta.cut_by, meta.returned_count], [false, null, data.length]);
    assert.equal(data.some((site) => site.module === 'gen'), world.release < 26, 'a call of a server is put down to who called it, where there is a stack');
    await untouched(pid);
  });

  test('file, line and stack are reported if the release knows them, else null', async () => {
    const pid = await start();
    const asked = trace(pid, { duration_ms: 3000 });
    await underway(pid);
    await work(pid, 'leak', 1);
    await work(pid, 'helper', 1);
    const { data } = (await asked).body;
    const leak = data.find((site) => site.function === 'leak');
    assert.deepEqual([leak.file, leak.line], world.release >= 25 ? ['calling.erl', lineOf('leak')] : [null, null]);
    if (world.release < 26) assert.deepEqual(leak.stack, []);
    else {
      assert.deepEqual([leak.stack[0].text, leak.stack[0].line], ['calling:leak/1', lineOf('leak')]);
      const helper = data.find((site) => site.function === 'helper');
      assert.deepEqual([helper.line, helper.net_count, helper.stack[0].module], [lineOf('helper'), 0, 'gen']);
    }
  });

  test('rows come as tables too', async () => {
    const pid = await start();
    const asked = trace(pid, { duration_ms: 3000 }, { query: '?format=csv' });
    await underway(pid);
    await work(pid, 'leak', 3);
    const answer = await asked;
    assert.match(answer.headers['content-type'], /^text\/csv/);
    const [head, row] = answer.text.trim().split(/\r?\n/).map((line) => line.split(','));
    assert.equal(row[head.indexOf('net_count')], '3');
    assert.equal(row[head.indexOf('text')], 'calling:leak/1');
  });

  test('the limit of calls ends it early, and says so', async () => {
    const pid = await start();
    const asked = trace(pid, { duration_ms: 30_000, max_calls: 12 });
    await underway(pid);
    await work(pid, 'leak', 500);
    const { data, meta } = (await asked).body;
    assert.deepEqual([meta.truncated, meta.cut_by, meta.calls_count], [true, 'max_calls', 12]);
    assert.equal(data[0].monitor_count, 12);
    assert.ok(meta.traced_ms < 25_000);
    await untouched(pid);
  });

  test('a process that dies meanwhile leaves what was seen, and no trace', async () => {
    const pid = await start();
    const asked = trace(pid, { duration_ms: 30_000 });
    await underway(pid);
    await work(pid, 'leak', 4);
    await world.shop.eval(`calling:stop(list_to_pid("${pid}"))`);
    const { data, meta } = (await asked).body;
    assert.deepEqual([meta.cut_by, data[0].monitor_count], ['process_died', 4]);
    await untouched(pid);
  });

  test('longer than the usual time of a request is possible', async () => {
    const gauge = await world.beamgauge({ sections: { limits: { request_ms: 2000 } }, args: ['--name', `patient${process.pid}@127.0.0.1`] });
    await gauge.register(world.shop);
    const answer = await trace(await start(), { duration_ms: 5000 }, { gauge, query: '?timeout_ms=3000' });
    assert.equal(answer.status, 200, answer.text);
  });

  test('limits out of bounds, unknown members and bodies that are no objects are 400, and nobody is asked', async () => {
    const pid = await start();
    for (const [body, param] of [[{ duration_ms: -5 }, 'duration_ms'], [{ duration_ms: 99 }, 'duration_ms'], [{ duration_ms: 60_001 }, 'duration_ms'],
      [{ duration_ms: 1e15 }, 'duration_ms'], [{ duration_ms: '500' }, 'duration_ms'], [{ duration_ms: 500.5 }, 'duration_ms'], [{ max_calls: 0 }, 'max_calls'],
      [{ max_calls: 10_001 }, 'max_calls'], [{ depth: 3 }, 'depth'], [[], 'body']]) {
      const answer = await trace(pid, body);
      assert.equal(answer.status, 400, JSON.stringify(body));
      assert.equal(answer.body.errors[0].param, param, answer.text);
    }
    for (const text of ['{"duration_ms": 99999999999999999999999999}', '{"duration_ms": 1', '{"max_calls": 5, "max_calls": 6}']) {
      assert.equal((await trace(pid, text)).status, 400, text);
    }
    assert.equal((await trace(pid, `{"duration_ms": 500${' '.repeat(2000)}}`)).status, 413);
    assert.equal((await world.gauge.ask(world.shop, path(pid))).status, 405);
    assert.deepEqual(await traces(pid), []);
  });

  test('a dead pid is 410', async () => {
    const pid = await start();
    await world.shop.eval(`calling:stop(list_to_pid("${pid}"))`);
    const answer = await trace(pid, { duration_ms: 100 });
    assert.equal(answer.status, 410);
    assert.ok(answer.body.detail.includes(pid), answer.text);
  });

  test('a pid of another node is 404, which names that node', async () => {
    const pay = await world.node({ cookie: world.shop.cookie });
    const remote = await world.shop.eval(`net_kernel:connect_node('${pay.name}'), rpc:call('${pay.name}', erlang, whereis, [init])`);
    assert.doesNotMatch(remote, /^<0\./);
    const asks = { 'POST call-sites': () => trace(remote, {}), process: () => world.gauge.ask(world.shop, `processes/${remote.slice(1, -1)}`),
      relations: () => world.gauge.ask(world.shop, `processes/${remote.slice(1, -1)}/relations`) };
    for (const [what, ask] of Object.entries(asks)) {
      const answer = await ask();
      assert.equal(answer.status, 404, `${what}: ${answer.text}`);
      assert.ok(answer.body.detail.includes(pay.name), `${what}: ${answer.text}`);
    }
    const nobody = await world.gauge.ask(world.shop, 'processes/4000000.1.0');
    assert.deepEqual([nobody.status, nobody.body.code], [404, 'not_found']);
  });

  test('who is traced by somebody else is 422 and stays traced', async () => {
    const pid = await start();
    await world.shop.eval(`P = list_to_pid("${pid}"), T = spawn(fun() -> receive stop -> ok end end), register(other_tracer, T), erlang:trace(P, true, [procs, {tracer, T}])`);
    const answer = await trace(pid, { duration_ms: 200 });
    assert.deepEqual([answer.status, answer.body.code], [422, 'unsupported'], answer.text);
    assert.equal(await world.shop.eval(`{tracer, T} = erlang:trace_info(list_to_pid("${pid}"), tracer), T =:= whereis(other_tracer)`), true);
    await world.shop.eval('calling:stop(whereis(other_tracer))');
    await untouched(pid);
    assert.equal((await trace(pid, { duration_ms: 200 })).status, 200);
  });

  test('patterns of somebody else are 422 where they are everybody\'s, and stay', async () => {
    const pid = await start();
    await world.shop.eval('erlang:trace_pattern({erlang, demonitor, 1}, true, [local])');
    const answer = await trace(pid, { duration_ms: 200 });
    assert.equal(answer.status, world.release >= 27 ? 200 : 422, answer.text);
    assert.deepEqual(await world.shop.eval('erlang:trace_info({erlang, demonitor, 1}, traced)'), ['traced', 'local']);
    await world.shop.eval('erlang:trace_pattern({erlang, demonitor, 1}, false, [local])');
  });

  test('one tracing at a time on a node: another is 429, and the first goes on', async () => {
    const [one, other] = [await start(), await start()];
    const asked = trace(one, { duration_ms: 5000 });
    await underway(one);
    const refused = await trace(other, { duration_ms: 200 });
    assert.equal(refused.status, 429, refused.text);
    assert.ok(refused.headers['retry-after']);
    await work(one, 'leak', 2);
    assert.equal((await asked).body.data[0].monitor_count, 2);
    assert.equal((await trace(other, { duration_ms: 200 })).status, 200);
  });

  test('only an admin\'s token may trace', async () => {
    const admin = 'bg_admin';
    const reader = 'bg_reader';
    const { createHash } = await import('node:crypto');
    const sha256 = (text) => createHash('sha256').update(text).digest('hex');
    const gauge = await world.beamgauge({ args: ['--name', `guarded${process.pid}@127.0.0.1`], sections: {
      'token root': { sha256: sha256(admin), scopes: 'admin read' }, 'token eyes': { sha256: sha256(reader), scopes: 'read check chat' } } });
    gauge.token = admin;
    await gauge.register(world.shop);
    const pid = await start();
    assert.equal((await trace(pid, { duration_ms: 100 }, { gauge })).status, 200);
    gauge.token = reader;
    assert.equal((await trace(pid, { duration_ms: 100 }, { gauge })).status, 403);
  });

  test('kill -9 of beamgauge in the middle leaves nothing within 2 s, though the process goes on calling', async () => {
    const pid = await start();
    await world.shop.eval(`calling:keep_working(list_to_pid("${pid}"), tidy, 5)`);
    const gauge = await world.beamgauge({ args: ['--name', `killed${process.pid}@127.0.0.1`] });
    await gauge.register(world.shop);
    const asked = trace(pid, { duration_ms: 60_000, max_calls: 10_000 }, { gauge }).catch((error) => error);
    await underway(pid);
    assert.ok((await tracers()) > 0, 'the tracing is done by processes there');
    gauge.child.signal('SIGKILL');
    await untouched(pid);
    await until('its processes to end', async () => (await tracers()) === 0, { timeout: SOON_MS });
    await asked;
    await world.shop.eval(`calling:stop(list_to_pid("${pid}"))`);
  });

  test('a client that goes ends the tracing at once', async () => {
    const pid = await start();
    const client = new AbortController();
    const asked = trace(pid, { duration_ms: 60_000 }, { signal: client.signal }).catch((error) => error);
    await underway(pid);
    client.abort();
    assert.ok((await asked) instanceof Error);
    await untouched(pid);
  });

  test('a lost link ends the tracing at once', async () => {
    const pid = await start();
    const gauge = await world.beamgauge({ args: ['--name', `lost${process.pid}@127.0.0.1`] });
    await gauge.register(world.shop);
    const asked = trace(pid, { duration_ms: 60_000 }, { gauge });
    await underway(pid);
    await world.shop.eval(`erlang:disconnect_node('lost${process.pid}@127.0.0.1')`);
    await untouched(pid);
    assert.equal((await asked).status, 502);
  });

  test('the node\'s atoms do not grow over many tracings', async () => {
    const pid = await start();
    const round = async () => {
      const asked = trace(pid, { duration_ms: 100 });
      await work(pid, 'tidy', 10);
      assert.equal((await asked).status, 200);
    };
    for (let i = 0; i < 3; i++) await round();
    const atoms = () => world.shop.eval('erlang:system_info(atom_count)');
    const before = await atoms();
    for (let i = 0; i < 10; i++) await round();
    assert.equal(await atoms(), before);
    await untouched(pid);
  });
});
