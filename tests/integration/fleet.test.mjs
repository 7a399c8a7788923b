// Pairs across nodes: both sides' counts and names, and the whole fleet at once.
import assert from 'node:assert/strict';
import { connectedNodes, named, withPid } from './lib/connected.mjs';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

suite('fleet', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  const { hub, services: [pay, stray] } = await connectedNodes(world, ['payment_service', 'stray_service']);
  Object.assign(world, { shop: hub, pay: pay.node, stray: stray.node, service: pay.pid });
  await world.gauge.register(world.shop);
  await world.gauge.register(world.pay);
  world.gateway = await world.shop.eval(`P = plant:watcher([{${named(world.pay, 'payment_service')}, 9000}]), register(gateway, P), P`);
  world.straying = await world.shop.eval(`plant:watcher([{${named(world.stray, 'stray_service')}, 4000}])`);
  world.naming = await world.shop.eval(`plant:watcher_of_names([{{payment_service, '${world.pay.name}'}, 600}])`);
  world.back = await world.pay.eval(`plant:watcher([{${named(world.shop, 'gateway')}, 700}])`);
} }, (world, test) => {
  const pairsOf = (node, more = '') => world.gauge.get(`nodes/${node.name}/monitors/pairs?min=100&max_age_ms=0${more}`);
  const fleet = (more = '') => world.gauge.get(`pairs?min=100&max_age_ms=0${more}`);
  const of = (pairs, watcher) => pairs.find((pair) => pair.watcher.pid === watcher);

  test('a pair across two registered nodes has both counts, and the watched by name', async () => {
    const { data: [pair] } = await pairsOf(world.shop);
    assert.deepEqual([pair.watcher.pid, pair.count, pair.watched_count], [world.gateway, 9000, 9000]);
    assert.deepEqual([pair.watched.pid, pair.watched.node, pair.watched.name, pair.watched.alive],
      [world.service, world.pay.name, 'payment_service', true]);
    assert.equal(pair.watched.initial_call.text, 'erlang:apply/2');
  });

  test('a monitor by name is joined too, and shows that the name is alive', async () => {
    const { data } = await pairsOf(world.shop);
    const pair = of(data, world.naming);
    assert.deepEqual([pair.watched.name, pair.watched.pid, pair.watched.alive, pair.count, pair.watched_count],
      ['payment_service', undefined, true, 600, 600]);
  });

  test('what is on a node that is not registered stays unknown, without a warning', async () => {
    const { data, meta } = await pairsOf(world.shop);
    const pair = of(data, world.straying);
    assert.deepEqual([pair.count, pair.watched_count, pair.watched.name, pair.watched.alive], [4000, null, null, null]);
    assert.deepEqual(meta.warnings, []);
  });

  test('the fleet ranks the pairs of all nodes together', async () => {
    const { data, meta } = await fleet();
    assert.deepEqual(data.map((pair) => [pair.watcher.node, pair.watcher.pid, pair.count, pair.watched_count]), [
      [world.shop.name, world.gateway, 9000, 9000],
      [world.shop.name, world.straying, 4000, null],
      [world.pay.name, world.back, 700, 700],
      [world.shop.name, world.naming, 600, 600],
    ]);
    assert.deepEqual([meta.node, meta.nodes_count, meta.answered_count, meta.exact, meta.returned_count], [null, 2, 2, true, 4]);
    const first = await fleet('&limit=1');
    assert.equal(first.data.length, 1);
    assert.equal(first.meta.truncated, true);
    const text = await world.gauge.api('pairs?min=100&format=csv');
    assert.match(text.text.split('\r\n')[0], /watcher_node.*watched_count|watched_count.*watcher_node/);
  });

  test("a table of the fleet's pairs has both counts where there is room for them", async () => {
    const gauge = await world.beamgauge({ args: ['--name', `few${process.pid}@127.0.0.1`] });
    const shop = await world.node({ name: 'a@127.0.0.1' });
    const pay = await world.node({ name: 'b@127.0.0.1', cookie: shop.cookie });
    for (const node of [shop, pay]) await gauge.register(node);
    await pay.eval(`net_kernel:connect_node('${shop.name}'), plant:named(<<"bank">>)`);
    await shop.eval(`register(cart, plant:watcher([{${named(pay, 'bank')}, 700}]))`);
    await until('both counts', async () => (await gauge.get('pairs?max_age_ms=0')).data[0]?.watched_count === 700);
    const { text } = await gauge.api('pairs?format=text');
    assert.match(text, /^Monitors {2}Other side {2}Watcher .*Its node/);
    assert.match(text, /\n +700 +700 {2}</);
  });

  test('monitors are summed by the node of the peer', async () => {
    const { data, meta } = await world.gauge.get(`nodes/${world.shop.name}/monitors?by=monitors&group=node&max_age_ms=0`);
    assert.deepEqual(data.slice(0, 2).map((row) => [row.group, row.monitors_count]), [[world.pay.name, 9600], [world.stray.name, 4000]]);
    assert.equal(meta.exact, true);
    assert.ok(data.some((row) => row.group === world.shop.name));
  });

  test('a stopped node leaves nulls and a warning, in less than the time of the call; names and pairs known before stay, shown as old', async () => {
    await pairsOf(world.shop);
    const before = await fleet();
    const [old] = before.data.filter(({ watcher }) => watcher.node === world.pay.name);
    await world.pay.pause();
    try {
      const { data: [pair], meta } = await pairsOf(world.shop, '&timeout_ms=4000');
      assert.deepEqual([pair.count, pair.watched_count, pair.watched.name, pair.watched.alive], [9000, null, before.data[0].watched.name, null]);
      assert.notEqual(pair.watched.name, null);
      assert.match(pair.watched.named_at, /^\d{4}-.*Z$/);
      assert.equal(meta.warnings.length, 1);
      assert.ok(meta.warnings[0].startsWith(world.pay.name), meta.warnings[0]);
      assert.equal(meta.warnings[0].split(world.pay.name).length, 2, meta.warnings[0]); // it is named once
      const whole = await fleet('&timeout_ms=4000');
      assert.equal(whole.data[0].count, 9000);
      assert.deepEqual([whole.meta.nodes_count, whole.meta.answered_count, whole.meta.exact], [2, 1, false]);
      assert.deepEqual(whole.meta.missing.map(({ node, code }) => [node, code]), [[world.pay.name, 'deadline']]);
      assert.ok(old, JSON.stringify(before.data));
      const kept = whole.data.find(({ watcher, watched }) => watcher.pid === old.watcher.pid && watched.pid === old.watched.pid);
      assert.ok(kept && kept.count === old.count && kept.age_ms >= 1000, JSON.stringify(whole.data));
      assert.equal(whole.data[0].age_ms, null);
      // What it answered last is as old when it is asked again: neither the date nor the age begin anew.
      const again = await pairsOf(world.pay, '&timeout_ms=1000');
      assert.match(again.meta.warnings.join(), /answered last/);
      const of = ({ watcher, watched }) => watcher.pid === old.watcher.pid && watched.pid === old.watched.pid;
      const later = (await fleet('&timeout_ms=4000')).data.find(of);
      assert.ok(later.age_ms >= again.meta.age_ms, JSON.stringify([later.age_ms, again.meta]));
    } finally {
      world.pay.resume();
    }
  });

  test('a node that is registered and down is reported', async () => {
    const down = 'nobody@127.0.0.1';
    await world.gauge.api(`nodes/${down}`, { method: 'PUT', body: { cookie: 'none' } });
    try {
      const { meta } = await fleet();
      assert.ok(meta.warnings.some((warning) => warning.startsWith(down)), JSON.stringify(meta.warnings));
      assert.deepEqual([meta.nodes_count, meta.answered_count, meta.exact], [3, 2, false]);
    } finally {
      await world.gauge.api(`nodes/${down}`, { method: 'DELETE' });
    }
  });

  test('two sides that disagree are shown as they are', async () => {
    // What a monitor by name holds stays with the process that had the name then.
    await world.pay.eval('plant:named(<<"moving">>)');
    const watcher = await world.shop.eval(`plant:watcher_of_names([{{moving, '${world.pay.name}'}, 300}])`);
    await until('both sides to agree', async () => of((await pairsOf(world.shop)).data, watcher).watched_count === 300);
    await world.pay.eval(`unregister(moving), register(moving, plant:idle()), ok`);
    const { data, meta } = await pairsOf(world.shop);
    const pair = of(data, watcher);
    assert.deepEqual([pair.count, pair.watched_count], [300, 0]);
    assert.ok(meta.warnings.some((warning) => warning.includes('differ')), JSON.stringify(meta.warnings));
    await world.shop.eval(`exit(list_to_pid("${watcher}"), kill), ok`);
  });

  test('a watched process that was killed meanwhile is said to be dead', async () => {
    const watched = await world.pay.eval('plant:idle()');
    const watcher = await world.shop.eval(`plant:watcher([{${withPid(world.pay, watched)}, 20000}])`);
    const old = (more) => world.gauge.get(`nodes/${world.shop.name}/monitors/pairs?max_age_ms=${more}`);
    assert.equal(of((await old('0&limit=1')).data, watcher).watched.alive, true);
    await world.pay.eval(`exit(list_to_pid("${watched}"), kill), ok`);
    // The ranking is of before, the watched are others than were asked for then.
    const pair = of((await old('60000&limit=2')).data, watcher);
    assert.deepEqual([pair.count, pair.watched.pid, pair.watched.alive, pair.watched_count], [20000, watched, false, null]);
  });

  test('relations verify who of the watchers is alive, on their own nodes', async () => {
    const watched = await world.pay.eval('plant:idle()');
    const there = withPid(world.pay, watched);
    await world.pay.eval(`plant:watcher([{list_to_pid("${watched}"), 5}]), ok`);
    const watchers = await world.shop.eval(`W = ${there}, [plant:watcher([{W, 40 + N}]) || N <- lists:seq(1, 6)]`);
    await world.stray.eval(`net_kernel:connect_node('${world.pay.name}'), plant:watcher([{${there}, 3}]), ok`);
    const relations = async (more = '') => world.gauge.get(`nodes/${world.pay.name}/processes/${watched.slice(1, -1)}/relations?direction=monitored_by&max_age_ms=60000&verify=true${more}`);
    const { data: [all] } = await relations('&sample=20');
    assert.deepEqual([all.count, all.distinct_count], [5 + 261 + 3, 8]);
    assert.deepEqual([all.sampled_count, all.alive_count, all.dead_count, all.unknown_count], [8, 7, 0, 1]);
    assert.equal(all.top_peers[0].alive, true);
    // The list is the one of before; the other node is asked for fewer processes than then, so anew.
    await world.shop.eval(`[exit(list_to_pid(P), kill) || P <- ["${watchers[5]}", "${watchers[4]}"]], ok`);
    const { data: [some], meta } = await relations('&sample=5&limit=2');
    assert.deepEqual([some.sampled_count, some.alive_count, some.dead_count, some.unknown_count], [5, 3, 2, 0]);
    assert.deepEqual(some.top_peers.map((peer) => [peer.pid, peer.alive]), [[watchers[5], false], [watchers[4], false]]);
    assert.match(meta.warnings[0], /only the 5 /);
  });

  test('the pairs of a node that has gone stay, marked with their age, until it is forgotten or back', async () => {
    const lost = await world.node({ cookie: world.shop.cookie });
    await world.gauge.register(lost);
    const far = await lost.eval(`net_kernel:connect_node('${world.shop.name}'), plant:watcher([{${named(world.shop, 'gateway')}, 20000}])`);
    const rowOf = ({ data }) => data.find(({ watcher }) => watcher.pid === far && watcher.node === lost.name);
    const seen = () => world.gauge.get('pairs?max_age_ms=0');
    await until('it to be reported', async () => { const row = rowOf(await seen()); return row?.count === 20000 && row.age_ms === null && row.watched.name === 'gateway'; });
    await lost.stop();
    await until('its link to be down', async () => (await world.gauge.get(`nodes/${lost.name}`)).data.state !== 'up');
    const { data, meta } = await seen();
    const row = rowOf({ data });
    assert.equal(data[0], row, 'it is still the largest');
    assert.deepEqual([row.count, row.watched_count, row.watched.name, row.watcher.alive, row.watched.alive], [20000, null, 'gateway', null, null]);
    assert.ok(row.age_ms >= 0, JSON.stringify(row));
    assert.ok(meta.missing.some(({ node }) => node === lost.name), JSON.stringify(meta.missing));
    assert.equal(meta.exact, false);
    assert.ok(!meta.warnings.some((warning) => warning.includes('differ')), JSON.stringify(meta.warnings));
    assert.ok(rowOf(await seen()).age_ms >= row.age_ms);
    await world.gauge.api(`nodes/${lost.name}`, { method: 'DELETE' });
    assert.equal(rowOf(await seen()), undefined);
  });

  test('no node registered: no pairs and no failure; none up: a failure', async () => {
    const gauge = await world.beamgauge({ args: ['--name', `empty${process.pid}@127.0.0.1`] });
    const { data, meta } = await gauge.get('pairs');
    assert.deepEqual([data, meta.nodes_count, meta.exact], [[], 0, true]);
    await gauge.api('nodes/nobody@127.0.0.1', { method: 'PUT', body: { cookie: 'none' } });
    const answer = await gauge.api('pairs');
    assert.equal(answer.status, 502, answer.text);
    assert.equal(answer.body.code, 'node_unreachable');
  });
});
