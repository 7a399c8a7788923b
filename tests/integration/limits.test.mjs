// Nodes at a limit: atoms, processes, ports, and a code server that does not answer. What can be known is reported, the rest says why not, and no question crashes the node.
import assert from 'node:assert/strict';
import { paths } from './lib/paths.mjs';
import { suite } from './lib/suite.mjs';
import { sleep, until } from './lib/wait.mjs';

const SPARE = 2000; // BG_ATOMS_SPARE
const NATIVE = ['system', 'memory', 'processes/0.0.0'];

const fresh = (path) => `${path}${path.includes('?') ? '&' : '?'}max_age_ms=0`;
const needs = (path) => path.replace(/\?.*/, '');

suite('limits', { prepare: async (world) => { world.gauge = await world.beamgauge(); } }, (world, test) => {
  for (const free of [200, 400]) {
    test(`a node with ${free} atoms free survives every endpoint, and is reported as nearly full`, async () => {
      const { gauge } = world;
      const node = await world.node({ flags: ['+t', '32768'] });
      await node.eval(`_ = [list_to_atom("filler_" ++ integer_to_list(N)) || N <- lists:seq(1, erlang:system_info(atom_limit) - erlang:system_info(atom_count) - ${free})], ok`);
      await node.eval('erlang:system_info(atom_count)'); // the first time, for the atoms of the test itself
      const before = await node.eval('erlang:system_info(atom_count)');
      await gauge.register(node);
      for (const path of await paths(gauge)) {
        const answer = await gauge.ask(node, fresh(path));
        if (NATIVE.includes(needs(path))) {
          assert.equal(answer.status, 200, `${path}: ${answer.text.slice(0, 500)}`);
        } else if (answer.status !== 200) {
          assert.equal(answer.status, 422, `${path}: ${answer.text.slice(0, 500)}`);
          assert.equal(answer.body.code, 'atom_table_nearly_full', `${path}: ${answer.text.slice(0, 500)}`);
          assert.match(answer.body.detail, /[\d,]+ of 32,768 atoms/);
        }
      }
      const grown = (await node.eval('erlang:system_info(atom_count)')) - before;
      assert.ok(grown < 100, `${grown} atoms more`); // 56 of them the node's own side of its first connection, dist_util
      assert.equal((await gauge.info(node)).losses_count, 0);
    });
  }

  test('memory is complete with little room for atoms, and without allocators if there is too little for the first look at them', async () => {
    const { gauge } = world;
    const node = await world.node({ flags: ['+t', '32768'] });
    const fill = (free) => node.eval(`_ = [list_to_atom("filler_${free}_" ++ integer_to_list(N)) || N <- lists:seq(1, erlang:system_info(atom_limit) - erlang:system_info(atom_count) - ${free})], ok`);
    await gauge.register(node);
    await fill(1500);
    const whole = await gauge.ask(node, fresh('memory'));
    assert.equal(whole.status, 200, whole.text);
    assert.ok(whole.body.data.total_bytes > 1_000_000 && whole.body.meta.warnings.length === 0, whole.text);
    await fill(300);
    const rest = await gauge.ask(node, fresh('memory'));
    assert.equal(rest.status, 200, rest.text);
    assert.deepEqual([rest.body.data.total_bytes, rest.body.data.allocators], [null, []]);
    assert.ok(rest.body.data.process_count > 10 && rest.body.data.persistent_terms_count > 0, rest.text);
    assert.equal(rest.body.data.rss_bytes, rest.body.data.rss_bytes === null ? null : Math.max(rest.body.data.rss_bytes, 1_000_000));
    assert.match(rest.body.meta.warnings[0], /atom table of \S+ is nearly full, 32,\d{3} of 32,768 atoms/);
    const check = await gauge.api(`nodes/${node.name}/check?assert=memory.total_bytes:lt:100GiB&max_age_ms=0`);
    assert.match(check.text, /total_bytes is not known: the atom table of \S+ is nearly full, 32,\d{3} of 32,768 atoms/);
    const mem = await gauge.api('chat?format=text', { method: 'POST', body: { text: `mem ${node.name}` } });
    assert.match(mem.text, /persistent terms[^]*the atom table of \S+ is nearly full/);
    assert.equal((await gauge.info(node)).losses_count, 0);
  });

  test('a node gets its answers again once there is room, and none after that is gone', async () => {
    const { gauge } = world;
    const node = await world.node({ flags: ['+t', '32768'] });
    await gauge.register(node);
    assert.equal((await gauge.ask(node, fresh('processes'))).status, 200);
    await node.eval(`_ = [list_to_atom("late_" ++ integer_to_list(N)) || N <- lists:seq(1, erlang:system_info(atom_limit) - erlang:system_info(atom_count) - ${SPARE - 500})], ok`);
    await until('the look to be old', async () => (await gauge.ask(node, fresh('processes'))).body.code === 'atom_table_nearly_full');
    assert.equal((await gauge.ask(node, fresh('system'))).status, 200);
  });

  test('a full process table: system is reported, checks fail, and the rest says how full', async () => {
    const { gauge } = world;
    const node = await world.node({ flags: ['+P', '1024'] });
    await gauge.register(node);
    await node.eval(`register(filler, spawn(fun() -> Fill = fun Fill(Held) -> try spawn(timer, sleep, [infinity]) of P -> Fill([P | Held]) catch _:_ -> Held end end,
      Held = Fill([]), receive empty -> [exit(P, kill) || P <- Held] end end)), ok`);
    await until('the table to be full', () => node.eval('erlang:system_info(process_count) =:= erlang:system_info(process_limit)'));
    const system = await gauge.ask(node, fresh('system'));
    assert.equal(system.status, 200, system.text);
    assert.equal(system.body.data.process_count, system.body.data.process_limit);
    const memory = await gauge.ask(node, fresh('memory'));
    assert.equal(memory.status, 200, memory.text);
    assert.deepEqual([memory.body.data.process_count, memory.body.data.total_bytes], [1024, null]);
    assert.match(memory.body.meta.warnings[0], /process table of \S+ is full, 1,024 of 1,024 processes/);
    const scan = await gauge.ask(node, fresh('processes'));
    assert.equal(scan.status, 422, scan.text);
    assert.equal(scan.body.code, 'process_table_full', scan.text);
    assert.match(scan.body.detail, /its limit is 1,024 processes/);
    const check = await gauge.ask(node, fresh('check?assert=process_ratio:lt:0.9'));
    assert.equal(check.status, 503, check.text);
    await node.eval('filler ! empty, ok');
    await until('answers again', async () => (await gauge.ask(node, fresh('processes'))).status === 200);
    assert.equal(await node.eval('process_info(whereis(rex), message_queue_len)').then(JSON.stringify), '["message_queue_len",0]');
  });

  test('a full port table breaks nothing and is reported', async () => {
    const { gauge } = world;
    const node = await world.node({ flags: ['+Q', '1024'] });
    await gauge.register(node);
    await node.eval(`register(plugs, spawn(fun() -> Fill = fun Fill() -> try open_port({spawn_driver, "ram_file_drv"}, []) of _ -> Fill() catch _:_ -> full end end, Fill(), receive stop -> ok end end)), ok`);
    await until('the table to be full', () => node.eval('erlang:system_info(port_count) =:= erlang:system_info(port_limit)'));
    for (const path of ['system', 'memory', 'processes', 'ports']) assert.equal((await gauge.ask(node, fresh(path))).status, 200, path);
    assert.equal((await gauge.data(node, fresh('system'))).port_ratio, 1);
    await node.eval('exit(whereis(plugs), kill), ok');
  });

  test('a blocked scheduler: the others\' report, in the default time, and a warning', async () => {
    const { gauge } = world;
    const node = await world.node({ flags: ['+S', '2:2'], modules: ['plant', 'truth', 'sick'] });
    await gauge.register(node);
    for (const path of ['allocators', 'memory']) assert.deepEqual((await gauge.get(`nodes/${node.name}/${path}?max_age_ms=0`)).meta.warnings, []);
    // Reckoned by a short trial, which other work makes look slow; it is not waited for. Its reply may well wait for the scheduler too.
    const deaf = node.eval('sick:deaf(240)', 300_000).catch(() => null);
    await Promise.race([deaf, sleep(10_000)]);
    for (const path of ['allocators', 'system', 'memory', 'processes/0.0.0']) {
      const answer = await gauge.ask(node, fresh(`${path}?timeout_ms=5000`));
      assert.equal(answer.status, 200, `${path}: ${answer.text.slice(0, 500)}`);
      if (path === 'memory') {
        assert.match(answer.body.meta.warnings[0], /^1 of 2 schedulers of .* did not answer/);
        assert.ok(answer.body.data.total_bytes > 1_000_000 && answer.body.data.types.length > 5 && answer.ms < 3000, `${answer.ms} ms ${answer.text.slice(0, 500)}`);
        assert.equal(answer.body.data.monitors_estimate.exact, false);
        const check = await gauge.ask(node, fresh('check?assert=memory.total_bytes:gt:0'));
        assert.notEqual(check.body.data.status, 'pass', check.text);
      }
      if (path === 'allocators') assert.match(answer.body.meta.warnings[0], /^1 of 2 schedulers did not answer/);
    }
    await node.kill();
  });

  test('a code server suspended after the link is up costs nothing', async () => {
    const { gauge } = world;
    const node = await world.node();
    await gauge.register(node);
    await gauge.get(`nodes/${node.name}/memory`);
    await node.eval('sys:suspend(code_server), ok');
    try {
      for (const path of await paths(gauge)) {
        const answer = await gauge.ask(node, fresh(path));
        assert.equal(answer.status, 200, `${path}: ${answer.text.slice(0, 500)}`);
      }
    } finally {
      await node.eval('sys:resume(code_server), ok');
    }
  });

  test('a code server suspended before: what needs a module says which one, and native questions are answered', async () => {
    const { gauge } = world;
    const node = await world.node();
    await gauge.register(node); // the node's own side of a connection is loaded now
    await gauge.api(`nodes/${node.name}`, { method: 'DELETE' });
    await node.eval('_ = [{code:purge(M), code:delete(M)} || M <- [eval_bits, erl_bits]], sys:suspend(code_server), ok');
    try {
      await gauge.register(node);
      assert.equal((await gauge.ask(node, fresh('system'))).status, 200);
      const answer = await gauge.ask(node, fresh('processes'));
      assert.equal(answer.status, 422, answer.text);
      assert.equal(answer.body.code, 'unsupported');
      assert.match(answer.body.detail, /has not loaded the module \w+/);
    } finally {
      await node.eval('sys:resume(code_server), ok');
    }
    await until('the module to be loaded', async () => (await gauge.ask(node, fresh('processes'))).status === 200);
  });
});
