// Processes with so many monitors that they need long to report their memory: they are rarely asked for it.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const ENTRIES = 900_000; // 79 MB of them or more: good for 16 s
const DEFAULT_MS = 5000;

const near = (value, expected, part, what) => assert.ok(Math.abs(value - expected) <= part * expected, `${what}: ${value}, not about ${expected}`);

suite('heavy processes', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.here = await world.node({ modules: ['plant'] });
  world.there = await world.node({ modules: ['plant'], cookie: world.here.cookie });
  await Promise.all([world.gauge.register(world.here), world.gauge.register(world.there)]);
  world.watched = await world.there.eval('plant:named(<<"payments">>)');
} }, (world, test) => {
  // As people ask, with no timeout_ms.
  const ask = async (path) => {
    const answer = await world.gauge.api(`nodes/${world.here.name}/${path}${path.includes('?') ? '&' : '?'}max_age_ms=0`);
    assert.equal(answer.status, 200, answer.text);
    assert.ok(answer.ms < DEFAULT_MS + 1000, `${path}: ${answer.ms} ms`);
    return answer.body;
  };
  const pairOf = ({ data }, pid) => data.find((row) => row.watcher.pid === pid);
  const watcher = (count) => world.here.eval(`plant:watcher([{rpc:call('${world.there.name}', erlang, list_to_pid, ["${world.watched}"]), ${count}}])`, 120_000);

  test('a heavy one is not asked for its memory each time, and what it had stands for it', async () => {
    world.heavy = await watcher(ENTRIES);
    const counted = pairOf(await world.gauge.get(`nodes/${world.here.name}/monitors/pairs?max_age_ms=0&exact=true`), world.heavy);
    assert.deepEqual([counted.watched.pid, counted.count, counted.exact], [world.watched, ENTRIES, true]);
    await ask('monitors/pairs');
    const outside = async () => (await ask('processes?sort=monitors')).data[0].off_heap_bytes;
    const before = await outside();
    await world.here.eval(`plant:add_watches(list_to_pid("${world.heavy}"), [{rpc:call('${world.there.name}', erlang, list_to_pid, ["${world.watched}"]), 20000}])`);
    for (const path of ['monitors/pairs', 'monitors?group=application']) {
      const { data, meta } = await ask(path);
      assert.ok(meta.process_count === meta.scanned_count && meta.skipped_count === 0, JSON.stringify(meta));
      if (path === 'monitors/pairs') near(data[0].count, ENTRIES, 0.02, 'pair');
    }
    assert.equal(await outside(), before, 'it was asked for its memory');
    await until('it to be asked again', async () => (await outside()) >= before + 20_000 * 60, { timeout: 40_000 });
    const { memory_bytes: reported } = (await ask('processes?sort=monitors')).data[0];
    near(reported, await world.here.eval(`element(2, process_info(list_to_pid("${world.heavy}"), memory))`), 0.05, 'memory');
  });
});
