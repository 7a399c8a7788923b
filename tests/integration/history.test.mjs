// What was: nodes are sampled at an interval, and their figures are there afterwards, also of a node that is gone and after a restart of ours.
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { Folder } from './lib/beamgauge.mjs';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const SAMPLED = { watch: { sample_ms: 200 } };

suite('history', { prepare: async (world) => {
  world.gauge = await world.beamgauge({ sections: SAMPLED });
} }, (world, test) => {
  let starts = 0;
  const other = (options) => world.beamgauge({ ...options, args: ['--name', `past${process.pid}x${starts++}@127.0.0.1`, ...(options.args ?? [])] });
  const folder = async () => {
    const made = await Folder.make();
    world.keep({ stop: () => made.remove() });
    return made;
  };
  const history = (gauge, node, query = 'step=1s&since=2m') => gauge.api(`nodes/${node.name}/history?${query}`);
  const means = ({ body }, at = 0) => body.data.series[at].mean.filter((value) => value !== null);
  const sampled = (gauge, node, count, query) => until(`${count} samples`, async () => {
    const answer = await history(gauge, node, query);
    assert.equal(answer.status, 200, answer.text);
    return means(answer).length >= count && answer;
  });
  const metric = async (gauge, name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec((await gauge.api('/metrics')).text)?.[1]);

  test('figures are there as they were, in the steps asked for', async () => {
    const node = await world.node();
    await world.gauge.register(node);
    await node.eval('[spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, 1000)], ok');
    const answer = await sampled(world.gauge, node, 3, 'step=1s&since=2m&series=process_count,memory.total_bytes,reductions_per_second,process_ratio');
    const { data, meta } = answer.body;
    assert.equal(data.step_seconds, 1);
    assert.deepEqual(data.series.map(({ name, unit }) => [name, unit]),
      [['process_count', 'count'], ['memory.total_bytes', 'bytes'], ['reductions_per_second', 'per_second'], ['process_ratio', 'ratio']]);
    for (const { mean, min, max } of data.series)
      for (const column of [mean, min, max]) assert.equal(column.length, data.unix_seconds.length);
    assert.ok(data.unix_seconds.every((at, i, all) => i === 0 || at - all[i - 1] === 1));
    const { process_count: now } = await world.gauge.data(node, 'system');
    assert.ok(data.series[0].max.some((value) => Math.abs(value - now) < 20), JSON.stringify(data.series[0]));
    assert.ok(means(answer, 1).every((value) => value > 10_000_000));
    assert.ok(means(answer, 2).some((value) => value > 0));
    assert.deepEqual(data.restarts_at, []);
    assert.ok(meta.warnings.some((warning) => /nothing is kept of this node from before/.test(warning)), JSON.stringify(meta.warnings));
  });

  test('what changes is seen to change', async () => {
    const node = await world.node();
    await world.gauge.register(node);
    await sampled(world.gauge, node, 2);
    const before = (await world.gauge.data(node, 'system')).process_count;
    await node.eval('[spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, 5000)], ok');
    await until('the new processes', async () => {
      const [{ min, max }] = (await history(world.gauge, node, 'step=1s&since=2m&series=process_count')).body.data.series;
      const seen = [Math.min(...min.filter((value) => value !== null)), Math.max(...max)];
      return Math.abs(seen[0] - before) < 100 && seen[1] >= before + 5000;
    });
  });

  test('csv and text have one row for each value that was seen', async () => {
    const node = await world.node();
    await world.gauge.register(node);
    await sampled(world.gauge, node, 2);
    const csv = (await history(world.gauge, node, 'step=1s&since=1m&series=process_count&format=csv')).text.trim().split('\r\n');
    assert.equal(csv[0], 'at,series,mean,min,max');
    assert.match(csv[1], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z,process_count,[\d.]+,\d+,\d+$/);
    assert.match((await history(world.gauge, node, 'step=1s&since=1m&series=process_count&format=text')).text, /process_count/);
  });

  test('a restart of the node is marked, and counters begin anew', async () => {
    const { gauge } = world;
    const node = await world.node();
    await gauge.register(node);
    await sampled(gauge, node, 7); // seconds: a start that is as close to the last one is taken for the same, seen late
    await node.stop();
    const again = await world.node({ name: node.name, cookie: node.cookie });
    await gauge.up(again);
    const { body } = await until('the restart', async () => {
      const answer = await history(gauge, again, 'step=1s&since=2m&series=reductions_per_second');
      return answer.body.data.restarts_at.length > 0 && answer;
    });
    assert.equal(body.data.restarts_at.length, 1, JSON.stringify(body.data.restarts_at));
    assert.ok(Math.abs(Date.parse(body.data.restarts_at[0]) - Date.now()) < 120_000);
    assert.ok(means({ body }).every((value) => value >= 0));
  });

  test('a node that is gone, and one that is not registered any more, still have theirs', async () => {
    const node = await world.node();
    await world.gauge.register(node);
    await sampled(world.gauge, node, 2);
    await node.stop();
    assert.ok(means(await history(world.gauge, node)).length >= 2);
    assert.equal((await world.gauge.api(`nodes/${node.name}`, { method: 'DELETE' })).status, 204);
    assert.ok(means(await history(world.gauge, node)).length >= 2);
    const never = await history(world.gauge, { name: 'never@127.0.0.1' });
    assert.deepEqual([never.status, never.body.code], [404, 'node_unknown']);
  });

  test('with a file it is there after kill -9, and the file is ours alone', async () => {
    const place = await folder();
    const data = place.file('past.db');
    const node = await world.node();
    const first = await other({ sections: SAMPLED, args: ['--data', data] });
    await first.register(node);
    const before = means(await sampled(first, node, 4, 'step=1s&since=5m'));
    assert.equal(await metric(first, 'beamgauge_store_in_file'), 1);
    for (const file of [data, `${data}-wal`]) assert.equal((await stat(file)).mode & 0o777, 0o600, file);
    first.child.process.kill('SIGKILL');
    await first.stop().catch(() => {});
    const second = await other({ sections: SAMPLED, args: ['--data', data] });
    const after = means(await history(second, node, 'step=1s&since=5m'));
    assert.ok(after.length >= before.length - 1, `${before.length} before, ${after.length} after`);
  });

  test('a file that is no database, or a newer one, or in use, is refused or left alone, with the reason', async () => {
    const place = await folder();
    const node = await world.node();
    const foreign = place.file('foreign.db');
    await writeFile(foreign, 'not a database at all, but somebody\'s letter\n'.repeat(100), { mode: 0o600 });
    const gauge = await other({ sections: SAMPLED, args: ['--data', foreign] });
    await gauge.register(node);
    const { body } = await sampled(gauge, node, 2);
    assert.ok(body.meta.warnings.some((warning) => warning.includes('foreign.db')), JSON.stringify(body.meta.warnings));
    assert.equal(await metric(gauge, 'beamgauge_store_in_file'), 0);
    assert.match(await readFile(foreign, 'utf8'), /^not a database at all/);
    const used = place.file('used.db');
    const one = await other({ sections: SAMPLED, args: ['--data', used] });
    const two = await other({ sections: SAMPLED, args: ['--data', used] });
    assert.equal(await metric(one, 'beamgauge_store_in_file'), 1);
    assert.equal(await metric(two, 'beamgauge_store_in_file'), 0);
  });

  test('without samples there is no history, and that is said', async () => {
    const gauge = await other({ sections: { watch: { sample_ms: 0 } } });
    const node = await world.node();
    await gauge.register(node);
    const answer = await history(gauge, node);
    assert.deepEqual([answer.status, answer.body.code], [422, 'unsupported']);
    assert.match(answer.body.detail, /sample_ms is 0 in \[watch\]/);
  });

  test('the nodes are asked no more than at the interval, and it is counted', async () => {
    const gauge = await other({ sections: { watch: { sample_ms: 1000 } } });
    const node = await world.node();
    await gauge.register(node);
    await sampled(gauge, node, 5, 'step=1s&since=2m');
    const ok = await until('the count', async () => {
      const text = (await gauge.api('/metrics')).text;
      return Number(/^beamgauge_samples_total\{result="ok"\} (\d+)$/m.exec(text)?.[1]);
    });
    assert.ok(ok >= 5, `${ok}`);
    assert.equal(await metric(gauge, 'beamgauge_sampled_nodes'), 1);
  });
});
