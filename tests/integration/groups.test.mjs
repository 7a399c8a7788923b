// Processes and monitors in groups: sums over all processes, not over the top ones.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';
import { steady } from './lib/wait.mjs';

suite('groups', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.target = await world.node();
  await world.gauge.register(world.target);
  await world.target.eval('plant:sleepers(3000)');
  world.watched = await world.target.eval('plant:idle()');
  await world.target.eval(`[plant:watcher([{list_to_pid("${world.watched}"), 100}]) || _ <- lists:seq(1, 30)], ok`);
  await world.target.eval('plant:named(<<"busy">>) ! message, ok');
} }, (world, test) => {
  const ask = (path) => world.gauge.get(`nodes/${world.target.name}/${path}&max_age_ms=0`);

  test('every process is in one group, with the sums of all', async () => {
    const { data, meta } = await ask('processes?group=initial_call&sort=memory&limit=1000');
    const sleepers = data.find((row) => row.group === 'timer:sleep/1');
    assert.equal(sleepers.process_count, 3000);
    const [sum, most] = await world.target.eval(`M = [element(2, process_info(P, memory)) || P <- processes(),
      {timer, sleep, 1} =:= proc_lib:translate_initial_call(P)], [lists:sum(M), lists:max(M)]`);
    assert.deepEqual([sleepers.memory_bytes, sleepers.max_memory_bytes], [sum, most]);
    assert.equal(data.reduce((total, row) => total + row.process_count, 0), meta.scanned_count);
    assert.deepEqual(data.map((row) => row.memory_bytes), data.map((row) => row.memory_bytes).sort((a, b) => b - a));
    assert.equal(sleepers.monitors_count, null, 'not looked at');
  });

  test('by name, those without are together', async () => {
    const { data } = await ask('processes?group=registered_name&sort=message_queue_len&limit=1000&min=0');
    assert.equal(data.find((row) => row.group === 'busy').message_queue_len, 1);
    assert.ok(data.find((row) => row.group === null).process_count >= 3031);
  });

  test('by application', async () => {
    const members = () => world.target.eval('length([P || P <- processes(), {ok, kernel} =:= application:get_application(P)])');
    const { data } = await steady(members, () => ask('processes?group=application&sort=memory'));
    assert.equal(data.find((row) => row.group === 'kernel').process_count, await members());
  });

  test('watchers by what they run: 30 of 100 each are one group of 3000', async () => {
    const { data: [top], meta } = await ask('monitors?by=monitors&group=initial_call');
    assert.ok(top.monitors_count >= 3000 && top.monitors_count < 3100, JSON.stringify(top));
    assert.ok(top.max_monitors_count >= 100 && top.max_monitors_count < 200);
    assert.equal(meta.exact, true);
    const { data: [watched] } = await ask('monitors?by=monitored_by&group=registered_name');
    assert.deepEqual([watched.group, watched.max_monitored_by_count], [null, 3000]);
  });

  test('labels, where the release has them, else 422', async () => {
    const answer = await world.gauge.ask(world.target, 'processes?group=label&max_age_ms=0');
    const release = Number(await world.target.eval('list_to_binary(erlang:system_info(otp_release))'));
    if (release >= 27) {
      await world.target.eval('plant:pretending({till, 7}), ok');
      const { data } = await ask('processes?group=label&limit=1000');
      assert.equal(data.find((row) => row.group === '{till,7}').process_count, 1);
    } else {
      assert.deepEqual([answer.status, answer.body.code], [422, 'unsupported']);
    }
  });

  test('tables have the columns of groups, and refuse what groups cannot', async () => {
    const text = await world.gauge.ask(world.target, 'processes?group=application&format=text');
    assert.match(text.text.split('\n')[0], /^Group +Processes +Memory/);
    const csv = await world.gauge.ask(world.target, 'monitors?group=application&format=csv');
    assert.match(csv.text.split('\r\n')[0], /^group,process_count,memory_bytes,/);
    for (const more of ['order=asc', 'window_ms=1000', 'sort=binary', 'group=colour']) {
      const answer = await world.gauge.ask(world.target, `processes?${more.startsWith('group') ? '' : 'group=label&'}${more}`);
      assert.equal(answer.status, 400, answer.text);
    }
  });
});
