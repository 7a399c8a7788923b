// A program that was started here: its lines, its end, and stopping it by its own pid.
import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { LIMIT_MS, within } from './wait.mjs';

const LINES_MAX = 20_000;

// However we end, what we started ends: only a kill -9 of us could leave something.
const living = new Set();
process.on('exit', () => {
  for (const child of living) child.process.kill('SIGKILL');
});

export class Child {
  #lines = { stdout: [], stderr: [] };
  #events = new EventEmitter();

  constructor(command, args, options = {}) {
    this.name = options.name ?? command;
    this.process = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
    this.#events.setMaxListeners(0);
    living.add(this);
    this.ended = new Promise((resolve) => {
      this.process.once('error', (error) => resolve({ error }));
      this.process.once('close', (code, signal) => resolve({ code, signal }));
    });
    this.ended.then((end) => {
      this.end = end;
      living.delete(this);
      this.#events.emit('end');
    });
    this.process.stdin?.on('error', () => {}); // the program may go first
    for (const stream of ['stdout', 'stderr']) this.#collect(stream);
  }

  get pid() {
    return this.process.pid;
  }

  #collect(stream) {
    const pipe = this.process[stream];
    if (!pipe) return;
    let rest = '';
    pipe.setEncoding('utf8');
    pipe.on('data', (text) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop();
      for (const line of parts) this.#add(stream, line);
    });
    pipe.on('end', () => rest && this.#add(stream, rest));
  }

  #add(stream, line) {
    const lines = this.#lines[stream];
    lines.push(line);
    if (lines.length > LINES_MAX) lines.shift();
    this.#events.emit(stream, line);
  }

  lines(stream) {
    return this.#lines[stream];
  }

  text(stream) {
    return this.#lines[stream].join('\n');
  }

  // Every line to come.
  onLine(stream, listener) {
    this.#events.on(stream, listener);
  }

  // The match of the first line, past or to come, that matches.
  line(stream, pattern, timeout = LIMIT_MS) {
    for (const line of this.#lines[stream]) {
      const match = line.match(pattern);
      if (match) return Promise.resolve(match);
    }
    let finish;
    const found = new Promise((resolve, reject) => {
      const look = (line) => {
        const match = line.match(pattern);
        if (match) resolve(match);
      };
      const gone = () => reject(new Error(`${this.name} ended: ${JSON.stringify(this.end)}\n${this.text('stdout')}\n${this.text('stderr')}`));
      finish = () => {
        this.#events.off(stream, look);
        this.#events.off('end', gone);
      };
      this.#events.on(stream, look);
      if (this.end) gone();
      else this.#events.on('end', gone);
    });
    return within(`${this.name} to say ${pattern}`, found, timeout).finally(finish);
  }

  signal(name) {
    if (!this.end) this.process.kill(name);
  }

  // Lets it live on without us.
  release() {
    living.delete(this);
    for (const pipe of this.process.stdio) pipe?.destroy();
    this.process.unref();
  }

  // Asks it to end, and after `grace` ms makes it.
  async stop({ signal = 'SIGTERM', grace = 20_000 } = {}) {
    if (this.end) return this.end;
    this.process.kill('SIGCONT');
    this.process.kill(signal);
    const timer = setTimeout(() => this.process.kill('SIGKILL'), grace);
    return this.ended.finally(() => clearTimeout(timer));
  }
}

// Runs a program to its end.
export async function run(command, args, { timeout = 2 * LIMIT_MS, ...options } = {}) {
  const child = new Child(command, args, options);
  child.process.stdin?.end();
  try {
    const end = await within(`${command} to end`, child.ended, timeout);
    return { ...end, stdout: child.text('stdout'), stderr: child.text('stderr') };
  } finally {
    await child.stop({ signal: 'SIGKILL' });
  }
}
