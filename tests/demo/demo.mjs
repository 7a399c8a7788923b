// The story on this machine: two real nodes with the bug in them, and beamgauge looking at them. demo.mjs [--check | --after MINUTES] BINARY
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Child } from '../integration/lib/child.mjs';
import { environment, Folder, ini } from '../integration/lib/beamgauge.mjs';
import { epmdNames, startEpmd } from '../integration/lib/epmd.mjs';
import { request } from '../integration/lib/http.mjs';
import { freePort, listens } from '../integration/lib/net.mjs';
import { randomCookie, randomName } from '../integration/lib/node.mjs';
import { until } from '../integration/lib/wait.mjs';
import { compileStory, startPay, startShop } from './story.mjs';

const ROOT = new URL('../../', import.meta.url).pathname;
const EPMD_PORT = 4369;
const HTTP_PORT = 7788;
const BACKLOG = 2000; // monitors that the gateway leaks at its start
const ORDERS_PER_MINUTE = 8400; // 140 a second
const LARGE = 400_000; // orders that --check has taken at once: more entries than are copied cheaply
const MINUTES_MAX = 240; // about 2 million entries, some 400 MiB on each node

const say = (text) => process.stderr.write(`${text}\n`);

// What was started, stopped in the reverse order.
const started = [];
const keep = (stop) => started.push(stop);

async function stopAll() {
  while (started.length) {
    try {
      await started.pop()();
    } catch (error) {
      say(`demo: while stopping: ${error.message}`);
    }
  }
}

async function compile() {
  await mkdir(join(ROOT, 'build/demo'), { recursive: true });
  const path = await mkdtemp(join(ROOT, 'build/demo/run-'));
  keep(() => rm(path, { recursive: true, force: true }));
  await compileStory(path);
  return Object.assign(new Folder(), { path });
}

// The check has an epmd of its own; the demo uses the one that runs, else starts one.
async function findEpmd(isCheck) {
  if (!isCheck && (await epmdNames(EPMD_PORT))) return EPMD_PORT;
  const epmd = await startEpmd(isCheck ? undefined : EPMD_PORT, { detached: true });
  keep(async () => {
    const names = await epmdNames(epmd.port);
    if (!names?.size) return epmd.stop();
    say(`demo: leaving epmd, since other nodes came to use it: ${[...names.keys()].join(', ')}`);
    epmd.child.release();
  });
  return epmd.port;
}

async function requireFree(names, epmdPort) {
  const known = (await epmdNames(epmdPort)) ?? new Map();
  const taken = names.find((name) => known.has(name.split('@')[0]));
  if (taken) throw new Error(`a node called ${taken} runs here already (epmd on port ${epmdPort} knows it): stop it first, or use --check`);
  if (await listens(HTTP_PORT)) throw new Error(`port ${HTTP_PORT} is taken: stop what listens on 127.0.0.1:${HTTP_PORT} first, or use --check`);
}

// Waits for a node of the story, and returns the process that is to be found.
async function planted(context, story) {
  keep(story.stop);
  context.children.push(story.child);
  return { node: story.name, pid: await story.ready() };
}

async function startBeamgauge(context, binary, port) {
  const cookie = await context.folder.write('cookie', context.cookie);
  const nodes = Object.fromEntries(context.names.map((name) => [`node ${name}`, { cookie_file: cookie }]));
  const settings = { server: { listen: `127.0.0.1:${port}`, epmd_port: context.epmdPort, discover: 'false' }, ...nodes };
  const config = await context.folder.write('beamgauge.ini', ini(settings));
  const child = new Child(binary, ['--config', config], { name: 'beamgauge', detached: true, env: environment(context.folder.path) });
  keep(() => child.stop());
  context.children.push(child);
  const match = await child.line('stderr', /event=listening\b.*\bport=(\d+)/);
  return Number(match[1]);
}

async function startEverything({ isCheck, binary, minutes }) {
  const names = isCheck ? [`${randomName('shop')}@127.0.0.1`, `${randomName('pay')}@127.0.0.1`] : ['shop@127.0.0.1', 'pay@127.0.0.1'];
  const context = { names, cookie: randomCookie(), children: [] };
  context.folder = await compile();
  context.epmdPort = await findEpmd(isCheck);
  if (!isCheck) await requireFree(names, context.epmdPort);
  const [shop, pay] = names;
  const where = { folder: context.folder.path, epmdPort: context.epmdPort, cookie: context.cookie };
  context.watched = await planted(context, startPay(where, pay));
  const story = startShop(where, shop, pay);
  context.watcher = await planted(context, story);
  context.take = story.take;
  context.port = await startBeamgauge(context, resolve(binary), isCheck ? await freePort() : HTTP_PORT);
  if (minutes > 0) await context.take(minutes * ORDERS_PER_MINUTE);
  return context;
}

