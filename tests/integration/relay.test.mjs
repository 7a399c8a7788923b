// Another user of this host, who registers a name in epmd to get our cookie's digest of his challenge.
import assert from 'node:assert/strict';
import { Folder } from './lib/beamgauge.mjs';
import { randomCookie, randomName } from './lib/node.mjs';
import { NOBODY, startRelay } from './lib/relay.mjs';
import { suite } from './lib/suite.mjs';
import { sleep, until } from './lib/wait.mjs';

const NEEDS_ROOT = process.getuid() !== 0 && 'only root can start a program as another user';

suite('relay', {}, (world, test) => {
  const attack = (what, body) => test(what, async (context) => (NEEDS_ROOT ? context.skip(NEEDS_ROOT) : body()));
  const cookieFile = async (cookie = randomCookie()) => {
    const folder = await Folder.make();
    world.keep({ stop: () => folder.remove() });
    return folder.write('cookie', cookie);
  };
  const relay = async (name, options) => world.keep(await startRelay(world.epmd, name, options));
  // Until it has been tried and refused; then once more after some retries, which must not do what the first try did not.
  const refused = async (gauge, name, thief) => {
    const info = await gauge.failed(name, 'peer_not_trusted');
    assert.match(info.reason.text, new RegExp(`user ${NOBODY}\\b.*peer_users`));
    await sleep(1500);
    assert.ok(thief.connections() > 0);
    assert.deepEqual(thief.proofs(), [], 'a proof of the cookie was sent');
    assert.equal((await gauge.ask(name, 'memory')).status, 502);
    const logged = gauge.child.lines('stderr').filter((line) => line.includes('peer_not_trusted') && line.includes(name) && /level=warn/.test(line));
    assert.equal(logged.length, 1, logged.join('\n'));
  };

  attack('a name that discovery finds is not shown the cookie', async () => {
    const name = `${randomName()}@127.0.0.1`;
    const thief = await relay(name);
    const gauge = await world.beamgauge({ sections: { server: { discover: 'true', cookie_file: await cookieFile() } } });
    await until('it to be found', async () => (await gauge.api(`nodes/${name}`)).status === 200);
    await refused(gauge, name, thief);
  });

  attack('the name of a configured node that is down, taken by somebody else, is not', async () => {
    const node = await world.node();
    const gauge = await world.beamgauge({ sections: { [`node ${node.name}`]: { cookie_file: await cookieFile(node.cookie) } } });
    await gauge.up(node);
    await node.kill();
    await until('epmd to forget it', async () => (await gauge.info(node)).reason?.code === 'node_not_in_epmd');
    const thief = await relay(node.name);
    await refused(gauge, node.name, thief);
  });

  attack('nor is one registered through the API, with its port', async () => {
    const name = `${randomName()}@127.0.0.1`;
    const thief = await relay(name);
    const gauge = await world.beamgauge();
    await gauge.put(name, { cookie: randomCookie(), address: 'localhost' });
    await refused(gauge, name, thief);
  });

  attack('a user who was allowed, by name or number, or every user, is shown it', async () => {
    for (const peer_users of ['nobody', `root ${NOBODY}`, '*']) {
      const name = `${randomName()}@127.0.0.1`;
      const friend = await relay(name);
      const gauge = await world.beamgauge({ sections: { server: { peer_users } } });
      await gauge.put(name, { cookie: randomCookie() });
      await until(`the proof with ${peer_users}`, () => friend.proofs().length > 0);
      await gauge.stop();
    }
  });

  attack('a real node of another user is refused with what to set, and is up once it is set', async () => {
    const node = await world.node({ uid: NOBODY });
    const gauge = await world.beamgauge();
    await gauge.put(node);
    const { reason } = await gauge.failed(node, 'peer_not_trusted');
    assert.match(reason.text, new RegExp(`user ${NOBODY}`));
    const allowed = await world.beamgauge({ args: ['--name', `${randomName('gauge')}@127.0.0.1`], sections: { server: { peer_users: NOBODY } } });
    await allowed.register(node);
    assert.ok((await allowed.data(node, 'memory')).total_bytes > 0);
  });

  test('a user that is none stops the start with file and line', async () => {
    await assert.rejects(world.beamgauge({ sections: { server: { peer_users: 'root no-such-user' } } }), /beamgauge\.ini:\d+: .*no-such-user/);
    await assert.rejects(world.beamgauge({ sections: { server: { peer_users: '4294967296' } } }), /beamgauge\.ini:\d+: /);
  });
});
