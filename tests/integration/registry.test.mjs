// The registry and the states of links: every way in which a node can be there or not.
import assert from 'node:assert/strict';
import net from 'node:net';
import { freePort } from './lib/net.mjs';
import { randomCookie, randomName } from './lib/node.mjs';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const isTime = (text) => assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

suite('registry', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
} }, (world, test) => {
  test('a node is put, shown, listed, put again and deleted', async () => {
    const { gauge } = world;
    const node = await world.node();
    const created = await gauge.put(node, { cookie: node.cookie, tags: ['eu', 'blue'] });
    assert.equal(created.status, 201, created.text);
    assert.equal(created.body.data.node, node.name);
    const info = await gauge.up(node);
    assert.equal(info.reason, null);
    assert.equal(info.retry_in_ms, null);
    assert.equal(info.origin, 'api');
    assert.deepEqual(info.tags, ['eu', 'blue']);
    assert.equal(info.connects_count, 1);
    assert.equal(info.losses_count, 0);
    await until('the first look to be over', async () => (await gauge.info(node)).in_flight_count === 0);
    isTime(info.since_at);

    const list = await gauge.get('nodes');
    assert.equal(list.data.filter((row) => row.node === node.name).length, 1);
    assert.equal(list.meta.node, null);
    isTime(list.meta.collected_at);
    assert.deepEqual(list.meta.warnings, []);

    const again = await gauge.put(node, { cookie: node.cookie, tags: ['eu', 'blue'] });
    assert.equal(again.status, 200, again.text);
    assert.equal((await gauge.info(node)).connects_count, 1, 'the same thing again changes nothing');

    const gone = await gauge.api(`nodes/${node.name}`, { method: 'DELETE' });
    assert.equal(gone.status, 204);
    assert.equal(gone.text, '');
    const missing = await gauge.api(`nodes/${node.name}`);
    assert.equal(missing.status, 404);
    assert.equal(missing.body.code, 'node_unknown');
    assert.equal((await gauge.ask(node, 'memory')).status, 404);
    assert.equal((await gauge.api(`nodes/${node.name}`, { method: 'DELETE' })).status, 404);
  });

  test('a cookie that is not given again is proved nowhere else', async () => {
    const { gauge } = world;
    const node = await world.node();
    await gauge.register(node);
    assert.equal((await gauge.put(node, { tags: ['red'] })).status, 200);
    for (const elsewhere of [{ address: '127.0.0.9' }, { port: await freePort() }, { epmd_port: await freePort() }]) {
      const refused = await gauge.put(node, elsewhere);
      assert.equal(refused.status, 400, refused.text);
      assert.equal(refused.body.errors[0].param, 'cookie');
      assert.equal((await gauge.put(node, { ...elsewhere, cookie: 'another' })).status, 200);
      assert.equal((await gauge.put(node, {})).status, 400, 'and not back either');
      assert.equal((await gauge.put(node, { cookie: node.cookie })).status, 200);
    }
    await gauge.up(node);
  });

  test('no answer, log line or error ever shows a cookie', async () => {
    const { gauge } = world;
    const node = await world.node();
    await gauge.register(node);
    const texts = [(await gauge.api('nodes')).text, (await gauge.api(`nodes/${node.name}`)).text, (await gauge.put(node)).text];
    await gauge.put(node, { cookie: node.cookie, port: 'x' }).then((answer) => texts.push(answer.text));
    for (const text of [...texts, gauge.child.text('stderr')]) assert.ok(!text.includes(node.cookie));
  });

  test('a wrong cookie is reported as such, and a changed one connects', async () => {
    const { gauge } = world;
    const node = await world.node();
    await gauge.put(node, { cookie: randomCookie() });
    const info = await gauge.failed(node, 'cookie_rejected');
    assert.match(info.reason.text, /cookie/i);
    const answer = await gauge.ask(node, 'memory');
    assert.equal(answer.status, 502);
    assert.equal(answer.body.code, 'cookie_rejected');
    assert.equal((await gauge.put(node)).status, 200);
    await gauge.up(node);
  });

  test('a node that is put again and again while it connects comes up all the same', async () => {
    const gauge = await world.beamgauge();
    const node = await world.node();
    for (let round = 0; round < 5; round++) {
      // One after the other, so that every step of connecting is met by one.
      for (let n = 0; n < 30; n++) assert.ok([200, 201].includes((await gauge.put(node, { cookie: node.cookie, tags: [`t${n}`] })).status));
      assert.equal((await gauge.up(node)).reason, null);
      await gauge.put(node, { cookie: randomCookie() });
    }
    await gauge.put(node);
    await gauge.up(node);
  });

  test('a name that epmd does not know', async () => {
    const { gauge } = world;
    const name = `${randomName()}@127.0.0.1`;
    await gauge.put(name, { cookie: 'x' });
    const info = await gauge.failed(name, 'node_not_in_epmd');
    assert.ok(info.retry_in_ms === null || info.retry_in_ms >= 0);
    const answer = await gauge.ask(name, 'memory');
    assert.equal(answer.status, 502);
    assert.equal(answer.body.code, 'node_unreachable');
    assert.match(answer.body.detail, /epmd/);
  });

  test('a host that does not exist', async () => {
    const name = `${randomName()}@no-such-host.invalid`;
    await world.gauge.put(name, { cookie: 'x' });
    await world.gauge.failed(name, 'host_unknown');
  });

  test('a host without epmd', async () => {
    const port = await freePort();
    const other = await world.beamgauge({ sections: { server: { epmd_port: port } } });
    const name = `${randomName()}@127.0.0.1`;
    await other.put(name, { cookie: 'x' });
    await other.failed(name, 'epmd_unreachable');
  });

  test('an explicit port bypasses epmd, and a port where nobody listens is refused', async () => {
    const { gauge } = world;
    const refused = `${randomName()}@127.0.0.1`;
    await gauge.put(refused, { cookie: 'x', port: await freePort() });
    await gauge.failed(refused, 'port_refused');

    const distPort = await freePort();
    const node = await world.node({ distPort });
    const other = await world.beamgauge({ sections: { server: { epmd_port: await freePort() } } });
    await other.register(node, { cookie: node.cookie, port: distPort });
    assert.equal((await other.info(node)).port, distPort);
    assert.ok((await other.data(node, 'memory')).total_bytes > 0);
  });

  test('an explicit address is used in place of the name\'s host', async () => {
    const node = await world.node({ name: `${randomName()}@host.invalid` });
    await world.gauge.register(node, { cookie: node.cookie, address: '127.0.0.1' });
    assert.equal((await world.gauge.info(node)).address, '127.0.0.1');
  });

  test('another node that answers at the address is not mistaken', async () => {
    const distPort = await freePort();
    const node = await world.node({ distPort });
    const name = `${randomName()}@127.0.0.1`;
    await world.gauge.put(name, { cookie: node.cookie, port: distPort });
    await world.gauge.failed(name, 'wrong_name');
  });

  test('something that says nothing times out; something that speaks otherwise fails', async () => {
    const gauge = await world.beamgauge({ sections: { limits: { connect_timeout_ms: 500 } } });
    const listener = (talk) => new Promise((resolve) => {
      const server = net.createServer((socket) => {
        socket.on('error', () => {});
        talk(socket);
      }).listen(0, '127.0.0.1', () => resolve(server));
      world.keep({ stop: async () => void server.close() });
    });
    const silent = await listener(() => {});
    const other = await listener((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const [a, b] = [`${randomName()}@127.0.0.1`, `${randomName()}@127.0.0.1`];
    await gauge.put(a, { cookie: 'x', port: silent.address().port });
    await gauge.put(b, { cookie: 'x', port: other.address().port });
    await gauge.failed(a, 'handshake_timeout');
    await gauge.state(b, (info) => ['handshake_failed', 'handshake_timeout'].includes(info.reason?.code));
    assert.equal((await gauge.api('/livez')).text, 'ok\n');
  });

  test('a restarted node comes back by itself, with a loss counted', async () => {
    const { gauge } = world;
    const node = await world.node();
    await gauge.register(node);
    await node.kill();
    const lost = await gauge.state(node, (info) => info.state !== 'up');
    assert.equal(lost.losses_count, 1);
    assert.equal((await gauge.ask(node, 'memory?max_age_ms=0')).status, 502);
    await world.node({ name: node.name, cookie: node.cookie });
    const back = await gauge.up(node);
    assert.equal(back.connects_count, 2);
    assert.equal((await gauge.ask(node, 'memory?max_age_ms=0')).status, 200);
  });

  test('answers of an older incarnation are not reused', async () => {
    const { gauge } = world;
    const node = await world.node();
    await gauge.register(node);
    await node.eval('plant:idle(500), ok');
    assert.ok((await gauge.data(node, 'system?max_age_ms=0')).process_count > 500);
    await node.kill();
    await world.node({ name: node.name, cookie: node.cookie });
    await gauge.state(node, (info) => info.state === 'up' && info.connects_count === 2);
    assert.ok((await gauge.data(node, 'system?max_age_ms=600000')).process_count < 500);
  });

  test('a second beamgauge of the same name reports that the name is in use', async () => {
    const node = await world.node();
    const name = `${randomName('gauge')}@127.0.0.1`;
    const first = await world.beamgauge({ args: ['--name', name] });
    await first.register(node);
    const second = await world.beamgauge({ args: ['--name', name] });
    await second.put(node);
    const info = await second.failed(node, 'name_in_use');
    assert.ok(info.reason.text.includes(name) || /name/i.test(info.reason.text));
    assert.equal((await first.info(node)).state, 'up', 'the first is left alone');
    assert.equal((await second.ask(node, 'memory')).body.code, 'node_unreachable');
    await first.stop();
    await second.up(node);
  });

  test('it is a hidden node under one fixed name', async () => {
    const node = await world.node();
    const name = `${randomName('gauge')}@127.0.0.1`;
    const gauge = await world.beamgauge({ args: ['--name', name] });
    await gauge.register(node);
    await until('the node to know it', async () => (await node.eval('nodes(hidden)')).includes(name));
    assert.deepEqual(await node.eval('nodes()'), []);
  });

  test('bodies that are not a registration are refused with the field', async () => {
    const { gauge } = world;
    const name = `${randomName()}@127.0.0.1`;
    const bad = [
      [[], 'array'], ['"x"', 'text'], ['{', 'cut'], ['', 'empty'], [{}, 'no cookie, no default'], [{ cookie: 1 }, 'cookie', 'cookie'],
      [{ cookie: '' }, 'empty cookie', 'cookie'], [{ cookie: 'x', port: 'y' }, 'port', 'port'], [{ cookie: 'x', port: 70000 }, 'port', 'port'],
      [{ cookie: 'x', port: -1 }, 'port', 'port'], [{ cookie: 'x', address: 5 }, 'address', 'address'], [{ cookie: 'x', tags: 'a' }, 'tags', 'tags'],
      [{ cookie: 'x', address: 'h:80' }, 'a port in the address', 'address'], [{ cookie: 'x', address: 'a..b' }, 'two dots in the address', 'address'],
      [{ cookie: 'x', tags: [1] }, 'tags', 'tags'], [{ cookie: 'x', colour: 'red' }, 'unknown field', 'colour'],
      [{ cookie: 'c'.repeat(3000) }, 'long cookie', 'cookie'],
    ];
    for (const [body, what, param] of bad) {
      const answer = await gauge.put(name, body);
      assert.equal(answer.status, 400, `${what}: ${answer.status} ${answer.text}`);
      assert.match(answer.headers['content-type'], /^application\/problem\+json/);
      if (param) assert.ok(answer.body.errors.some((error) => error.param.startsWith(param)), `${what}: ${answer.text}`);
    }
    assert.equal((await gauge.api(`nodes/${name}`)).status, 404, 'nothing of it was registered');
  });

  test('names that are none are 400', async () => {
    for (const name of ['noat', 'a@', '@b', 'a@b@c', 'a@h:80', 'a@..', 'a@1.2.3', 'a b@c', 'a%22@b', 'a%0a@b', `${'a'.repeat(300)}@b`, 'a%ff@b', '%00@b', "a'@b"]) {
      const answer = await world.gauge.api(`nodes/${name.replace(/ /g, '%20')}/memory`);
      assert.equal(answer.status, 400, `${name}: ${answer.status} ${answer.text}`);
      assert.equal(answer.body.errors?.[0]?.param, 'node', answer.text);
    }
  });

  test('one node too many is refused', async () => {
    const gauge = await world.beamgauge({ sections: { limits: { nodes_max: 2 } } });
    for (const [n, status] of [[1, 201], [2, 201], [3, 409]]) {
      const answer = await gauge.put(`n${n}@127.0.0.1`, { cookie: 'x' });
      assert.equal(answer.status, status, answer.text);
    }
    assert.equal((await gauge.put('n1@127.0.0.1', { cookie: 'y' })).status, 200);
  });
});
