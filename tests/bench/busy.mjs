// (e) A node with busy schedulers: all rankings, against one process that asks all others in turn; and the effect of both on the node.
import { setTimeout as sleep } from 'node:timers/promises';

import { median, row } from './measure.mjs';
import { loadTarget } from './scan.mjs';

const SIZES = [20_000, 300_000];
const SPINNING = [0, 4, 8, 16, 60];
const ROUNDS = 3;
const PASS_MS = 3000; // the plain pass would take minutes: it is stopped, and the rest is extrapolated
const PING_PONG_MS = 3000;

const plainPass = (node) => node.eval(`element(1, bench_target:plain_pass(${PASS_MS}))`, 120_000);

// {ms, whole, status}: with the caller's timeout, and with the default timeout.
async function scan(beamgauge, node, timeout) {
  const from = performance.now();
  const { status, body } = await beamgauge.ask(node, `processes?sort=monitors&limit=50&max_age_ms=0&timeout_ms=${timeout}`);
  return { ms: performance.now() - from, status, whole: status === 200 && body.meta.skipped_count === 0 };
}

// The p99 of round trips on the node while something is done there again and again.
async function pingPong(node, work) {
  let measured = false;
  const p99 = node.eval(`ping:pong(${PING_PONG_MS})`, 120_000).finally(() => (measured = true));
  while (!measured) await work();
  return p99;
}

// The median p99 of each load; loads take turns. In a few of a hundred round trips another process has the scheduler, so a single p99 is a matter of chance.
async function feel(node, works) {
  const taken = {};
  for (let i = 0; i < ROUNDS; i++) {
    for (const [name, work] of Object.entries(works)) (taken[name] ??= []).push(await pingPong(node, work));
  }
  return Object.fromEntries(Object.entries(taken).map(([name, p99s]) => [name, median(p99s)]));
}

async function cell(beamgauge, node, size, spinning) {
  await node.eval(`bench_target:spin(${spinning})`, 120_000);
  const taken = { plain: [], scanned: [] };
  for (let i = 0; i < ROUNDS; i++) {
    taken.plain.push(await plainPass(node));
    taken.scanned.push(await scan(beamgauge, node, 60_000));
  }
  const patient = await scan(beamgauge, node, 5000);
  const felt = await feel(node, { scanned: () => scan(beamgauge, node, 60_000), plain: () => plainPass(node), alone: () => sleep(100) });
  const label = `${size / 1000},000 processes, ${spinning} that never wait, 2 schedulers`;
  const whole = taken.scanned.every((each) => each.whole) ? '' : ', not whole';
  const byDefault = `${patient.status}${patient.whole ? ', whole' : ', in part'} at 5 s`;
  return [
    row(`${label}: all rankings against a plain pass (${byDefault}${whole})`, median(taken.scanned.map(({ ms }) => ms)), median(taken.plain), { unit: 'ms', aim: '<= 3' }),
    row(`${label}: p99 round trip meanwhile (with neither: ${felt.alone.toFixed(1)} us)`, felt.scanned, felt.plain, { unit: 'us', aim: '<= 1', digits: 1 }),
  ];
}

export async function benchBusy(world) {
  const rows = [];
  const beamgauge = await world.beamgauge();
  for (const size of SIZES) {
    const node = await world.node({ modules: ['ping'], flags: ['+P', '2000000', '+S', '2:2'] });
    await loadTarget(node);
    await node.eval(`bench_target:populate(${size})`, 60_000);
    await beamgauge.register(node);
    await scan(beamgauge, node, 60_000); // loads the modules that questions need
    for (const spinning of SPINNING) rows.push(...(await cell(beamgauge, node, size, spinning)));
    await node.stop();
  }
  return rows;
}
