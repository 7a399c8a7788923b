// Leaks of any size stay in sight: counted once, known since, with their peers, in every place where leaks are told.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';

const ENTRIES = 400_000;

const near = (value, expected, part, what) => assert.ok(Math.abs(value - expected) <= part * expected, `${what}: ${value}, not about ${expected}`);

suite('leaks', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.target = await world.node({ modules: ['plant'] });
  await world.gauge.register(world.target);
} }, (world, test) => {
  const get = (path) => world.gauge.get(`nodes/${world.target.name}/${path}${path.includes('?') ? '&' : '?'}max_age_ms=0`);
  const pairOf = (rows, watcher) => rows.find((row) => row.watcher.pid === watcher);

  test('a leak past the longest list that is copied is the first of the pairs, with its peer, counted', async () => {
    world.watched = await world.target.eval('plant:named(<<"ledger">>)');
    world.watcher = await world.target.eval(`plant:watcher([{list_to_pid("${world.watched}"), ${ENTRIES}}])`);
    const { data, meta } = await get('monitors/pairs');
    assert.deepEqual([data[0].watcher.pid, data[0].watched.pid, data[0].watched.name, data[0].count, data[0].exact],
      [world.watcher, world.watched, 'ledger', ENTRIES, true]);
    assert.equal(pairOf(data.slice(1), world.watcher), undefined);
    assert.deepEqual(meta.warnings, []);
  });

  test('what was counted is not copied again, and is told as an estimate with the time of counting', async () => {
    const before = await world.target.eval(`element(2, process_info(list_to_pid("${world.watcher}"), reductions))`);
    for (let i = 0; i < 3; i++) {
      const [pair] = (await get('monitors/pairs')).data;
      assert.deepEqual([pair.watcher.pid, pair.watched.pid, pair.exact], [world.watcher, world.watched, false]);
      near(pair.count, ENTRIES, 0.01, 'count');
      assert.ok(Date.now() - Date.parse(pair.counted_at) < 120_000, pair.counted_at);
    }
    assert.ok(before > 0);
  });

  test('a process that monitors nothing does not rank as a watcher, nor one that nobody watches as watched', async () => {
    for (const [by, pid, other] of [['monitors', world.watcher, world.watched], ['monitored_by', world.watched, world.watcher]]) {
      const { data } = await get(`monitors?by=${by}`);
      assert.equal(data[0].pid, pid);
      near(data[0][`${by}_count`], ENTRIES, 0.01, by);
      assert.deepEqual([data[0].distinct_count, data[0].top_peers[0].pid], [1, other]);
      assert.ok(!data.some((row) => row.pid === other && row[`${by}_count`] > 100), `${other} by ${by}`);
    }
  });
});
