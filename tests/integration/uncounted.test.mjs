// Entries that nobody has counted: their kind is not known, so they are reported once, as a marked maximum, in every place, until they are counted.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const ENTRIES = 1_400_000; // too many for a list of them to be copied into 64 MiB
const BATCH = 200_000;
const SAID = /up to \d,\d{3},\d{3} entries that were not counted \(monitors, monitored_by and links together\)/;

suite('entries that nobody has counted', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.here = await world.node({ modules: ['plant'] });
  world.there = await world.node({ modules: ['plant'], cookie: world.here.cookie }); // not registered, so that the other side is not even likely
  await world.gauge.register(world.here);
  const watched = await world.there.eval('plant:named(<<"payments">>)');
  const at = `rpc:call('${world.there.name}', erlang, list_to_pid, ["${watched}"])`;
  world.watcher = await world.here.eval(`plant:watcher([{${at}, ${BATCH}}])`, 120_000);
  for (let planted = BATCH; planted < ENTRIES; planted += BATCH) await world.here.eval(`plant:add_watches(list_to_pid("${world.watcher}"), [{${at}, ${BATCH}}])`, 120_000);
} }, (world, test) => {
  const ask = async (path) => {
    const answer = await world.gauge.api(`nodes/${world.here.name}/${path}${path.includes('?') ? '&' : '?'}max_age_ms=0&timeout_ms=30000`);
    assert.equal(answer.status, 200, answer.text);
    return answer;
  };
  const get = async (path) => (await ask(path)).body;
  const check = async (...assertions) => {
    const query = assertions.map((text) => `assert=${encodeURIComponent(text)}`).join('&');
    return (await world.gauge.api(`nodes/${world.here.name}/check?${query}&max_age_ms=0&timeout_ms=30000`)).body;
  };
  const isBound = (count) => assert.ok(count >= ENTRIES && count < 2 * ENTRIES, `${count}`);
  const pid = () => world.watcher.slice(1, -1);

  test('a row has the count that it is ranked by, the bound of all, and no other count', async () => {
    for (const [sort, field] of [['monitors', 'monitors_count'], ['monitored_by', 'monitored_by_count']])
      for (const path of [`monitors?by=${sort}`, `processes?sort=${sort}`]) {
        const { data: [row], meta } = await get(path);
        assert.deepEqual([row.pid, row.exact, row[`${field}_min`]], [world.watcher, false, 0], path);
        isBound(row.uncounted_count);
        assert.equal(row.uncounted_count, row[`${field}_max`]);
        const counted = ['monitors_count', 'monitored_by_count', 'links_count'].filter((name) => row[name] !== null);
        assert.deepEqual(counted, [field], JSON.stringify(row));
        assert.equal(meta.warnings.filter((warning) => SAID.test(warning)).length, 1, JSON.stringify(meta.warnings));
        assert.match((await ask(`${path}${path.includes('?') ? '&' : '?'}format=text`)).text, new RegExp(`${world.watcher} .* ≤ 1,\\d{3},\\d{3}\\b`));
      }
    const { data: [row] } = await get('processes?sort=memory');
    assert.deepEqual([row.pid, row.monitors_count, row.monitored_by_count, row.links_count], [world.watcher, null, null, null]);
    isBound(row.uncounted_count);
  });

  test('its pair, its relations and its own page say it once', async () => {
    const { data: [pair], meta } = await get('monitors/pairs');
    assert.deepEqual([pair.watcher.pid, pair.watched, pair.exact], [world.watcher, null, false]);
    isBound(pair.uncounted_count);
    assert.match(meta.warnings.join('\n'), SAID);
    const relations = await get(`processes/${pid()}/relations`);
    assert.deepEqual(relations.data.slice(0, 2).map(({ count, counted_at }) => [count, counted_at]), [[null, null], [null, null]]);
    isBound(relations.data[0].uncounted_count);
    assert.equal(relations.meta.warnings.length, 1, JSON.stringify(relations.meta.warnings));
    const own = await get(`processes/${pid()}`);
    assert.deepEqual(['monitors_count', 'monitored_by_count', 'links_count'].map((name) => own.data[name]), [null, null, null]);
    assert.ok(own.data.uncounted_count >= ENTRIES, JSON.stringify(own.data));
    assert.match(own.meta.warnings.join('\n'), SAID);
  });

  test('a check fails by what is certain only, and is unknown where they decide', async () => {
    const { data } = await check('monitors_count_max<1000', 'monitored_by_count_max<1000', 'pair_count_max<1000', 'processes_over(monitors,1000)<1', 'monitors_count_max<1', 'monitors_count_max<9M', 'uncounted_count_max<1000');
    assert.deepEqual(data.assertions.map(({ status }) => status), ['unknown', 'unknown', 'unknown', 'unknown', 'fail', 'pass', 'fail'], JSON.stringify(data));
    for (const { error } of data.assertions.slice(0, 4)) assert.match(error.detail, SAID);
    assert.notEqual(data.assertions[4].offender.pid, world.watcher);
    assert.equal(data.assertions[6].offender.pid, world.watcher);
  });

  test('Prometheus gets their maximum, and no number of monitors', async () => {
    const { text } = await world.gauge.api(`/probe?target=${world.here.name}&max_age_ms=0`);
    isBound(Number(/^beam_process_max_uncounted ([\d.e+]+)$/m.exec(text)?.[1]));
    assert.doesNotMatch(text, /^beam_process_max_(monitors|monitored_by|pair_monitors) /m);
  });

  test('chat marks it and says it once', async () => {
    for (const command of [`top ${world.here.name} monitors 2`, `monitors ${world.here.name}`, `pairs ${world.here.name}`]) {
      const { text } = await world.gauge.api('chat?format=text', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ text: command }) });
      assert.match(text, /≤ 1,\d{3},\d{3} /, text);
      assert.equal(text.match(new RegExp(SAID, 'g'))?.length, 1, text);
    }
  });

  test('once counted, they are monitors: everywhere, and in no other direction', async () => {
    await until('it to be counted', async () => {
      const { data: [row] } = await get('monitors?exact=true');
      return row.monitors_count === ENTRIES && row.uncounted_count === null;
    });
    const { data: [pair] } = await get('monitors/pairs');
    assert.deepEqual([pair.watcher.pid, pair.watched.node, pair.uncounted_count], [world.watcher, world.there.name, null]);
    assert.ok(!(await get('monitors?by=monitored_by')).data.some((row) => row.pid === world.watcher && row.monitored_by_count > 0));
    const { data } = await check('monitors_count_max<1000', 'pair_count_max<1000', 'uncounted_count_max==0');
    assert.deepEqual(data.assertions.map(({ status }) => status), ['fail', 'fail', 'pass'], JSON.stringify(data));
    assert.match((await ask('monitors?format=text')).text, new RegExp(`${world.watcher} .* ≈ 1,\\d{3},\\d{3}\\b`));
  });
});
