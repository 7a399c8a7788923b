// Counting what is too long to be counted cheaply: by name, one at a time on a node.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { randomName } from './lib/node.mjs';
import { suite } from './lib/suite.mjs';

const CGROUPS = '/sys/fs/cgroup/memory';
const ROOM_BYTES = 40_000_000; // the list takes more

const ENTRIES = 1_500_000;
const ROUNDS = 5;

suite('exact', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.target = await world.node({ modules: ['plant'] });
  await world.gauge.register(world.target);
  world.watched = await world.target.eval('plant:named(<<"ledger">>)');
  world.watcher = await world.target.eval(`plant:watcher([{list_to_pid("${world.watched}"), ${ENTRIES}}])`, 120_000);
} }, (world, test) => {
  const relations = (pid, direction) => world.gauge.ask(world.target, `processes/${pid.slice(1, -1)}/relations?direction=${direction}&exact=true&max_age_ms=0`);

  test('while one request counts, another is 429 with Retry-After, and the first goes on', async () => {
    let refused;
    for (let round = 0; round < ROUNDS && !refused; round++) {
      let ended = false;
      const first = relations(world.watcher, 'monitors').finally(() => (ended = true));
      while (!ended && !refused) {
        const second = await relations(world.watched, 'monitored_by');
        if (second.status === 429) refused = second;
        else assert.equal(second.status, 200, second.text);
      }
      const counted = await first;
      if (counted.status === 429) continue; // the other one was there before it
      assert.deepEqual([counted.status, counted.body?.data[0].count, counted.body?.data[0].exact], [200, ENTRIES, true], counted.text);
    }
    assert.ok(refused, 'two were never at it at once');
    assert.deepEqual([refused.body.code, refused.headers['retry-after']], ['too_many', '1']);
    assert.match(refused.body.detail, /another request is counting long lists on .*; try again when it is done/);
    const again = await relations(world.watched, 'monitored_by');
    assert.deepEqual([again.status, again.body?.data[0].count], [200, ENTRIES], again.text);
  });

  test('a node in a cgroup without room for it is not made to count: 422, and the default mode estimates', async (t) => {
    if (process.env.BG_ERL) return t.skip('no /proc in this root');
    const [group, pid] = [`${CGROUPS}/${randomName('beamgauge')}`, await world.target.eval('list_to_integer(os:getpid())')];
    try {
      mkdirSync(group);
    } catch (error) {
      return t.skip(`no cgroup can be made here: ${error.message}`);
    }
    const home = /^\d+:memory:(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))[1];
    try {
      writeFileSync(`${group}/cgroup.procs`, String(pid)); // what it has already is of the group that it came from
      writeFileSync(`${group}/memory.limit_in_bytes`, String(ROOM_BYTES + Number(readFileSync(`${group}/memory.usage_in_bytes`, 'utf8'))));
      for (const path of [`processes/${world.watcher.slice(1, -1)}/relations?direction=monitors`, 'monitors', 'monitors/pairs']) {
        const refused = await world.gauge.ask(world.target, `${path}${path.includes('?') ? '&' : '?'}exact=true&max_age_ms=0`);
        assert.deepEqual([refused.status, refused.body.code], [422, 'memory_nearly_full'], refused.text);
        assert.match(refused.body.detail, /takes .* about \d{3} MiB for the moment, and its host or cgroup has \d{1,2} MiB left/);
        const { status, text, body } = await world.gauge.ask(world.target, `${path}${path.includes('?') ? '&' : '?'}max_age_ms=0`);
        assert.equal(status, 200, text);
        assert.equal(body.data[0].exact, false, text);
      }
      assert.ok(Number(readFileSync(`${group}/memory.max_usage_in_bytes`, 'utf8')) < ROOM_BYTES, 'it counted all the same');
    } finally {
      writeFileSync(`${CGROUPS}${home === '/' ? '' : home}/cgroup.procs`, String(pid));
      writeFileSync(`${group}/memory.force_empty`, '0');
      rmdirSync(group);
    }
    const counted = await relations(world.watcher, 'monitors');
    assert.deepEqual([counted.status, counted.body?.data[0].count], [200, ENTRIES], counted.text);
  });
});
