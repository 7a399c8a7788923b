// (d) What the node itself feels: the round trip of two of its processes while all processes are scanned, one scan after another.
import { median, row } from './measure.mjs';
import { loadTarget } from './scan.mjs';

const PROCESSES = 300_000;
const ROUNDS = 3;
const MILLISECONDS = 4000;

const pingPong = (node) => node.eval(`bench_target:ping_pong(${MILLISECONDS})`, 60_000);

// Scans until the round trips are measured. At least one must have been whole, else nothing was measured.
async function pingPongScanned(node, beamgauge) {
  let measured = false;
  const p99 = pingPong(node).finally(() => (measured = true));
  let scans = 0;
  while (!measured) {
    const { status, text } = await beamgauge.ask(node, 'processes?sort=monitors&limit=50&max_age_ms=0&timeout_ms=60000');
    if (status !== 200) throw new Error(text);
    scans++;
  }
  if (scans < 2) throw new Error(`only ${scans} scan in ${MILLISECONDS} ms`);
  return p99;
}

export async function benchHarm(world) {
  const node = await world.node({ flags: ['+P', '2000000'] });
  const beamgauge = await world.beamgauge();
  await loadTarget(node);
  await node.eval(`bench_target:populate(${PROCESSES})`, 60_000);
  await beamgauge.register(node);
  const taken = { scanned: [], alone: [] };
  for (let i = 0; i < ROUNDS; i++) {
    taken.alone.push(await pingPong(node));
    taken.scanned.push(await pingPongScanned(node, beamgauge));
  }
  const label = `p99 round trip on the node while ${PROCESSES / 1000},000 processes are scanned without end, against none`;
  return [row(label, median(taken.scanned), median(taken.alone), { unit: 'us', aim: '', digits: 1 })];
}
