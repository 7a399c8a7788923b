// The names of processes at the other end of monitors on another node: asked there, kept, and still known when that node does not report them any more.
import assert from 'node:assert/strict';
import { connectedNodes, named, withPid } from './lib/connected.mjs';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

suite('names of peers on other nodes', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  const { hub, services: [pay, stray] } = await connectedNodes(world, ['payment_service', 'stray_service']);
  Object.assign(world, { shop: hub, pay: pay.node, stray: stray.node, service: pay.pid });
  await world.gauge.register(world.shop);
  await world.gauge.register(world.pay);
  const watched = `[{${named(world.pay, 'payment_service')}, 900}, {${named(world.stray, 'stray_service')}, 50}]`;
  world.gateway = await world.shop.eval(`P = plant:watcher(${watched}), register(gateway, P), P`);
} }, (world, test) => {
  const get = (path) => world.gauge.get(`nodes/${path}${path.includes('?') ? '&' : '?'}max_age_ms=0`);
  const relations = (more = '') => get(`${world.shop.name}/processes/${world.gateway.slice(1, -1)}/relations?direction=monitors${more}`);
  const ranked = (node, by) => get(`${node.name}/monitors?by=${by}`);
  const topOf = ({ data }, pid) => data.find((row) => row.pid === pid).top_peers;

  test('in relations and in either ranking they have the names that their own node reports', async () => {
    const identity = ({ pid, node, name, registered_name, initial_call, named_at }) => [pid, node, name, registered_name, initial_call?.text, named_at];
    const service = [world.service, world.pay.name, 'payment_service', 'payment_service', 'erlang:apply/2', undefined];
    // On a busy machine the report may be late: then the next one has it.
    await until('the watched to be named', async () => {
      assert.deepEqual(identity((await relations()).data[0].top_peers[0]), service);
      assert.deepEqual(identity(topOf(await ranked(world.shop, 'monitors'), world.gateway)[0]), service);
      const watcher = [world.gateway, world.shop.name, 'gateway', 'gateway', 'erlang:apply/2', undefined];
      assert.deepEqual(identity(topOf(await ranked(world.pay, 'monitored_by'), world.service)[0]), watcher);
      return true;
    });
  });

  test('only a caller who asks for it gets their liveness, and a process on a node that is not registered has no name', async () => {
    const { data: [{ top_peers: peers }], meta } = await relations();
    assert.deepEqual(peers.map(({ node, name, alive }) => [node, name, alive]), [[world.pay.name, 'payment_service', null], [world.stray.name, null, null]]);
    assert.deepEqual(meta.warnings, []);
    const { data: [{ top_peers: verified }] } = await relations('&verify=true');
    assert.deepEqual(verified.map(({ name, alive }) => [name, alive]), [['payment_service', true], [null, null]]);
  });

  test('a frozen node costs only the names that it has never reported', async () => {
    const unnamed = await world.pay.eval('plant:named(<<"second_service">>)');
    const watcher = await world.shop.eval(`plant:watcher([{${withPid(world.pay, unnamed)}, 300}])`);
    await world.pay.pause();
    try {
      for (const round of [1, 2]) {
        const answer = await world.gauge.get(`nodes/${world.shop.name}/monitors?max_age_ms=0&timeout_ms=10000`);
        assert.deepEqual(topOf(answer, world.gateway)[0].name, 'payment_service', `round ${round}`);
        const [peer] = topOf(answer, watcher);
        assert.deepEqual([peer.pid, peer.name, peer.count], [unnamed, null, 300]);
        assert.ok(answer.meta.warnings.some((warning) => /did not report in time/.test(warning)), JSON.stringify(answer.meta.warnings));
      }
    } finally {
      world.pay.resume();
    }
    await until('it to be named', async () => topOf(await ranked(world.shop, 'monitors'), watcher)[0].name === 'second_service', { timeout: 30_000, interval: 1000 });
    await world.shop.eval(`exit(list_to_pid("${watcher}"), kill), ok`);
  });

  test('a process on a node that has gone keeps its name, marked with the time of the report', async () => {
    // A watcher of a process on a node that goes down gets a message, and then holds nothing: so the test asks for the earlier ranking.
    const before = await ranked(world.shop, 'monitors');
    assert.equal(topOf(before, world.gateway)[0].name, 'payment_service');
    await world.pay.stop();
    await until('the link to be down', async () => (await world.gauge.get(`nodes/${world.pay.name}`)).data.state !== 'up');
    const after = await world.gauge.get(`nodes/${world.shop.name}/monitors?max_age_ms=600000`);
    const [peer] = topOf(after, world.gateway);
    assert.deepEqual([peer.pid, peer.name], [world.service, 'payment_service']);
    assert.match(peer.named_at, /^\d{4}-\d\d-\d\dT.*Z$/);
    await world.gauge.api(`nodes/${world.pay.name}`, { method: 'DELETE' });
    const deleted = await world.gauge.get(`nodes/${world.shop.name}/monitors?max_age_ms=600000`);
    const [gone] = topOf(deleted, world.gateway);
    assert.deepEqual([gone.pid, gone.name, gone.named_at], [world.service, null, undefined]);
  });
});
