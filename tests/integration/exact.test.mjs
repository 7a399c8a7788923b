// Counting what is too long to be counted lightly: by name, one at a time on a node.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';

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
});
