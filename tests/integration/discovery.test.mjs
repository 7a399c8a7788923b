// Nodes that nobody has named: found through epmd, tried, and forgotten.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { Folder } from './lib/beamgauge.mjs';
import { freePort } from './lib/net.mjs';
import { randomCookie, randomName } from './lib/node.mjs';
import { startRelay } from './lib/relay.mjs';
import { suite } from './lib/suite.mjs';
import { sleep, until } from './lib/wait.mjs';

const CHECK = 'check?assert=process_ratio:lt:0.9&max_age_ms=0';

suite('discovery', {}, (world, test) => {
  const finder = async (cookie, { sections = {}, ...options } = {}) => {
    const folder = await Folder.make();
    world.keep({ stop: () => folder.remove() });
    const file = await folder.write('cookie', cookie);
    const gauge = await world.beamgauge({ ...options, sections: { ...sections, server: { discover: 'true', cookie_file: file, ...sections.server } } });
    return { gauge, file };
  };
  const listed = async (gauge, node) => (await gauge.get('nodes')).data.find((row) => row.node === node.name);
  const found = (gauge, node) => until(`${node.name} to be found`, async () => (await listed(gauge, node))?.state === 'up');

  test('a short-lived node that is gone fails no check, is no target, and is forgotten after a minute', async () => {
    const cookie = randomCookie();
    const lasting = await world.node({ cookie });
    const brief = await world.node({ cookie, modules: [] });
    const { gauge } = await finder(cookie);
    await found(gauge, lasting);
    await found(gauge, brief);
    assert.deepEqual((await gauge.api(CHECK)).body.data.gone, []);
    await brief.stop();
    await until('it to be missed', async () => (await listed(gauge, brief)).state === 'waiting');
    const { since_at } = await listed(gauge, brief);

    const answer = await gauge.api(CHECK);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(answer.body.data.gone, [brief.name]);
    assert.deepEqual(answer.body.data.nodes.map(({ node }) => node), [lasting.name]);
    for (const format of ['text', 'md', 'junit', 'nagios']) {
      const written = await gauge.api(`${CHECK}&format=${format}`);
      assert.equal(written.status, 200);
      assert.ok(/gone/.test(written.text) && written.text.replaceAll('\\', '').includes(brief.name), written.text);
    }
    assert.equal((await gauge.api(`${CHECK}&node=${brief.name}`)).status, 502, 'named in full, it should be there');
    assert.equal((await gauge.api(`nodes/${brief.name}/${CHECK}`)).status, 502);
    const nothing = await gauge.api(`${CHECK}&node=${brief.name.slice(0, 8)}*`);
    assert.equal(nothing.status, 502, 'a check of nothing has not passed');
    assert.match(nothing.body.detail, /gone/);
    const { body: targets } = await gauge.api('prometheus/targets');
    assert.deepEqual(targets.flatMap((target) => target.targets), [lasting.name]);
    assert.equal((await gauge.api('/readyz')).status, 200);

    await until('it to be forgotten', async () => !(await listed(gauge, brief)), { timeout: 150_000, interval: 500 });
    assert.ok(Date.now() - Date.parse(since_at) >= 60_000);
    assert.equal((await listed(gauge, lasting)).state, 'up');
    assert.equal((await listed(gauge, lasting)).connects_count, 1);
    await world.node({ name: brief.name, cookie, modules: [] });
    await found(gauge, brief);
  });

  test('a node that is named or registered fails the check when it is gone, as before', async () => {
    const gauge = await world.beamgauge();
    const [there, away] = [await world.node(), await world.node({ modules: [] })];
    await gauge.register(there);
    await gauge.register(away);
    await away.stop();
    await gauge.failed(away, 'node_not_in_epmd');
    const answer = await gauge.api(CHECK);
    assert.equal(answer.status, 502);
    assert.deepEqual(answer.body.data.gone, []);
    assert.equal((await gauge.api('prometheus/targets')).body.length, 2);
  });

  test('a node with another cookie that is started again with ours, on the same port, is found', async () => {
    const [cookie, distPort] = [randomCookie(), await freePort()];
    const { gauge } = await finder(cookie);
    const other = await world.node({ distPort, modules: [] });
    await gauge.child.line('stderr', new RegExp(`event=node_forgotten.*${other.name}.*cookie`));
    const warned = async () => (await gauge.get('nodes')).meta.warnings.filter((text) => text.includes(other.name.split('@')[0]));
    assert.match((await warned())[0], /not watched.*cookie/);
    await other.stop();
    const again = await world.node({ name: other.name, cookie, distPort, modules: [] });
    await until('it to be found', async () => (await listed(gauge, again))?.state === 'up', { timeout: 150_000, interval: 500 });
    assert.deepEqual(await warned(), []);
  });

  test('of many nodes that do not take the cookie five are named, and the others counted', async () => {
    const { gauge } = await finder(randomCookie());
    await Promise.all(Array.from({ length: 6 }, () => world.node({ modules: [] })));
    const note = async () => (await gauge.get('nodes')).meta.warnings.find((text) => text.includes('not watched')) ?? '';
    await until('all to be counted', async () => Number(/^(\d+) nodes/.exec(await note())?.[1]) >= 6, { timeout: 60_000, interval: 250 });
    const [, count, names, more] = /^(\d+) nodes .*: ([^:]+) and (\d+) more$/.exec(await note()) ?? [];
    assert.deepEqual([names?.split(', ').length, Number(more)], [5, Number(count) - 5], await note());
  });

  test('a cookie that is changed in its file is used after SIGHUP, also for those that did not take the old one', async () => {
    const [old, fresh] = [randomCookie(), randomCookie()];
    const first = await world.node({ cookie: old });
    const second = await world.node({ cookie: fresh });
    const { gauge, file } = await finder(old);
    await found(gauge, first);
    await gauge.child.line('stderr', new RegExp(`event=node_forgotten.*${second.name}`));
    await first.eval(`erlang:set_cookie(node(), '${fresh}')`);
    await writeFile(file, fresh);
    gauge.child.signal('SIGHUP');
    await gauge.child.line('stderr', /event=reloaded/);
    await found(gauge, second);
    await until('the first with the new one', async () => (await listed(gauge, first)).connects_count === 2 && (await listed(gauge, first)).state === 'up');
    await writeFile(file, '\n');
    gauge.child.signal('SIGHUP');
    await gauge.child.line('stderr', /event=reload_failed.*cookie/);
    assert.equal((await listed(gauge, second)).state, 'up');
  });

  test('a cookie that could not be read at the start is read at a reload', async () => {
    const cookie = randomCookie();
    const node = await world.node({ cookie });
    const folder = await Folder.make();
    world.keep({ stop: () => folder.remove() });
    const gauge = await world.beamgauge({ home: folder.path, sections: { server: { discover: 'true' } } });
    await gauge.child.line('stderr', /event=discovery_off/);
    assert.match((await gauge.get('nodes')).meta.warnings[0], /not looked for.*cookie/);
    await folder.write('.erlang.cookie', cookie);
    gauge.child.signal('SIGHUP');
    await found(gauge, node);
    assert.deepEqual((await gauge.get('nodes')).meta.warnings.filter((text) => text.includes('looked for')), []);
  });

  test('found nodes never take the last places of the registry', async () => {
    const cookie = randomCookie();
    const nodes = [];
    for (let n = 0; n < 5; n++) nodes.push(await world.node({ cookie, modules: [] }));
    const { gauge } = await finder(cookie, { sections: { limits: { nodes_max: 4 } } });
    const full = () => gauge.child.lines('stderr').filter((line) => line.includes('event=discovery_full')).length;
    await gauge.child.line('stderr', /event=discovery_full/);
    // Nodes of other tests take a place until they have refused the cookie.
    await until('three of the five', async () => (await gauge.get('nodes')).data.filter((row) => row.state === 'up').length === 3, { timeout: 150_000 });
    const before = full();
    await sleep(11_000); // one more look
    assert.equal((await gauge.get('nodes')).data.length, 3);
    const mine = `${randomName()}@127.0.0.1`;
    assert.equal((await gauge.put(mine, { cookie: 'x' })).status, 201);
    assert.equal((await gauge.put(`${randomName()}@127.0.0.1`, { cookie: 'x' })).status, 409);
    assert.equal(full(), before); // once, and not with each look
  });

  test('names that do not answer keep nobody else from being found', async () => {
    const cookie = randomCookie();
    const { gauge } = await finder(cookie, { sections: { limits: { connect_timeout_ms: 3000 } } });
    for (let n = 0; n < 40; n++) world.keep(await startRelay(world.epmd, `${randomName('a')}@127.0.0.1`, { uid: process.getuid(), silent: true }));
    const node = await world.node({ name: `${randomName('z')}@127.0.0.1`, cookie, modules: [] });
    await until('it to be found', async () => (await listed(gauge, node))?.state === 'up', { timeout: 100_000, interval: 250 });
    await sleep(100);
    assert.equal((await gauge.get('nodes')).data.filter((row) => row.node.startsWith('a')).length, 0);
  });
});
