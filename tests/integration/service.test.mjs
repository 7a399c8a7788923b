// The service as a whole: health, tokens and scopes, SIGTERM, SIGHUP.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { BINARY, environment, Folder, ini } from './lib/beamgauge.mjs';
import { run } from './lib/child.mjs';
import { listens } from './lib/net.mjs';
import { randomCookie, randomName } from './lib/node.mjs';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const bearer = (token) => ({ headers: { Authorization: `Bearer ${token}` } });
const hash = (token) => createHash('sha256').update(token).digest('hex');

suite('service', {}, (world, test) => {
  test('health and version', async () => {
    const gauge = await world.beamgauge();
    const live = await gauge.api('/livez');
    assert.deepEqual([live.status, live.text], [200, 'ok\n']);
    assert.match(live.headers['content-type'], /^text\/plain; charset=utf-8/i);
    assert.deepEqual([(await gauge.api('/readyz')).status, (await gauge.api('/readyz')).text], [200, 'ready\n']);
    const { data } = await gauge.get('version');
    assert.equal(data.name, 'beamgauge');
    assert.equal(data.api, 'v1');
    assert.match(data.version, /^\d+\.\d+\.\d+$/);
    assert.ok(data.uptime_seconds >= 0);
  });

  test('/readyz is 503 while nodes are registered and none is up', async () => {
    const gauge = await world.beamgauge();
    await gauge.put(`${randomName()}@127.0.0.1`, { cookie: 'x' });
    const waiting = await gauge.api('/readyz');
    assert.equal(waiting.status, 503);
    assert.ok(waiting.text.length > 5);
    const node = await world.node();
    await gauge.register(node);
    assert.equal((await gauge.api('/readyz')).status, 200);
  });

  // A service with tokens, and those.
  const guarded = async () => {
    const folder = await Folder.make();
    world.keep({ stop: () => folder.remove() });
    const sections = {};
    const tokens = {};
    for (const scopes of ['read', 'check', 'chat', 'admin', 'read admin']) {
      const name = scopes.replace(' ', '-');
      const { stdout } = await run(BINARY, ['token', name, ...scopes.split(' ')], { env: environment(folder.path) });
      tokens[name] = /bg_[\w-]{43}/.exec(stdout)[0];
      const sha256 = /sha256 = ([0-9a-f]{64})/.exec(stdout)[1];
      assert.equal(sha256, hash(tokens[name]));
      sections[`token ${name}`] = { sha256, scopes };
    }
    return { gauge: await world.beamgauge({ sections }), tokens };
  };

  test('tokens and scopes', async () => {
    const { gauge, tokens } = await guarded();
    const node = await world.node();
    const name = `nodes/${node.name}`;
    const put = (token) => gauge.api(name, { method: 'PUT', body: { cookie: node.cookie }, ...(token && bearer(token)) });
    const expected = [
      [undefined, 401, 401], [tokens.read, 200, 403], [tokens.admin, null, 201], [tokens['read-admin'], 200, 200], [tokens.check, 403, 403],
      [tokens.chat, 403, 403], ['bg_wrong', 401, 401], [tokens.read.slice(0, -1), 401, 401], [`${tokens.read}x`, 401, 401], ['', 401, 401],
    ];
    for (const [token, read, write] of expected) {
      const looked = await gauge.api('nodes', token === undefined ? {} : bearer(token));
      if (read) assert.equal(looked.status, read, `${token}: ${looked.text}`);
      const wrote = await put(token);
      assert.equal(wrote.status, write, `${token}: ${wrote.text}`);
      for (const answer of [looked, wrote]) {
        if (answer.status === 401) assert.match(answer.headers['www-authenticate'], /^Bearer/);
        if (answer.status === 401) assert.equal(answer.body.code, 'unauthenticated');
        if (answer.status === 403) assert.equal(answer.body.code, 'forbidden');
      }
    }
    for (const header of ['Basic YTpi', 'Bearer', `bearer ${tokens.read}`, `Bearer  ${tokens.read}`, tokens.read]) {
      const { status } = await gauge.api('nodes', { headers: { Authorization: header } });
      assert.ok(status === 401 || (status === 200 && /^bearer /i.test(header)), `${header}: ${status}`);
    }
    assert.equal((await gauge.api('/livez')).status, 200, 'health asks for no token');
    assert.equal((await gauge.api(`nodes?token=${tokens.read}`)).status, 401, 'a token in the query is none');
    for (const token of Object.values(tokens)) assert.ok(!gauge.child.text('stderr').includes(token), 'no token in the log');
  });

  test('an address has some wrong tokens a minute; who was let in from there before goes on, and others do not notice', async () => {
    const { gauge, tokens } = await guarded();
    const status = async (token, options = {}) => (await gauge.api('nodes', { ...bearer(token), ...options })).status;
    assert.equal(await status(tokens.read), 200);
    for (let i = 0; i < 30; i++) assert.equal(await status(`bg_guess${i}`), 401);
    for (const token of ['bg_guess', 'bg_guess', tokens['read-admin'], 'bg_guess']) {
      const answer = await gauge.api('nodes', bearer(token));
      assert.deepEqual([answer.status, answer.body.code], [429, 'too_many'], 'a right one that is new there is like a wrong one');
      assert.ok(Number(answer.headers['retry-after']) > 0 && Number(answer.headers['retry-after']) <= 60, answer.headers['retry-after']);
      assert.match(answer.body.detail, /30 wrong tokens have come from this address/);
    }
    // Of a flood only some lines are written, but those are.
    await until('a line about it', async () => {
      assert.equal(await status('bg_guess'), 429);
      return /event=audit outcome=refused status=429 token="" client=127\.0\.0\.1 operation=listNodes/.test(gauge.child.text('stderr'));
    });
    assert.equal(await status(tokens.read), 200);
    assert.equal(await status(tokens['read-admin'], { localAddress: '127.0.0.2' }), 200);
    assert.equal((await gauge.api('nodes')).status, 401);
    assert.deepEqual([(await gauge.api('/livez', bearer('bg_guess'))).status, (await gauge.api('/', bearer('bg_guess'))).status], [200, 200]);
  });

  test('SIGTERM: no new connections, what is in flight ends, exit 0', async () => {
    const gauge = await world.beamgauge();
    const node = await world.node();
    await gauge.register(node);
    const asked = gauge.ask(node, 'processes?window_ms=1500&max_age_ms=0');
    await until('a question in flight', async () => (await gauge.info(node)).in_flight_count > 0);
    gauge.child.signal('SIGTERM');
    await until('it to listen no more', async () => !(await listens(gauge.port)));
    assert.equal((await asked).status, 200);
    assert.deepEqual(await gauge.child.ended, { code: 0, signal: null });
  });

  test('SIGTERM: what lasts too long is answered 504', async () => {
    const gauge = await world.beamgauge();
    const node = await world.node();
    await gauge.register(node);
    const asked = gauge.ask(node, 'processes?window_ms=20000&max_age_ms=0');
    await until('a question in flight', async () => (await gauge.info(node)).in_flight_count > 0);
    const began = Date.now();
    gauge.child.signal('SIGTERM');
    assert.deepEqual(await gauge.child.ended, { code: 0, signal: null });
    assert.ok(Date.now() - began < 18_000, `${Date.now() - began} ms`);
    const { status, body } = await asked;
    assert.deepEqual([status, body.code, body.detail], [504, 'deadline', 'There was no answer in time: beamgauge is stopping.']);
  });

  test('SIGTERM twice: what is in flight is not waited for', async () => {
    const gauge = await world.beamgauge();
    const node = await world.node();
    await gauge.register(node);
    const asked = gauge.ask(node, 'processes?window_ms=20000&max_age_ms=0').then(({ status }) => status, () => 'cut');
    await until('a question in flight', async () => (await gauge.info(node)).in_flight_count > 0);
    gauge.child.signal('SIGTERM');
    await gauge.child.line('stderr', /event=stopping/);
    gauge.child.signal('SIGINT');
    assert.deepEqual(await gauge.child.ended, { code: 0, signal: null });
    assert.equal(await asked, 'cut');
  });

  test('SIGHUP reads nodes and tokens again, and keeps what came through the API', async () => {
    const [old, kept, fresh, mine] = [await world.node(), await world.node(), await world.node(), await world.node()];
    const folder = await Folder.make();
    world.keep({ stop: () => folder.remove() });
    const section = async (node) => ({ [`node ${node.name}`]: { cookie_file: await folder.cookie(node), tags: 'a b' } });
    const gauge = await world.beamgauge({ folder, sections: { ...(await section(old)), ...(await section(kept)) } });
    await Promise.all([gauge.up(old), gauge.up(kept)]);
    await gauge.register(mine);
    const secret = 'bg_a_token_of_the_test';
    const { server, limits } = gauge.sections;
    await writeFile(gauge.config, ini({ server, limits, ...(await section(kept)), ...(await section(fresh)), 'token t': { sha256: hash(secret), scopes: 'read admin' } }));
    gauge.child.signal('SIGHUP');
    await gauge.child.line('stderr', /event=reloaded/);
    assert.equal((await gauge.api('nodes')).status, 401);
    gauge.token = secret;
    const info = await gauge.up(fresh);
    assert.equal(info.origin, 'config');
    assert.deepEqual(info.tags, ['a', 'b']);
    assert.equal((await gauge.api(`nodes/${old.name}`)).status, 404);
    assert.equal((await gauge.info(kept)).connects_count, 1, 'what did not change stays connected');
    assert.equal((await gauge.info(mine)).state, 'up');

    await writeFile(gauge.config, '[server]\nnonsense\n');
    gauge.child.signal('SIGHUP');
    await gauge.child.line('stderr', /event=reload_failed.*beamgauge\.ini:2/);
    assert.equal((await gauge.info(fresh)).state, 'up', 'a bad file changes nothing');
    assert.equal((await gauge.api('nodes', { headers: { Authorization: 'Bearer no' } })).status, 401);
    assert.equal((await gauge.api('/livez', { headers: { Host: 'evil.example' } })).status, 421, 'hosts are still known');
  });

  test('a changed cookie in the file reconnects after SIGHUP', async () => {
    const node = await world.node();
    const folder = await Folder.make();
    world.keep({ stop: () => folder.remove() });
    const cookie = await folder.write('cookie', randomCookie());
    const gauge = await world.beamgauge({ folder, sections: { [`node ${node.name}`]: { cookie_file: cookie } } });
    await gauge.failed(node, 'cookie_rejected');
    await writeFile(cookie, node.cookie);
    gauge.child.signal('SIGHUP');
    await gauge.up(node);
  });
});
