// One file of tests on one release, in a process of its own.
import { spawn } from 'node:child_process';

const ROOT = new URL('../../', import.meta.url).pathname;
const REPORTER = new URL('reporter.mjs', import.meta.url).pathname;
const LIMIT_MS = 20 * 60_000; // for what hangs: more than a suite gives itself
// Of each kind of node less than where one kind alone is asked.
const SIZES = { BG_REQUESTS: '2000', BG_PROCESSES: '5000', BG_MESSAGES: '300000', BG_LOCAL_ENTRIES: '500000', BG_REMOTE_ENTRIES: '250000' };

const running = new Set();

export const stopAll = () => running.forEach((child) => child.kill('SIGTERM'));

// [{name, outcome, reason}] of a file's tests; one that says nothing has failed.
export function runFile(release, file) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [`--test-reporter=${REPORTER}`, `tests/integration/${file}.test.mjs`], {
      cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, BG_ERL: release.command, ...SIZES },
    });
    let [text, errors, isLate] = ['', '', false];
    running.add(child);
    child.stdout.setEncoding('utf8').on('data', (part) => (text += part));
    child.stderr.setEncoding('utf8').on('data', (part) => (errors = (errors + part).slice(-2000)));
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGTERM');
    }, LIMIT_MS);
    child.once('close', (code) => {
      clearTimeout(timer);
      running.delete(child);
      const tests = text.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
      const isLacking = isLate || tests.length === 0 || (code !== 0 && !tests.some(({ outcome }) => outcome === 'failed'));
      const reason = isLate ? `did not end within ${LIMIT_MS / 1000} s` : `ended with ${code}: ${errors}`;
      resolve(isLacking ? [...tests, { name: `${file}.test.mjs`, outcome: 'failed', reason }] : tests);
    });
  });
}
