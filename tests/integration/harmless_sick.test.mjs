// Questions do not make a sick node worse: many clients ask everything for some seconds; the node survives, is no slower than it must be, and nothing remains.
import assert from 'node:assert/strict';
import { Keeper, limitMs, questionsOf } from './lib/sick.mjs';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const SECONDS = 4;
const CLIENTS = 3;
const SLACK_MS = 3000; // of a machine that has other work
const DELAY_MS = 400; // and of what the node itself may feel, far above what is seen
const PROCESSES = Number(process.env.BG_PROCESSES ?? 20_000);
const MESSAGES = Number(process.env.BG_MESSAGES ?? 1_000_000);
const ENTRIES = Number(process.env.BG_LOCAL_ENTRIES ?? 2_000_000);

const small = ['+t', '32768'];
const isLate = ({ code }) => code === 'deadline'; // several share what a busy node or process leaves them; one alone is answered (sick_busy, sick_large)
const is422 = ({ status, code }) => status === 422 && code === 'atom_table_nearly_full';
const ILLNESSES = [
  { label: `8 processes that never wait, on 2 schedulers, beside ${PROCESSES} that do`, flags: ['+S', '2:2'], make: `sick:idle(${PROCESSES}), sick:busy(8)`, allows: isLate },
  { label: `a mailbox of ${MESSAGES}`, make: `sick:mailbox(${MESSAGES})` },
  { label: `a leak of ${ENTRIES} monitors`, make: `sick:leak(${ENTRIES})`, allows: isLate },
  { label: 'room for 3000 more atoms', flags: small, make: 'sick:fill_atoms(3000)', isNew: true, atoms: 700 },
  { label: 'room for 1000 more atoms', flags: small, make: 'sick:fill_atoms(1000)', isNew: true, atoms: 100, allows: is422 },
];

suite('harmless to the sick', {}, (world, test) => {
  const left = (node) => node.eval(`
    Patterns = [{N, A} || {N, A} <- erlang:module_info(exports), {all, T} <- [erlang:trace_info({erlang, N, A}, all)], is_list(T), T =/= []],
    Flags = [P || P <- processes(), {flags, F} <- [erlang:trace_info(P, flags)], F =/= []],
    [lists:sort(registered()), length(erlang:ports()), Patterns, Flags]`);

  // Asks for everything, with so many clients in parallel, for so long. Returns what is wrong.
  async function askAll(gauge, questions, allows) {
    const end = Date.now() + SECONDS * 1000;
    const seen = { asked: 0, wrong: [], slowest: 0 };
    const client = async (_, number) => {
      for (let at = number; Date.now() < end; at += CLIENTS) {
        const path = questions[at % questions.length];
        const { status, ms, body, text } = await gauge.api(path);
        seen.asked++;
        seen.slowest = Math.max(seen.slowest, ms);
        if ((status !== 200 && !allows({ path, status, code: body?.code })) || ms > limitMs(path)) seen.wrong.push(`${status} ${Math.round(ms)} ms ${path}: ${text.slice(0, 200)}`);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    return seen;
  }

  for (const { label, flags = [], make, isNew = false, atoms = 0, allows = () => false } of ILLNESSES) {
    test(`${label}: it lives, answers itself as before, and nothing stays`, async (t) => {
      const node = await world.node({ modules: ['truth', 'sick', 'ping'], flags });
      t.after(() => node.stop()); // else it goes on to work beside the other tests
      const gauge = await world.beamgauge();
      const questions = await questionsOf(gauge, node, '<0.0.0>', { isVaried: false });
      const pong = () => node.eval(`ping:pong(${SECONDS * 1000})`);
      await node.eval('ping:pong(10)');
      const keeper = await Keeper.of(node);
      const begin = async () => {
        await gauge.register(node);
        if (!isNew) for (const path of questions) await gauge.api(path);
      };
      if (!isNew) await begin();
      await left(node);
      let before = await left(node);
      await node.eval(`${make}, ok`);
      const alone = await pong();
      await keeper.remember();
      if (isNew) {
        await begin();
        before = await left(node); // the connection stays
        await keeper.remember();
      }
      const [asked, seen] = await Promise.all([pong(), askAll(gauge, questions, allows)]);
      t.diagnostic(`${label}: p99 of a round trip ${alone} us alone, ${asked} us while ${seen.asked} questions were asked by ${CLIENTS} at once; the slowest took ${Math.round(seen.slowest)} ms`);
      assert.deepEqual(seen.wrong, []);
      assert.ok(asked < 10 * alone + DELAY_MS * 1000, `${asked} us, ${alone} us alone`);

      const { ms } = await gauge.api(`nodes/${node.name}/processes?sort=binary&timeout_ms=100&max_age_ms=0`);
      assert.ok(ms < 100 + SLACK_MS, `a deadline of 100 ms: ${ms} ms`);
      await keeper.nothingLeft({ atoms });
      await node.eval('sick:cure()');
      await until('its registered names, ports and traces to be as before', async () => {
        assert.deepEqual(await left(node), before);
        return true;
      });
      await gauge.stop();
    });
  }

  test('on a busy node all rankings that are asked for at once are one scan', async (t) => {
    const node = await world.node({ modules: ['truth', 'sick'], flags: ['+S', '2:2'] });
    t.after(() => node.stop());
    const gauge = await world.beamgauge();
    await gauge.register(node);
    await gauge.api(`nodes/${node.name}/processes`);
    await node.eval('sick:idle(2000), sick:busy(4), ok');
    const scans = async () => {
      const { text } = await gauge.api('/metrics');
      return [...text.matchAll(/^beamgauge_rpcs_total\{question="scan",[^}]*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
    };
    const before = await scans();
    const rankings = ['memory', 'message_queue_len', 'reductions', 'total_heap', 'monitors'].map((sort) => gauge.api(`nodes/${node.name}/processes?sort=${sort}&max_age_ms=0&timeout_ms=60000`));
    for (const { status, text } of await Promise.all(rankings)) assert.equal(status, 200, text);
    assert.ok(before >= 1, 'scans are counted');
    assert.equal((await scans()) - before, 1);
  });
});
