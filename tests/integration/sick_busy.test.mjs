// Nodes with busy schedulers: every question is answered within the default timeout, and says what was left out.
import assert from 'node:assert/strict';
import { examine, patient, stretched } from './lib/sick.mjs';
import { suite } from './lib/suite.mjs';

const IDLE = Number(process.env.BG_PROCESSES ?? 20_000);
const ASKED = [ // besides each path once
  'processes?sort=memory', 'processes?sort=reductions', 'processes?sort=message_queue_len', 'processes?sort=monitors', 'processes?group=initial_call',
  'processes?sort=reductions&window_ms=200', 'processes?sort=memory&window_ms=200', 'monitors?by=monitored_by',
  'check?assert=monitors_count_max:ge:0&assert=process_ratio:ge:0',
];

suite('busy nodes', {}, (world, test) => {
  // For an answer about all processes, if not all could be asked in time.
  function saysWhatItLeftOut({ path, body }) {
    const { skipped_count: skipped = 0, process_count: count, warnings = [] } = body?.meta ?? {};
    if (skipped > 0) assert.match(warnings.join(), /schedulers are busy/, `${path}: ${skipped} of ${count} were left out, and all that is said is: ${warnings.join()}`);
  }

  // An assertion that holds only for those that answered does not pass.
  const isPartialCheck = ({ path, status, detail }) => path.includes('/check?') && status === 504 && /^it holds for those that answered, but \d+ of/.test(detail);

  // A process that works without a pause is ranked before all that wait, by its change between its own two samples; or it is named.
  async function rankedOverAWindow(node, gauge, busy) {
    const list = `[list_to_pid(Text) || Text <- ${JSON.stringify(busy)}]`;
    const reductions = async () => new Map(await node.eval(`[[Pid, element(2, process_info(Pid, reductions))] || Pid <- ${list}]`));
    const [before, began] = [await reductions(), performance.now()];
    const { status, body, text } = await gauge.api(stretched(`nodes/${node.name}/processes?sort=reductions&window_ms=1000&limit=100&max_age_ms=0`));
    assert.equal(status, 200, text);
    const [after, seconds] = [await reductions(), (performance.now() - began) / 1000];
    const { data, meta } = body;
    const ranked = data.map(({ pid }) => pid);
    const missing = busy.filter((pid) => !ranked.includes(pid));
    if (missing.length > 0) assert.match(meta.warnings.join(), new RegExp(`^${missing.length} of the processes that are not ranked`), `${missing}: ${meta.warnings}`);
    assert.equal(meta.exact, meta.skipped_count === 0, JSON.stringify(meta));
    for (const row of data.slice(0, busy.length - missing.length)) {
      assert.ok(busy.includes(row.pid), `${row.pid} waits: ${JSON.stringify(row)}`);
      const { reductions_count_delta: delta, reductions_count_per_second: rate } = row;
      assert.ok(delta > 0 && delta <= after.get(row.pid) - before.get(row.pid), JSON.stringify(row));
      assert.ok(delta / rate >= 0.99 && delta / rate <= seconds, `${seconds} s: ${JSON.stringify(row)}`);
    }
  }

  for (const spinning of [8, 60]) {
    test(`${spinning} processes that never wait, on 2 schedulers, beside ${IDLE} that do: every question is answered`, async (t) => {
      const { node, gauge, questions, keeper } = await patient(world, { flags: ['+S', '2:2'], isVaried: false });
      const all = [...questions, ...ASKED.map((path) => `nodes/${node.name}/${path}&max_age_ms=0`)];
      const busy = await node.eval(`sick:idle(${IDLE}), sick:busy(${spinning})`);
      await keeper.remember();
      const rows = await examine(t, gauge, all, { allows: isPartialCheck, asked: stretched });
      rows.forEach(saysWhatItLeftOut);
      for (const sort of ['reductions', 'message_queue_len']) { // the emulator reports these without the process
        const { data, meta } = rows.find(({ path }) => path.includes(`/processes?sort=${sort}&max`)).body;
        assert.equal(meta.exact, true, `${sort}: ${JSON.stringify(meta)}`);
        if (sort === 'reductions') assert.ok(data.length > 1, sort); // hardly any has a message
      }
      const probe = await gauge.api(`/probe?target=${node.name}&max_age_ms=0`);
      for (const question of ['memory', 'system', 'scan']) assert.match(probe.text, new RegExp(`^beam_probe_answered{question="${question}"} 1$`, 'm'));
      await rankedOverAWindow(node, gauge, busy);
      const top = await gauge.api('chat?format=text', { method: 'POST', body: { text: `top ${node.name} reductions` } });
      assert.match(top.text, /reductions/, top.text);
      await keeper.nothingLeft();
      await node.eval('sick:cure()', 60_000);
      await node.stop();
      await gauge.stop();
    });
  }
});
