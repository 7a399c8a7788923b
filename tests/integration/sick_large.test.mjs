// Leaks of millions: every question is answered, and the culprits stand where they belong.
import assert from 'node:assert/strict';
import { examine, patient, questionsOf } from './lib/sick.mjs';
import { suite } from './lib/suite.mjs';

const REMOTE = Number(process.env.BG_REMOTE_ENTRIES ?? 250_000);
const LOCAL = Number(process.env.BG_LOCAL_ENTRIES ?? 500_000);

suite('large leaks', {}, (world, test) => {
  const is = (pid, node) => (ref) => ref.pid === pid && ref.node === node.name;

  test(`${LOCAL} monitors in one pair: it is on top, with its peer, whatever is asked`, async (t) => {
    const { node, gauge, keeper } = await patient(world);
    const [watcher, watched] = await node.eval(`sick:leak(${LOCAL})`);
    await keeper.remember();
    const rows = await examine(t, gauge, await questionsOf(gauge, node, watcher));
    const body = (part) => rows.find(({ path }) => path.includes(part)).body;
    const [pair] = body('/monitors/pairs?').data;
    assert.ok(is(watcher, node)(pair.watcher) && is(watched, node)(pair.watched), JSON.stringify(pair));
    assert.ok(Math.abs(pair.count / LOCAL - 1) < 0.05, JSON.stringify(pair));
    assert.equal(body('/monitors?max_age').data[0].pid, watcher);
    assert.equal(body('/monitors?by=monitored_by').data[0].pid, watched);
    assert.equal(body('/processes?sort=monitors').data[0].pid, watcher);
    assert.equal(body('/processes?sort=monitored_by').data[0].pid, watched);
    await keeper.nothingLeft();
    await node.stop();
    await gauge.stop();
  });

  test(`${REMOTE} monitors of a process on another node: the pair is on top on its node and in the fleet`, async (t) => {
    const { node, gauge, keeper } = await patient(world);
    const other = await world.node({ modules: ['truth', 'sick'], cookie: node.cookie });
    await gauge.register(other);
    const [watcher, shown] = await node.eval(`pong = net_adm:ping('${other.name}'), sick:leak_remote(${REMOTE}, '${other.name}')`, 180_000);
    const watched = shown.replace(/^<\d+/, '<0');
    await keeper.remember();
    const rows = await examine(t, gauge, await questionsOf(gauge, node, watcher));
    await examine(t, gauge, await questionsOf(gauge, other, watched, { isVaried: false }));
    const fleet = await gauge.api('pairs?max_age_ms=0');
    for (const { data } of [rows.find(({ path }) => path.includes('/monitors/pairs?')).body, fleet.body]) {
      assert.ok(is(watcher, node)(data[0].watcher) && is(watched, other)(data[0].watched), JSON.stringify(data.slice(0, 3)));
      assert.ok(Math.abs(data[0].count / REMOTE - 1) < 0.05, JSON.stringify(data[0]));
    }
    await keeper.nothingLeft();
  });
});
