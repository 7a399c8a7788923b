// Every allocation of a request fails in turn. Never a crash, never a client that waits without end, never a 200 that is not what was asked
// for; and the same request is answered as ever afterwards.
import { judge } from '../../contract/lib/document.mjs';
import { prepare, send, startService } from '../../contract/lib/scene.mjs';
import { Folder } from '../../integration/lib/beamgauge.mjs';
import { World } from '../../integration/lib/suite.mjs';
import { until } from '../../integration/lib/wait.mjs';
import { Failing } from './failing.mjs';
import { requestsOf } from './requests.mjs';

const PATIENCE_MS = 10_000; // longer than any request has, shorter than the service waits for the rest of one
const EVHTTP = /libevent/; // the innermost caller that is not the C library, where memset() and abort() are at home

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

// The errors in the answer to a request in which an allocation failed; none if no answer was promised.
function faultsOf(request, usual, { answer, error }) {
  const { operation } = request;
  if (error) return /no answer in|no JSON/.test(error.message) ? [error.message] : [];
  if (answer.status === 400 && answer.text.startsWith('<HTML>')) return []; // evhttp's own answer if it had no memory to read the head
  if (answer.status === 404 && operation.operationId === 'deleteNode') return []; // what was to be deleted could not be made before
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
  crashes = { evhttp: 0, other: 0 };
  starts = 0;

  async start() {
    this.world = new World();
    await this.world.start();
    this.folder = await Folder.make();
    this.failing = new Failing(this.folder.file('failing'));
    await prepare(this.world, { env: this.failing.env });
    this.requests = requestsOf(this.world);
  }

  async stop() {
    await this.world.gauge.child.stop({ signal: 'SIGKILL' });
    await this.world.stop();
    this.failing.close();
    await this.folder.remove();
  }

  async tryTo(request, send) {
    try {
      return { answer: await ask(this.world, request, send) };
    } catch (error) {
      return { error };
    }
  }

  // The same request, with nothing failing, is answered rightly: at once, or as soon as a link that was lost is up again.
  right(request, usual, send = request.again) {
    return until(`${request.what} to be answered as ever`, async () => {
      const answer = await ask(this.world, request, send);
      if (kind(answer) !== kind(usual) || judge(request.operation, answer).length > 0) throw new Error(`${answer.status} ${answer.text.slice(0, 300)}`);
      return answer;
    }, { timeout: PATIENCE_MS });
  }

  async crash(request, at) {
    const { child } = this.world.gauge;
    await child.ended;
    const lines = child.lines('stderr');
    const from = lines.findIndex((line) => line.startsWith('torture: crash'));
    const frames = from < 0 ? lines.slice(-5) : lines.slice(from + 1).filter((line) => !/libc\.so|failing\.so|linux-vdso/.test(line));
    const isEvhttp = from >= 0 && EVHTTP.test(frames[0] ?? '');
    this.crashes[isEvhttp ? 'evhttp' : 'other']++;
    if (!isEvhttp) this.faults.push(`${request.what}, allocation ${at}: a crash (${JSON.stringify(child.end)}) in\n    ${frames.slice(0, 6).join('\n    ')}`);
    this.starts++;
    await startService(this.world, { env: this.failing.env });
  }

  // One request with the allocation `at` failing. False if it made fewer allocations.
  async point(request, usual, at) {
    const { child } = this.world.gauge;
    this.failing.arm(at, process.env.BG_TELL === '1');
    const came = await this.tryTo(request, request.fresh);
    const { reached } = this.failing.end();
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

  // As many of its allocations as there is time for, from the first to the last; all of them if `ms` is Infinity.
  async each(request, ms) {
    const usual = await this.right(request, await ask(this.world, request, request.fresh), request.fresh);
    this.failing.arm();
    await ask(this.world, request, request.fresh);
    const { count } = this.failing.end();
    const end = Date.now() + ms;
    const tried = this.points;
    let step = 1;
    for (let at = 1; at <= 2 * count + 10; at += step) {
      try {
        if (!(await this.point(request, usual, at))) break;
      } catch (error) {
        this.faults.push(`${request.what}, allocation ${at}: afterwards ${error.message}`);
        if (this.world.gauge.child.end) await this.crash(request, at);
      }
      const each = (ms - Math.max(0, end - Date.now())) / (this.points - tried || 1);
      if (ms !== Infinity) step = Math.max(1, Math.ceil((count - at) / Math.max(1, (end - Date.now()) / each)));
      if (Date.now() > end + PATIENCE_MS) break;
    }
    await this.right(request, usual, request.fresh);
    return { count, tried: this.points - tried };
  }
}

// `ms`: for all of it; Infinity: every one. `only`: a text that is in the names of what is asked.
export async function allocations({ ms, workers = 2, only = '', log }) {
  const tortures = Array.from({ length: workers }, () => new Torture());
  let next = 0;
  let allocated = 0;
  const started = Date.now();
  try {
    await Promise.all(tortures.map((torture) => torture.start()));
    const wanted = tortures[0].requests.map(({ what }, i) => [what, i]).filter(([what]) => what.includes(only)).map(([, i]) => i);
    await Promise.all(tortures.map(async (torture) => {
      while (next < wanted.length) {
        const request = torture.requests[wanted[next++]];
        const left = (ms - (Date.now() - started)) * workers;
        const { count, tried } = await torture.each(request, ms === Infinity ? ms : Math.max(500, left / (wanted.length - next + 1)));
        allocated += count;
        log(`${request.what}: ${count} allocations, ${tried} failed in turn`);
      }
    }));
  } finally {
    for (const torture of tortures) await torture.stop().catch(() => {});
  }
  const sum = (pick) => tortures.reduce((total, torture) => total + pick(torture), 0);
  const came = new Map();
  for (const { failures } of tortures) for (const [name, count] of failures) came.set(name, (came.get(name) ?? 0) + count);
  const ways = [...came].sort(([a], [b]) => a.localeCompare(b)).map(([name, count]) => `${name}: ${count}`);
  return {
    figures: `${sum(({ points }) => points)} of about ${allocated} allocations failed in turn, of ${next} requests; answered ${ways.join(', ')}; ` +
      `crashes in evhttp: ${sum(({ crashes }) => crashes.evhttp)}, elsewhere: ${sum(({ crashes }) => crashes.other)}`,
    faults: tortures.flatMap(({ faults }) => faults),
  };
}
