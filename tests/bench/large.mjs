// (e) Large nodes, on request only: 900,000 processes, and one process with 5 million monitors.
import { median, row } from './measure.mjs';
import { loadTarget, measureFold, measureScan } from './scan.mjs';

const PROCESSES = 900_000;
const ENTRIES = 5_000_000;
const ROUNDS = 3;
const MIB = 1048576;

// [{ms, mib}] of the scan and of a fold, in turn.
async function inTurn(beamgauge, node, fold) {
  const ours = [];
  const theirs = [];
  const push = (taken, [us, bytes]) => taken.push({ ms: us / 1000, mib: bytes / MIB });
  await measureScan(beamgauge, node); // warms the node's code up
  for (let i = 0; i < ROUNDS; i++) {
    push(theirs, await measureFold(node, fold));
    push(ours, await measureScan(beamgauge, node));
  }
  const middle = (key) => [median(ours.map((t) => t[key])), median(theirs.map((t) => t[key]))];
  return { ms: middle('ms'), mib: middle('mib') };
}

async function manyProcesses(world, beamgauge) {
  const node = await world.node({ flags: ['+P', '2000000'] });
  await loadTarget(node);
  await node.eval(`bench_target:populate(${PROCESSES})`, 120_000);
  await node.eval('element(1, {bench_target:pairs({100, 200})})');
  await beamgauge.register(node);
  const bare = await inTurn(beamgauge, node, 'bare_fold');
  const liner = await inTurn(beamgauge, node, 'one_liner');
  const label = `${PROCESSES / 1000},000 processes, all rankings`;
  return [
    row(`${label}: time against a bare fold of four items`, ...bare.ms, { unit: 'ms', aim: '<= 1.1' }),
    row(`${label}: peak on the node (at most 40 MB) against the one-liner`, ...liner.mib, { unit: 'MiB', aim: '<= 40 MB', digits: 1 }),
  ];
}

async function manyMonitors(world, beamgauge) {
  const node = await world.node();
  await loadTarget(node);
  await node.eval(`bench_target:hoard(${ENTRIES})`, 120_000);
  await beamgauge.register(node);
  const { ms, mib } = await inTurn(beamgauge, node, 'one_liner');
  const label = `one process with ${ENTRIES / 1e6} million monitors`;
  return [
    row(`${label}: peak on the node against the one-liner`, ...mib, { unit: 'MiB', aim: '+ <= 1 MB', digits: 1 }),
    row(`${label}: time against the one-liner`, ...ms, { unit: 'ms', aim: '' }),
  ];
}

export async function benchLarge(world) {
  const beamgauge = await world.beamgauge();
  return [...(await manyProcesses(world, beamgauge)), ...(await manyMonitors(world, beamgauge))];
}
