// Whatever is malformed gets an answer that says what is wrong: never a dropped connection without a word.
import assert from 'node:assert/strict';
import net from 'node:net';
import { parse, value } from './lib/metrics.mjs';
import { answerComplete, collect, connect, parseAnswer, rawRequest } from './lib/net.mjs';
import { suite } from './lib/suite.mjs';
import { SOON_MS, until, within } from './lib/wait.mjs';

const HOST = 'Host: localhost\r\n';
const get = (path, headers = HOST, method = 'GET') => `${method} ${path} HTTP/1.1\r\n${headers}\r\n`;
const put = (path, headers, body) => `PUT ${path} HTTP/1.1\r\n${HOST}${headers}\r\n${body}`;
const NODE = '/api/v1/nodes/a@127.0.0.1';

// What is sent, and which statuses are right.
const MALFORMED = {
  'no Host': [get('/livez', ''), [400]],
  'two Hosts': [get('/livez', HOST + HOST), [400]],
  'an empty Host': [get('/livez', 'Host:\r\n'), [400, 421]],
  'a foreign Host': [get('/livez', 'Host: evil.example\r\n'), [421]],
  'a Host with a foreign suffix': [get('/livez', 'Host: localhost.evil.example\r\n'), [421]],
  'a Host with garbage': [get('/livez', 'Host: local host\r\n'), [400, 421]],
  'a Host with a port that is none': [get('/livez', 'Host: localhost:99999\r\n'), [400]],
  'a Host with two ports': [get('/livez', 'Host: localhost:80:80\r\n'), [400]],
  'a Host of dots': [get('/livez', 'Host: ..\r\n'), [400]],
  'a Host with a path': [get('/livez', 'Host: localhost/x\r\n'), [400, 421]],
  'two Content-Lengths': [put(NODE, 'Content-Type: application/json\r\nContent-Length: 2\r\nContent-Length: 2\r\n', '{}'), [400]],
  'differing Content-Lengths': [put(NODE, 'Content-Type: application/json\r\nContent-Length: 2\r\nContent-Length: 3\r\n', '{}'), [400]],
  'a signed Content-Length': [put(NODE, 'Content-Type: application/json\r\nContent-Length: +2\r\n', '{}'), [400]],
  'a negative Content-Length': [put(NODE, 'Content-Type: application/json\r\nContent-Length: -2\r\n', '{}'), [400]],
  'a Content-Length in words': [put(NODE, 'Content-Type: application/json\r\nContent-Length: two\r\n', '{}'), [400]],
  'a huge Content-Length': [put(NODE, 'Content-Type: application/json\r\nContent-Length: 99999999999999999999\r\n', '{}'), [400, 413]],
  'Transfer-Encoding and Content-Length': [put(NODE, 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n', '2\r\n{}\r\n0\r\n\r\n'), [400]],
  'an unknown Transfer-Encoding': [put(NODE, 'Content-Type: application/json\r\nTransfer-Encoding: gzip\r\n', ''), [400, 411, 501]],
  'TE': [get('/livez', `${HOST}TE: trailers\r\n`), [400]],
  'an absolute URI of another host': [get('http://evil.example/livez'), [400, 421]],
  'an absolute URI, and another Host': [get('http://localhost/livez', 'Host: evil.example\r\n'), [421]],
  'an absolute URI, and no Host': [get('http://localhost/livez', ''), [400]],
  'an absolute URI with a user': [get('http://a@localhost/livez'), [400]],
  'an absolute URI of another scheme': [get('https://localhost/livez'), [400]],
  'a double slash': [get('//evil.example/livez'), [400, 404]],
  'no slash': [get('livez'), [400]],
  'a space in a header name': [get('/livez', `${HOST}X Y: 1\r\n`), [400]],
  'a space before the colon': [get('/livez', `${HOST}X-Y : 1\r\n`), [400]],
  'a folded header': [get('/livez', `${HOST}X-Y: 1\r\n folded\r\n`), [400]],
  'a header without colon': [get('/livez', `${HOST}nonsense\r\n`), [400]],
  'a control character in a header': [get('/livez', `${HOST}X-Y: a\u0001b\r\n`), [400]],
  'a NUL in the path': [get('/livez\u0000'), [400]],
  'headers over the limit': [get('/livez', `${HOST}X-Long: ${'x'.repeat(20_000)}\r\n`), [431]],
  'a line over the limit': [get(`/${'x'.repeat(20_000)}`), [414, 431]],
  'a method nobody knows': [get('/livez', HOST, 'BREW'), [405]],
  'a method of another endpoint': [get('/api/v1/version', HOST, 'DELETE'), [405]],
  'TRACE': [get('/livez', HOST, 'TRACE'), [405]],
  'CONNECT': ['CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n', [400, 405]],
  'OPTIONS *': ['OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n', [400, 404, 405]],
  'HTTP/0.9': ['GET /livez\r\n\r\n', [400, 505]],
  'HTTP/2 in the clear': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 405, 505]],
  'another version': ['GET /livez HTTP/3.7\r\nHost: localhost\r\n\r\n', [400, 505]],
  'no HTTP at all': ['\u0016\u0003\u0001\u0002\u0000 hello\r\n\r\n', [400]],
  'a bad escape': [get('/api/v1/nodes/%zz'), [400]],
  'a cut escape': [get('/api/v1/nodes/a@b%4'), [400]],
  'not UTF-8': [get('/api/v1/nodes/%ff%fe@b'), [400]],
  'a way up': [get('/../../etc/passwd'), [400, 404]],
  'an escaped way up': [get('/%2e%2e/%2e%2e/etc/passwd'), [400, 404]],
  'an unknown path': [get('/api/v1/nothing'), [404]],
  'an unknown version': [get('/api/v2/nodes'), [404]],
  'a body of another type': [put(NODE, 'Content-Type: text/plain\r\nContent-Length: 2\r\n', '{}'), [415]],
  'a body without a type': [put(NODE, 'Content-Length: 2\r\n', '{}'), [415]],
  'a body that is no JSON': [put(NODE, 'Content-Type: application/json\r\nContent-Length: 2\r\n', '{x'), [400]],
  'a body with a key twice': [put(NODE, 'Content-Type: application/json\r\nContent-Length: 29\r\n', '{"cookie":"x", "cookie": "y"}'), [400]],
  'a deep body': [put(NODE, 'Content-Type: application/json\r\nContent-Length: 40000\r\n', '['.repeat(40_000)), [400, 413]],
  'a body over the limit': [put(NODE, 'Content-Type: application/json\r\nContent-Length: 200000\r\n', `"${'x'.repeat(199_998)}"`), [413]],
  'a body where none is taken': [`GET /api/v1/version HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n{}`, [400, 413]],
  'a query without sense': [get(`${NODE}/memory?=&&=x`), [400]],
  'an unknown parameter': [get('/api/v1/nodes?colour=red'), [400]],
};

