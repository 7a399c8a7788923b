// The main job: who monitors whom, and how often; the leak is distinguished from healthy processes.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

suite('monitors', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.shop = await world.node();
  world.pay = await world.node({ cookie: world.shop.cookie });
  await world.gauge.register(world.shop);
  await world.gauge.register(world.pay);
  world.service = await world.pay.eval(`net_kernel:connect_node('${world.shop.name}'), plant:named(<<"payment_service">>)`);
  world.leaker = await world.shop.eval(`plant:watcher([{rpc:call('${world.pay.name}', erlang, whereis, [payment_service]), 9000}])`);
  world.registry = await world.shop.eval('plant:watcher([{P, 1} || P <- plant:idle(12000)])');
  [world.second, world.local] = await world.shop.eval('L = plant:idle(), [plant:watcher([{L, 5000}, {plant:idle(), 7}]), L]');
} }, (world, test) => {
  const data = (node, path) => world.gauge.data(node, path);

  test('by=monitors ranks the watchers, and distinguishes the leak from the registry', async () => {
    const rows = await data(world.shop, 'monitors?by=monitors&limit=3&max_age_ms=0');
    assert.deepEqual(rows.map((row) => [row.pid, row.monitors_count]), [[world.registry, 12000], [world.leaker, 9000], [world.second, 5007]]);
    const [registry, leaker, second] = rows;
    assert.equal(registry.distinct_count, 12000);
    assert.equal(registry.duplication_ratio, 1);
    assert.equal(leaker.distinct_count, 1);
    assert.equal(leaker.duplication_ratio, 9000);
    assert.equal(second.distinct_count, 2);
    const [peer] = leaker.top_peers;
    assert.equal(peer.count, 9000);
    assert.equal(peer.node, world.pay.name);
    assert.equal(peer.pid, world.service, 'as its own node prints it');
    assert.deepEqual(second.top_peers.map((each) => each.count), [5000, 7]);
    assert.equal(second.top_peers[0].alive, true);
  });

  test('by=monitored_by ranks the watched, also those watched from another node', async () => {
    const [top] = await data(world.pay, 'monitors?by=monitored_by&limit=3&max_age_ms=0');
    assert.equal(top.pid, world.service);
    assert.equal(top.registered_name, 'payment_service');
    assert.equal(top.monitored_by_count, 9000);
    assert.equal(top.distinct_count, 1);
    assert.deepEqual([top.top_peers[0].pid, top.top_peers[0].node, top.top_peers[0].count], [world.leaker, world.shop.name, 9000]);
    const [local] = await data(world.shop, 'monitors?by=monitored_by&limit=1&max_age_ms=0');
    assert.deepEqual([local.pid, local.monitored_by_count], [world.local, 5000]);
  });

  test('pairs put the leak first and no healthy process before it', async () => {
    const { data: pairs, meta } = await world.gauge.get(`nodes/${world.shop.name}/monitors/pairs?limit=3&max_age_ms=0`);
    assert.deepEqual([pairs[0].watcher.pid, pairs[0].watcher.node, pairs[0].count], [world.leaker, world.shop.name, 9000]);
    assert.deepEqual([pairs[0].watched.pid, pairs[0].watched.node], [world.service, world.pay.name]);
    assert.equal(pairs[0].watcher.alive, true);
    assert.equal(pairs[0].exact, true);
    assert.deepEqual([pairs[1].watcher.pid, pairs[1].watched.pid, pairs[1].count], [world.second, world.local, 5000]);
    assert.ok(pairs[2].count <= 7);
    assert.equal(meta.skipped_count, 0);
    const truth = await world.shop.eval('truth:pairs(2)');
    assert.deepEqual(pairs.slice(0, 2).map((pair) => pair.count), truth.map(([count]) => count));
  });

  test('a pair is listed on the node of its watcher, and not again on that of the watched', async () => {
    const pairs = await data(world.pay, 'monitors/pairs?limit=100&max_age_ms=0');
    assert.deepEqual(pairs.filter((pair) => pair.watcher.node !== world.pay.name || pair.count >= 9000), []);
  });

  test('a leak that grows is seen to grow', async () => {
    const count = async () => (await data(world.shop, 'monitors/pairs?limit=2&max_age_ms=0')).find((pair) => pair.watcher.pid === world.second).count;
    const before = await count();
    await world.shop.eval(`plant:add_watches(list_to_pid("${world.second}"), [{list_to_pid("${world.local}"), 123}])`);
    assert.equal(await count(), before + 123);
  });

  test('a list past the limit is counted once, then estimated, and says so', async () => {
    const gauge = await world.beamgauge({ sections: { limits: { list_entries_max: 2000 } }, args: ['--name', `estimating${process.pid}@127.0.0.1`] });
    await gauge.register(world.shop);
    const look = async () => {
      const { data: rows, meta } = await gauge.get(`nodes/${world.shop.name}/processes?sort=monitors&limit=5&max_age_ms=0`);
      const found = rows.find(({ pid }) => pid === world.leaker);
      assert.ok(found, JSON.stringify(rows.map(({ pid }) => pid)));
      return [found, meta];
    };
    const [first] = await look();
    assert.deepEqual([first.monitors_count, first.exact], [9000, true]);
    const [row, meta] = await look();
    assert.equal(row.exact, false);
    assert.equal(meta.exact, false);
    assert.ok(Math.abs(row.monitors_count - 9000) < 100, row.monitors_count);
    assert.ok(row.monitors_count_min <= 9000 && row.monitors_count_max >= 9000, JSON.stringify(row));
    const exactly = await gauge.data(world.shop, 'monitors?exact=true&limit=3&max_age_ms=0');
    assert.deepEqual(exactly.map(({ pid, distinct_count }) => [pid, distinct_count]), [[world.registry, 12000], [world.leaker, 1], [world.second, 2]]);
    assert.deepEqual(exactly.slice(0, 2).map(({ monitors_count, monitors_count_max }) => [monitors_count, monitors_count_max]), [[12000, 12000], [9000, 9000]]);
    const [relation] = await gauge.data(world.shop, `processes/${world.leaker.slice(1, -1)}/relations?direction=monitors&exact=true&max_age_ms=0`);
    assert.deepEqual([relation.count, relation.distinct_count, relation.exact], [9000, 1, true]);
  });

  test('a peer of which only proc_lib is known is named by what it runs', async () => {
    const nameless = await world.shop.eval('P = proc_lib:spawn(fun() -> erase(), timer:sleep(infinity) end), plant:watcher([{P, 700}]), P');
    const pair = (await data(world.shop, 'monitors/pairs?limit=20&max_age_ms=0')).find(({ watched }) => watched.pid === nameless);
    assert.deepEqual([pair.watched.name, pair.watched.initial_call.module], ['timer:sleep/1', 'proc_lib'], JSON.stringify(pair));
    await world.shop.eval(`exit(list_to_pid("${nameless}"), kill), ok`);
  });

  test('a pid of another node is not taken for one of this', async () => {
    const answer = await world.gauge.ask(world.shop, `processes/${world.leaker.slice(1, -1)}/relations?direction=monitors`);
    assert.equal(answer.body.data[0].top_peers[0].node, world.pay.name);
    assert.notEqual(answer.body.data[0].top_peers[0].pid, undefined);
  });

  test('when the watcher dies, the watched is free of it', async () => {
    const [watcher, watched] = await world.shop.eval('P = plant:idle(), [plant:watcher([{P, 700}]), P]');
    const count = async () => (await data(world.shop, `processes/${watched.slice(1, -1)}?max_age_ms=0`)).monitored_by_count;
    assert.equal(await count(), 700);
    await world.shop.eval(`plant:killed(list_to_pid("${watcher}"))`);
    await until('its entries to go', async () => (await count()) === 0);
  });
});