function ask(context, path) {
  return until(path, async () => {
    const answer = await request(context.port, `/api/v1/${path}`);
    if (answer.status === 200) return answer;
    throw new Error(`${answer.status} ${answer.body?.code} ${answer.body?.detail}`);
  }, { interval: 200 });
}

const pairs = (context, query) => ask(context, `nodes/${context.names[0]}/monitors/pairs?${query}`);
const same = (ref, planted) => ref?.pid === planted.pid && ref?.node === planted.node;

// The top pair, which must be the one that was planted, with about so many monitors. What is large may be an estimate.
async function plantedPair(context, answer, expected) {
  const { body } = await answer;
  const [top] = body.data;
  if (top && same(top.watcher, context.watcher) && same(top.watched, context.watched) && top.count >= (top.exact ? 1 : 0.9) * expected) return top;
  throw new Error(`expected ${context.watcher.pid} on ${context.watcher.node} monitoring ${context.watched.pid} on ${context.watched.node} ` +
    `at least ${expected} times, and not ${JSON.stringify(top)} ${JSON.stringify(body.meta?.warnings)}`);
}

// The planted pair is on top on its node, and then, when it has grown, there and in the fleet. Prints it. Where there is too little time to count
// a long list it is counted in the background, so whom it is of is known some seconds later.
async function check(context) {
  await plantedPair(context, pairs(context, 'limit=3'), BACKLOG);
  await context.take(LARGE);
  const largePair = (path) => until(`the large leak in ${path}`, () => plantedPair(context, ask(context, path), BACKLOG + LARGE), { timeout: 30_000, interval: 1000 });
  const large = await largePair(`nodes/${context.names[0]}/monitors/pairs?limit=3&max_age_ms=0`);
  await largePair('pairs?limit=3&max_age_ms=0');
  process.stdout.write(`${JSON.stringify(large)}\n`);
}

async function show(context, stopped) {
  say(`beamgauge is at http://127.0.0.1:${context.port}/ (Ctrl-C stops everything)`);
  const { text } = await pairs(context, 'format=text&limit=5');
  process.stdout.write(`\nWho monitors whom on ${context.names[0]}:\n\n${text}\n`);
  const gone = await Promise.race([stopped, ...context.children.map((child) => child.ended.then(() => child))]);
  if (gone instanceof Child) throw new Error(`${gone.name} ended by itself: ${JSON.stringify(gone.end)}\n${gone.text('stderr')}`);
}

// What was asked for, or a reason why it cannot be.
function readArguments(args) {
  const isCheck = args[0] === '--check';
  const isLater = args[0] === '--after';
  const minutes = isLater ? Number(args[1]) : 0;
  const [binary, ...rest] = args.slice(isCheck ? 1 : isLater ? 2 : 0);
  if (!binary || rest.length) throw new Error('usage: demo.mjs [--check | --after MINUTES] BINARY');
  if (!Number.isInteger(minutes) || minutes < 0 || minutes > MINUTES_MAX) throw new Error(`--after wants whole minutes, at most ${MINUTES_MAX}`);
  if (!existsSync(binary)) throw new Error(`${binary} does not exist: ./dev build makes it`);
  return { isCheck, binary, minutes };
}

async function main() {
  const wanted = readArguments(process.argv.slice(2));
  const stopped = new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => done(signal));
  });
  const work = startEverything(wanted).then((context) => (wanted.isCheck ? check(context) : show(context, stopped)));
  work.catch(() => {}); // once stopped, what it was doing no longer matters
  const result = await Promise.race([work, stopped]);
  return wanted.isCheck && typeof result === 'string' ? 1 : 0; // a signal is the end of a demo, and of no check
}

try {
  process.exitCode = await main();
} catch (error) {
  say(`demo: ${error.message}`);
  process.exitCode = 1;
} finally {
  await stopAll();
  process.exit();
}
