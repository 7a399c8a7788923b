// Asking a sick node everything that can be asked of a node, as people do: with no timeout_ms, so that the default is what must do.
import assert from 'node:assert/strict';
import { randomName } from './node.mjs';
import { LIMIT_MS, until } from './wait.mjs';

const VARIED = ['sort', 'by', 'group', 'direction'];
const ASSERTIONS = ['process_ratio:ge:0', 'message_queue_len_max:ge:0', 'pair_count_max:ge:0'];
const SLACK_MS = 3000; // of a machine that has other work
const DEFAULT_MS = 5000;
const TIMEOUT_MS_MAX = 60_000;
const SHARE_MIN = 0.5; // of a processor: with less the machine is short of time, not only the node
const SHARE_CPU_US = 50_000;

// What a question may take at most, asked without timeout_ms. A scrape has as long as Prometheus gives it.
export const limitMs = (path) => (path.startsWith('/probe') ? 10_000 : DEFAULT_MS) + SLACK_MS;

// The part of a processor that a process without waits gets here now.
function share() {
  const [from, cpu] = [performance.now(), process.cpuUsage()];
  for (let used = { user: 0, system: 0 }; used.user + used.system < SHARE_CPU_US; used = process.cpuUsage(cpu));
  return SHARE_CPU_US / 1000 / (performance.now() - from);
}

// A node with busy schedulers needs a machine of its own: the default timeout if it has one; if the machine has other work, as much longer as that makes everything.
export function stretched(path) {
  const part = share();
  if (part >= SHARE_MIN || path.startsWith('/probe') || !path.includes('max_age_ms')) return path; // a request without a node does not wait for a node
  return `${path}&timeout_ms=${Math.min(TIMEOUT_MS_MAX, Math.round(DEFAULT_MS / part))}`;
}

// Values for parameters of the path: things that exist.
const inPath = (node, pid) => ({ node: node.name, pid: pid.slice(1, -1), application: 'kernel' });

// Parameters that an operation requires.
const needed = (path) => (path.endsWith('/check') ? ASSERTIONS.map((text) => `assert=${text}`) : []);

// Every GET of a node that the service itself describes, each sort and group and side of it on its own: what is new is in it by itself.
// A pid is that of the process which is to be asked for; without `isVaried`, each path once.
export async function questionsOf(gauge, node, pid, { isVaried = true } = {}) {
  const description = (await gauge.api('openapi.json')).body;
  const questions = [`/probe?target=${node.name}&max_age_ms=0`];
  for (const [path, item] of Object.entries(description.paths)) {
    if (!item.get || !path.includes('{node}') || item.get.tags.includes('time')) continue; // what was is asked of no node
    const values = inPath(node, pid);
    const full = path.replace(/\{(\w+)\}/g, (_, name) => values[name]);
    const { parameters } = item.get;
    const variants = [[], ...parameters.filter(({ name }) => isVaried && VARIED.includes(name)).flatMap(({ name, schema }) =>
      schema.enum.filter((value) => value !== schema.default && value !== 'label').map((value) => [`${name}=${value}`]))];
    if (isVaried && parameters.some(({ name, schema }) => name === 'window_ms' && schema.minimum === 0)) variants.push(['window_ms=200']);
    const fresh = parameters.some(({ name }) => name === 'max_age_ms') ? ['max_age_ms=0'] : [];
    for (const variant of variants) questions.push(withQuery(full, [...variant, ...needed(path), ...fresh]));
  }
  return questions;
}

const withQuery = (path, query) => (query.length > 0 ? `${path}?${query.join('&')}` : path);

// Asks them one after the other. `before` is called before each; `allows(answer)`, with path, status, code and detail, accepts answers other than 200. Returns all errors.
// `asked(path)` is the path as it is asked, with a timeout_ms where that has to be longer than the default.
export async function examine(t, gauge, questions, { before = () => {}, allows = () => false, asked = (path) => path } = {}) {
  const rows = [];
  for (const path of questions) {
    await before();
    const full = asked(path);
    const longer = Number(/timeout_ms=(\d+)/.exec(full)?.[1] ?? DEFAULT_MS) - DEFAULT_MS;
    const { status, ms, body, text } = await gauge.api(full);
    const isRight = (status === 200 || allows({ path, status, code: body?.code, detail: body?.detail })) && ms < limitMs(path) + longer;
    rows.push({ path, status, ms, body, isRight, line: `${status} ${body?.code ?? ''} ${Math.round(ms)} ms ${path}: ${status === 200 ? '' : (body?.detail ?? text).slice(0, 300)}` });
  }
  const slowest = [...rows].sort((a, b) => b.ms - a.ms).slice(0, 3);
  t?.diagnostic(`${rows.length} questions, ${rows.filter(({ isRight }) => !isRight).length} answered wrongly; the slowest: ${slowest.map(({ path, ms }) => `${Math.round(ms)} ms ${path}`).join(', ')}`);
  assert.deepEqual(rows.filter(({ isRight }) => !isRight).map(({ line }) => line), []);
  return rows;
}

// Keeps on the node itself, in an older process, what was there.
export class Keeper {
  static async of(node) {
    const keeper = new Keeper();
    keeper.node = node;
    keeper.pid = await node.eval(`spawn_opt(fun() -> (fun L(S) -> receive
      {remember, F} -> Now = truth:leftovers(now), F ! {kept, ok}, L(Now);
      {left, F} -> F ! {kept, truth:leftovers(S)}, L(S)
    end end)({[], []}) end, [{priority, high}])`);
    await keeper.remember();
    return keeper;
  }

  #ask(what) {
    return this.node.eval(`list_to_pid("${this.pid}") ! {${what}, self()}, receive {kept, Kept} -> Kept end`);
  }

  async remember() {
    await this.#ask('remember');
    this.atoms = await this.node.eval('erlang:system_info(atom_count)');
  }

  // No process and no table is new, and no more atoms than these.
  async nothingLeft({ atoms = 0 } = {}) {
    await until(`nothing left on ${this.node.name}`, async () => {
      assert.deepEqual(await this.#ask('left'), [[], []]);
      return true;
    }, { timeout: LIMIT_MS / 2 });
    const gained = (await this.node.eval('erlang:system_info(atom_count)')) - this.atoms;
    assert.ok(gained <= atoms, `${gained} atoms more`);
  }
}

// A healthy node that was asked everything once, so that it has what the first use of stdlib creates; and its client.
export async function patient(world, options = {}) {
  const node = await world.node({ ...options, modules: ['truth', 'sick'] });
  const gauge = options.gauge ?? (await world.beamgauge({ args: ['--name', `${randomName('doctor')}@127.0.0.1`] }));
  await gauge.register(node);
  const questions = await questionsOf(gauge, node, '<0.0.0>', { isVaried: options.isVaried ?? true });
  for (const path of questions) await gauge.api(path);
  return { node, gauge, questions, keeper: await Keeper.of(node) };
}
