// ./dev matrix [RELEASE...]: the tests that depend on a node's release, on each of them; prints the table release x tests.
import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { findReleases, ROOTS } from './releases.mjs';

const ROOT = new URL('../../', import.meta.url).pathname;
const REPORTER = new URL('reporter.mjs', import.meta.url).pathname;
const FILES = ['scenarios', 'trouble', 'harmless', 'processes', 'monitors', 'numbers', 'names', 'call_sites', 'fleet'];
const FILE_TIMEOUT_MS = 200_000;
const WORKERS = Math.min(cpus().length + 1, 4); // much of it is waiting

const seconds = (since) => Math.round((Date.now() - since) / 1000);
const say = (text) => process.stderr.write(`matrix: ${text}\n`);

// Ends with us: what the tests started ends with them.
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGTERM')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

// The outcomes of one file on one release; one that says nothing has failed.
function runFile(release, file) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [`--test-reporter=${REPORTER}`, `tests/integration/${file}.test.mjs`], {
      cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, BG_ERL: release.command, BG_REQUESTS: '2000' },
    });
    let [text, errors, isLate] = ['', '', false];
    running.add(child);
    child.stdout.setEncoding('utf8').on('data', (part) => (text += part));
    child.stderr.setEncoding('utf8').on('data', (part) => (errors = (errors + part).slice(-2000)));
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGTERM');
    }, FILE_TIMEOUT_MS);
    child.once('close', (code) => {
      clearTimeout(timer);
      running.delete(child);
      const tests = text.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
      const lacking = isLate || tests.length === 0 || (code !== 0 && !tests.some(({ outcome }) => outcome === 'failed'));
      const reason = isLate ? `did not end within ${FILE_TIMEOUT_MS / 1000} s` : `ended with ${code}: ${errors}`;
      if (lacking) tests.push({ name: `${file}.test.mjs`, outcome: 'failed', reason });
      resolve(tests);
    });
  });
}

// Every file on every release, a few at a time, whichever is next.
async function runAll(releases) {
  const jobs = releases.flatMap((release) => FILES.map((file) => ({ release, file })));
  const results = new Map(releases.map((release) => [release, new Map()]));
  const work = async () => {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const begun = Date.now();
      const tests = await runFile(job.release, job.file);
      results.get(job.release).set(job.file, tests);
      say(`${job.release.label}: ${job.file}: ${cell(tests)} in ${seconds(begun)} s`);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return results;
}

const OUTCOMES = ['passed', 'failed', 'skipped'];
const cell = (tests) => OUTCOMES.map((outcome) => tests.filter((test) => test.outcome === outcome).length).join('/');

function table(releases, results) {
  const rows = releases.map((release) => {
    if (!release.command) return [release.label, `not run: ${release.why}`];
    const files = FILES.map((file) => results.get(release).get(file));
    return [release.label, ...files.map(cell), cell(files.flat())];
  });
  const lines = [[OUTCOMES.join('/'), ...FILES, 'all'], ...rows];
  const wide = lines.filter((line) => line.length > 2);
  const widths = lines[0].map((_, at) => Math.max(...(at === 0 ? lines : wide).map((line) => line[at].length)));
  return lines.map((line) => line.map((text, at) => text.padEnd(widths[at])).join('  ').trimEnd());
}

function details(results, outcome) {
  return [...results].flatMap(([release, files]) => [...files].flatMap(([file, tests]) =>
    tests.filter((test) => test.outcome === outcome).map(({ name, reason }) => `${outcome} on ${release.label}: ${file}: ${name}: ${reason}`)));
}

const releases = await findReleases(process.argv.slice(2), say);
if (releases.length === 0) {
  say(`unknown release ${process.argv.slice(2).join(', ')}: 23, 25, 27, 29 or elixir`);
  process.exit(1);
}
for (const { label, why } of releases.filter(({ command }) => !command)) say(`${label} cannot be run here: ${why} (Debian roots are kept in ${ROOTS})`);
const runnable = releases.filter(({ command }) => command);
const started = Date.now();
const results = await runAll(runnable);
for (const line of [...details(results, 'failed'), ...details(results, 'skipped')]) console.log(line);
console.log(table(releases, results).join('\n'));
console.log(`${runnable.length} of ${releases.length} releases, ${seconds(started)} s`);
process.exit(runnable.length > 0 && details(results, 'failed').length === 0 ? 0 : 1);
