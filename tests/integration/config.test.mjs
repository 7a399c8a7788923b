// The command line and the configuration file: what is wrong is said with file, line and reason, before anything starts.
import assert from 'node:assert/strict';
import { chmod, readFile } from 'node:fs/promises';
import { BINARY, environment, Folder } from './lib/beamgauge.mjs';
import { run } from './lib/child.mjs';
import { freePort } from './lib/net.mjs';
import { suite } from './lib/suite.mjs';

const BAD = {
  'an unknown key': ['[server]\nlisten = 127.0.0.1:0\ncolour = red\n', 3],
  'an unknown section': ['[server]\n[walrus]\nx = 1\n', [2, 3]],
  'a key outside of any section': ['colour = red\n', 1],
  'not a line at all': ['[server]\nlisten = 127.0.0.1:0\nnonsense\n', 3],
  'an open section': ['[server\n', 1],
  'a listen address that is none': ['[server]\n\nlisten = nowhere\n', 3],
  'a port out of bounds': ['[server]\nlisten = 127.0.0.1:70000\n', 2],
  'a number out of bounds': ['[limits]\nnodes_max = 0\n', 2],
  'a number that is none': ['[limits]\nconnections_max = many\n', 2],
  'a number too large for a machine': ['[limits]\nconnections_max = 99999999999999999999999\n', 2],
  'a boolean that is none': ['[server]\ndiscover = perhaps\n', 2],
  'a level that is none': ['[server]\nlog_level = loud\n', 2],
  'a node name that is none': ['[node nohost]\ntags = a\n', [1, 2]],
  'a node name with a port': ['[node shop@h:80]\ntags = a\n', 1],
  'an address with a port': ['[node shop@h]\naddress = 10.0.0.5:80\n', 2],
  'an allowed host with a port': ['[server]\nallowed_hosts = gauge.example:443\n', 2],
  'a token without a hash': ['[token ci]\nsha256 = zz\nscopes = read\n', 2],
  'a key of another section': ['[server]\nrequests_max = 5\n', 2],
  'an assertion that is none': ['[check c]\nassert = process_count < 5\nassert = pair_cuont < 5\n', 3],
  'a warning that is none': ['[check c]\nwarn = process_count < 5\n\n[check d]\nassert = process_count < 5\nwarn = pair_cuont < 5\n', 6],
  'a set of assertions without any': ['[server]\n\n[check c]\n', 3],
  'a tag that is too long': [`[node a@127.0.0.1]\ntags = x\n\n[node b@127.0.0.1]\ntags = ${'x'.repeat(78)}\n`, 5],
  'times that do not go together': ['[limits]\nretry_max_ms = 1s\nretry_min_ms = 2s\n', 3],
  'more nodes than may be': [`[limits]\nnodes_max = 1\n[node a@127.0.0.1]\n[node b@127.0.0.1]\n`, 2],
  'an open address without a token': ['[server]\n\nlisten = 0.0.0.0:0\n', 3],
  'a certificate without a key': ['[server]\n\ntls_cert = cert.pem\n', 3],
  'a certificate that is not there': ['[server]\ntls_key = key.pem\ntls_cert = cert.pem\n', 3],
  'an unknown scope': [`[token ci]\nsha256 = ${'ab'.repeat(32)}\nscopes = read fly\n`, 3],
};

