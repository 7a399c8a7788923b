// A process that does not answer and blocks a scheduler, like a bad NIF: every question is answered, and only that process is left out.
import assert from 'node:assert/strict';
import { examine, patient, stretched } from './lib/sick.mjs';
import { suite } from './lib/suite.mjs';

const IDLE = 3000;
const DEAF_SECONDS = 240; // reckoned by a short trial, which other work makes look slow; it is not waited for
const BESIDE = 2; // questions at a time, so that all are asked before it has done

suite('one that does not answer', {}, (world, test) => {
  test('a node with a blocked scheduler is reported without what only that scheduler knows', async (t) => {
    const { node, gauge, questions } = await patient(world, { flags: ['+S', '2:2'], isVaried: false });
    await node.eval(`sick:idle(${IDLE}), ok`);
    const pid = await node.eval(`sick:deaf(${DEAF_SECONDS})`);
    const own = gauge.api(`nodes/${node.name}/processes/${pid.slice(1, -1)}?timeout_ms=1000`);
    const assertions = ['process_ratio:ge:0', 'monitors_count_max:ge:0'].map((text) => `assert=${text}`).join('&');
    const all = [...questions, `nodes/${node.name}/processes?sort=memory&window_ms=200&max_age_ms=0`, `nodes/${node.name}/check?${assertions}&max_age_ms=0`];
    const parts = Array.from({ length: BESIDE }, (_, part) => all.filter((_, at) => at % BESIDE === part));
    const rows = (await Promise.all(parts.map((part) => examine(t, gauge, part, { asked: stretched })))).flat();
    for (const { path, body } of rows) {
      const skipped = body?.meta?.skipped_count ?? 0;
      assert.ok(skipped <= 1, `${path}: ${skipped} were left out: ${JSON.stringify(body?.meta)}`);
    }
    const skipped = rows.filter(({ body }) => body?.meta?.skipped_count === 1).map(({ path }) => path);
    assert.ok(['/processes?max', '/applications?', '/monitors?', '/binaries?'].every((part) => skipped.some((path) => path.includes(part))), skipped.join('\n'));
    const probe = await gauge.api(`/probe?target=${node.name}`);
    for (const question of ['memory', 'system', 'scan']) assert.match(probe.text, new RegExp(`^beam_probe_answered{question="${question}"} 1$`, 'm'));
    assert.match(probe.text, /^beam_processes \d+$/m);
    assert.equal((await own).status, 504);
    const last = await gauge.api(`nodes/${node.name}/processes?max_age_ms=0`);
    assert.equal(last.body.meta.skipped_count, 1, 'it had done before all was asked');
    await node.kill();
  });
});
