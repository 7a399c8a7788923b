// Entries that come to a long list between two counts: they are given to peers that grew by as much themselves, and to no others.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const BEFORE = 400_000;
const MORE = 100_000;
const [FEW_BEFORE, FEW_MORE] = [250_000, 60_000]; // remote ones: as many as are counted without asking for it
const SAID = /up to \d{2,3},\d{3} entries more than when they were counted, at \S+ \(monitors, monitored_by and links together\)/;

const near = (value, expected, what) => assert.ok(Math.abs(value - expected) <= 0.02 * expected, `${what}: ${value}, not about ${expected}`);

suite('growth since a count', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.here = await world.node({ modules: ['plant'] });
  await world.gauge.register(world.here);
} }, (world, test) => {
  const ask = async (path, node = world.here) => {
    const answer = await world.gauge.api(`nodes/${node.name}/${path}${path.includes('?') ? '&' : '?'}max_age_ms=0&timeout_ms=30000`);
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  };
  const check = async (...assertions) => {
    const query = assertions.map((text) => `assert=${encodeURIComponent(text)}`).join('&');
    return (await world.gauge.api(`nodes/${world.here.name}/check?${query}&fail_status=200&max_age_ms=0&timeout_ms=30000`)).body;
  };
  const chat = async (command) => (await world.gauge.api('chat?format=text', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ text: command }) })).text;
  const at = (pid, node = world.here) => `rpc:call('${node.name}', erlang, list_to_pid, ["${pid}"])`;
  const watcher = (pid, count, node = world.here) => node.eval(`plant:watcher([{${at(pid)}, ${count}}])`, 120_000);
  const add = (own, pid, count, of = world.here) => world.here.eval(`plant:add_watches(list_to_pid("${own}"), [{${at(pid, of)}, ${count}}])`, 120_000);
  const path = (pid) => `processes/${pid.slice(1, -1)}`;
  const pairs = async (own) => (await ask('monitors/pairs')).data.filter((row) => row.watcher.pid === own);

  test('a second watcher\'s leak is not given to the first', async () => {
    const watched = await world.here.eval('plant:named(<<"ledger">>)');
    const first = await watcher(watched, BEFORE);
    assert.deepEqual((await pairs(first)).map(({ count, exact }) => [count, exact]), [[BEFORE, true]]);
    const second = await watcher(watched, MORE);
    const { data } = await ask('monitors?by=monitored_by');
    const row = data.find(({ pid }) => pid === watched);
    near(row.monitored_by_count, BEFORE + MORE, 'all');
    const heldBy = (peers, pid) => peers.find((peer) => peer.pid === pid)?.count ?? 0;
    near(heldBy(row.top_peers, first), BEFORE, 'the first');
    assert.ok(row.uncounted_since_count === null || heldBy(row.top_peers, second) === 0, JSON.stringify(row));
    assert.deepEqual((await pairs(first)).map(({ watched: { pid } }) => pid), [watched]);
    near((await pairs(first))[0].count, BEFORE, 'pair of the first');
    assert.deepEqual((await pairs(second)).map(({ count, exact }) => [count, exact]), [[MORE, true]]);
    // Once the second one's own list has been seen, they are known to be its.
    for (const relations of ['monitors?by=monitored_by', `${path(watched)}/relations?direction=monitored_by`]) {
      const { top_peers: peers, uncounted_since_count: since } = (await ask(relations)).data[0];
      near(heldBy(peers, first), BEFORE, relations);
      near(heldBy(peers, second), MORE, relations);
      assert.equal(since, null);
    }
  });

  test('nor where nothing is known of who watches', async () => {
    const nodes = [await world.node({ modules: ['plant'], cookie: world.here.cookie }), await world.node({ modules: ['plant'], cookie: world.here.cookie })];
    const watched = await world.here.eval('plant:named(<<"stock">>)');
    await watcher(watched, FEW_BEFORE, nodes[0]);
    const own = async () => (await ask('monitors?by=monitored_by')).data.find(({ pid }) => pid === watched);
    assert.deepEqual([(await own()).monitored_by_count, (await own()).top_peers[0].count], [FEW_BEFORE, FEW_BEFORE]);
    await watcher(watched, FEW_MORE, nodes[1]);
    const row = await until('the others to be seen', async () => {
      const now = await own();
      assert.ok(now.top_peers[0].count <= FEW_BEFORE * 1.01, JSON.stringify(now));
      return now.uncounted_since_count > 0 && now;
    });
    near(row.monitored_by_count, FEW_BEFORE + FEW_MORE, 'all');
    near(row.uncounted_since_count, FEW_MORE, 'since');
    const [relation] = (await ask(`${path(watched)}/relations?direction=monitored_by`)).data;
    near(relation.uncounted_since_count, FEW_MORE, 'relation');
    near(relation.top_peers[0].count, FEW_BEFORE, 'peer');
    // Soon it is counted again, by a question of its own that nobody waits for.
    const counted = await until('it to be counted again', async () => {
      const now = await own();
      return now.uncounted_since_count === null && now.top_peers.length === 2 && now;
    }, { timeout: 120_000, interval: 2000 });
    assert.deepEqual(counted.top_peers.map(({ count }) => Math.round(count / 1000)), [FEW_BEFORE / 1000, FEW_MORE / 1000]);
  });

  test('a process that begins to monitor another one is not reported to monitor the first one more', async () => {
    const [first, second] = [await world.here.eval('plant:named(<<"cart">>)'), await world.here.eval('plant:named(<<"mail">>)')];
    const own = await watcher(first, BEFORE);
    assert.deepEqual((await pairs(own)).map(({ count, exact }) => [count, exact]), [[BEFORE, true]]);
    await add(own, second, MORE);
    const answer = await ask('monitors/pairs');
    const [known, open] = answer.data.filter((row) => row.watcher.pid === own);
    assert.deepEqual([known.watched.pid, open.watched, open.count, open.exact, open.counted_at], [first, null, null, false, known.counted_at]);
    near(known.count, BEFORE, 'pair');
    near(open.uncounted_count, MORE, 'since');
    assert.equal(answer.meta.warnings.filter((warning) => SAID.test(warning)).length, 1, JSON.stringify(answer.meta.warnings));
    const { data } = await check(`pair_count_max<${BEFORE * 2}`, `pair_count_max<${BEFORE + MORE / 2}`, `pair_count_max<${BEFORE / 2}`);
    assert.deepEqual(data.assertions.map(({ status }) => status), ['pass', 'unknown', 'fail'], JSON.stringify(data));
    const text = await chat(`pairs ${world.here.name}`);
    assert.match(text, /≈ (39|40)\d,\d{3} .*cart/);
    assert.match(text, /≤ (9\d|10\d),\d{3} /);
    assert.match(text, SAID);
    assert.match((await world.gauge.api(`/probe?target=${world.here.name}&max_age_ms=0`)).text, /^beam_process_max_pair_monitors(\{.*\})? [34]/m);
  });

  test('a single leak is seen to grow, within a node and between two', async () => {
    const there = await world.node({ modules: ['plant'], cookie: world.here.cookie });
    await world.gauge.register(there);
    for (const node of [world.here, there]) {
      const watched = await node.eval('plant:idle()');
      const own = await world.here.eval(`plant:watcher([{${at(watched, node)}, ${BEFORE}}])`, 120_000);
      const read = async () => {
        await ask('monitors?by=monitored_by', node);
        return (await pairs(own))[0];
      };
      const before = await read();
      assert.deepEqual([before.watched.pid, before.count], [watched, BEFORE]);
      await add(own, watched, MORE, node);
      const pair = await until('the pair to grow', async () => {
        const now = await read();
        return now.watched?.pid === watched && now.count > BEFORE + MORE * 0.9 && now;
      }, { timeout: 40_000 });
      assert.equal(pair.exact, false);
      near(pair.count, BEFORE + MORE, 'pair');
      assert.equal((await pairs(own)).length, 1);
      const fleet = (await world.gauge.get('pairs?max_age_ms=0&timeout_ms=30000')).data.filter((row) => row.watcher.pid === own);
      assert.deepEqual(fleet.map(({ watched: { pid } }) => pid), [watched]);
      near(fleet[0].count, BEFORE + MORE, 'pair of the fleet');
    }
  });
});
