// The script that everything is built and tested with: what it says before it does anything.
import assert from 'node:assert/strict';
import { run } from './lib/child.mjs';
import { suite } from './lib/suite.mjs';

const ROOT = new URL('../../', import.meta.url).pathname;

suite('dev', {}, (_world, test) => {
  const dev = (...args) => run('bash', ['./dev', ...args], { cwd: ROOT });

  test('--help helps, whatever the command, and does nothing else', async () => {
    for (const args of [['--help'], ['help'], [], ['demo', '--help'], ['demo', '--check', '--help'], ['build', '-h'], ['lint', '--help'], ['test', '--help'], ['clean', '--help']]) {
      const { code, stdout, stderr } = await dev(...args);
      assert.deepEqual([code, stderr], [0, ''], args.join(' '));
      assert.match(stdout, /^usage: \.\/dev COMMAND\n/);
    }
  });

  test('a mistyped command or label is answered with what was probably meant', async () => {
    for (const [args, meant] of [[['tset'], 'test'], [['biuld'], 'build'], [['test', 'intergration'], 'integration'], [['test', 'integ'], 'integration'], [['test', 'brwser'], 'browser']]) {
      const { code, stderr } = await dev(...args);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`; did you mean ${meant}\\?\n?$`), args.join(' '));
    }
    for (const args of [['walrus'], ['test', 'walrus']]) {
      const { code, stderr } = await dev(...args);
      assert.equal(code, 1);
      assert.ok(/unknown (command|label) "walrus"/.test(stderr) && !stderr.includes('did you mean'), stderr);
    }
  });
});
