// A watcher that stops answering does not disappear: it stays in every ranking with its last report.
import assert from 'node:assert/strict';
import { patient, stretched } from './lib/sick.mjs';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const DEAF_SECONDS = 240; // reckoned by a short trial; it is not waited for
const SHORT = 5000; // a list that is copied each time,
const LONG = 300_000; // and one that is counted once

const near = (value, expected, part, what) => assert.ok(Math.abs(value - expected) <= part * expected, `${what}: ${value}, not about ${expected}`);

suite('watchers that fall silent', {}, (world, test) => {
  for (const entries of [SHORT, LONG])
    test(`${entries} monitors of one that answers nobody stand as they were when it did`, async () => {
      const { node, gauge } = await patient(world, { flags: ['+S', '2:2'], isVaried: false });
      const [watcher, watched] = await node.eval(`sick:leak_hearing(${entries})`, 60_000);
      const ask = (path) => gauge.api(stretched(path));
      const here = `nodes/${node.name}`;
      const own = ({ body }) => body?.data?.find((row) => (row.watcher?.pid ?? row.pid) === watcher);
      const first = { pairs: `${here}/monitors/pairs?max_age_ms=0`, rows: `${here}/monitors?by=monitors&max_age_ms=0`, all: 'pairs?max_age_ms=0' };
      // As it is known while it answers: with the process that it monitors.
      await until('the pair to be known', async () => own(await ask(first.pairs))?.watched?.pid === watched && own(await ask(first.rows))?.top_peers[0]?.pid === watched);
      await node.eval(`sick:deafen(list_to_pid("${watcher}"), ${DEAF_SECONDS})`, 60_000);
      for (const path of [first.pairs, first.pairs, first.rows, first.all, `${here}/processes?sort=monitors&max_age_ms=0`]) {
        const answer = await ask(path);
        assert.equal(answer.status, 200, answer.text);
        const row = own(answer);
        assert.ok(row, `${path}: ${answer.text}`);
        near(row.count ?? row.monitors_count, entries, 0.05, path);
        if (row.watched !== undefined) assert.equal(row.watched?.pid, watched, answer.text);
      }
      const silent = await until('it to be reported as old', async () => {
        const answer = await ask(first.pairs);
        return own(answer)?.age_ms > 0 && answer;
      });
      assert.deepEqual([silent.body.meta.exact, own(silent).exact, own(silent).watched.pid], [false, false, watched]);
      assert.ok(silent.body.meta.skipped_count >= 1, JSON.stringify(silent.body.meta));
      const check = await ask(`${here}/check?assert=pair_count_max:lt:1k&assert=monitors_count_max:lt:1k&max_age_ms=0`);
      assert.deepEqual([check.status, ...check.body.data.assertions.map(({ offender }) => offender?.pid)], [503, watcher, watcher], check.text);
      await node.kill();
    });
});
