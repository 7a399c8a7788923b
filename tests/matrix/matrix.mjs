// ./dev matrix [--minutes N] [RELEASE...]: the tests that depend on a node's release, on each of them; prints the table tests x releases.
import { cpus } from 'node:os';
import { runFile, stopAll } from './jobs.mjs';
import { findReleases, RELEASES, ROOTS } from './releases.mjs';
import { counts, details, table } from './table.mjs';

const FILES = ['scenarios', 'entries', 'monitors', 'groups', 'processes', 'numbers', 'parity', 'names', 'fleet', 'peer_names', 'call_sites', 'trouble', 'harmless',
  'memory', 'limits', 'returning', 'atoms', 'leaks', 'sick_large', 'sick_full', 'sick_mailbox', 'harmless_sick'];
const WORKERS = Math.min(cpus().length + 1, 4); // much of it is waiting
const MINUTES_MAX = 24 * 60;

const seconds = (since) => Math.round((Date.now() - since) / 1000);
const say = (text) => process.stderr.write(`matrix: ${text}\n`);

// Ends with us: what the tests started ends with them.
process.on('exit', stopAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

// What was asked for, or undefined and a reason.
function readArguments(args) {
  const wanted = [...args];
  const at = wanted.indexOf('--minutes');
  const [, minutes] = at < 0 ? [] : wanted.splice(at, 2);
  if (at >= 0 && !(Number(minutes) > 0 && Number(minutes) <= MINUTES_MAX)) return [undefined, `--minutes wants a number up to ${MINUTES_MAX}`];
  const unknown = wanted.filter((name) => !RELEASES.includes(name));
  if (unknown.length > 0) return [undefined, `unknown release ${unknown.join(', ')}: ${RELEASES.join(', ')}`];
  return [{ wanted: wanted.length > 0 ? wanted : RELEASES, deadline: Date.now() + Number(minutes ?? MINUTES_MAX) * 60_000 }];
}

// Every file on every release, a few at a time, whichever is next, the most informative files first; none is begun after the deadline.
async function runAll(releases, deadline) {
  const jobs = FILES.flatMap((file) => releases.map((release) => ({ release, file })));
  const results = new Map(releases.map((release) => [release, new Map()]));
  const work = async () => {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const begun = Date.now();
      if (begun > deadline) continue;
      const tests = await runFile(job.release, job.file);
      results.get(job.release).set(job.file, tests);
      say(`${job.release.label}: ${job.file}: ${counts(tests)} in ${seconds(begun)} s`);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return results;
}

const [asked, mistake] = readArguments(process.argv.slice(2));
if (mistake) {
  say(mistake);
  process.exit(1);
}
const started = Date.now();
const releases = await findReleases(asked.wanted, asked.deadline, say);
const runnable = releases.filter(({ command }) => command);
const results = await runAll(runnable, asked.deadline);
const failed = details(results, 'failed');
for (const line of [...failed, ...details(results, 'skipped')]) console.log(line);
for (const { label, why } of releases.filter(({ command }) => !command)) console.log(`${label} was not run: ${why} (roots of Debian are kept in ${ROOTS})`);
if (runnable.length > 0) console.log(`\n${table(FILES, results).join('\n')}\n`);
if ([...results.values()].some((files) => files.size < FILES.length)) console.log('What was not run was not begun: the time that --minutes gives was over.');
console.log(`${runnable.length} of ${releases.length} releases in ${seconds(started)} s: ${failed.length > 0 ? `${failed.length} failures` : 'no failures'}`);
process.exit(failed.length > 0 ? 1 : 0);
