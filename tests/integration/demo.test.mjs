// The demo's own check: the planted pair is found, and nothing stays behind.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { BINARY } from './lib/beamgauge.mjs';
import { Child, run } from './lib/child.mjs';
import { epmdNames } from './lib/epmd.mjs';
import { listens } from './lib/net.mjs';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const DEMO = new URL('../demo/demo.mjs', import.meta.url).pathname;
const FOLDER = new URL('../../build/demo/', import.meta.url).pathname;

suite('demo', {}, (_world, test) => {
  test('--check prints the leaking pair as one line of JSON and exits 0', async () => {
    const before = existsSync(FOLDER) ? await readdir(FOLDER) : [];
    const result = await run(process.execPath, [DEMO, '--check', BINARY]);
    assert.equal(result.code, 0, result.stderr);
    const lines = result.stdout.trim().split('\n');
    assert.equal(lines.length, 1);
    const pair = JSON.parse(lines[0]);
    assert.match(pair.watcher.node, /^shop/);
    assert.match(pair.watched.node, /^pay/);
    assert.ok(pair.count >= 360_000, 'the large leak, counted or estimated');
    assert.deepEqual((await readdir(FOLDER)).filter((name) => !before.includes(name)), []);
  });

  test('it says what is wrong, in a line, and exits with 1', async () => {
    for (const [args, reason] of [[[], /usage/], [['--check', '/no/such/program'], /\/no\/such\/program/], [['--check', '/bin/false'], /beamgauge/],
      [['--after', '500', '/bin/false'], /--after wants whole minutes, at most 240/], [['--after', 'soon', '/bin/false'], /--after wants/]]) {
      const result = await run(process.execPath, [DEMO, ...args]);
      assert.equal(result.code, 1);
      assert.match(result.stderr, reason);
    }
  });

  test('without --check it shows the pair, and Ctrl-C stops everything', async (t) => {
    const names = await epmdNames();
    if (names?.has('shop') || names?.has('pay') || (await listens(7788))) return t.skip('the names or the port of the demo are in use');
    const demo = new Child(process.execPath, [DEMO, BINARY], { name: 'demo' });
    try {
      await demo.line('stdout', /order_gateway/);
      assert.match(demo.text('stderr'), /http:\/\/127\.0\.0\.1:7788\//);
      demo.signal('SIGINT');
      assert.deepEqual(await demo.ended, { code: 0, signal: null });
      await until('their names to be gone', async () => {
        const left = (await epmdNames()) ?? new Map();
        return !left.has('shop') && !left.has('pay');
      });
      assert.equal(await listens(7788), false);
    } finally {
      await demo.stop();
    }
  });
});
