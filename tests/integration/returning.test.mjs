// Nodes that go and come back: how soon they are connected again, and what is reported about them meanwhile.
import assert from 'node:assert/strict';
import { randomName } from './lib/node.mjs';
import { suite } from './lib/suite.mjs';
import { sleep, SOON_MS, until } from './lib/wait.mjs';

const DEFAULTS = { retry_min_ms: 500, retry_max_ms: 30_000 };

suite('returning', {}, (world, test) => {
  const downLines = (gauge, node) => gauge.child.lines('stderr').filter((line) => /event=link_down/.test(line) && /level=warn/.test(line) && line.includes(node.name));

  test('a node that is killed and started again and again is tried within a second each time', async () => {
    const gauge = await world.beamgauge({ sections: { limits: DEFAULTS } });
    let node = await world.node({ modules: [] });
    await gauge.register(node);
    for (let round = 1; round <= 5; round++) {
      await sleep(300); // the connection has to be a good one
      await node.kill();
      await gauge.failed(node, 'node_not_in_epmd');
      for (let look = 0; look < 20; look++) {
        const { state, retry_in_ms } = await gauge.info(node);
        assert.equal(state, 'waiting');
        assert.ok(retry_in_ms <= 600, `round ${round}: the next try is in ${retry_in_ms} ms`);
        await sleep(60);
      }
      node = await world.node({ name: node.name, cookie: node.cookie, modules: [] });
      await gauge.up(node);
    }
    assert.equal((await gauge.info(node)).losses_count, 5);
  });

  test('while a node is away it has been so since one moment, for one reason, and that is logged once', async () => {
    const gauge = await world.beamgauge({ sections: { limits: DEFAULTS } });
    const node = await world.node();
    const up = await gauge.register(node);
    await sleep(300);
    await node.kill();
    const { since_at } = await gauge.failed(node, 'node_not_in_epmd');
    assert.ok(since_at > up.since_at);
    for (let look = 0; look < 100; look++) {
      const info = await gauge.info(node);
      assert.deepEqual([info.state, info.reason.code, info.since_at], ['waiting', 'node_not_in_epmd', since_at]);
      assert.ok(info.retry_in_ms >= 0);
      await sleep(25);
    }
    const reasons = downLines(gauge, node).map((line) => /reason=(\w+)/.exec(line)[1]);
    assert.deepEqual(reasons, ['connection_lost', 'node_not_in_epmd']);
  });

  test('a name that never was there is tried less and less often, unless somebody asks for it', async () => {
    const gauge = await world.beamgauge({ sections: { limits: { retry_min_ms: 25_000, retry_max_ms: 30_000 } } });
    const name = `${randomName()}@127.0.0.1`;
    await gauge.put(name, { cookie: 'Cookie' });
    const { since_at, retry_in_ms } = await gauge.failed(name, 'node_not_in_epmd');
    assert.ok(retry_in_ms > 15_000);
    const node = await world.node({ name, cookie: 'Cookie' });
    await sleep(1000);
    assert.equal((await gauge.info(node)).state, 'waiting');
    assert.equal((await gauge.info(node)).since_at, since_at);
    assert.equal((await gauge.ask(node, 'memory')).status, 502);
    await until('it to be joined', async () => (await gauge.info(node)).state === 'up', { timeout: SOON_MS });
    assert.equal((await gauge.ask(node, 'memory')).status, 200);
  });

  test('requests for a node that is away do not make it be tried more than once a second', async () => {
    const gauge = await world.beamgauge({ args: ['--log-level', 'debug'], sections: { limits: { retry_min_ms: 25_000, retry_max_ms: 30_000 } } });
    const name = `${randomName()}@127.0.0.1`;
    await gauge.put(name, { cookie: 'x' });
    await gauge.failed(name, 'node_not_in_epmd');
    const tries = () => gauge.child.lines('stderr').filter((line) => line.includes(name) && line.includes('to=resolving')).length;
    const before = tries(), began = Date.now();
    await until('three tries', async () => {
      await gauge.ask(name, 'memory');
      return tries() - before >= 3;
    }, { interval: 0 });
    const tried = tries() - before, most = Math.floor((Date.now() - began) / 1000) + 1;
    assert.ok(tried <= most, `${tried} tries, at most ${most}`);
  });

  test('a refused cookie is not tried again for requests: the node logs each try', async () => {
    const gauge = await world.beamgauge({ args: ['--log-level', 'debug'] });
    const node = await world.node();
    await gauge.put(node, { cookie: 'wrong' });
    await gauge.failed(node, 'cookie_rejected');
    const tries = () => gauge.child.lines('stderr').filter((line) => line.includes(node.name) && line.includes('to=resolving')).length;
    const before = tries();
    for (const end = Date.now() + 3000; Date.now() < end; await sleep(50)) await gauge.ask(node, 'memory');
    assert.equal(tries(), before);
  });
});
