// Leaks of any size stay visible: counted once, known since then, with their peers, in every place that reports leaks.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const ENTRIES = 400_000;

const pairOf = (rows, watcher) => rows.find((row) => row.watcher.pid === watcher);
const near = (value, expected, part, what) => assert.ok(Math.abs(value - expected) <= part * expected, `${what}: ${value}, not about ${expected}`);

suite('leaks', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.target = await world.node({ modules: ['plant'], flags: ['+P', '1000000'] });
  await world.gauge.register(world.target);
} }, (world, test) => {
  const get = (path) => world.gauge.get(`nodes/${world.target.name}/${path}${path.includes('?') ? '&' : '?'}max_age_ms=0`);

  test('a leak past the longest list that is copied is the first of the pairs, with its peer, counted', async () => {
    world.watched = await world.target.eval('plant:named(<<"ledger">>)');
    world.watcher = await world.target.eval(`plant:watcher([{list_to_pid("${world.watched}"), ${ENTRIES}}])`);
    await world.target.eval(`plant:watch_heaps(${2 * ENTRIES})`); // a copy takes 5 words an entry
    const { data, meta } = await get('monitors/pairs');
    assert.deepEqual([data[0].watcher.pid, data[0].watched.pid, data[0].watched.name, data[0].count, data[0].exact],
      [world.watcher, world.watched, 'ledger', ENTRIES, true]);
    assert.equal(pairOf(data.slice(1), world.watcher), undefined);
    assert.deepEqual(meta.warnings, []);
    assert.ok((await world.target.eval('plant:large_heaps()')) > 0, 'the list was copied');
  });

  test('what was counted is not copied again, and is reported as an estimate with the time of the count', async () => {
    for (let i = 0; i < 10; i++) {
      const [pair] = (await get('monitors/pairs')).data;
      assert.deepEqual([pair.watcher.pid, pair.watched.pid, pair.exact], [world.watcher, world.watched, false]);
      near(pair.count, ENTRIES, 0.01, 'count');
      assert.ok(Date.now() - Date.parse(pair.counted_at) < 120_000, pair.counted_at);
    }
    assert.equal(await world.target.eval('plant:large_heaps()'), 0, 'a list was copied again');
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

  test('an estimate follows the leak as it grows, with the peers as they were counted', async () => {
    await world.target.eval(`plant:add_watches(list_to_pid("${world.watcher}"), [{list_to_pid("${world.watched}"), 150000}])`);
    const [pair] = (await get('monitors/pairs')).data;
    assert.deepEqual([pair.watcher.pid, pair.watched.pid, pair.exact], [world.watcher, world.watched, false]);
    near(pair.count, ENTRIES + 150_000, 0.05, 'grown');
    await world.target.eval(`plant:add_watches(list_to_pid("${world.watcher}"), [{list_to_pid("${world.watched}"), 100000}])`);
    const [counted] = (await get('monitors/pairs')).data;
    assert.deepEqual([counted.watcher.pid, counted.count, counted.exact], [world.watcher, ENTRIES + 250_000, true]);
  });

  test('checks and chat know the pair, and the processes of the leak', async () => {
    const name = world.target.name;
    const check = await world.gauge.api(`nodes/${name}/check?assert=pair_count_max:lt:1k&assert=monitors_count_max:lt:1k&max_age_ms=0&timeout_ms=20000`);
    assert.equal(check.status, 503, check.text);
    for (const { observed, offender } of check.body.data.assertions) {
      near(observed, ENTRIES + 250_000, 0.01, 'observed');
      assert.equal(offender.pid, world.watcher);
    }
    assert.equal(check.body.data.assertions[0].offender.watched.name, 'ledger');
    for (const [text, parts] of [[`pairs ${name}`, [world.watcher, 'ledger']], [`monitors ${name}`, [world.watcher, 'ledger']], [`top ${name} monitors 1`, [world.watcher]]]) {
      const said = await world.gauge.api('chat?format=text', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ text }) });
      for (const part of parts) assert.ok(said.text.includes(part), `${text}: ${said.text}`);
    }
    const { data: [pair] } = await world.gauge.get('pairs?max_age_ms=0');
    assert.deepEqual([pair.watcher.pid, pair.watched.pid], [world.watcher, world.watched]);
    const probe = await world.gauge.api(`/probe?target=${name}`);
    const most = /^beam_process_max_monitors(?:\{[^}]*\})? ([\d.e+]+)$/m.exec(probe.text);
    near(Number(most?.[1]), ENTRIES + 250_000, 0.01, 'beam_process_max_monitors');
  });

  test('two leaks at once, a watcher of many, and a small leak each have their place', async () => {
    const crowd = await world.target.eval('begin Crowd = plant:idle(300000), persistent_term:put(crowd, Crowd), length(Crowd) end');
    assert.equal(crowd, 300_000);
    const registry = await world.target.eval('plant:watcher([{Pid, 1} || Pid <- persistent_term:get(crowd)])');
    const small = await world.target.eval(`plant:watcher([{list_to_pid("${world.watched}"), 5000}])`);
    const second = await world.target.eval(`plant:watcher([{list_to_pid("${world.watched}"), 600}, {list_to_pid("${registry}"), 250000}])`);
    const { data } = await get('monitors/pairs');
    assert.deepEqual(data.slice(0, 3).map((row) => [row.watcher.pid, row.watched.pid]), [[world.watcher, world.watched], [second, registry], [small, world.watched]]);
    const rows = (await get('monitors?by=monitors')).data;
    assert.deepEqual(rows.slice(0, 4).map((row) => row.pid), [world.watcher, registry, second, small]);
    near(rows[1].distinct_count, 300_000, 0.01, 'distinct');
    near(rows[1].duplication_ratio, 1, 0.05, 'ratio');
  });
});

