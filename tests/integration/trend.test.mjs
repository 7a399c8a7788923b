// What grows: a leak is reported with its rate and its beginning; a quiet node reports nothing, and a step is no growth.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

suite('growth over time', { prepare: async (world) => {
  world.gauge = await world.beamgauge({ sections: { watch: { sample_ms: 200 } } });
} }, (world, test) => {
  const growth = async (node, query = 'window=1m') => {
    const answer = await world.gauge.api(`nodes/${node.name}/growth?${query}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.body;
  };

  test('a monitor leak grows at its rate, and a node where nothing leaks has nothing that grows', async () => {
    const [leaking, quiet] = [await world.node(), await world.node()];
    await world.gauge.register(leaking);
    await world.gauge.register(quiet);
    await leaking.eval(`spawn(fun() ->
      Watched = spawn(fun() -> receive stop -> ok end end),
      (fun Leak() -> [monitor(process, Watched) || _ <- lists:seq(1, 50)], timer:sleep(100), Leak() end)()
    end), ok`);
    await quiet.eval(`spawn(fun() -> timer:sleep(8000), ets:new(kept, [named_table]), ets:insert(kept, [{N, lists:seq(1, 20)} || N <- lists:seq(1, 50000)]), receive stop -> ok end end), ok`);
    const row = await until('the leak', async () => (await growth(leaking)).data.find(({ figure }) => figure === 'monitors_estimate.local_count'), { timeout: 60_000, interval: 1000 });
    assert.equal(row.grows, true);
    assert.equal(row.unit, 'count');
    assert.ok(row.change_per_second > 100 && row.change_per_second < 600, JSON.stringify(row)); // 500 in each second, if the machine lets it
    assert.ok(row.change > 0 && row.now > row.start && row.steadiness > 0.5, JSON.stringify(row));
    await until('the step of the other node', async () => {
      const { data } = await growth(quiet, 'window=1m&all=true');
      const ets = data.find(({ figure }) => figure === 'memory.ets_bytes');
      return ets?.change > 10_000_000;
    }, { timeout: 60_000, interval: 1000 });
    const { data } = await growth(quiet);
    assert.deepEqual(data.filter(({ figure }) => figure.startsWith('memory.ets') || figure.includes('count')), [], JSON.stringify(data));
    const metric = 'monitors_estimate.local_count';
    const assertions = [`change(${metric},1m)<10`, `per_second(${metric},1m)>10`, `change(${metric},1h)<10`].map((text) => `assert=${encodeURIComponent(text)}`).join('&');
    const check = await until('enough of a minute', async () => {
      const { body } = await world.gauge.api(`nodes/${leaking.name}/check?${assertions}&fail_status=200`);
      return body.data.assertions[0].status !== 'unknown' && body;
    }, { timeout: 120_000, interval: 2000 });
    assert.deepEqual(check.data.assertions.map(({ status }) => status), ['fail', 'pass', 'unknown'], JSON.stringify(check));
    assert.match(check.data.assertions[2].error.detail, /there are samples of .* on only: choose a shorter window, or ask later/);
    assert.ok(check.data.assertions[0].observed > 1000 && check.data.assertions[1].unit === 'per_second', JSON.stringify(check));
    const text = (await world.gauge.api(`nodes/${leaking.name}/growth?window=1m&format=text`)).text;
    assert.match(text, /monitors_estimate\.local_count +\d/);
  });

  test('a node that has just come says that there is too little yet', async () => {
    const node = await world.node();
    await world.gauge.register(node);
    const { data, meta } = await growth(node, 'window=1h');
    assert.deepEqual(data, []);
    assert.ok(meta.warnings.some((warning) => /at least 9 are needed to know what grows/.test(warning)), JSON.stringify(meta.warnings));
  });
});
