// SIGHUP with a file that would open what is closed, or that is not whole: nothing changes, and that is said.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { ini } from './lib/beamgauge.mjs';
import { randomCookie, randomName } from './lib/node.mjs';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const SECRET = 'bg_a_token_of_the_test';
const TOKEN = { 'token t': { sha256: createHash('sha256').update(SECRET).digest('hex'), scopes: 'read admin' } };
const name = () => `${randomName()}@127.0.0.1`;

suite('reload', {}, (world, test) => {
  // Sends SIGHUP and waits for the word on it.
  const reload = async (gauge, text) => {
    const words = () => gauge.child.lines('stderr').filter((line) => /event=(reloaded|reload_failed|reload_incomplete)/.test(line));
    const before = words().length;
    await writeFile(gauge.config, text);
    gauge.child.signal('SIGHUP');
    await until('the reload', () => words().length > before);
    return words().at(-1);
  };
  const metric = async (gauge, sample) => {
    const { text } = await gauge.api('/metrics');
    return Number(text.split('\n').find((line) => line.startsWith(`${sample} `))?.slice(sample.length));
  };
  // A service with a token, and what must hold after each attack on it.
  const guarded = async (listen) => {
    const node = name();
    const gauge = await world.beamgauge({ listen, sections: { ...TOKEN, [`node ${node}`]: { cookie_file: await cookieFile() } } });
    gauge.host = '127.0.0.1';
    const holds = async () => {
      assert.equal((await gauge.api('nodes')).status, 401, 'without a token');
      assert.equal((await gauge.put(name(), { cookie: 'x' })).status, 401, 'registering without a token');
      const { status, body } = await gauge.api('nodes', { headers: { Authorization: `Bearer ${SECRET}` } });
      assert.equal(status, 200);
      assert.deepEqual(body.data.map((row) => row.node), [node], 'nothing of the refused file was taken over');
    };
    await holds();
    return { gauge, holds, node };
  };
  const cookieFile = async () => {
    const { Folder } = await import('./lib/beamgauge.mjs');
    const folder = await Folder.make();
    world.keep({ stop: () => folder.remove() });
    return folder.write('cookie', randomCookie());
  };

  test('a file that names loopback and no token does not open the public socket', async () => {
    const { gauge, holds } = await guarded('0.0.0.0:0');
    const word = await reload(gauge, ini({ server: { ...gauge.sections.server, listen: '127.0.0.1:0' } }));
    assert.match(word, /event=reload_failed.*token/);
    await holds();
  });

  test('a file cut before its tokens, an empty one and one of comments open nothing, on loopback either', async () => {
    const { gauge, holds, node } = await guarded('127.0.0.1:0');
    const whole = ini({ ...gauge.sections, [`node ${node}`]: gauge.sections[`node ${node}`] });
    for (const text of [whole.slice(0, whole.indexOf('[token')), '', '\n\n', '; nothing\n# at all\n', '[server]\n']) {
      assert.match(await reload(gauge, text), /event=reload_failed/, JSON.stringify(text));
      await holds();
    }
    assert.equal(gauge.child.lines('stderr').filter((line) => line.includes('event=reloaded')).length, 0);
  });

  test('a file that ends within a line is not taken over', async () => {
    const { gauge, holds, node } = await guarded('127.0.0.1:0');
    const text = ini({ server: gauge.sections.server, [`node ${node}`]: gauge.sections[`node ${node}`], ...TOKEN, [`node ${name()}`]: {} });
    assert.match(await reload(gauge, text.slice(0, text.lastIndexOf(' admin'))), /event=reload_failed.*cut/);
    await holds();
  });

  test('a file with one node that can not be registered changes nothing, and the start refuses it too', async () => {
    const { gauge, holds, node } = await guarded('127.0.0.1:0');
    const others = { [`node ${name()}`]: { cookie_file: await cookieFile() } };
    for (const bad of [{ 'node a.b@127.0.0.1': {} }, { [`node ${name()}`]: { tags: 'x'.repeat(78) } }, { [`node ${name()}`]: { address: 'a/b' } }]) {
      const [section] = Object.keys(bad);
      bad[section].cookie_file = await cookieFile();
      const word = await reload(gauge, ini({ server: gauge.sections.server, ...others, ...bad, 'token u': { ...TOKEN['token t'], sha256: 'ab'.repeat(32) } }));
      assert.match(word, /event=reload_failed/);
      await holds();
      await assert.rejects(world.beamgauge({ sections: { [`node ${node}`]: gauge.sections[`node ${node}`], ...bad } }), /config_refused/);
    }
  });

  test('more nodes than there is room for change nothing', async () => {
    const cookie_file = await cookieFile();
    const node = name();
    const gauge = await world.beamgauge({ sections: { limits: { nodes_max: 2 }, [`node ${node}`]: { cookie_file } } });
    const mine = name();
    assert.equal((await gauge.put(mine, { cookie: 'x' })).status, 201);
    const two = { [`node ${name()}`]: { cookie_file }, [`node ${name()}`]: { cookie_file } };
    assert.match(await reload(gauge, ini({ server: gauge.sections.server, limits: gauge.sections.limits, ...two })), /event=reload_failed.*nodes_max/);
    assert.deepEqual((await gauge.get('nodes')).data.map((row) => row.node), [node, mine].sort());
    assert.match(await reload(gauge, ini({ ...gauge.sections, ...two, limits: { ...gauge.sections.limits, nodes_max: 9 } })), /event=reload_failed.*nodes_max/);
  });

  test('what came of reloads is a metric, and settings of the start that have changed are named', async () => {
    const { gauge } = await guarded('127.0.0.1:0');
    gauge.token = SECRET;
    assert.equal(await metric(gauge, 'beamgauge_config_last_reload_successful'), 1);
    await reload(gauge, '[server]\n');
    assert.equal(await metric(gauge, 'beamgauge_config_last_reload_successful'), 0);
    assert.equal(await metric(gauge, 'beamgauge_config_reloads_total{result="refused"}'), 1);
    assert.match(await reload(gauge, ini({ ...gauge.sections, server: { ...gauge.sections.server, listen: '127.0.0.2:0', allowed_hosts: 'a.example' } })), /event=reloaded/);
    assert.equal(await metric(gauge, 'beamgauge_config_last_reload_successful'), 1);
    assert.equal(await metric(gauge, 'beamgauge_config_reloads_total{result="ok"}'), 1);
    assert.match(gauge.child.text('stderr'), /event=restart_needed.*settings="listen, allowed_hosts"/);
  });
});
