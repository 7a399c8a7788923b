// Long and short names, IPv4 and IPv6, and what is discovered by itself.
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { Folder, startBeamgauge } from './lib/beamgauge.mjs';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const hasIpv6 = Object.values(networkInterfaces()).flat().some((address) => address.address === '::1');

suite('names', {}, (world, test) => {
  for (const kind of ['long', 'short', 'ipv6']) {
    test(`a node with a ${kind} name answers`, async (t) => {
      if (kind === 'ipv6' && !hasIpv6) return t.skip('this machine has no ::1');
      const gauge = await world.beamgauge();
      const node = await world.node({ kind });
      await gauge.register(node);
      const { data, meta } = await gauge.get(`nodes/${node.name}/system`);
      assert.equal(data.otp_release, await node.eval('list_to_binary(erlang:system_info(otp_release))'));
      assert.equal(meta.node, node.name);
    });
  }

  test('the service itself listens on IPv6', async (t) => {
    if (!hasIpv6) return t.skip('this machine has no ::1');
    const gauge = world.keep(await startBeamgauge(world.epmd, { listen: '[::1]:0' }));
    assert.equal((await gauge.api('/livez')).status, 200);
  });

  test('without any node named, those of the local epmd that take the user\'s cookie are registered', async () => {
    const [own, foreign] = [await world.node(), await world.node()];
    const folder = await Folder.make();
    world.keep({ stop: () => folder.remove() });
    await folder.write('.erlang.cookie', own.cookie);
    const gauge = await world.beamgauge({ folder, sections: { server: { discover: 'true' } } });
    await until('the node to be discovered', async () => (await gauge.get('nodes')).data.some((row) => row.node === own.name && row.state === 'up'));
    const { data } = await gauge.get('nodes');
    assert.equal(data.find((row) => row.node === own.name).origin, 'epmd');
    assert.ok(!data.some((row) => row.node === foreign.name && row.state === 'up'));
    assert.ok((await gauge.data(own, 'memory')).total_bytes > 0);
  });

  test('--node and --cookie-file name a node on the command line', async () => {
    const node = await world.node();
    const folder = await Folder.make();
    world.keep({ stop: () => folder.remove() });
    const gauge = await world.beamgauge({ folder, args: ['--node', node.name, '--cookie-file', await folder.cookie(node)] });
    const info = await gauge.up(node);
    assert.equal(info.origin, 'config');
  });
});
