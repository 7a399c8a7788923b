// Every allocation of a request fails in turn. Never a crash, in a library neither; never a client that gets no answer, never a 200 that is
// not what was asked for; and the same request is answered as ever afterwards.
import { judge } from '../../contract/lib/document.mjs';
import { prepare, provide, send, startService } from '../../contract/lib/scene.mjs';
import { Folder } from '../../integration/lib/beamgauge.mjs';
import { World } from '../../integration/lib/suite.mjs';
import { until } from '../../integration/lib/wait.mjs';
import { Done } from './done.mjs';
import { Failing } from './failing.mjs';
import { requestsOf } from './requests.mjs';

const PATIENCE_MS = 10_000; // longer than any request has, shorter than the service waits for the rest of one
const LIMITS = { retry_min_ms: 10, retry_max_ms: 50 }; // a link that was lost for want of memory is soon up again

let slacks = 0;
const ask = (world, { operation }, request) => {
  const body = operation.operationId === 'chatSlack' ? `text=nodes&n=${slacks++}` : request.body; // a signature is taken once
  return send(world, operation, { ...request, body, timeout: PATIENCE_MS });
};

const kind = ({ status, headers, body, text }) => {
  const data = body?.data;
  const rows = Array.isArray(data) ? `rows${data.length > 0 ? '' : ', none'}` : data && typeof data;
  return JSON.stringify([Math.floor(status / 100), headers['content-type'], rows, text.length > 0]);
};

// A check that could not be determined says so in its own form.
const isCheck = ({ operation }, usual, answer) => operation.tags[0] === 'checks' && answer.status >= 500 && answer.text.length > 0 &&
  answer.headers['content-type'] === usual.headers['content-type'];

// What is wrong with the answer to a request in which an allocation failed.
function faultsOf(request, usual, { answer, error }) {
  const { operation } = request;
  if (error) return [`no answer: ${error.message}`];
  if (isCheck(request, usual, answer)) return [];
  if (answer.status >= 400 && answer.status !== usual.status) {
    const isHonest = answer.status === 500 ? answer.body?.code === 'no_memory' : [429, 502, 503, 504].includes(answer.status) && answer.body?.code;
    return isHonest ? judge(operation, answer) : [`${answer.status} ${answer.text.slice(0, 200)}`];
  }
  return kind(answer) === kind(usual) ? judge(operation, answer) : [`${kind(answer)} and not ${kind(usual)}: ${answer.text.slice(0, 200)}`];
}

class Torture {
  points = 0;
  failures = new Map(); // status, or what came, and how often
  faults = [];
  crashes = 0;

  // `isLasting`: all allocations after the one that fails do so too, until the client has its answer.
  constructor(isLasting) {
    this.isLasting = isLasting;
  }

  async start() {
    this.world = new World();
    await this.world.start();
    this.folder = await Folder.make();
    this.failing = new Failing(this.folder.file('failing'));
    this.options = { env: this.failing.env, limits: LIMITS };
    await prepare(this.world, this.options);
    this.requests = requestsOf(this.world);
  }

  async stop() {
    await this.world.gauge.child.stop({ signal: 'SIGKILL' });
    await this.world.stop();
    this.failing.close();
    await this.folder.remove();
  }

  // The answer to the request with the allocation `at` failing, or the error; whether it made so many, and how many it made.
  async tryWith(request, at) {
    await provide(request.operation, this.world.gauge);
    this.failing.arm(at, { isLasting: this.isLasting, saysWhere: process.env.BG_TELL === '1' });
    const came = await ask(this.world, request, { ...request.fresh, isProvided: true }).then((answer) => ({ answer }), (error) => ({ error }));
    return { came, ...this.failing.end() };
  }

  // The same request, with nothing failing, is answered rightly: at once, or as soon as a link that was lost is up again.
  right(request, usual, send = request.again) {
    return until(`${request.what} to be answered as ever`, async () => {
      const answer = await ask(this.world, request, send);
      if (kind(answer) !== kind(usual) || judge(request.operation, answer).length > 0) throw new Error(`${answer.status} ${answer.text.slice(0, 300)}`);
      return answer;
    }, { timeout: PATIENCE_MS, interval: 5 });
  }

  async crash(request, at) {
    const { child } = this.world.gauge;
    await child.ended;
    const lines = child.lines('stderr');
    const from = lines.findIndex((line) => line.startsWith('torture: crash'));
    const frames = from < 0 ? lines.slice(-5) : lines.slice(from + 1).filter((line) => !/libc\.so|failing\.so|linux-vdso/.test(line));
    this.crashes++;
    this.faults.push(`${request.what}, allocation ${at}: a crash (${JSON.stringify(child.end)}) in\n    ${frames.slice(0, 6).join('\n    ')}`);
    await startService(this.world, this.options);
  }

