// Looking at a node leaves nothing on it: no process, table, module or atom, whatever is asked and however it ends.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { suite } from './lib/suite.mjs';
import { SOON_MS, until } from './lib/wait.mjs';

const QUESTIONS = ['memory', 'system', 'allocators', 'processes?sort=memory', 'processes?sort=binary', 'processes?sort=monitors&limit=200',
  'processes?sort=reductions&window_ms=100', 'monitors?by=monitors', 'monitors?by=monitored_by', 'monitors/pairs', 'processes/0.0.0',
  'processes/0.0.0/relations', 'processes/0.9999.0'];
const HOSTILE = ['processes?sort=atom_that_is_new_1', 'processes/new_atom_2', 'processes?sort=%E6%BC%A2', 'monitors?by=new_atom_3', 'new_atom_4',
  'processes?order=new_atom_5', 'processes/0.1.99999'];

const MANY = Number(process.env.BG_REQUESTS ?? 10_000);

suite('harmless', {}, (world, test) => {
  const fresh = (path) => `${path}${path.includes('?') ? '&' : '?'}max_age_ms=0`;

  // A node with something to look at, and who looks.
  async function scene() {
    const node = await world.node();
    await node.eval('plant:idle(2000), plant:watcher([{plant:idle(), 3000}]), plant:named(<<"harmless">>), ok');
    const gauge = await world.beamgauge();
    await gauge.register(node);
    return { node, gauge };
  }

  // Everything once, so that what the first use of stdlib loads and creates is there.
  async function warm({ node, gauge }) {
    for (const path of [...QUESTIONS, ...HOSTILE]) await gauge.ask(node, fresh(path));
  }

  const snapshot = (node) => node.eval('{_, T} = truth:leftovers(now), [length(T), erlang:system_info(atom_count), truth:loaded(), erlang:system_info(port_count)]');
  // Keeps the list of processes and tables on the node itself, in a process that was there before.
  const remember = (node) => node.eval(
    'Self = self(), P = spawn(fun() -> S = truth:leftovers(now), Self ! {ready, self()}, (fun L() -> receive {ask, F} -> F ! {left, truth:leftovers(S)}, L() end end)() end), receive {ready, P} -> P end');
  const leftovers = (node, keeper) => node.eval(`P = list_to_pid("${keeper}"), P ! {ask, self()}, receive {left, Left} -> Left end`);

  test('mixed requests by many at once, hostile ones too: no atom, module, process, table or port more', async () => {
    const { node, gauge } = await scene();
    await warm({ node, gauge });
    await warm({ node, gauge });
    const keeper = await remember(node);
    const [, atoms, modules, ports] = await snapshot(node);
    for (let round = 0; round < 8; round++) {
      await Promise.all([...QUESTIONS, ...HOSTILE].map((path, n) => gauge.ask(node, fresh(path.replace(/new/g, `new${round}_${n}`)))));
    }
    const after = await snapshot(node);
    assert.equal(after[1] - atoms, 0, 'atoms');
    assert.deepEqual(after[2], modules, 'modules');
    assert.ok(after[3] <= ports + 1, 'ports');
    await until('nothing left', async () => {
      const [processes, tables] = await leftovers(node, keeper);
      assert.deepEqual([processes, tables], [[], []]);
      return true;
    }, { timeout: SOON_MS });
  });

  test(`${MANY} requests of all kinds, each hostile one with a name of its own: not one atom more`, async () => {
    const { node, gauge } = await scene();
    await warm({ node, gauge });
    await warm({ node, gauge });
    const paths = [...QUESTIONS.filter((path) => !path.includes('window')), ...HOSTILE];
    const [, atoms] = await snapshot(node);
    const statuses = new Map();
    let sent = 0;
    const ask = async () => {
      while (sent < MANY) {
        const number = sent++;
        const path = paths[number % paths.length].replace(/new/, `new${number}`);
        const { status } = await gauge.ask(node, number % 4 === 0 ? fresh(path) : path, { agent });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    try {
      await Promise.all(Array.from({ length: 16 }, ask));
    } finally {
      agent.destroy();
    }
    const [, after] = await snapshot(node);
    assert.equal(after - atoms, 0, 'atoms');
    assert.deepEqual([...statuses.keys()].filter((status) => ![200, 400, 404, 410].includes(status)), [], JSON.stringify([...statuses]));
    assert.ok(statuses.get(200) > MANY / 3, JSON.stringify([...statuses]));
  });

  test('nothing is loaded at any time: where nothing loads by itself, the modules stay exactly as they were', async () => {
    // An embedded system loads no module on demand; what the test itself needs there is loaded first.
    const compiler = '[code:load_abs(filename:rootname(F)) || F <- filelib:wildcard(code:root_dir() ++ "/lib/compiler-*/ebin/*.beam")]';
    const node = await world.node({ flags: ['-mode', 'embedded', '-eval', compiler] });
    assert.equal(await node.eval('erlang:trace_pattern({erlang, finish_loading, 1}, true, [call_count])'), 1);
    const loadings = () => node.eval('element(2, erlang:trace_info({erlang, finish_loading, 1}, call_count))');
    await node.eval('plant:watcher([{plant:idle(), 3000}]), plant:named(<<"embedded">>), ok');
    const before = await node.eval('truth:loaded()');
    const gauge = await world.beamgauge();
    await gauge.register(node);
    for (const path of QUESTIONS) {
      const { status, text } = await gauge.ask(node, fresh(path));
      assert.ok(status === 200 || (status === 410 && path.includes('0.9999.0')), `${path}: ${text}`);
    }
    assert.equal(await loadings(), 0);
    assert.deepEqual(await node.eval('truth:loaded()'), before);
    await node.load('control');
    assert.equal(await loadings(), 1, 'one that is loaded is counted');
  });

  test('nothing is ever loaded: the modules before the first connection, and after', async () => {
    const node = await world.node();
    // What evaluating expressions needs, as any shell does, is stdlib's own and loaded on demand.
    await node.eval('[code:ensure_loaded(M) || M <- [erl_eval, eval_bits, ets, maps, sets, ordsets, queue, lists, string, unicode, binary, proc_lib, erl_internal, erl_lint, timer, io_lib, io_lib_format, io_lib_pretty, gb_sets, gb_trees, rpc, erpc]], ok');
    const before = await node.eval('truth:loaded()');
    const gauge = await world.beamgauge();
    await gauge.register(node);
    for (const path of QUESTIONS) await gauge.ask(node, fresh(path));
    const after = await node.eval('truth:loaded()');
    const added = after.filter((module) => !before.includes(module));
    const foreign = await node.eval(`[M || M <- [${added.map((module) => `'${module}'`)}], string:prefix(filename:dirname(code:which(M)), code:lib_dir()) =:= nomatch]`);
    assert.deepEqual(foreign, [], `loaded: ${added}`);
    const paths = await node.eval('[list_to_binary(P) || {_, P} <- code:all_loaded(), is_list(P), string:find(P, "beamgauge") =/= nomatch]');
    assert.deepEqual(paths, []);
  });

  test('kill -9 in the middle of questions leaves nothing within 2 s', async () => {
    const { node, gauge: warmer } = await scene();
    await warm({ node, gauge: warmer });
    await warmer.stop();
    await until('the connection to end', async () => (await node.eval('nodes(hidden)')).length === 0);
    const keeper = await remember(node);
    const gauge = await world.beamgauge();
    await gauge.register(node);
    const asked = [20_000, 21_000, 22_000].map((ms) => gauge.ask(node, `processes?window_ms=${ms}&max_age_ms=0`).catch((error) => error));
    asked.push(gauge.ask(node, 'processes?sort=binary&max_age_ms=0').catch((error) => error));
    await until('questions in flight', async () => (await gauge.info(node)).in_flight_count >= 3);
    await until('the questions to be processes there', async () => (await leftovers(node, keeper))[0].length >= 3);
    gauge.child.signal('SIGKILL');
    await until('nothing left on the node', async () => {
      const [processes, tables] = await leftovers(node, keeper);
      assert.deepEqual([processes, tables], [[], []]);
      return true;
    }, { timeout: SOON_MS });
    await Promise.all(asked);
  });

  // What tracing leaves: patterns, which are of functions, and flags, which are of processes.
  const traces = (node) => node.eval(`
    Patterns = [{F, T} || F <- [on_load | [{erlang, N, A} || {N, A} <- erlang:module_info(exports)]], {all, T} <- [erlang:trace_info(F, all)], T =/= false, T =/= undefined, T =/= []],
    Flags = [{P, F} || P <- processes(), {flags, F} <- [erlang:trace_info(P, flags)], F =/= []],
    {Patterns, Flags}`);

  test('kill -9 while a long list is counted by peer, and in a scan of very many: no table, trace or process within 2 s', async () => {
    const { node, gauge: warmer } = await scene();
    const watcher = await node.eval('plant:watcher([{P, 12} || P <- plant:idle(40000)])');
    const counting = `processes/${watcher.slice(1, -1)}/relations?direction=monitors&exact=true&timeout_ms=30000&max_age_ms=0`;
    await warm({ node, gauge: warmer });
    await warmer.ask(node, counting);
    await warmer.stop();
    await until('the connection to end', async () => (await node.eval('nodes(hidden)')).length === 0);
    for (const [path, isUnderway] of [[counting, ([, tables]) => tables.length > 0], ['processes?sort=binary&max_age_ms=0', ([processes]) => processes.length > 1]]) {
      const before = await traces(node);
      const keeper = await remember(node);
      const gauge = await world.beamgauge();
      await gauge.register(node);
      const asked = gauge.ask(node, path).catch((error) => error);
      await until('it at work on the node', async () => isUnderway(await leftovers(node, keeper)), { interval: 1 });
      gauge.child.signal('SIGKILL');
      await until('nothing left on the node', async () => {
        assert.deepEqual(await leftovers(node, keeper), [[], []]);
        return true;
      }, { timeout: SOON_MS });
      assert.deepEqual(await traces(node), before, 'traces');
      assert.ok((await asked) instanceof Error, 'it was not answered before');
      await until('the connection to end', async () => (await node.eval('nodes(hidden)')).length === 0);
    }
  });

  test('a process with a million messages, or at work in native code for long, keeps no question waiting', async () => {
    const { node, gauge } = await scene();
    await node.eval(`plant:queue(1000000), Self = self(),
      spawn(fun() -> process_flag(message_queue_data, off_heap), [self() ! N || N <- lists:seq(1, 1000000)], Self ! full, receive stop -> ok end end),
      receive full -> ok end, [spawn(erts_debug, F, [wait, 60000]) || F <- [dirty_io, dirty_cpu]], ok`);
    for (const path of [...QUESTIONS, 'processes?sort=message_queue_len&limit=2']) {
      const { status, ms, body, text } = await gauge.ask(node, fresh(path));
      assert.ok(status === 200 || path.includes('0.9999.0'), text);
      assert.ok(ms < 20_000, `${path}: ${ms} ms`);
      if (path.includes('message_queue_len')) assert.deepEqual(body.data.map((row) => row.message_queue_len), [1_000_000, 1_000_000]);
    }
  });

  test('a node whose schedulers are all taken is left to its work: what it reported last comes in time, as old, and nothing stays', async () => {
    const { node, gauge } = await scene();
    await warm({ node, gauge });
    const keeper = await remember(node);
    // High priority work leaves no turn to ours, which starts at the usual one.
    const schedulers = await node.eval('erlang:system_info(schedulers_online)');
    await node.eval('spawn(fun() -> timer:sleep(200), plant:hogs(8000) end), ok');
    await until('all schedulers to be taken', async () => node.child.lines('stdout').filter((line) => line.startsWith('hogging')).length >= schedulers);
    const { status, ms, body } = await gauge.ask(node, 'processes?max_age_ms=0&timeout_ms=1000');
    assert.equal(status, 200, JSON.stringify(body));
    assert.match(body.meta.warnings.join(), /this is what it answered last/);
    assert.ok(body.meta.age_ms > 0 && ms >= 900 && ms < 6000, `${ms} ms: ${JSON.stringify(body.meta)}`);
    await until('nothing left', async () => {
      assert.deepEqual(await leftovers(node, keeper), [[], []]);
      return true;
    });
    assert.equal((await gauge.ask(node, 'processes?max_age_ms=0')).status, 200);
  });

  // The schedulers are measured by a process of its own, which the worker waits for.
  const WAITERS = { processes: 1, ets: 1, ports: 1, distribution: 1, schedulers: 2 };
  for (const [path, count] of Object.entries(WAITERS)) test(`what asks for ${path} waits for its window, its guard beside it, and all are linked`, async () => {
    const { node, gauge } = await scene();
    const keeper = await remember(node);
    const client = new AbortController();
    const asked = gauge.ask(node, `${path}?window_ms=25000&max_age_ms=0`, { signal: client.signal }).catch((error) => error);
    const standing = ([pid]) => node.eval(`case process_info(list_to_pid("${pid}"), [priority, links]) of
      [{_, P}, {_, L}] -> [P, L =/= []]; _ -> ended end`);
    const isWaiting = ([, info]) => Object.fromEntries(info).current_function.join().startsWith('prim_eval,receive');
    // The one that is asked, the one that looks, and nobody else: what measures and calibrates for them has ended. The worker waits at high
    // priority, which costs nothing, so that it comes back in time. The guard does nothing but wait, and is to end the other one in time.
    await until('linked processes, the worker at high priority, waiting', async () => {
      const [found] = await leftovers(node, keeper);
      assert.deepEqual(found.filter(isWaiting), found);
      assert.deepEqual((await Promise.all(found.map(standing))).sort(), [...Array(count).fill(['high', true]), ['normal', true]]);
      return true;
    }, { timeout: 20_000 });
    client.abort();
    await asked;
  });

  test('a deadline is kept on the node, too', async () => {
    const { node, gauge } = await scene();
    const keeper = await remember(node);
    await gauge.ask(node, 'processes?sort=binary&timeout_ms=100&max_age_ms=0');
    await until('nothing left', async () => (await leftovers(node, keeper))[0].length === 0, { timeout: SOON_MS });
  });

  test('a node that was deleted is let go', async () => {
    const node = await world.node();
    const gauge = await world.beamgauge();
    await gauge.register(node);
    assert.equal((await node.eval('nodes(hidden)')).length, 1);
    await gauge.api(`nodes/${node.name}`, { method: 'DELETE' });
    await until('the connection to end', async () => (await node.eval('nodes(hidden)')).length === 0, { timeout: SOON_MS });
  });
});