suite('leaks between nodes, and larger ones', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.here = await world.node({ modules: ['plant'] });
  world.there = await world.node({ modules: ['plant'], cookie: world.here.cookie });
  await Promise.all([world.gauge.register(world.here), world.gauge.register(world.there)]);
} }, (world, test) => {
  const get = (node, path) => world.gauge.get(`nodes/${node.name}/${path}${path.includes('?') ? '&' : '?'}max_age_ms=0`);
  const planted = (node, name) => node.eval(`plant:named(<<"${name}">>)`);
  const at = (pid, node) => `rpc:call('${node.name}', erlang, list_to_pid, ["${pid}"])`;
  const uproot = (node, pid) => node.eval(`plant:killed(list_to_pid("${pid}"))`);

  test('monitors of a process that was not read are reported as unexplained, and none are if all were read', async () => {
    const watched = await planted(world.here, 'hidden');
    const watcher = await world.here.eval(`plant:watcher([{list_to_pid("${watched}"), 30000}])`);
    for (const path of ['monitors/pairs', 'monitors?by=monitors']) {
      const { unexplained_monitors_count: unexplained } = (await get(world.here, path)).meta;
      assert.ok(unexplained !== null && unexplained < 500, `${path}: ${unexplained}`);
    }
    assert.equal(await world.here.eval(`length([list_to_pid("${watcher}") ! message || _ <- lists:seq(1, 110000)])`), 110_000);
    const { data, meta } = await get(world.here, 'monitors/pairs');
    assert.equal(pairOf(data, watcher), undefined);
    near(meta.unexplained_monitors_count, 30_000, 0.02, 'unexplained');
    assert.ok(meta.warnings.some((warning) => warning.includes('local monitors more than the processes that were read hold')), JSON.stringify(meta.warnings));
    const fleet = await world.gauge.get('pairs?max_age_ms=0');
    near(fleet.meta.unexplained_monitors_count, 30_000, 0.02, 'in the fleet');
    await uproot(world.here, watcher);
  });

  test('281,083 monitors of a process on another node are one pair, counted on both sides', async () => {
    const ENTRIES = 281_083;
    const watched = await planted(world.there, 'payments');
    const watcher = await world.here.eval(`plant:watcher([{${at(watched, world.there)}, ${ENTRIES}}])`);
    // Counted at once, or in the background where the machine has no time for it, and then known.
    const counted = (what, node, path) => until(what, async () => {
      const [row] = (await get(node, path)).data;
      return (row.watched || row.top_peers?.length > 0) && row;
    });
    const pair = await counted('the pair', world.here, 'monitors/pairs');
    assert.deepEqual([pair.watcher.pid, pair.watched.pid, pair.watched.node], [watcher, watched, world.there.name]);
    near(pair.count, ENTRIES, pair.exact ? 0 : 0.01, 'count');
    const other = await counted('the other side', world.there, 'monitors?by=monitored_by');
    assert.deepEqual([other.pid, other.top_peers[0].pid, other.top_peers[0].node], [watched, watcher, world.here.name]);
    near(other.monitored_by_count, ENTRIES, other.exact ? 0 : 0.01, 'the other side');
    const { data: [joined] } = await world.gauge.get('pairs?max_age_ms=0');
    near(joined.count, ENTRIES, 0.01, 'count');
    assert.deepEqual([joined.watcher.pid, joined.watched.pid, joined.watched.name], [watcher, watched, 'payments']);
    near(joined.watched_count, ENTRIES, 0.01, 'the other side');
    const exactly = await world.gauge.get(`nodes/${world.here.name}/processes/${watcher.slice(1, -1)}/relations?direction=monitors&exact=true&max_age_ms=0`);
    assert.deepEqual([exactly.data[0].count, exactly.data[0].exact], [ENTRIES, true]);
    await uproot(world.here, watcher);
  });

  test('a list that there was too little time to count is counted in the background, and known soon', async () => {
    const ENTRIES = 500_000;
    const watched = await planted(world.here, 'slow');
    const watcher = await world.here.eval(`plant:watcher([{list_to_pid("${watched}"), ${ENTRIES}}])`);
    let patience = 400; // as little as this machine answers in: a third of it is for counting
    const look = async () => {
      const answer = await world.gauge.api(`nodes/${world.here.name}/monitors/pairs?max_age_ms=0&timeout_ms=${patience}`);
      const isLate = answer.status === 504 || answer.body.meta.warnings.some((warning) => warning.includes('this is what it answered last'));
      if (isLate) patience = Math.min(5000, patience + 100);
      assert.ok(answer.status === 200 && !isLate, answer.text);
      return answer.body;
    };
    const { data: first, meta } = await until('a first look', look);
    const row = first.find((pair) => pair.watcher.pid === watcher);
    assert.ok(row, JSON.stringify(first));
    assert.ok(row.watched !== null || meta.warnings.some((warning) => warning.includes(watcher) && warning.includes('in the background')), JSON.stringify(meta.warnings));
    const pair = await until('the pair with its peer', async () => {
      const known = pairOf((await look()).data, watcher);
      assert.equal(known?.watched?.pid, watched);
      near(known.count, ENTRIES, 0.01, 'count'); // a look on its way meanwhile has the peer, but still its own estimate
      return known;
    }, { timeout: 30_000 });
    assert.equal(pair.watcher.pid, watcher);
    await uproot(world.here, watcher);
  });

  test('a million monitors of two processes are two pairs, whose shares the watched processes report if the list is too long', async () => {
    const [one, two] = [await planted(world.here, 'one'), await planted(world.here, 'two')];
    const watcher = await world.here.eval(`plant:watcher([{list_to_pid("${one}"), 650000}, {list_to_pid("${two}"), 350000}])`);
    const { data } = await get(world.here, 'monitors/pairs');
    assert.deepEqual(data.slice(0, 2).map((row) => [row.watcher.pid, row.watched?.pid, row.watched?.name]), [[watcher, one, 'one'], [watcher, two, 'two']], JSON.stringify(data.slice(0, 3)));
    near(data[0].count, 650_000, 0.02, 'one');
    near(data[1].count, 350_000, 0.02, 'two');
    assert.ok(!data.some((row) => row.watcher.pid === one && row.count > 100));
    await uproot(world.here, watcher);
  });

  test('five million stand first without a peer and say why, and are counted where that is asked for', async (t) => {
    if (process.env.BG_ERL) return t.skip('once is enough: it takes a minute to plant');
    const ENTRIES = 5_000_000;
    const watched = await planted(world.here, 'millions');
    const watcher = await world.here.eval(`plant:watcher([{list_to_pid("${watched}"), ${ENTRIES}}])`, 120_000);
    const { data, meta } = await get(world.here, 'monitors/pairs');
    assert.ok(data.slice(0, 2).some((row) => row.watcher.pid === watcher && row.watched === null && row.count === null && row.uncounted_count > ENTRIES / 2 && !row.exact), JSON.stringify(data.slice(0, 3)));
    assert.ok(meta.warnings.some((warning) => warning.includes(watcher) && warning.includes('exact=true')), JSON.stringify(meta.warnings));
    // Its own page, whether it reports its memory in time or not.
    const own = await world.gauge.api(`nodes/${world.here.name}/processes/${watcher.slice(1, -1)}?max_age_ms=0`);
    assert.deepEqual([own.status, own.body?.data?.pid], [200, watcher], own.text);
    assert.ok(own.body.data.memory_bytes > 60 * ENTRIES, own.text);
    const exactly = await world.gauge.api(`nodes/${world.here.name}/monitors/pairs?exact=true&max_age_ms=0&timeout_ms=60000`);
    assert.equal(exactly.status, 200, exactly.text);
    const [pair] = exactly.body.data;
    assert.deepEqual([pair.watcher.pid, pair.watched.pid, pair.count, pair.exact], [watcher, watched, ENTRIES, true]);
    const [known] = (await get(world.here, 'monitors/pairs')).data;
    assert.deepEqual([known.watcher.pid, known.watched.pid], [watcher, watched]);
    near(known.count, ENTRIES, 0.01, 'known');
    await uproot(world.here, watcher);
  });
});
