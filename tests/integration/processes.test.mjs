// Top processes, one process and its relations, against processes with planted numbers.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';
import { steady, until } from './lib/wait.mjs';

const path = (pid) => pid.slice(1, -1);

// Each planted process is the highest on its node by one sort key.
const PLANTED = {
  memory: ['plant:heap(3000000)', 'memory_bytes'],
  total_heap: ['plant:heap(4000000)', 'total_heap_bytes'],
  message_queue_len: ['plant:queue(5000)', 'message_queue_len'],
  stack: ['plant:stack(400000)', 'stack_bytes'],
  off_heap: ['plant:watcher([{plant:idle(), 60000}])', 'off_heap_bytes'],
  monitors: ['plant:watcher([{plant:idle(), 70000}])', 'monitors_count'],
  links: ['plant:linked(3000)', 'links_count'],
  binary: ['plant:binaries(5000000)', 'binary_bytes'],
};

suite('processes', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.target = await world.node();
  await world.gauge.register(world.target);
  world.release = Number(await world.target.eval('list_to_integer(erlang:system_info(otp_release))'));
  world.planted = {};
  world.control = await world.target.eval('self()');
  for (const [key, [expression]] of Object.entries(PLANTED)) world.planted[key] = await world.target.eval(expression);
} }, (world, test) => {
  const rank = (query) => world.gauge.get(`nodes/${world.target.name}/processes?max_age_ms=0&${query}`);
  const truth = (key, pid) => world.target.eval(`truth:value(${key}, list_to_pid("${pid}"))`);

  for (const [key, [, field]] of Object.entries(PLANTED)) {
    test(`sort=${key} ranks by ${field}, and gives the number the node gives`, async () => {
      // Who is at work on our questions has stack and binaries that come and go; the other numbers stand still here.
      const sure = key === 'stack' || key === 'binary' ? 1 : 3;
      const top = () => world.target.eval(`truth:top(${key}, ${sure})`);
      const { data, meta } = await steady(top, () => rank(`sort=${key}&limit=10&min=0`));
      const numbers = data.map((row) => row[field]);
      const others = data.filter((row) => row.pid !== world.control).map((row) => row[field]);
      assert.deepEqual(numbers, [...numbers].sort((a, b) => b - a), `${numbers}`);
      const row = data.find(({ pid }) => pid === world.planted[key]);
      assert.ok(row, `${world.planted[key]} in ${data.map(({ pid }) => pid)}`);
      assert.equal(row[field], await truth(key, row.pid));
      const highest = (await top()).map(([value]) => value);
      assert.deepEqual(others.slice(0, sure), highest, 'the first values, by brute force');
      assert.equal(meta.returned_count, 10);
      assert.equal(meta.truncated, true);
      assert.equal(meta.skipped_count, 0);
      assert.equal(meta.exact, true);
      assert.ok(meta.scanned_count <= meta.process_count && meta.scanned_count > 3000);
    });
  }

  test('sort=monitored_by finds the watched, exactly', async () => {
    const { data } = await rank('sort=monitored_by&limit=3');
    assert.equal(data[0].monitored_by_count, 70_000);
    assert.equal(data[1].monitored_by_count, 60_000);
    assert.equal(data[0].exact, true);
  });

  test('sort=reductions finds who works', async () => {
    const pid = await world.target.eval('plant:spinner()');
    await until('it to have worked much', async () => (await world.target.eval('truth:top(reductions, 3)')).some(([, each]) => each === pid));
    const { data } = await rank('sort=reductions&limit=10');
    assert.ok(data.some((row) => row.pid === pid), data.map((row) => `${row.pid} ${row.reductions_count}`).join());
    const window = await rank('sort=reductions&limit=5&window_ms=500');
    assert.equal(window.data[0].pid, pid, JSON.stringify(window.data[0]));
    assert.ok(window.data[0].reductions_count_delta > 0);
    const seconds = window.data[0].reductions_count_delta / window.data[0].reductions_count_per_second;
    assert.ok(seconds > 0.49, `${seconds} s were looked at`);
    await world.target.eval(`list_to_pid("${pid}") ! stop`);
  });

  test('a window reports the change in monitors, and its rate', async () => {
    const pid = await world.target.eval('plant:churn(plant:idle(), 5)');
    const [before, began] = [await truth('monitors', pid), performance.now()];
    const { data } = await rank('sort=monitors&limit=3&window_ms=1000');
    const [most, seconds] = [(await truth('monitors', pid)) - before, (performance.now() - began) / 1000];
    assert.equal(data[0].pid, pid);
    assert.ok(data[0].monitors_count_delta > 0 && data[0].monitors_count_delta <= most, `${most}: ${JSON.stringify(data[0])}`);
    const looked = data[0].monitors_count_delta / data[0].monitors_count_per_second;
    assert.ok(looked > 0.99 && looked <= seconds, `${seconds} s: ${JSON.stringify(data[0])}`);
    await world.target.eval(`list_to_pid("${pid}") ! stop`);
  });

  test('a window takes as long as it says', async () => {
    const { ms } = await world.gauge.ask(world.target, 'processes?window_ms=1200&max_age_ms=0');
    assert.ok(ms >= 1200 && ms < 12_000, `${ms}`);
  });

  test('limit, order and min', async () => {
    assert.equal((await rank('sort=memory&limit=1')).data.length, 1);
    const lowest = () => world.target.eval('element(1, lists:last(truth:values(memory)))');
    const rising = (await steady(lowest, () => rank('sort=memory&order=asc&limit=50'))).data.map((row) => row.memory_bytes);
    assert.deepEqual(rising, [...rising].sort((a, b) => a - b));
    assert.equal(rising[0], await lowest());
    const many = await rank('sort=links&min=2500&limit=50');
    assert.ok(many.data.length >= 1 && many.data.every((row) => row.links_count >= 2500), JSON.stringify(many.data.map((row) => row.links_count)));
    assert.equal(many.meta.truncated, false);
    assert.deepEqual((await rank('sort=monitors&min=1000000')).data, []);
    // A message of the node's own may wait somewhere for a moment.
    const filled = () => world.target.eval('length([Pid || {Count, Pid} <- truth:values(message_queue_len), Count > 0])');
    let waiting;
    await until('those whose mailbox is empty to be left out', async () => (await rank('sort=message_queue_len&limit=200')).data.length === (waiting = await filled()));
    const all = await rank('sort=message_queue_len&limit=200&min=0');
    assert.equal(all.data.length, Math.min(200, all.meta.scanned_count));
    for (const more of ['order=asc', 'window_ms=100']) assert.ok((await rank(`sort=message_queue_len&limit=200&${more}`)).data.length > waiting, more);
  });

  test('one scan answers every ranking: two sort keys cost one question', async () => {
    const counter = await world.target.eval('truth:watch_questions()');
    for (const key of ['memory', 'message_queue_len', 'reductions', 'monitors', 'links']) {
      await world.gauge.get(`nodes/${world.target.name}/processes?sort=${key}&max_age_ms=60000&limit=7`);
    }
    const asked = await world.target.eval(`truth:questions(list_to_pid("${counter}"))`);
    assert.ok(asked <= 1, `${asked} questions`);
  });

  test('a row says what a process is', async () => {
    const pid = await world.target.eval('plant:named(<<"a_name_to_find">>)');
    const { data } = await world.gauge.get(`nodes/${world.target.name}/processes/${path(pid)}`);
    assert.equal(data.pid, pid);
    assert.equal(data.registered_name, 'a_name_to_find');
    assert.equal(data.status, 'waiting');
    assert.deepEqual([data.current_function.module, data.current_function.function, data.current_function.arity], ['plant', 'wait', 0]);
    assert.equal(data.current_function.text, 'plant:wait/0');
    for (const [field, key] of [['memory_bytes', 'memory'], ['total_heap_bytes', 'total_heap'], ['stack_bytes', 'stack'], ['links_count', 'links'],
      ['monitors_count', 'monitors'], ['monitored_by_count', 'monitored_by'], ['message_queue_len', 'message_queue_len']]) {
      assert.equal(data[field], await truth(key, pid), field);
    }
    assert.equal(data.parent, world.release >= 25 ? world.control : null, 'known since OTP 25');
    assert.equal(data.trap_exit, false);
    assert.equal(data.priority, 'normal');
    assert.equal(data.message_queue_data, 'on_heap');
    assert.ok(data.group_leader);
    assert.ok(data.stack.some((frame) => frame.module === 'plant' && frame.function === 'wait'), JSON.stringify(data.stack));
    assert.ok(data.garbage_collection);
    assert.equal(data.memory_split.heap_bytes, data.total_heap_bytes);
    assert.equal(data.memory_split.off_heap_bytes, data.off_heap_bytes);
    const angled = await world.gauge.api(`nodes/${world.target.name}/processes/${encodeURIComponent(pid)}`);
    assert.equal(angled.status, 200, 'with its brackets too');
  });

  test('a label is reported, also on releases that have no function to set one', async () => {
    const pid = await world.target.eval('plant:pretending({till, 7})');
    const { data } = await world.gauge.get(`nodes/${world.target.name}/processes/${path(pid)}`);
    assert.equal(data.label, '{till,7}');
  });

  test('relations are counted by peer, as brute force counts them', async () => {
    const [watcher, a, b] = await world.target.eval(
      'A = plant:idle(), B = plant:named(<<"relations_peer">>), W = plant:watcher([{A, 300}, {B, 50} | [{P, 1} || P <- plant:idle(20)]]), [W, A, B]');
    const { data } = await world.gauge.get(`nodes/${world.target.name}/processes/${path(watcher)}/relations?direction=all&limit=5`);
    assert.deepEqual(data.map((row) => row.direction).sort(), ['links', 'monitored_by', 'monitors']);
    const monitors = data.find((row) => row.direction === 'monitors');
    assert.equal(monitors.count, 370);
    assert.equal(monitors.distinct_count, 22);
    assert.ok(Math.abs(monitors.duplication_ratio - 370 / 22) < 0.01);
    assert.equal(monitors.exact, true);
    assert.equal(monitors.top_peers.length, 5);
    assert.deepEqual(monitors.top_peers.slice(0, 2).map((peer) => [peer.pid, peer.count]), [[a, 300], [b, 50]]);
    assert.equal(monitors.top_peers[1].name, 'relations_peer');
    assert.equal(monitors.top_peers[0].alive, true);
    assert.equal(monitors.top_peers[0].node, world.target.name);
    const reverse = await world.gauge.data(world.target, `processes/${path(a)}/relations?direction=monitored_by`);
    assert.equal(reverse.length, 1);
    assert.deepEqual([reverse[0].count, reverse[0].distinct_count, reverse[0].top_peers[0].pid], [300, 1, watcher]);
  });

  test('every kind of entry is shown as what it is', async () => {
    const pid = await world.target.eval('plant:kinds(plant:idle())');
    const data = await world.gauge.data(world.target, `processes/${path(pid)}/relations?direction=all`);
    const monitors = data.find((row) => row.direction === 'monitors');
    assert.equal(monitors.count, 4);
    assert.equal(monitors.top_peers.filter((peer) => peer.pid).length, 2);
    const named = monitors.top_peers.find((peer) => !peer.pid && peer.name);
    assert.deepEqual([named.name, named.node], ['code_server', world.target.name]);
    assert.match(monitors.top_peers.find((peer) => peer.port).port, /^#Port<0\.\d+>$/);
    const links = data.find((row) => row.direction === 'links');
    assert.equal(links.count, 2, 'a port and a process');
    assert.equal(links.top_peers.filter((peer) => peer.port).length, 1);
  });

  test('a dead process is 410, and what is no pid 400', async () => {
    const dead = await world.target.eval('plant:dead()');
    for (const part of ['', '/relations']) {
      const answer = await world.gauge.ask(world.target, `processes/${path(dead)}${part}`);
      assert.equal(answer.status, 410, answer.text);
      assert.equal(answer.body.code, 'process_dead');
    }
    const never = await world.gauge.ask(world.target, 'processes/0.9999999.0');
    assert.deepEqual([never.status, never.body.code], [410, 'process_dead'], never.text);
    const foreign = await world.gauge.ask(world.target, 'processes/1.2.3');
    assert.deepEqual([foreign.status, foreign.body.code], [404, 'not_found'], foreign.text);
    for (const pid of ['x', '0.1', '0.1.2.3', '-0.1.0', '0.1.0x', '0..0', '0.99999999999999999999.0', '%3C0.1.0', 'init', '0.1.0%00']) {
      const answer = await world.gauge.ask(world.target, `processes/${pid}`);
      assert.equal(answer.status, 400, `${pid}: ${answer.text}`);
      assert.equal(answer.body.errors[0].param, 'pid');
    }
  });

  test('parameters that are none are 400 with their name', async () => {
    const bad = { sort: ['sort=size', 'sort=', 'sort=memory,links', 'sort=MEMORY'], limit: ['limit=0', 'limit=-1', 'limit=x', 'limit=1e3',
      'limit=99999999', 'limit=+5', 'limit=%205', 'limit=99999999999999999999'], order: ['order=up'], min: ['min=-1', 'min=x'],
      window_ms: ['window_ms=-1', 'window_ms=600000000', 'window_ms=1.5'], max_age_ms: ['max_age_ms=-1'], timeout_ms: ['timeout_ms=60001', 'timeout_ms=0'],
      format: ['format=xml'], colour: ['colour=red'] };
    for (const [param, queries] of Object.entries(bad)) {
      for (const query of queries) {
        const answer = await world.gauge.ask(world.target, `processes?${query}`);
        assert.equal(answer.status, param === 'format' ? answer.status : 400, `${query}: ${answer.status}`);
        assert.ok([400, 406].includes(answer.status), `${query}: ${answer.status}`);
        assert.ok(answer.body.errors?.some((error) => error.param === param), `${query}: ${answer.text}`);
      }
    }
    const twice = await world.gauge.ask(world.target, 'processes?limit=1&limit=2');
    assert.equal(twice.status, 400, 'a parameter given twice');
  });

  test('nothing it asks collects garbage or changes a process', async () => {
    const pid = world.planted.memory;
    const before = await world.target.eval(`process_info(list_to_pid("${pid}"), [reductions, garbage_collection, total_heap_size])`);
    for (let n = 0; n < 3; n++) await rank('sort=binary');
    await world.gauge.ask(world.target, `processes/${path(pid)}`);
    const after = await world.target.eval(`process_info(list_to_pid("${pid}"), [garbage_collection, total_heap_size])`);
    assert.deepEqual(after[0], before[1]);
    assert.deepEqual(after[1], before[2]);
  });
});
