// The story's two real nodes: shop, which leaks monitors, and pay, on which it leaks them.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { environment } from '../integration/lib/beamgauge.mjs';
import { Child, run } from '../integration/lib/child.mjs';
import { LIMIT_MS } from '../integration/lib/wait.mjs';

const STORY = new URL('../fixtures/story/', import.meta.url).pathname;

// Compiles the story's applications into a folder.
export async function compileStory(folder) {
  const sources = (await readdir(STORY)).filter((name) => name.endsWith('.erl')).map((name) => join(STORY, name));
  const result = await run('erlc', ['-o', folder, ...sources], { timeout: 120_000 });
  if (result.error) throw new Error('erlc is missing: install Erlang (Debian: erlang-base erlang-dev)');
  if (result.code !== 0) throw new Error(`erlc failed:\n${result.stdout}\n${result.stderr}`);
}

// Starts one node; `ready()` waits until it runs and returns the pid, in its own words, of the process that is to be found.
function startStory({ folder, epmdPort, cookie }, name, call) {
  const loopback = ['-kernel', 'inet_dist_use_interface', '{127,0,0,1}'];
  const args = ['-noshell', '-name', name, '-setcookie', cookie, ...loopback, '-pa', folder, '-eval', call];
  const child = new Child('erl', args, { name, cwd: folder, detached: true,
    env: { ...environment(folder), ERL_EPMD_PORT: String(epmdPort), ERL_CRASH_DUMP_SECONDS: '0' } });
  return {
    name,
    cookie,
    child,
    ready: async () => (await child.line('stdout', /^ready \S+ (<[\d.]+>)$/))[1],
    // Has so many orders taken at once.
    take: async (count) => {
      child.process.stdin.write(`orders ${count}\n`);
      await child.line('stdout', new RegExp(`^took ${count}$`), 5 * LIMIT_MS);
    },
    stop: () => {
      child.process.stdin.end(); // the node ends with its stdin, and so even if we are killed
      return child.stop({ grace: 3000 });
    },
  };
}

// `where`: {folder, epmdPort, cookie}. Pay has to be ready before shop is started.
export const startPay = (where, name) => startStory(where, name, 'story:pay().');
export const startShop = (where, name, pay) => startStory(where, name, `story:shop('${pay}').`);
