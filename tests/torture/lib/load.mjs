// The service under load: reloads, few descriptors, and memory that does not grow.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import http from 'node:http';
import { prepare, tokens } from '../../contract/lib/scene.mjs';
import { BINARY } from '../../integration/lib/beamgauge.mjs';
import { World } from '../../integration/lib/suite.mjs';
import { until } from '../../integration/lib/wait.mjs';

const headers = { Authorization: `Bearer ${tokens.every}` };

async function withWorld(options, body) {
  const world = new World();
  await world.start();
  try {
    await prepare(world, options);
    return await body(world);
  } finally {
    await world.stop();
  }
}

// Asks as fast as it is answered, on `clients` connections, until `isOver(count)`; calls `take(status, text)` with each answer.
async function storm({ port, paths, clients, isOver, take }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
  let count = 0;
  const ask = (path) => new Promise((resolve) => {
    const call = http.request({ host: '127.0.0.1', port, path, agent, headers, timeout: 30_000 }, (answer) => {
      let length = 0;
      answer.on('data', (bytes) => (length += bytes.length)).on('end', () => resolve([answer.statusCode, length])).on('error', (error) => resolve([error.message, 0]));
    });
    call.on('timeout', () => call.destroy(new Error('no answer in 30 s')));
    call.on('error', (error) => resolve([error.message, 0])).end();
  });
  const one = async () => {
    while (!isOver(count)) take(...(await ask(paths[count++ % paths.length])));
  };
  await Promise.all(Array.from({ length: clients }, one));
  agent.destroy();
  return count;
}

