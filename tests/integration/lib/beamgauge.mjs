// The program under test, with a folder, a home and a port of its own.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Child } from './child.mjs';
import { request } from './http.mjs';
import { LIMIT_MS, until } from './wait.mjs';

export const ROOT = new URL('../../../', import.meta.url).pathname;
export const BINARY = resolve(process.env.BEAMGAUGE ?? join(ROOT, 'build/release/beamgauge'));

// {server: {key: value}, 'node a@b': {...}} as an INI file.
export function ini(sections) {
  const lines = [];
  for (const [section, settings] of Object.entries(sections)) {
    lines.push(`[${section}]`);
    for (const [key, value] of Object.entries(settings)) if (value !== undefined) lines.push(`${key} = ${value}`);
  }
  return `${lines.join('\n')}\n`;
}

export class Folder {
  static async make() {
    const folder = new Folder();
    folder.path = await mkdtemp(join(tmpdir(), 'beamgauge-test-'));
    return folder;
  }

  file(name) {
    return join(this.path, name);
  }

  async write(name, text) {
    await writeFile(this.file(name), text, { mode: 0o600 });
    await chmod(this.file(name), 0o600);
    return this.file(name);
  }

  // A cookie in a file that only its owner reads, as beamgauge wants it.
  cookie(node) {
    return this.write(`cookie-${node.name}`, node.cookie);
  }

  remove() {
    return rm(this.path, { recursive: true, force: true });
  }
}

// The environment: nothing of ours but the home.
export const environment = (home) => ({
  PATH: process.env.PATH,
  HOME: home,
  ...(process.env.ASAN_OPTIONS && { ASAN_OPTIONS: process.env.ASAN_OPTIONS }),
});

// A question of a node, with all the time that a busy machine may want, unless a test gives it one.
const patient = (path, { method = 'GET' } = {}) =>
  (method !== 'GET' || !/^(nodes\/[^/]+\/|pairs)/.test(path) || path.includes('timeout_ms=') ? path : `${path}${path.includes('?') ? '&' : '?'}timeout_ms=${LIMIT_MS}`);

export class Beamgauge {
  constructor(fields) {
    Object.assign(this, fields);
  }

  api(path, options = {}) {
    const headers = { ...(this.token && { Authorization: `Bearer ${this.token}` }), ...options.headers };
    return request(this.port, path.startsWith('/') ? path : `/api/v1/${path}`, { ca: this.ca, ...options, headers, host: this.host });
  }

  // The data of a request that must succeed.
  async get(path) {
    const answer = await this.api(patient(path));
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  // A question about a node.
  ask(node, path, options) {
    return this.api(patient(`nodes/${node.name ?? node}/${path}`, options), options);
  }

  async data(node, path) {
    const { data } = await this.get(`nodes/${node.name ?? node}/${path}`);
    return data;
  }

  async info(node) {
    return (await this.get(`nodes/${node.name ?? node}`)).data;
  }

  put(node, body = { cookie: node.cookie }) {
    return this.api(`nodes/${node.name ?? node}`, { method: 'PUT', body });
  }

  up(node) {
    return this.state(node, (info) => info.state === 'up');
  }

  // Until the link failed for this reason.
  failed(node, code) {
    return this.state(node, (info) => info.reason?.code === code);
  }

  async state(node, test) {
    let info;
    await until(`${node.name ?? node} in beamgauge`, async () => {
      info = await this.info(node);
      if (!test(info)) throw new Error(JSON.stringify(info));
      return true;
    });
    return info;
  }

  async register(node, body) {
    const answer = await this.put(node, body);
    if (answer.status !== 201) throw new Error(`PUT ${node.name}: ${answer.status} ${answer.text}`);
    return this.up(node);
  }

  // It must have ended well, unless a test killed it: here a sanitizer's findings come to light.
  async stop() {
    const wasKilled = this.child.end?.signal === 'SIGKILL';
    const end = await this.child.stop();
    if (this.ownFolder) await this.folder.remove();
    if (end.code !== 0 && !wasKilled) throw new Error(`beamgauge ended with ${JSON.stringify(end)}:\n${this.child.text('stderr').slice(-6000)}`);
    return end;
  }
}

// Sections are merged over what every test needs: a free port, our epmd, quick retries. `command`: what runs the program.
export async function startBeamgauge(epmd, { sections = {}, args = [], env = {}, folder: given, home, ca, listen = '127.0.0.1:0', command = [BINARY] } = {}) {
  const folder = given ?? (await Folder.make());
  const merged = {
    ...sections,
    server: { epmd_port: epmd?.port ?? 1, discover: 'false', listen, ...sections.server },
    watch: { sample_ms: 0, ...sections.watch }, // so that nothing is asked but what a test asks
    limits: { retry_min_ms: 100, retry_max_ms: 500, connect_timeout_ms: 3000, ...sections.limits },
  };
  const config = await folder.write('beamgauge.ini', ini(merged));
  const child = new Child(command[0], [...command.slice(1), '--config', config, ...args], { name: 'beamgauge', cwd: folder.path, env: { ...environment(home ?? folder.path), ...env } });
  try {
    const match = await child.line('stderr', /event=listening\b.*\baddress="?([^\s"]+)"?.*\bport=(\d+)/);
    return new Beamgauge({ child, folder, ownFolder: !given, config, sections: merged, ca, host: match[1], port: Number(match[2]) });
  } catch (error) {
    await child.stop({ signal: 'SIGKILL' });
    if (!given) await folder.remove();
    throw error;
  }
}
