// One that was counted, and that others monitor all at once far more than then: it is not taken for one that monitors.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';
import { LIMIT_MS, sleep } from './lib/wait.mjs';

const BEFORE = 400_000;
const MORE = 1_400_000;

suite('watched by many more than when it was counted', {}, (world, test) => {
  test('who monitors nobody does not become a watcher', async () => {
    const home = await world.node({ modules: ['plant'] });
    const others = [await world.node({ modules: ['plant'], cookie: home.cookie }), await world.node({ modules: ['plant'], cookie: home.cookie })];
    const gauge = await world.beamgauge();
    await gauge.register(home);
    const victim = await home.eval('plant:named(<<"victim">>)');
    const ask = async (path) => {
      const answer = await gauge.api(`nodes/${home.name}/${path}${path.includes('?') ? '&' : '?'}max_age_ms=0&timeout_ms=60000`);
      assert.equal(answer.status, 200, answer.text);
      return answer.body;
    };
    const monitorBy = (node, count) => node.eval(`plant:watcher([{rpc:call('${home.name}', erlang, whereis, [victim]), ${count}}])`, 120_000);
    const own = ({ data }) => data.find((row) => (row.watcher?.pid ?? row.pid) === victim);
    await monitorBy(others[0], BEFORE);
    const counted = own(await ask('monitors?by=monitored_by&exact=true'));
    assert.deepEqual([counted.monitors_count, counted.monitored_by_count], [0, BEFORE]);
    const { data: none, meta } = await ask('monitors/pairs');
    assert.equal(none.length, 0, JSON.stringify(none));
    assert.ok(meta.warnings.some((warning) => warning.includes(`${victim} is monitored about 4`)), JSON.stringify(meta.warnings));
    await monitorBy(others[1], MORE);
    // What it weighed stands for some seconds (server/query/README.md).
    let isSeen = false;
    for (const end = Date.now() + LIMIT_MS; !isSeen && Date.now() < end; await sleep(500)) {
      const watchers = await ask('processes?sort=monitors');
      assert.ok(!(own(watchers)?.monitors_count > 1000), JSON.stringify(own(watchers)));
      const pairs = await ask('monitors/pairs');
      assert.ok(!(own(pairs)?.count > 1000 && own(pairs).uncounted_count === null), JSON.stringify(own(pairs)));
      const { data: check } = await gauge.api(`nodes/${home.name}/check?assert=monitors_count_max:lt:1k&assert=pair_count_max:lt:1k&fail_status=200&max_age_ms=0&timeout_ms=60000`).then(({ body }) => body);
      assert.ok(check.assertions.every(({ offender }) => offender?.pid !== victim), JSON.stringify(check));
      const watched = await ask('processes?sort=monitored_by');
      assert.equal(watched.data[0].pid, victim, JSON.stringify(watched.data[0]));
      isSeen = watched.data[0].monitored_by_count > BEFORE || watched.data[0].uncounted_count > BEFORE;
    }
    assert.ok(isSeen, 'the new ones were never seen');
  });
});
