// If neither side of a leak between two nodes can be counted, the memory of both shows the likely other side, which is marked as likely.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const ENTRIES = 1_400_000; // too many for either list to be copied into 64 MiB
const BATCH = 200_000;

suite('the likely other side', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.here = await world.node({ modules: ['plant'] });
  world.there = await world.node({ modules: ['plant'], cookie: world.here.cookie });
  await Promise.all([world.gauge.register(world.here), world.gauge.register(world.there)]);
} }, (world, test) => {
  const near = (value, expected, part) => Math.abs(value - expected) <= part * expected;
  const get = async (path) => {
    const answer = await world.gauge.api(`${path}?max_age_ms=0&timeout_ms=20000`);
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  };

  test('two lists that nobody can count are reported as each other\'s other side, in the fleet\'s pairs and the node\'s', async () => {
    const watched = await world.there.eval('plant:named(<<"payments">>)');
    const at = `rpc:call('${world.there.name}', erlang, list_to_pid, ["${watched}"])`;
    const watcher = await world.here.eval(`plant:watcher([{${at}, ${BATCH}}])`, 120_000);
    for (let planted = BATCH; planted < ENTRIES; planted += BATCH) await world.here.eval(`plant:add_watches(list_to_pid("${watcher}"), [{${at}, ${BATCH}}])`, 120_000);
    const own = ({ data }) => data.filter((row) => row.watcher.pid === watcher && row.watcher.node === world.here.name);
    for (const path of ['pairs', `nodes/${world.here.name}/monitors/pairs`]) {
      const found = await until(`${path} to name it`, async () => {
        const answer = await get(path);
        assert.equal(own(answer).length, 1, JSON.stringify(answer)); // it stands there from the first look on
        return own(answer)[0].watched !== null && answer;
      });
      const [row] = own(found);
      assert.deepEqual([row.watched.pid, row.watched.node, row.watched.name, row.exact], [watched, world.there.name, 'payments', false]);
      assert.ok(near(row.count, ENTRIES, 0.2), `${row.count}`);
      assert.match(row.likely, /these two alone/);
      assert.ok(found.meta.warnings.includes(row.likely), JSON.stringify(found.meta.warnings));
    }
    const { data } = await get(`nodes/${world.there.name}/monitors/pairs`);
    assert.ok(!data.some((row) => row.watcher.pid === watched), 'the one that is watched stands as a watcher');
  });

  test('where a second one may be meant as well, nobody is named', async () => {
    const second = await world.there.eval('plant:idle()');
    const at = `rpc:call('${world.there.name}', erlang, list_to_pid, ["${second}"])`;
    const other = await world.here.eval(`plant:watcher([{${at}, ${BATCH}}])`, 120_000);
    for (let planted = BATCH; planted < ENTRIES; planted += BATCH) await world.here.eval(`plant:add_watches(list_to_pid("${other}"), [{${at}, ${BATCH}}])`, 120_000);
    await until('both to stand without a peer', async () => {
      const large = (await get('pairs')).data.filter((row) => row.watcher.node === world.here.name && row.uncounted_count > ENTRIES / 2);
      return large.length === 2 && large.every((row) => row.watched === null && row.likely === null);
    });
  });
});
