// The service's own budgets: descriptors, connections, its log, and what a busy service still answers.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { BINARY, environment, Folder, ini } from './lib/beamgauge.mjs';
import { Child } from './lib/child.mjs';
import { request } from './lib/http.mjs';
import { connect } from './lib/net.mjs';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

// beamgauge started by a shell that first does something to what it inherits.
async function startUnder(world, shell, { sections = {}, ready = /event=listening\b.*\bport=(\d+)/ } = {}) {
  const folder = await Folder.make();
  world.keep({ stop: () => folder.remove() });
  const config = await folder.write('beamgauge.ini', ini({ ...sections, server: { listen: '127.0.0.1:0', discover: 'false', epmd_port: 1, ...sections.server } }));
  const child = new Child('bash', ['-c', shell, 'bash', BINARY, '--config', config], { name: 'beamgauge', cwd: folder.path, env: environment(folder.path) });
  world.keep({ stop: () => child.stop() });
  return { child, folder, port: ready && Number((await child.line('stderr', ready))[1]) };
}

// Its CPU time so far, in ms.
async function cpuMs(pid) {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function idle(world, port, count) {
  const sockets = [];
  world.keep({ stop: async () => sockets.forEach((socket) => socket.destroy()) });
  for (let i = 0; i < count; i++) sockets.push(await connect(port));
  return sockets;
}

suite('budgets', {}, (world, test) => {
  test('a soft limit of 1,024 descriptors is raised; 1,060 idle connections keep nobody out and cost nothing', async () => {
    const { child, port } = await startUnder(world, 'ulimit -Sn 1024; exec "$@"');
    const limits = await readFile(`/proc/${child.pid}/limits`, 'utf8');
    assert.ok(Number(/^Max open files +(\d+)/m.exec(limits)[1]) >= 1024 + 64 + 256, limits);
    await idle(world, port, 1060);
    const before = await cpuMs(child.pid);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const took = (await cpuMs(child.pid)) - before;
    assert.ok(took < 500, `${took} ms of CPU in 2 s`);
    assert.equal((await request(port, '/livez')).status, 200);
    assert.equal((await request(port, '/api/v1/version')).status, 200);
    assert.ok(child.text('stderr').length < 10_000, 'the log stays short');
  });

  test('a hard limit of 1,024: said at start, and 1,060 idle connections keep nobody out', async () => {
    const { child, port } = await startUnder(world, 'ulimit -n 1024; exec "$@"');
    await child.line('stderr', /level=warn event=connections_limited connections_max=1024 connections=\d+ open_files=1024 /);
    await idle(world, port, 1060);
    assert.equal((await request(port, '/livez')).status, 200);
    assert.equal((await request(port, '/api/v1/version')).status, 200);
    assert.ok(child.text('stderr').length < 10_000, 'the log stays short');
  });

  test('64 descriptors: it starts, says so, and serves while they are all taken', async () => {
    const { child, port } = await startUnder(world, 'ulimit -n 64; exec "$@"');
    await child.line('stderr', /event=connections_limited .*open_files=64 /);
    await idle(world, port, 100);
    for (let i = 0; i < 20; i++) assert.equal((await request(port, '/livez')).status, 200);
    const before = await cpuMs(child.pid);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.ok((await cpuMs(child.pid)) - before < 300);
    assert.ok(child.text('stderr').length < 10_000, 'the log stays short');
  });

  test('a stderr that nobody reads does not stop the service, and what was lost is counted', async () => {
    const { port, child } = await startUnder(world, 'exec 3> >(while read -r line; do echo "$line"; [[ $line == *event=listening* ]] && exec sleep 20; done >&2); exec "$@" 2>&3', { sections: { server: { log_level: 'debug' } } });
    await until('lost lines', async () => {
      for (let i = 0; i < 200; i++) assert.equal((await request(port, `/nowhere/${'x'.repeat(900)}`)).status, 404);
      return Number(/^beamgauge_log_lines_lost_total (\d+)/m.exec((await request(port, '/metrics')).text)[1]) > 0;
    });
    assert.equal((await request(port, '/livez')).status, 200);
    child.signal('SIGTERM');
    assert.equal((await child.ended).code, 0);
  });

  test('without stdin, stdout and stderr the log does not end up in a socket', async () => {
    const { child } = await startUnder(world, 'exec 0<&- 1>&- 2>&-; exec "$@"', { sections: { server: { log_level: 'debug' } }, ready: null });
    const links = () => Promise.all([0, 1, 2].map((fd) => readlink(`/proc/${child.pid}/fd/${fd}`)));
    await until('the program', async () => (await readFile(`/proc/${child.pid}/comm`, 'utf8')).trim() === 'beamgauge' && (await links()).every((link) => link === '/dev/null'));
  });

  test('writes, and who is not let in, are lines of the audit; a flood of them is not', async () => {
    const secret = 'bg_a_token_of_this_test';
    const gauge = await world.beamgauge({ sections: { 'token ops': { sha256: createHash('sha256').update(secret).digest('hex'), scopes: 'read admin' }, 'token eye': { sha256: createHash('sha256').update(`${secret}2`).digest('hex'), scopes: 'read' } } });
    const as = (token) => ({ headers: { Authorization: `Bearer ${token}` } });
    const node = 'shop@127.0.0.1';
    await gauge.api(`nodes/${node}`, { method: 'PUT', body: { cookie: 'biscuit' }, ...as(secret) });
    await gauge.child.line('stderr', /level=info event=audit outcome=done status=201 token=ops client=127\.0\.0\.1 operation=putNode node=shop@127\.0\.0\.1 path=\S+ request_id=\S+ left_out=0/);
    await gauge.api(`nodes/${node}`, { method: 'DELETE', ...as(`${secret}2`) });
    await gauge.child.line('stderr', /level=warn event=audit outcome=refused status=403 token=eye .*operation=deleteNode node=shop@/);
    await gauge.api(`nodes/${node}/binaries/collect`, { method: 'POST', body: {}, ...as(secret) });
    await gauge.child.line('stderr', /event=audit outcome=failed status=502 token=ops .*operation=collectBinaries node=shop@/);
    await gauge.api('nodes', as('bg_wrong'));
    await gauge.child.line('stderr', /event=audit outcome=refused status=401 token="" .*operation=listNodes/);
    await gauge.api('nodes', as(secret));
    for (let i = 1; i <= 200; i++) assert.equal((await gauge.api('nodes', { ...as(`bg_wrong${i}`), localAddress: `127.0.1.${i}` })).status, 401);
    const lines = gauge.child.lines('stderr').filter((line) => line.includes('event=audit'));
    assert.ok(lines.length < 60, `${lines.length} lines`);
    assert.ok(lines.some((line) => /left_out=[1-9]/.test(line)) || lines.length >= 20);
    assert.ok(!/bg_|biscuit/.test(gauge.child.text('stderr')), 'no token and no cookie in the log');
    assert.equal(lines.filter((line) => line.includes('status=200')).length, 0, 'reading is no line');
  });

  test('what is refreshed while a node does not accept the cookie warns once of it, and again after another cookie', async () => {
    const [gauge, node] = [await world.beamgauge(), await world.node()];
    const warnings = () => gauge.child.lines('stderr').filter((line) => line.includes('level=warn') && line.includes(node.name));
    for (const [cookie, count] of [['wrong', 1], ['wrong', 1], ['other', 2]]) {
      await gauge.put(node, { cookie });
      await gauge.failed(node, 'cookie_rejected');
      for (let i = 0; i < 5; i++) for (const path of ['processes', 'memory']) assert.equal((await gauge.ask(node, path)).status, 502);
      assert.equal(warnings().length, count, warnings().join('\n'));
    }
    assert.match(warnings()[0], /event=link_down .*reason=cookie_rejected/);
    await gauge.put(node);
    await gauge.up(node);
    assert.equal(warnings().length, 2, warnings().join('\n'));
    await node.stop();
    await gauge.stop();
  });

  test('one reader cannot take all places of a node: another still gets its answer, and health is answered', async () => {
    const hash = (token) => createHash('sha256').update(token).digest('hex');
    const gauge = await world.beamgauge({ sections: { limits: { node_in_flight_max: 8, requests_max: 40 }, 'token greedy': { sha256: hash('bg_greedy'), scopes: 'read' }, 'token check': { sha256: hash('bg_check'), scopes: 'read admin' } } });
    const node = await world.node();
    gauge.token = 'bg_check';
    await gauge.register(node);
    const greedy = { headers: { Authorization: 'Bearer bg_greedy' } };
    const asked = Array.from({ length: 30 }, (_, i) => gauge.api(`nodes/${node.name}/processes?window_ms=${5000 + i}&max_age_ms=0&timeout_ms=30000`, greedy));
    const refused = await Promise.race([...asked.map((one) => one.then((answer) => (answer.status === 429 ? answer : new Promise(() => {}))))]);
    assert.equal(refused.headers['retry-after'], '1');
    assert.match(refused.body.detail, /of yours/);
    assert.equal((await gauge.ask(node, 'memory?max_age_ms=0')).status, 200, 'another reader');
    assert.equal((await gauge.api('/livez')).status, 200);
    const statuses = (await Promise.all(asked)).map((answer) => answer.status);
    assert.deepEqual([...new Set(statuses)].sort(), [200, 429]);
    assert.ok(statuses.filter((status) => status === 200).length <= 20, `${statuses}`);
  });

  test('a token in a query is in no log', async () => {
    const { child, port } = await startUnder(world, 'exec "$@"', { sections: { server: { log_level: 'debug' } } });
    for (const path of ['/', '/api/v1/nodes', '/api/v1/version', '/nowhere']) await request(port, `${path}?access_token=bg_secret_of_the_test`);
    await request(port, '/api/v1/check/metrics?format=text');
    await child.line('stderr', /event=request .*check\/metrics\?format=text/);
    assert.ok(!child.text('stderr').includes('bg_secret'), child.text('stderr'));
  });
});