const residentBytes = (pid) => 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const tally = () => {
  const counts = new Map();
  const take = (status, length) => {
    const name = `${status}${status === 200 && length === 0 ? ' and empty' : ''}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  return { counts, take };
};
const shown = (counts) => [...counts].map(([name, count]) => `${name}: ${count}`).join(', ');
// Whoever is refused for there being too many asks again; anything else is a fault.
const strange = (counts, right = ['200', '429']) => [...counts].filter(([name]) => !right.includes(name)).map(([name, count]) => `${count} times: ${name}`);

// SIGHUP again and again, each once the one before was heard, while all kinds of questions are asked.
export const reloads = ({ times }) => withWorld({}, async (world) => {
  const { gauge, shop } = world;
  const paths = ['/livez', `/api/v1/nodes/${shop.name}/memory`, `/api/v1/nodes/${shop.name}/processes?max_age_ms=0&limit=5`, '/api/v1/nodes', '/'];
  const { counts, take } = tally();
  let isDone = false;
  let heard = 0;
  gauge.child.onLine('stderr', (line) => (heard += /event=reloaded\b/.test(line)));
  const loading = storm({ port: gauge.port, paths, clients: 8, isOver: () => isDone, take });
  const faults = [];
  try {
    for (let sent = 1; sent <= times; sent++) {
      gauge.child.signal('SIGHUP');
      await until(`reload ${sent}`, () => heard >= sent || gauge.child.end, { interval: 1 });
      if (gauge.child.end) throw new Error(`it ended at reload ${sent}: ${JSON.stringify(gauge.child.end)}`);
    }
    await until('its node to be up still', async () => (await gauge.info(shop)).state === 'up');
  } catch (error) {
    faults.push(error.message);
  }
  isDone = true;
  const count = await loading;
  return { figures: `${heard} reloads beside ${count} requests (${shown(counts)})`, faults: [...faults, ...strange(counts)] };
});

// As many descriptors as a shell gives that was reported to be mean, and more clients than those.
export const descriptors = ({ count }) => withWorld({ command: ['prlimit', '--nofile=64:64', BINARY] }, async (world) => {
  const { gauge, shop } = world;
  const { counts, take } = tally();
  await storm({ port: gauge.port, paths: ['/livez', `/api/v1/nodes/${shop.name}/memory`, '/api/v1/nodes'], clients: 200, isOver: (asked) => asked >= count, take });
  const open = readdirSync(`/proc/${gauge.child.pid}/fd`).length;
  const { status } = await gauge.api('/livez');
  // A connection that was idle may be closed just as it is used again.
  const right = ['200', '429', '503', 'read ECONNRESET', 'socket hang up'];
  const answered = counts.get('200') ?? 0;
  return {
    figures: `64 descriptors, 200 clients, ${count} requests: ${shown(counts)}; ${open} open afterwards, /livez ${status}`,
    faults: [...strange(counts, right), ...(status === 200 ? [] : [`/livez is ${status} afterwards`]), ...(answered > count / 8 ? [] : [`only ${answered} of ${count} were answered`])],
  };
});

// The system gives no memory: the address space may not grow, again and again, while more is asked at once than fits. Nobody need get an
// answer meanwhile, but the service lives, says what is the matter, and answers as ever afterwards.
export const shortage = ({ times, ms }) => withWorld({ limits: { requests_max: 512 } }, async (world) => {
  const { gauge, shop } = world;
  const { pid } = gauge.child;
  const on = (path) => `/api/v1/nodes/${shop.name}/${path}`;
  const paths = ['/livez', '/', on('processes?max_age_ms=0&limit=1000'), on('ets?max_age_ms=0'), on('applications/kernel/tree?max_age_ms=0'), '/api/v1/openapi.json', '/metrics'];
  const allow = (bytes) => execFileSync('prlimit', ['--pid', pid, `--as=${bytes}:unlimited`]);
  const size = () => 1024 * Number(/^VmSize:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
  const { counts, take } = tally();
  const faults = [];
  try {
    for (let time = 0; time < times; time++) {
      const end = Date.now() + ms;
      allow(size());
      await storm({ port: gauge.port, paths, clients: 64 * (time + 1), isOver: () => Date.now() > end || gauge.child.end, take });
      if (gauge.child.end) throw new Error(`it ended: ${JSON.stringify(gauge.child.end)}: ${gauge.child.lines('stderr').slice(-5).join('\n    ')}`);
      // What is kept can be given back: the memory that is there is enough for it to go on.
      await until('it to answer although it gets no more memory', async () => (await gauge.api('/livez')).status === 200);
      allow('unlimited');
      await until('it to answer as ever', async () => (await gauge.api(on('processes?limit=5'))).status === 200);
    }
  } catch (error) {
    faults.push(error.message);
  }
  const given = gauge.child.end ? '?' : /^beamgauge_memory_reserve_uses_total (\d+)/m.exec((await gauge.api('/metrics')).text)[1];
  const right = ['200', '429', '500', '502', '504', 'read ECONNRESET', 'socket hang up', 'write EPIPE', 'no answer in 30 s'];
  if (given === '0') faults.push('nothing was taken from the reserve');
  return { figures: `${times} times no memory: ${shown(counts)}; from the reserve: ${given}`, faults: [...faults, ...strange(counts, right)] };
});

// Many requests leave no memory behind: after as many as warm it up, the service is as large as at the end.
export const flat = ({ cached, uncached }) => withWorld({}, async (world) => {
  const { gauge, shop } = world;
  const on = (path) => `/api/v1/nodes/${shop.name}/${path}`;
  const kinds = {
    cached: { count: cached, paths: ['text', 'json', 'md', 'csv'].map((format) => on(`memory?max_age_ms=60000&format=${format}`)).concat('/livez', on('processes?max_age_ms=60000&limit=5')) },
    uncached: { count: uncached, paths: ['memory', 'system', 'processes?limit=5', 'monitors?by=monitors&limit=5', 'processes/0.0.0', 'ets'].map((path) => on(`${path}${path.includes('?') ? '&' : '?'}max_age_ms=0`)) },
  };
  const faults = [];
  const figures = [];
  for (const [name, { count, paths }] of Object.entries(kinds)) {
    const { counts, take } = tally();
    const run = (many) => storm({ port: gauge.port, paths, clients: 8, isOver: (asked) => asked >= many, take });
    await run(Math.ceil(count / 5));
    const before = residentBytes(gauge.child.pid);
    await run(Math.ceil((4 * count) / 5));
    const after = residentBytes(gauge.child.pid);
    figures.push(`${count} ${name} requests (${shown(counts)}): ${mib(before)} after a fifth, ${mib(after)} at the end`);
    // What the allocator keeps varies by some pages; 10 bytes for each request would be more than this.
    if (after - before > Math.max(1 << 20, 4 * count)) faults.push(`it grew by ${mib(after - before)} in ${count} ${name} requests`);
    faults.push(...strange(counts));
  }
  return { figures: figures.join('; '), faults };
});
