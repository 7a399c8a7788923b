// (c) One scan that serves every ranking, against the folds that people run in a shell: time, and peak memory on the node.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, row } from './measure.mjs';

const PROCESSES = 300_000;
const ROUNDS = 5;
const MODULE = new URL('bench_target.erl', import.meta.url).pathname;

// The folds have to be compiled code, as they are where people use them.
export async function loadTarget(node) {
  const folder = mkdtempSync(join(tmpdir(), 'beamgauge-bench-'));
  execFileSync('erlc', ['-o', folder, MODULE]);
  const beam = readFileSync(join(folder, 'bench_target.beam')).toString('base64');
  rmSync(folder, { recursive: true });
  await node.eval(`element(1, code:load_binary(bench_target, "bench_target", base64:decode("${beam}")))`);
}

export const measureFold = (node, what) => node.eval(`tuple_to_list(bench_target:measure(${what}))`, 120_000);

// {ms, bytes} of one scan, seen on the node: its own clock, and the peak of the node's process memory.
export async function measureScan(beamgauge, node) {
  await node.eval('begin timer:sleep(300), bench_target:peak_start() end');
  const { body, status, text } = await beamgauge.ask(node, 'processes?sort=monitors&limit=50&max_age_ms=0&timeout_ms=60000');
  if (status !== 200) throw new Error(text);
  const bytes = await node.eval('bench_target:peak_stop()');
  return [body.meta.duration_ms * 1000, bytes];
}

export async function benchScan(world) {
  const node = await world.node({ flags: ['+P', '2000000'] });
  const beamgauge = await world.beamgauge();
  await loadTarget(node);
  await node.eval(`bench_target:populate(${PROCESSES})`, 60_000);
  await node.eval('element(1, {bench_target:pairs({100, 200})})');
  await beamgauge.register(node);
  const kinds = { scan: null, recon: '{recon_like, memory}', liner: 'one_liner', bare: 'bare_fold' };
  const taken = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
  await measureScan(beamgauge, node); // warms the node's code up
  for (let i = 0; i < ROUNDS; i++)
    for (const [kind, what] of Object.entries(kinds))
      taken[kind].push(what ? await measureFold(node, what) : await measureScan(beamgauge, node));
  const time = (kind) => median(taken[kind].map(([us]) => us / 1000));
  const peak = (kind) => median(taken[kind].map(([, bytes]) => bytes / 1048576));
  const label = `${PROCESSES / 1000},000 processes, all rankings`;
  return [
    row(`${label}: time against a recon:proc_count fold`, time('scan'), time('recon'), { unit: 'ms', aim: '<= 0.5' }),
    row(`${label}: time against the one-liner`, time('scan'), time('liner'), { unit: 'ms', aim: '' }),
    row(`${label}: time against a bare fold of four items`, time('scan'), time('bare'), { unit: 'ms', aim: '' }),
    row(`${label}: peak on the node against the recon fold`, peak('scan'), peak('recon'), { unit: 'MiB', aim: '', digits: 1 }),
    row(`${label}: peak on the node against the one-liner`, peak('scan'), peak('liner'), { unit: 'MiB', aim: '', digits: 1 }),
  ];
}
