// Mailboxes of millions: every question is answered, and the culprits stand where they belong.
import assert from 'node:assert/strict';
import { examine, patient, questionsOf } from './lib/sick.mjs';
import { suite } from './lib/suite.mjs';

const MESSAGES = Number(process.env.BG_MESSAGES ?? 1_000_000);

suite('millions', {}, (world, test) => {
  test(`${MESSAGES} messages on a heap, and as many off it: every question is answered, and nothing of it is a monitor`, async (t) => {
    const { node, gauge, keeper } = await patient(world);
    const pid = await node.eval(`sick:mailbox(${MESSAGES})`);
    const other = await node.eval(`sick:mailbox(${MESSAGES}, small, off_heap)`);
    await keeper.remember();
    const rows = await examine(t, gauge, await questionsOf(gauge, node, pid));
    const { body } = rows.find(({ path }) => path.includes('/processes?sort=message_queue_len'));
    assert.deepEqual(body.data.slice(0, 2).map((row) => row.message_queue_len), [MESSAGES, MESSAGES]);
    assert.deepEqual(body.data.slice(0, 2).map((row) => row.pid).sort(), [pid, other].sort());
    const { text } = await gauge.ask(node, 'processes?sort=message_queue_len&limit=2&format=text');
    assert.match(text, /^<.*  ≥ \d+\.\d [MG]iB  /m); // no more is known of its memory
    const monitors = rows.find(({ path }) => path.includes('/monitors?max_age')).body;
    assert.deepEqual(monitors.data.filter((row) => [pid, other].includes(row.pid)), []);
    const mem = await gauge.api('chat?format=text', { method: 'POST', body: { text: `mem ${node.name}` } });
    assert.doesNotMatch(mem.text, /monitors\D*\d+(\.\d+)? [MG]iB/);
    await keeper.nothingLeft();
    await node.stop();
    await gauge.stop();
  });

  // The process never looks at its messages, which interpreted code would take for ever to do.
  const fill = (pid) => `[begin P = list_to_pid("${pid}"), P ! {message, I} end || I <- lists:seq(1, ${MESSAGES})], element(2, process_info(list_to_pid("${pid}"), message_queue_len))`;

  test(`garbage is not collected by the way where ${MESSAGES} messages would be walked and copied, and the answer says so`, async () => {
    const { node, gauge } = await patient(world, { isVaried: false });
    const pid = await node.eval(`begin Self = self(),
      P = spawn(fun() -> Kept = [binary:copy(<<1>>, 1000000) || _ <- lists:seq(1, 50)], erlang:garbage_collect(), Self ! ready, timer:sleep(infinity), Kept end),
      receive ready -> P end end`);
    const rows = async () => {
      const { data, meta } = (await gauge.ask(node, 'binaries/collect?limit=5', { method: 'POST', body: {} })).body;
      return { mine: data.processes.filter((row) => row.pid === pid), warnings: meta.warnings.join() };
    };
    assert.equal((await rows()).mine.length, 1); // as long as its mailbox is short
    await node.eval(fill(pid));
    await node.eval(`begin T = spawn(fun() -> register(collected, self()), receive stop -> ok end end), erlang:trace(list_to_pid("${pid}"), true, [garbage_collection, {tracer, T}]) end`);
    const { mine, warnings } = await rows();
    assert.deepEqual(mine, []);
    assert.match(warnings, /1 process has more than 100,000 messages/);
    assert.equal(await node.eval('element(2, process_info(whereis(collected), message_queue_len))'), 0);
    await node.stop();
    await gauge.stop();
  });

  test(`one with ${MESSAGES} messages is traced as any other, and its monitors are not looked at afterwards`, async () => {
    const { node, gauge } = await patient(world, { isVaried: false });
    const pid = await node.eval('spawn(fun() -> (fun Loop() -> monitor(process, {nobody, node()}), timer:sleep(5), Loop() end)() end)');
    const trace = async () => {
      const { body, status, text } = await gauge.ask(node, `processes/${pid.slice(1, -1)}/call-sites`, { method: 'POST', body: { duration_ms: 500 } });
      assert.equal(status, 200, text);
      const [site] = body.data;
      assert.ok(site.monitor_count > 0, text);
      return site;
    };
    await trace();
    await node.eval(fill(pid));
    assert.equal((await trace()).ended_count, 0); // what it has is not looked at: none is said to have ended
    // They are all there still, and one more for each monitor, as nobody has that name.
    assert.ok(await node.eval(`element(2, process_info(list_to_pid("${pid}"), message_queue_len))`) >= MESSAGES);
    await node.stop();
    await gauge.stop();
  });
});