  // One request with the allocation `at` failing. False if it made fewer allocations.
  async point(request, usual, at) {
    const { child } = this.world.gauge;
    const { came, reached } = await this.tryWith(request, at);
    if (!reached) return false;
    this.points++;
    const name = came.error ? 'closed without an answer' : String(came.answer.status);
    this.failures.set(name, (this.failures.get(name) ?? 0) + 1);
    await new Promise((resolve) => setImmediate(resolve));
    if (came.error && (child.end || (await Promise.race([child.ended, new Promise((resolve) => setTimeout(resolve, 30))])))) {
      await this.crash(request, at);
      return true;
    }
    for (const fault of faultsOf(request, usual, came)) this.faults.push(`${request.what}, allocation ${at}: ${fault}`);
    await this.right(request, usual);
    return true;
  }

  // About how long all of its allocations take, in ms.
  async cost(request) {
    const begun = Date.now();
    const { count } = await this.tryWith(request);
    return count * (Date.now() - begun);
  }

  // As many of its allocations as there is time for, from the first to the last; all of them if `ms` is Infinity.
  async each(request, ms) {
    const usual = await this.right(request, await ask(this.world, request, request.fresh), request.fresh);
    const { count } = await this.tryWith(request);
    const end = Date.now() + ms;
    const before = { points: this.points, faults: this.faults.length, failures: new Map(this.failures) };
    let step = 1;
    let missed = 0; // in a row: a request makes fewer allocations now and then, say while a link that was lost is not up again
    for (let at = 1; at <= 2 * count + 10; at += missed > 0 ? 0 : step) {
      try {
        missed = (await this.point(request, usual, at)) ? 0 : missed + 1;
        if (missed > (at < count * 0.98 ? 20 : 2)) break;
        if (missed > 0) await this.right(request, usual, request.fresh);
      } catch (error) {
        this.faults.push(`${request.what}, allocation ${at}: afterwards ${error.message}`);
        if (this.world.gauge.child.end) await this.crash(request, at);
      }
      const each = (ms - Math.max(0, end - Date.now())) / (this.points - before.points || 1);
      if (ms !== Infinity) step = Math.max(1, Math.ceil((count - at) / Math.max(1, (end - Date.now()) / each)));
      if (Date.now() > end + PATIENCE_MS) break;
    }
    await this.right(request, usual, request.fresh);
    const failures = [...this.failures].map(([name, many]) => [name, many - (before.failures.get(name) ?? 0)]).filter(([, many]) => many > 0);
    return { count, tried: this.points - before.points, failures, faults: this.faults.slice(before.faults) };
  }
}

// `ms`: for all of it; Infinity: every one. `only`: a text that is in the names of what is asked. `isResumed`: what was tried to its end
// before, of the same program, is not tried again.
export async function allocations({ ms, workers = 2, only = '', isLasting = false, isResumed = false, log }) {
  const tortures = Array.from({ length: workers }, () => new Torture(isLasting));
  const done = new Done(isLasting ? 'lasting' : 'allocations', { isResumed, isKept: ms === Infinity });
  let next = 0;
  let wanted = [];
  const started = Date.now();
  try {
    await Promise.all(tortures.map((torture) => torture.start()));
    const named = tortures[0].requests.map(({ what }, i) => [what, i]).filter(([what]) => what.includes(only));
    wanted = named.filter(([what]) => !done.has(what)).map(([, i]) => i);
    done.keepOnly(named.map(([what]) => what));
    if (ms === Infinity) { // the quick ones first: so a run that is cut off has tried most requests
      const costs = new Map();
      for (const i of wanted) costs.set(i, await tortures[0].cost(tortures[0].requests[i]));
      wanted.sort((a, b) => costs.get(a) - costs.get(b));
    }
    await Promise.all(tortures.map(async (torture) => {
      while (next < wanted.length) {
        const request = torture.requests[wanted[next++]];
        const left = (ms - (Date.now() - started)) * workers;
        const begun = Date.now();
        const result = await torture.each(request, ms === Infinity ? ms : Math.max(500, left / (wanted.length - next + 1)));
        done.add(request.what, { ...result, seconds: (Date.now() - begun) / 1000 });
        log(`${request.what}: ${result.count} allocations, ${result.tried} failed in turn, ${((Date.now() - begun) / 1000).toFixed(1)} s`);
      }
    }));
  } finally {
    for (const torture of tortures) await torture.stop().catch(() => {});
  }
  const { allocated, tried, came, faults, requests } = done.sums();
  const ways = came.map(([name, count]) => `${name}: ${count}`).join(', ');
  const crashes = tortures.reduce((total, torture) => total + torture.crashes, 0);
  return {
    figures: `${tried} of about ${allocated} allocations failed in turn${isLasting ? ', with all after each' : ''}, of ${requests} requests; answered ${ways}; crashes: ${crashes}`,
    faults,
  };
}
