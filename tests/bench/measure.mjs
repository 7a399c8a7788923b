// Small tools of the benchmarks: medians, wrk, rows of the table.
import { run } from '../integration/lib/child.mjs';

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

// `less` is better for times and bytes, else more.
export function row(what, ours, theirs, { unit, aim, digits = 0 }) {
  const show = (value) => `${value.toLocaleString('en', { maximumFractionDigits: digits })} ${unit}`;
  return { what, ours: show(ours), theirs: show(theirs), ratio: (ours / theirs).toFixed(2), aim };
}

// One bounded run of wrk on a core of its own. {perSecond, latencyUs}
export async function wrk(url, { connections, seconds = 3, script }) {
  const args = ['-c', '1', 'wrk', '-t1', `-c${connections}`, `-d${seconds}`, '--latency', ...(script ? ['-s', script] : []), url];
  const { code, stdout, stderr } = await run('taskset', args, { timeout: (seconds + 20) * 1000 });
  if (code !== 0) throw new Error(`wrk ${url}: ${stderr}`);
  if (/Non-2xx/.test(stdout)) throw new Error(`wrk ${url}: answers other than 2xx\n${stdout}`);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]);
  return { perSecond, latencyUs: (connections / perSecond) * 1e6 };
}
