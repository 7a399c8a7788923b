// HTTPS as its own server: what is spoken and what is not, with curl, openssl and raw sockets; and another certificate while it runs.
import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import net from 'node:net';
import tls from 'node:tls';
import { BINARY, environment, Folder, ini } from './lib/beamgauge.mjs';
import { Authority, openssl } from './lib/certificates.mjs';
import { Child, run } from './lib/child.mjs';
import { answerComplete, collect, connect, parseAnswer } from './lib/net.mjs';
import { suite } from './lib/suite.mjs';
import { SOON_MS, until } from './lib/wait.mjs';

const GET_LIVE = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n';

async function prepare(world) {
  const folder = world.keep(await Folder.make().then((made) => Object.assign(made, { stop: () => made.remove() })));
  world.folder = folder;
  world.authority = await Authority.make(folder);
  world.first = await world.authority.issue(1);
}

suite('https', { prepare }, (world, test) => {
  // A service with files of its own for its certificate and key.
  const secure = async (options = {}) => {
    const folder = world.keep(await Folder.make().then((made) => Object.assign(made, { stop: () => made.remove() })));
    const certificate = await folder.write('cert.pem', world.first.certificate);
    const key = await folder.write('key.pem', world.first.key);
    const server = { tls_cert: certificate, tls_key: key, ...options.server };
    const gauge = await world.beamgauge({ ca: world.authority.text, folder, sections: { ...options.sections, server }, ...(options.listen && { listen: options.listen }) });
    return Object.assign(gauge, { certificate, key });
  };
  const curl = (gauge, path, ...args) => run('curl', ['-sS', '--max-time', '20', '--cacert', world.authority.certificate, ...args, `https://localhost:${gauge.port}${path}`]);
  const session = async (gauge, options = {}) => {
    const socket = tls.connect({ host: '127.0.0.1', port: gauge.port, ca: world.authority.text, servername: 'localhost', ...options });
    socket.on('error', () => {});
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject).once('close', () => reject(new Error('closed'))));
    return socket;
  };
  const ask = async (socket, bytes = GET_LIVE) => {
    const answer = collect(socket, answerComplete);
    socket.write(bytes);
    return parseAnswer((await answer).text);
  };
  const serial = (socket) => Number.parseInt(socket.getPeerCertificate().serialNumber, 16);
  const metric = async (gauge, name) => {
    const { text } = await gauge.api('/metrics');
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  };
  const reload = async (gauge, outcome) => {
    const before = gauge.child.lines('stderr').length;
    gauge.child.signal('SIGHUP');
    return until(`it to say ${outcome}`, () => gauge.child.lines('stderr').slice(before).find((line) => line.includes(`event=${outcome}`)));
  };

  test('curl is answered over TLS 1.2 and 1.3, by HTTP/1.1, with the address as it is', async () => {
    const gauge = await secure();
    for (const version of ['1.2', '1.3']) {
      const answer = await curl(gauge, '/api/v1/nodes', `--tlsv${version}`, '--tls-max', version, '-w', '\n%{http_code} %{http_version} %{ssl_verify_result}');
      assert.equal(answer.code, 0, answer.stderr);
      assert.match(answer.stdout, /^\{"data":\[\]/);
      assert.match(answer.stdout, /200 1\.1 0$/);
    }
    assert.match(gauge.child.text('stderr'), new RegExp(`event=listening url=https://127\\.0\\.0\\.1:${gauge.port}/`));
    assert.ok((await metric(gauge, 'beamgauge_tls_certificate_expiry_timestamp_seconds')) > Date.now() / 1000);
  });

  test('older versions, weak ciphers, and other protocols by ALPN are refused', async () => {
    const gauge = await secure();
    for (const [args, reason] of [[['--tls-max', '1.1', '--ciphers', 'DEFAULT@SECLEVEL=0'], /protocol version/], [['--tls-max', '1.2', '--ciphers', 'AES128-SHA'], /handshake failure/],
      [['--tls-max', '1.2', '--ciphers', 'ECDHE-ECDSA-AES256-SHA'], /handshake failure/]]) {
      const answer = await curl(gauge, '/livez', ...args);
      assert.equal(answer.code, 35, `${args}: ${answer.stdout}`);
      assert.match(answer.stderr, reason);
    }
    await assert.rejects(session(gauge, { ALPNProtocols: ['h2'] }));
    const socket = await session(gauge, { ALPNProtocols: ['h2', 'http/1.1'] });
    assert.equal(socket.alpnProtocol, 'http/1.1');
    socket.destroy();
    await until('failures to be counted', async () => (await metric(gauge, 'beamgauge_http_failed_tls_handshakes_total')) >= 4);
  });

  test('whoever speaks plain HTTP to it gets no answer in plain text, and garbage ends the connection', async () => {
    const gauge = await secure({ sections: { limits: { request_ms: 2000 } } });
    for (const bytes of [GET_LIVE, 'garbage\r\n\r\n', '\x16\x03\x01\xff\xff' + 'x'.repeat(70_000), '\x80\x2e\x01\x00\x02', '\x00'.repeat(512), '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03']) {
      const socket = await connect(gauge.port);
      const answer = collect(socket, () => false, SOON_MS);
      socket.write(Buffer.from(bytes, 'latin1'));
      const { text, closed } = await answer;
      assert.ok(closed, JSON.stringify(bytes.slice(0, 20)));
      assert.ok(!/HTTP|html/i.test(text), text);
      assert.ok(text.length <= 7, `${text.length} bytes: more than an alert`);
    }
    assert.equal((await gauge.api('/livez')).status, 200);
  });

  test('a client that never ends its handshake is ended in time, and renegotiation is refused', async () => {
    const gauge = await secure({ sections: { limits: { request_ms: 500 } } });
    const hello = await connect(gauge.port);
    hello.write(Buffer.from('160301', 'hex'));
    const silent = await connect(gauge.port);
    const started = Date.now();
    await Promise.all([hello, silent].map((socket) => collect(socket, () => false, SOON_MS)));
    assert.ok(Date.now() - started >= 400, `${Date.now() - started} ms`);
    // One that says hello, gets the service's half, and leaves it at that.
    const relay = net.createServer((client) => {
      const server = net.connect(gauge.port, '127.0.0.1', () => client.once('data', (bytes) => server.write(bytes)));
      server.on('data', () => {}).on('error', () => {}).on('close', () => client.destroy());
      client.on('error', () => {});
    });
    await new Promise((resolve) => relay.listen(0, '127.0.0.1', resolve));
    const half = await run('openssl', ['s_client', '-connect', `127.0.0.1:${relay.address().port}`], { timeout: SOON_MS });
    relay.close();
    assert.notEqual(half.code, 0);
    assert.ok(!half.stdout.includes('BEGIN CERTIFICATE'), half.stdout);
    const client = new Child('openssl', ['s_client', '-tls1_2', '-connect', `127.0.0.1:${gauge.port}`, '-CAfile', world.authority.certificate]);
    try {
      await client.line('stdout', /Verify return code: 0/);
      client.process.stdin.write('R\n');
      const { text } = await until('s_client to be refused', () => (client.end || /no renegotiation/.test(client.text('stderr'))) && { text: client.text('stderr') });
      assert.match(text, /no renegotiation/);
    } finally {
      await client.stop({ signal: 'SIGKILL' });
    }
    assert.equal((await gauge.api('/livez')).status, 200);
  });

  test('unfinished handshakes shut nobody out', async () => {
    const gauge = await secure({ sections: { limits: { connections_max: 50, request_ms: '60s' } } });
    const sockets = [];
    try {
      for (let i = 0; i < 200; i++) {
        sockets.push(await connect(gauge.port));
        sockets.at(-1).write(Buffer.from('16030100', 'hex'));
      }
      for (let i = 0; i < 5; i++) {
        const answer = await curl(gauge, '/api/v1/nodes');
        assert.equal(answer.code, 0, answer.stderr);
      }
      assert.ok((await metric(gauge, 'beamgauge_http_connections')) <= 50 + 64);
      // Those that came in one burst, before anything of them was read, give way a little later.
      await until('all but 50 to have given way', async () => (await metric(gauge, 'beamgauge_http_evicted_connections_total')) >= 150);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  test('requests in many pieces, large ones, and several at once come through whole', async () => {
    const gauge = await secure();
    const socket = await session(gauge);
    for (const byte of GET_LIVE.slice(0, -1)) socket.write(byte);
    assert.equal((await ask(socket, GET_LIVE.slice(-1))).status, 200);
    const body = JSON.stringify({ text: 'x'.repeat(20_000) });
    const post = `POST /api/v1/chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const refused = await ask(socket, post);
    assert.ok(refused.status >= 400 && refused.body.includes('"code"'), JSON.stringify(refused));
    // A record has up to 16 KiB, and is read in pieces before anything of it is looked at: heads, bodies and the beginnings of others.
    for (const size of [1, 100, 1000, 4000, 4096, 5000, 9000]) {
      const small = JSON.stringify({ text: `help ${' '.repeat(size)}` });
      const one = `POST /api/v1/chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${small.length}\r\n\r\n${small}`;
      const fresh = await session(gauge);
      const all = collect(fresh, (text) => text.split('HTTP/1.1 ').length > 6 && text.endsWith('ok\n'));
      fresh.write(GET_LIVE + one + GET_LIVE + one + one + GET_LIVE);
      const statuses = (await all).text.match(/HTTP\/1\.1 \d+/g).map((line) => line.slice(9));
      assert.deepEqual([statuses[0], statuses[2], statuses[5], statuses.length], ['200', '200', '200', 6], `${size}: ${statuses}`);
      fresh.destroy();
    }
    socket.destroy();
  });

  test('answers are as quick as without TLS: no part of one waits for the client', async () => {
    const [gauge, plain] = [await secure(), await world.beamgauge()];
    const sockets = [await session(gauge), await connect(plain.port)];
    const times = [[], []];
    for (let i = 0; i < 60; i++) {
      for (const place of [0, 1]) {
        const started = performance.now();
        assert.equal((await ask(sockets[place], 'GET /api/v1/nodes HTTP/1.1\r\nHost: localhost\r\n\r\n')).status, 200);
        times[place].push(performance.now() - started);
      }
    }
    const [secured, unsecured] = times.map((list) => list.sort((a, b) => a - b)[30]);
    assert.ok(secured < unsecured + 20, `${secured} ms with TLS, ${unsecured} ms without`);
    for (const socket of sockets) socket.destroy();
  });

  test('a large answer reaches a slow reader whole, and the end of a connection is announced', async () => {
    const gauge = await secure();
    const socket = await session(gauge);
    socket.pause();
    socket.write('GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 300));
    socket.resume();
    const answer = parseAnswer((await collect(socket, () => false)).text);
    assert.equal(answer.status, 200);
    assert.equal(Buffer.byteLength(answer.body), Number(answer.headers['content-length']));
    const read = await run('bash', ['-c', `{ printf 'GET /livez HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n'; sleep 2; } | openssl s_client -connect 127.0.0.1:${gauge.port} -CAfile ${world.authority.certificate} -ign_eof`]);
    assert.match(read.stdout, /\nok\n/);
    assert.ok(!/unexpected eof/.test(read.stderr), read.stderr);
    assert.match(read.stdout + read.stderr, /closed/);
  });

  test('a client that goes away ends its question', async () => {
    const gauge = await secure();
    const node = await world.node();
    await gauge.register(node);
    const path = `/api/v1/nodes/${node.name}/schedulers?window_ms=30000&timeout_ms=40000`;
    const abandoned = () => metric(gauge, 'beamgauge_http_abandoned_requests_total');
    let expected = await abandoned();
    for (const leave of [(socket) => socket.destroy(), (socket) => socket._handle.close(), (socket, raw) => raw.resetAndDestroy()]) {
      for (const alone of [true, false]) {
        const raw = await connect(gauge.port);
        const socket = await session(gauge, { socket: raw });
        if (!alone) assert.equal((await ask(socket)).status, 200);
        socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
        await until('the question to be asked', async () => (await metric(gauge, 'beamgauge_http_requests_in_flight')) >= 2);
        leave(socket, raw);
        await until('it to be given up', async () => (await abandoned()) === expected + 1, { timeout: SOON_MS });
        expected++;
      }
    }
    const waiting = await session(gauge, { allowHalfOpen: true });
    const answer = collect(waiting, answerComplete);
    waiting.end(`GET /api/v1/nodes/${node.name}/schedulers?window_ms=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    const { text } = await answer; // who only says that nothing more will come is answered
    assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
  });

  test('SIGHUP renews the certificate: old connections go on, new ones see the new one', async () => {
    const gauge = await secure();
    const old = await session(gauge);
    assert.equal(serial(old), 1);
    assert.equal((await ask(old)).status, 200);
    const second = await world.authority.issue(2);
    await gauge.folder.write('cert.pem', second.certificate);
    await gauge.folder.write('key.pem', second.key);
    await reload(gauge, 'reloaded');
    assert.equal((await ask(old)).status, 200);
    const fresh = await session(gauge);
    assert.equal(serial(fresh), 2);
    assert.equal((await ask(fresh)).status, 200);
    for (const socket of [old, fresh]) socket.destroy();
    // Under other names, with the key in the same file, by another kind of key.
    const third = await world.authority.issue(3, { key: ['-newkey', 'rsa:2048', '-nodes'] });
    const both = await gauge.folder.write('both.pem', third.key + third.certificate + world.authority.text);
    await gauge.folder.write('beamgauge.ini', ini({ ...gauge.sections, server: { ...gauge.sections.server, tls_cert: both, tls_key: both } }));
    await reload(gauge, 'reloaded');
    const last = await session(gauge);
    assert.equal(serial(last), 3);
    assert.equal(last.getPeerCertificate(true).issuerCertificate.subject.CN, 'test authority');
    last.destroy();
    assert.ok(!gauge.child.text('stderr').includes('restart_needed'));
  });

  test('errors in the files are reported at the start, by --check-config and by a reload, which changes nothing', async () => {
    const gauge = await secure();
    const other = await world.authority.issue(4);
    const encrypted = await openssl('pkcs8', '-topk8', '-in', gauge.key, '-passout', 'pass:secret');
    const weak = await world.authority.issue(5, { key: ['-newkey', 'rsa:1024', '-nodes'] });
    const cut = world.first.certificate.slice(0, 300);
    const cases = [
      [{ 'key.pem': other.key }, /key does not belong to the certificate/],
      [{ 'cert.pem': 'nothing\n' }, /cert\.pem has no certificate/],
      [{ 'cert.pem': '' }, /cert\.pem has no certificate/],
      [{ 'cert.pem': cut }, /certificate in .*cert\.pem: \S/],
      [{ 'cert.pem': world.first.certificate + cut }, /certificate in .*cert\.pem: \S/],
      [{ 'cert.pem': world.first.certificate.replace(/\n(.{8})/, '\nAAAAAAAA') }, /certificate in .*cert\.pem: \S/],
      [{ 'key.pem': 'nothing\n' }, /key in .*key\.pem: \S/],
      [{ 'key.pem': encrypted }, /key\.pem has a passphrase/],
      [{ 'cert.pem': weak.certificate, 'key.pem': weak.key }, /key too small/],
      [{ 'key.pem': Buffer.alloc(300_000, 'x') }, /key\.pem is too long: at most 262143 bytes are taken/],
    ];
    const wrong = async (reason) => {
      const line = await reload(gauge, 'reload_failed');
      assert.match(line, reason);
      for (const args of [['--check-config'], []]) {
        const result = await run(BINARY, ['--config', gauge.config, ...args], { env: environment(gauge.folder.path) });
        assert.equal(result.code, 1);
        assert.match(result.stderr, reason);
        assert.ok(!/BEGIN|PRIVATE/.test(result.stderr), result.stderr);
      }
      const socket = await session(gauge);
      assert.equal(serial(socket), 1);
      socket.destroy();
    };
    const restore = async () => {
      await gauge.folder.write('cert.pem', world.first.certificate);
      await gauge.folder.write('key.pem', world.first.key);
    };
    for (const [files, reason] of cases) {
      for (const [name, text] of Object.entries(files)) await gauge.folder.write(name, text);
      await wrong(reason);
      await restore();
    }
    for (const mode of ['0644', '0604', '0620']) {
      await chmod(gauge.key, Number.parseInt(mode, 8));
      await wrong(new RegExp(`key file .*key\\.pem is open to others \\(mode ${mode}\\).*can pose as this service: chmod 400`));
    }
    await restore();
    await gauge.folder.write('beamgauge.ini', ini({ ...gauge.sections, server: { ...gauge.sections.server, tls_key: gauge.folder.file('absent') } }));
    await wrong(/key file .*absent cannot be read: No such file/);
    const { tls_key, ...lone } = gauge.sections.server;
    await gauge.folder.write('beamgauge.ini', ini({ ...gauge.sections, server: lone }));
    await wrong(/tls_cert is given without tls_key/);
    await gauge.folder.write('beamgauge.ini', ini(gauge.sections));
    await reload(gauge, 'reloaded');
  });

  test('a reload neither ends nor begins TLS, and takes no certificate whose time is over for one that holds', async () => {
    const gauge = await secure();
    const { tls_cert, tls_key, ...plain } = gauge.sections.server;
    await gauge.folder.write('beamgauge.ini', ini({ ...gauge.sections, server: plain }));
    assert.match(await reload(gauge, 'reload_failed'), /no tls_cert any more/);
    await gauge.folder.write('beamgauge.ini', ini(gauge.sections));
    const over = await world.authority.issue(6, { days: -1 });
    await gauge.folder.write('cert.pem', over.certificate);
    await gauge.folder.write('key.pem', over.key);
    assert.match(await reload(gauge, 'reload_failed'), /not valid at this time/);
    const socket = await session(gauge);
    assert.equal(serial(socket), 1);
    socket.destroy();
    const late = await world.beamgauge({ sections: { server: { tls_cert, tls_key } } });
    await late.child.line('stderr', /event=certificate_not_valid/);
    const checked = await run(BINARY, ['--config', late.config, '--check-config'], { env: environment(late.folder.path) });
    assert.equal(checked.code, 0);
    assert.match(checked.stderr, /is not valid at this time/);
    await late.folder.write('beamgauge.ini', ini({ ...late.sections, server: plain }));
    const open = await world.beamgauge();
    await open.folder.write('beamgauge.ini', ini({ ...open.sections, server: { ...open.sections.server, tls_cert, tls_key } }));
    assert.match(await reload(open, 'reload_failed'), /has a tls_cert now: restart/);
    assert.equal((await open.api('/livez')).status, 200);
  });

  test('off loopback it takes tokens all the same, and a page that came unencrypted is another site', async () => {
    const files = { tls_cert: await world.folder.write('c.pem', world.first.certificate), tls_key: await world.folder.write('k.pem', world.first.key) };
    const config = await world.folder.write('open.ini', ini({ server: { listen: '0.0.0.0:0', ...files } }));
    const result = await run(BINARY, ['--config', config, '--check-config'], { env: environment(world.folder.path) });
    assert.equal(result.code, 1);
    assert.match(result.stderr, /without tokens/);
    const gauge = await secure();
    for (const [origin, status] of [[`http://localhost:${gauge.port}`, 403], [`https://localhost:${gauge.port}`, 200], ['https://evil.example', 403]]) {
      const answer = await gauge.api('chat', { method: 'POST', body: { text: 'help' }, headers: { Host: `localhost:${gauge.port}`, Origin: origin } });
      assert.equal(answer.status, status, `${origin}: ${answer.text}`);
    }
  });
});
