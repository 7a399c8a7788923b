// A real Erlang node with a control channel: expressions go in on its stdin and come back as JSON.
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { Child } from './child.mjs';
import { LIMIT_MS, until, within } from './wait.mjs';

const FIXTURES = new URL('../../fixtures/', import.meta.url);

// Compiles modules on the node itself, so that any release can run them and none has to see our folders.
const BOOT = `
  spawn(fun() ->
    Split = fun Split([], [], Forms) -> lists:reverse(Forms);
                Split([{dot, _} = Dot | Rest], Form, Forms) -> Split(Rest, [], [lists:reverse([Dot | Form]) | Forms]);
                Split([Token | Rest], Form, Forms) -> Split(Rest, [Token | Form], Forms)
            end,
    Load = fun(Text) ->
      {ok, Tokens, _} = erl_scan:string(Text),
      Parsed = [begin {ok, Form} = erl_parse:parse_form(Part), Form end || Part <- Split(Tokens, [], [])],
      {ok, Module, Code} = compile:forms(Parsed, []),
      {module, Module} = code:load_binary(Module, atom_to_list(Module), Code),
      Module
    end,
    control = Load(unicode:characters_to_list(base64:decode(string:trim(io:get_line(''))))),
    io:put_chars("@ready\\n"),
    control:loop(Load)
  end)`;

export const randomName = (prefix = 't') => `${prefix}${randomBytes(5).toString('hex')}`;
export const randomCookie = () => `C${randomBytes(12).toString('hex')}`;

// The command that starts an Erlang system; BG_ERL may be "chroot /some/root erl".
export const erlCommand = () => (process.env.BG_ERL ?? 'erl').trim().split(/\s+/);

const HOSTS = { long: () => '127.0.0.1', ipv6: () => '::1', short: () => hostname().split('.')[0] };

const threadStates = (pid) => readdirSync(`/proc/${pid}/task`).map((id) => readFileSync(`/proc/${pid}/task/${id}/stat`, 'latin1').replace(/.*\) /s, '')[0]);

export class Node {
  #waiting = new Map();
  #next = 1;

  constructor(fields) {
    Object.assign(this, fields);
    this.child.onLine('stdout', (line) => this.#answer(line));
    this.child.ended.then(() => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${this.name} has ended: ${this.child.text('stderr')}`));
    });
  }

  #answer(line) {
    const match = /^@(\d+) (ok|error) (.*)$/.exec(line);
    const waiting = match && this.#waiting.get(match[1]);
    if (!waiting) return;
    this.#waiting.delete(match[1]);
    if (match[2] === 'ok') waiting.resolve(JSON.parse(match[3]));
    else waiting.reject(new Error(`on ${this.name}: ${JSON.parse(match[3])}`));
  }

  #ask(verb, text, timeout) {
    const id = String(this.#next++);
    const answer = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.child.process.stdin.write(`${id} ${verb} ${Buffer.from(text).toString('base64')}\n`);
    return within(`${this.name} to evaluate ${text.slice(0, 80)}`, answer, timeout);
  }

  // The value of an Erlang expression: maps are objects, atoms and binaries strings, pids their text, undefined null.
  eval(expression, timeout = LIMIT_MS) {
    return this.#ask('eval', expression, timeout);
  }

  async load(module) {
    return this.#ask('load', await readFile(new URL(`${module}.erl`, FIXTURES), 'utf8'), LIMIT_MS);
  }

  kill() {
    return this.child.stop({ signal: 'SIGKILL' });
  }

  // Until each of its threads has stopped: some may go on for a while after the signal, and answer.
  async pause() {
    this.child.signal('SIGSTOP');
    await until(`${this.name} to stop`, () => threadStates(this.child.pid).every((state) => state === 'T'), { interval: 5 });
  }

  resume() {
    this.child.signal('SIGCONT');
  }

  async stop() {
    this.child.signal('SIGCONT');
    this.child.process.stdin.end();
    await this.child.stop({ grace: 5000 });
  }
}

// kind: long (127.0.0.1), short (this host), ipv6 (::1). A stopped node's fields can be given again to restart it.
export async function startNode(epmd, options = {}) {
  const { kind = 'long', cookie = randomCookie(), distPort, modules = ['plant', 'truth'], flags = [], uid } = options;
  const name = options.name ?? `${randomName()}@${HOSTS[kind]()}`;
  const args = ['-noshell', kind === 'short' ? '-sname' : '-name', name, '-setcookie', cookie];
  if (kind === 'ipv6') args.push('-proto_dist', 'inet6_tcp');
  if (distPort) args.push('-kernel', 'inet_dist_listen_min', String(distPort), 'inet_dist_listen_max', String(distPort));
  const [command, ...prefix] = erlCommand();
  if (uid !== undefined && command === 'chroot') prefix.unshift(`--userspec=${uid}:${uid}`); // which only root may call
  const child = new Child(command, [...prefix, ...args, ...flags, '-eval', BOOT.replace(/\s+/g, ' ')], {
    name,
    ...(uid !== undefined && { cwd: '/', ...(command !== 'chroot' && { uid, gid: uid }) }),
    env: { PATH: process.env.PATH, HOME: tmpdir(), LANG: 'C.UTF-8', ERL_EPMD_PORT: String(epmd.port), ERL_CRASH_DUMP_SECONDS: '0' },
  });
  const node = new Node({ name, cookie, kind, child, distPort });
  try {
    const source = await readFile(new URL('control.erl', FIXTURES));
    child.process.stdin.write(`${source.toString('base64')}\n`);
    await child.line('stdout', /^@ready$/);
    for (const module of modules) await node.load(module);
    return node;
  } catch (error) {
    await node.kill();
    throw error;
  }
}