suite('config', {}, (world, test) => {
  const folder = async () => {
    const made = await Folder.make();
    world.keep({ stop: () => made.remove() });
    return made;
  };
  const beamgauge = (home, ...args) => run(BINARY, args, { cwd: home.path, env: environment(home.path) });

  for (const [what, [text, lines]] of Object.entries(BAD)) {
    test(`${what} stops the start with file, line and reason`, async () => {
      const home = await folder();
      const path = await home.write('bad.ini', text);
      for (const args of [['--check-config'], []]) {
        const result = await beamgauge(home, '--config', path, ...args);
        assert.ok(result.code > 0, `exit ${result.code} ${result.signal}`);
        const line = new RegExp(`bad\\.ini:(\\d+): *\\S+`).exec(result.stderr);
        assert.ok(line, result.stderr);
        assert.ok([lines].flat().includes(Number(line[1])), `line ${line[1]}, not ${lines}: ${result.stderr}`);
      }
    });
  }

  test('a file that is not there, a folder, and bytes that are no text', async () => {
    const home = await folder();
    const missing = await beamgauge(home, '--config', home.file('none.ini'));
    assert.ok(missing.code > 0);
    assert.match(missing.stderr, /none\.ini/);
    assert.ok((await beamgauge(home, '--config', home.path)).code > 0);
    const path = await home.write('bytes.ini', Buffer.from([0, 255, 1, 10, 254]));
    assert.ok((await beamgauge(home, '--config', path, '--check-config')).code > 0);
    const long = await home.write('long.ini', `[server]\nname = ${'x'.repeat(100_000)}\n`);
    const refused = await beamgauge(home, '--config', long, '--check-config');
    assert.ok(refused.code > 0);
    assert.match(refused.stderr, /long\.ini:2/);
  });

  const WRONG = {
    'an own name with a dot': ['[server]\nname = be.am@127.0.0.1\n', /name = be\.am@127\.0\.0\.1: .*letters, digits/],
    'a node name with a dot': ['[node a.b@127.0.0.1]\n', /node a\.b@127\.0\.0\.1: .*letters, digits/],
    '34 tags': [`[node a@127.0.0.1]\ntags = ${'x '.repeat(34)}\n`, /wrong\.ini:2: tags: expected at most 32 words/],
    'a tag of 78 bytes': [`[node a@127.0.0.1]\ntags = ${'x'.repeat(78)}\n`, /wrong\.ini:2: tags: a tag has 1 to 64 bytes/],
    'a blank in an address': ['[node a@127.0.0.1]\naddress = 10.0.0. 5\n', /an address is a host name or an IP address/],
  };
  for (const [what, [text, said]] of Object.entries(WRONG)) {
    test(`${what} is found by the check as by the start`, async () => {
      const home = await folder();
      const path = await home.write('wrong.ini', text);
      const cookie = await home.write('cookie', 'biscuit');
      await chmod(cookie, 0o400);
      for (const args of [['--check-config'], []]) {
        const result = await beamgauge(home, '--config', path, '--cookie-file', cookie, '--listen', '127.0.0.1:0', ...args);
        assert.equal(result.code, 1, result.stderr);
        assert.match(result.stderr, said);
      }
    });
  }

  test('all mistakes of a file are reported at once, by the check and by the start, and those of its parts together', async () => {
    const home = await folder();
    const path = await home.write('many.ini', '[server]\ndiscover = perhaps\nlisten = nowhere\n[walrus]\nx = 1\n[node shop]\n[limits]\nnodes_max = 0\n');
    for (const args of [['--check-config'], []]) {
      const result = await beamgauge(home, '--config', path, ...args);
      assert.equal(result.code, 1, result.stderr);
      assert.deepEqual([...result.stderr.matchAll(/many\.ini:(\d+): /g)].map(([, line]) => Number(line)), [2, 3, 4, 6, 8], result.stderr);
      assert.equal(result.stderr.trim().split('\n').length, 5, result.stderr);
    }
    const most = await home.write('most.ini', `[server]\n${'nonsense\n'.repeat(50)}`);
    const result = await beamgauge(home, '--config', most, '--check-config');
    assert.equal(result.stderr.match(/most\.ini:\d+: expected KEY/g).length, 20);
    assert.match(result.stderr, /these are the first 20; there may be more$/);
    const apart = await home.write('apart.ini', '[limits]\nretry_min_ms = 1h\n[check c]\n');
    const cookie = await home.write('cookie', 'biscuit');
    const together = await beamgauge(home, '--config', apart, '--cookie-file', cookie, '--check-config');
    assert.equal(together.code, 1);
    for (const said of [/retry_min_ms \(3600000\) is over/, /\[check c\] asserts nothing/]) assert.match(together.stderr, said);
  });

  test("epmd's port is that of the environment, and the file's where it has one", async () => {
    const home = await folder();
    const cookie = await home.write('cookie', 'biscuit');
    await chmod(cookie, 0o400);
    const [wanted, other] = [await freePort(), await freePort()];
    const start = (env, sections) => world.beamgauge({ env, sections: { server: { cookie_file: cookie, epmd_port: undefined }, ...sections } });
    const asked = async (gauge) => (await gauge.failed('a@127.0.0.1', 'epmd_unreachable')).reason.text;
    assert.match(await asked(await start({ ERL_EPMD_PORT: wanted }, { 'node a@127.0.0.1': {} })), new RegExp(`epmd at 127.0.0.1 port ${wanted}`));
    assert.match(await asked(await start({ ERL_EPMD_PORT: wanted }, { 'node a@127.0.0.1': { epmd_port: other } })), new RegExp(`epmd at 127.0.0.1 port ${other}`));
    const result = await run(BINARY, ['--check-config'], { cwd: home.path, env: { ...environment(home.path), ERL_EPMD_PORT: '4369x' } });
    assert.equal(result.code, 1);
    assert.match(result.stderr, /ERL_EPMD_PORT in the environment is "4369x"/);
  });

  test('a good file is right, and the sample is too', async () => {
    const home = await folder();
    const good = await home.write('good.ini', '; comment\n[server]\nlisten = 127.0.0.1:0\n[limits]\nnodes_max = 3\n');
    const result = await beamgauge(home, '--config', good, '--check-config');
    assert.equal(result.code, 0, result.stderr);
    const sample = await beamgauge(home, '--sample-config');
    assert.equal(sample.code, 0);
    assert.match(sample.stdout, /listen/);
    const path = await home.write('sample.ini', `${sample.stdout}\n`);
    assert.equal((await beamgauge(home, '--config', path, '--check-config')).code, 0);
  });

  test('where nodes are to be looked for with a cookie that is not there, the check says so', async () => {
    const home = await folder();
    const result = await beamgauge(home, '--cookie-file', home.file('absent'), '--check-config');
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stderr, /nodes of this host will not be looked for: .*absent/);
  });

  test('a cookie file that is missing or that others can read is refused with its name', async () => {
    const home = await folder();
    const path = await home.write('nodes.ini', `[node a@127.0.0.1]\ncookie_file = ${home.file('absent')}\n`);
    const result = await beamgauge(home, '--config', path, '--check-config');
    assert.ok(result.code > 0);
    assert.match(result.stderr, /absent/);
    const cookie = await home.write('shared', 'biscuit');
    await home.write('nodes.ini', `[node a@127.0.0.1]\ncookie_file = ${cookie}\n`);
    for (const [mode, code] of [[0o644, 1], [0o660, 1], [0o600, 0], [0o400, 0]]) {
      await chmod(cookie, mode);
      const checked = await beamgauge(home, '--config', path, '--check-config');
      assert.equal(checked.code, code, checked.stderr);
      if (code) assert.match(checked.stderr, /shared is open to others \(mode 06[046]+\).*chmod 400/);
      assert.ok(!checked.stderr.includes('biscuit'));
    }
  });

  test('listening anywhere but on loopback without tokens is refused, with tokens it is not', async () => {
    const home = await folder();
    for (const listen of ['0.0.0.0:0', '[::]:0']) {
      const result = await beamgauge(home, '--listen', listen);
      assert.ok(result.code > 0, listen);
      assert.match(result.stderr, /token/, result.stderr);
    }
    const made = await beamgauge(home, 'token', 'ci', 'read');
    assert.equal(made.code, 0, made.stderr);
    const path = await home.write('tokens.ini', `${made.stdout}\n`);
    const checked = await beamgauge(home, '--listen', '0.0.0.0:0', '--config', path, '--check-config');
    assert.equal(checked.code, 0, checked.stderr);
  });

  test('a taken port is reported', async () => {
    const gauge = await world.beamgauge();
    const result = await beamgauge(gauge.folder, '--listen', `127.0.0.1:${gauge.port}`);
    assert.ok(result.code > 0);
    assert.match(result.stderr, new RegExp(`${gauge.port}|in use`));
  });

  test('--version, --help, and options that are none', async () => {
    const home = await folder();
    const version = await beamgauge(home, '--version');
    assert.deepEqual([version.code, /^beamgauge \d+\.\d+\.\d+$/.test(version.stdout.trim())], [0, true], version.stdout);
    const help = await beamgauge(home, '--help');
    assert.equal(help.code, 0);
    for (const option of ['--config', '--listen', '--node', '--cookie-file', '--name', '--log-level', '--check-config', 'token']) assert.ok(help.stdout.includes(option), option);
    const reads = (text) => /HUP reads ([^.]+?) again/.exec(text)[1].replace(/\s+/g, ' ');
    assert.equal(reads(help.stdout), reads(await readFile(new URL('../../README.md', import.meta.url), 'utf8')));
    for (const args of [['--walrus'], ['walrus'], ['--listen'], ['--listen', 'x'], ['--node', 'nohost'], ['--log-level', 'loud'], ['token'], ['token', 'ci'],
      ['token', 'ci', 'fly'], ['--name', 'a b@c']]) {
      const result = await beamgauge(home, ...args);
      assert.ok(result.code > 0, args.join(' '));
      assert.ok(result.stderr.trim().length > 0, args.join(' '));
    }
  });

  test('64 nodes may be named by options', async () => {
    const home = await folder();
    const cookie = await home.write('cookie', 'biscuit');
    await chmod(cookie, 0o400);
    const named = (count) => beamgauge(home, '--check-config', '--cookie-file', cookie, ...Array.from({ length: count }, (_, n) => ['--node', `n${n}@127.0.0.1`]).flat());
    const most = await named(64);
    assert.equal(most.code, 0, most.stderr);
    const more = await named(65);
    assert.equal(more.code, 1);
    assert.match(more.stderr, /more than 64 --node options: put the nodes into a config file/);
  });

  test('every log line is logfmt', async () => {
    const gauge = await world.beamgauge({ args: ['--log-level', 'debug'] });
    await gauge.put('a@127.0.0.1', { cookie: 'x', port: await freePort() });
    await gauge.failed('a@127.0.0.1', 'port_refused');
    await gauge.stop();
    const lines = gauge.child.lines('stderr');
    assert.ok(lines.length > 2);
    for (const line of lines) {
      assert.match(line, /^(?:[\w.]+=(?:"(?:[^"\\]|\\.)*"|[^\s"=]*) ?)+$/, line);
      assert.match(line, /\bevent=\w+/);
      assert.match(line, /\blevel=(debug|info|warn|error)\b/);
    }
  });
});