suite('gate', { prepare: async (world) => {
  world.gauge = await world.beamgauge({ sections: { limits: { request_ms: 1500, connection_idle_ms: 3000, connections_max: 50 } } });
} }, (world, test) => {
  for (const [what, [bytes, statuses]] of Object.entries(MALFORMED)) {
    test(`${what}: a problem with a code`, async () => {
      const answer = await rawRequest(world.gauge.port, bytes);
      assert.ok(answer, 'the connection was closed without a word');
      assert.ok(statuses.includes(answer.status), `${answer.status}, not ${statuses}: ${answer.body}`);
      assert.match(answer.headers['content-type'], /^application\/problem\+json/, answer.body);
      const problem = JSON.parse(answer.body);
      assert.equal(problem.status, answer.status);
      assert.match(problem.code, /^[a-z_]+$/);
      for (const field of ['type', 'title', 'detail', 'request_id']) assert.equal(typeof problem[field], 'string', `${field} in ${answer.body}`);
      if (answer.status === 405) assert.match(answer.headers.allow, /GET/);
    });
  }

  test('what is mistyped is answered with what was probably meant', async () => {
    for (const [path, meant] of [['/api/v1/node/a@b/memory', '/api/v1/nodes/a@b/memory'], ['/nodes', '/api/v1/nodes'], ['/api/v1/nodes/', '/api/v1/nodes'],
      ['/livz', '/livez'], ['/api/v1/nodes/a@b/processes?sort=memry', 'memory'], ['/api/v1/nodes/a@b/processes?sort=queue', 'message_queue_len'],
      ['/api/v1/nodes/a@b/processes?limt=5', 'limit'], ['/api/v1/nodes?frmat=text', 'format']]) {
      const { body } = await world.gauge.api(path);
      assert.match(body.detail, new RegExp(`did you mean ${meant}\\b`), path);
    }
  });

  test('it lives after all of that', async () => {
    const { status, text } = await world.gauge.api('/livez');
    assert.deepEqual([status, text], [200, 'ok\n']);
  });

  test('HEAD is GET without its body', async () => {
    const full = await world.gauge.api('/api/v1/version');
    const answer = await rawRequest(world.gauge.port, get('/api/v1/version', `${HOST}Connection: close\r\n`, 'HEAD'));
    assert.equal(answer.status, 200);
    assert.equal(answer.body, '');
    assert.ok(Math.abs(Number(answer.headers['content-length']) - full.bytes.length) <= 2);
    assert.equal(answer.headers['content-type'], full.headers['content-type']);
  });

  test('hosts that are ours', async () => {
    const { port } = world.gauge;
    for (const host of ['localhost', `localhost:${port}`, '127.0.0.1', `127.0.0.1:${port}`, '[::1]', `LOCALHOST:${port}`]) {
      const answer = await rawRequest(port, get('/livez', `Host: ${host}\r\n`));
      assert.equal(answer.status, 200, host);
    }
  });

  test('an absolute URI of a host that is ours is the path of it, whatever comes before, behind or in pieces', async () => {
    const { port } = world.gauge;
    const body = `PUT http://localhost/api/v1/nodes/a HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n[]`;
    const last = `GET HTTP://LOCALHOST:80/api/v1/nothing HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;
    const all = get('/livez') + get('http://localhost/livez?') + body + last;
    for (const step of [all.length, 1, 7, 64]) {
      const socket = await connect(port);
      const end = collect(socket, () => false);
      for (let at = 0; at < all.length; at += step) socket.write(all.slice(at, at + step));
      const { text } = await end;
      assert.deepEqual(text.match(/HTTP\/1.1 \d+/g), ['200', '200', '400', '404'].map((status) => `HTTP/1.1 ${status}`), text);
      assert.match(text, /There is nothing at \/api\/v1\/nothing;/);
      socket.destroy();
    }
  });

  test('a host that was allowed', async () => {
    const gauge = await world.beamgauge({ sections: { server: { allowed_hosts: 'gauge.example other.example' } } });
    assert.equal((await rawRequest(gauge.port, get('/livez', 'Host: gauge.example\r\n'))).status, 200);
    assert.equal((await rawRequest(gauge.port, get('/livez', 'Host: other.example:80\r\n'))).status, 200);
    assert.equal((await rawRequest(gauge.port, get('/livez', 'Host: third.example\r\n'))).status, 421);
  });

  test('a byte every while holds no connection for ever', async () => {
    const socket = await connect(world.gauge.port);
    const began = Date.now();
    const end = collect(socket, () => false);
    const feed = setInterval(() => socket.write('a'), 200);
    socket.write(`GET /livez HTTP/1.1\r\n${HOST}X-Slow: `);
    await end.finally(() => clearInterval(feed));
    socket.destroy();
    assert.ok(Date.now() - began < 15_000, `${Date.now() - began} ms`);
  });

  test('a body that never comes whole', async () => {
    const socket = await connect(world.gauge.port);
    const end = collect(socket, () => false);
    socket.write(put(NODE, 'Content-Type: application/json\r\nContent-Length: 10\r\n', '{'));
    await end;
    socket.destroy();
  });

  test('requests in a row on one connection, sent at once, are answered in their order', async () => {
    const socket = await connect(world.gauge.port);
    const all = collect(socket, (text) => (text.match(/HTTP\/1\.1 \d/g) ?? []).length === 3 && answerComplete(text.slice(text.lastIndexOf('HTTP/1.1 '))));
    socket.write(get('/livez') + get('/api/v1/nothing') + get('/livez'));
    const { text } = await all;
    socket.destroy();
    assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
  });

  test('a request that follows one in flight does not end the process', async () => {
    const node = await world.node();
    await world.gauge.register(node);
    const socket = await connect(world.gauge.port);
    const all = collect(socket, (text) => (text.match(/HTTP\/1\.1 200/g) ?? []).length === 2 && text.endsWith('ok\n'));
    socket.write(get(`/api/v1/nodes/${node.name}/processes?window_ms=1000&max_age_ms=0`));
    await until('it in flight', async () => (await world.gauge.info(node)).in_flight_count > 0);
    socket.write(get('/livez'));
    const { text } = await all;
    socket.destroy();
    assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 200']);
  });

  test('a request id is echoed, unless it is none', async () => {
    const echoed = await world.gauge.api('/livez', { headers: { 'X-Request-Id': 'abc-123' } });
    assert.equal(echoed.headers['x-request-id'], 'abc-123');
    for (const bad of ['x'.repeat(500), 'a b"c', '<script>']) {
      const made = await world.gauge.api('/livez', { headers: { 'X-Request-Id': bad } });
      assert.notEqual(made.headers['x-request-id'], bad);
      assert.match(made.headers['x-request-id'], /^[\w.-]+$/);
    }
  });

  test('one connection too many is turned away but for health, and the others work', async () => {
    const gauge = await world.beamgauge({ sections: { limits: { connections_max: 5 } } });
    const node = await world.node();
    await gauge.register(node);
    const held = [];
    for (let n = 0; n < 5; n++) held.push(await connect(gauge.port));
    const answer = collect(held[0], answerComplete);
    for (const socket of held) socket.write(get(`/api/v1/nodes/${node.name}/processes?window_ms=4000&max_age_ms=0`)); // others would give way
    await until('one to be turned away', async () => (await rawRequest(gauge.port, get('/api/v1/version', HOST))).status === 429);
    assert.equal((await gauge.api('/livez')).status, 200);
    assert.equal(parseAnswer((await answer).text).status, 200);
    for (const socket of held) socket.destroy();
    await until('room again', async () => (await gauge.api('version')).status === 200);
  });

  // Without room for the others' requests /livez would come when those of the first client have expired, after a minute.
  test('2,000 half requests of one client keep nobody out, nor one who sends slowly from elsewhere', async () => {
    const gauge = await world.beamgauge({ sections: { limits: { request_ms: '60s' } } });
    const slow = await connect(gauge.port, '127.0.0.1', '127.0.0.3');
    const slowly = collect(slow, answerComplete);
    const flood = [];
    const text = get('/livez');
    slow.write(text.slice(0, 10));
    let gone = 0;
    const livez = async (localAddress) => {
      const socket = await within('a connection', connect(gauge.port, '127.0.0.1', localAddress), SOON_MS);
      const answer = collect(socket, answerComplete, SOON_MS);
      socket.write(text);
      assert.equal(parseAnswer((await answer).text).status, 200);
      socket.destroy();
    };
    try {
      for (let n = 0; n < 2000; n++) {
        const socket = net.connect(gauge.port, '127.0.0.1').on('error', () => {}).on('close', () => gone++);
        socket.write(`GET /livez HTTP/1.1\r\n${HOST}X-Slow: `);
        flood.push(socket);
        if (n % 200 === 199) await Promise.all([livez('127.0.0.1'), livez('127.0.0.2')]);
      }
      for (let n = 0; n < 10; n++) {
        await Promise.all([livez('127.0.0.1'), livez('127.0.0.2')]);
        slow.write(text.slice(10 + n, 11 + n));
      }
      await until('the others to have given way', () => gone > 900);
      slow.write(text.slice(20));
      assert.equal(parseAnswer((await slowly).text).status, 200);
      assert.ok(value(parse((await gauge.api('/metrics')).text), 'beamgauge_http_connections') <= 1024 + 64);
    } finally {
      for (const socket of [slow, ...flood]) socket.destroy();
    }
  });

  test('the page comes with its security headers, and nothing allows other origins', async () => {
    const page = await world.gauge.api('/');
    assert.equal(page.status, 200);
    assert.match(page.headers['content-type'], /^text\/html; charset=utf-8/i);
    assert.match(page.headers['content-security-policy'], /default-src '(self|none)'/);
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
    assert.ok(page.headers['referrer-policy']);
    assert.ok(page.headers.etag);
    const again = await world.gauge.api('/', { headers: { 'If-None-Match': page.headers.etag } });
    assert.equal(again.status, 304);
    for (const path of ['/', '/api/v1/nodes', '/api/v1/nothing']) {
      const { headers } = await world.gauge.api(path, { headers: { Origin: 'http://evil.example' } });
      assert.ok(!Object.keys(headers).some((name) => name.startsWith('access-control-')), path);
    }
  });
});
