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
    const monitors = rows.find(({ path }) => path.includes('/monitors?max_age')).body;
    assert.deepEqual(monitors.data.filter((row) => [pid, other].includes(row.pid)), []);
    const mem = await gauge.api('chat?format=text', { method: 'POST', body: { text: `mem ${node.name}` } });
    assert.doesNotMatch(mem.text, /monitors\D*\d+(\.\d+)? [MG]iB/);
    await keeper.nothingLeft();
    await node.stop();
    await gauge.stop();
  });
});
