// Looking at a node leaves nothing on it: no process, table, module or atom, whatever is asked and however it ends.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';
import { sleep, until } from './lib/wait.mjs';

const QUESTIONS = ['memory', 'system', 'allocators', 'processes?sort=memory', 'processes?sort=binary', 'processes?sort=monitors&limit=200',
  'processes?sort=reductions&window_ms=100', 'monitors?by=monitors', 'monitors?by=monitored_by', 'monitors/pairs', 'processes/0.0.0',
  'processes/0.0.0/relations', 'processes/0.9999.0'];
const HOSTILE = ['processes?sort=atom_that_is_new_1', 'processes/new_atom_2', 'processes?sort=%E6%BC%A2', 'monitors?by=new_atom_3', 'new_atom_4',
  'processes?order=new_atom_5', 'processes/0.1.99999'];

suite('harmless', { timeout: 150_000, each: 60_000 }, (world, test) => {
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
    'P = spawn(fun() -> S = truth:leftovers(now), (fun L() -> receive {ask, F} -> F ! {left, truth:leftovers(S)}, L() end end)() end), timer:sleep(50), P');
  const leftovers = (node, keeper) => node.eval(`P = list_to_pid("${keeper}"), P ! {ask, self()}, receive {left, {Ps, Ts}} -> {[X || {Q, _} = X <- Ps, Q =/= P], Ts} after 3000 -> error(late) end`);

  test('some hundreds of mixed requests, hostile ones too: no atom, module, process, table or port more', async () => {
    const { node, gauge } = await scene();
    await warm({ node, gauge });
    await warm({ node, gauge });
    const keeper = await remember(node);
    const [, atoms, modules, ports] = await snapshot(node);
    for (let round = 0; round < 20; round++) {
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
    }, { timeout: 3000 });
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
    await sleep(200);
    const keeper = await remember(node);
    const gauge = await world.beamgauge();
    await gauge.register(node);
    const asked = [20_000, 21_000, 22_000].map((ms) => gauge.ask(node, `processes?window_ms=${ms}&max_age_ms=0`).catch((error) => error));
    asked.push(gauge.ask(node, 'processes?sort=binary&max_age_ms=0').catch((error) => error));
    await until('questions in flight', async () => (await gauge.info(node)).in_flight_count >= 3);
    const during = await leftovers(node, keeper);
    assert.ok(during[0].length >= 3, 'the questions are processes there');
    gauge.child.signal('SIGKILL');
    const killed = Date.now();
    await until('nothing left on the node', async () => {
      const [processes, tables] = await leftovers(node, keeper);
      assert.deepEqual([processes, tables], [[], []]);
      return true;
    }, { timeout: 2000 });
    assert.ok(Date.now() - killed < 2500);
    await Promise.all(asked);
  });

  test('what asks runs at low priority, and is linked', async () => {
    const { node, gauge } = await scene();
    const keeper = await remember(node);
    const asked = gauge.ask(node, 'processes?window_ms=2000&max_age_ms=0');
    await until('it in flight', async () => (await gauge.info(node)).in_flight_count > 0);
    await sleep(200);
    const [processes] = await leftovers(node, keeper);
    assert.ok(processes.length >= 1);
    for (const [pid] of processes) {
      const [priority, links] = await node.eval(
        `P = list_to_pid("${pid}"), [element(2, process_info(P, priority)), length(element(2, process_info(P, links)))]`);
      assert.equal(priority, 'low');
      assert.ok(links >= 1, 'it would outlive us');
    }
    await asked;
  });

  test('a deadline is kept on the node, too', async () => {
    const { node, gauge } = await scene();
    const keeper = await remember(node);
    await gauge.ask(node, 'processes?sort=binary&timeout_ms=100&max_age_ms=0');
    await until('nothing left', async () => (await leftovers(node, keeper))[0].length === 0, { timeout: 3000 });
  });

  test('a node that was deleted is let go', async () => {
    const node = await world.node();
    const gauge = await world.beamgauge();
    await gauge.register(node);
    assert.equal((await node.eval('nodes(hidden)')).length, 1);
    await gauge.api(`nodes/${node.name}`, { method: 'DELETE' });
    await until('the connection to end', async () => (await node.eval('nodes(hidden)')).length === 0, { timeout: 3000 });
  });
});
