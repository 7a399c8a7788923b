// (d) The effect on the node: the round trip of two of its processes during scans of all processes, one after another; and that of a sick node, which three clients ask at once for its memory, its rankings and its pairs.
import { median, row } from './measure.mjs';
import { loadTarget } from './scan.mjs';

const PROCESSES = 300_000;
const ROUNDS = 3;
const MILLISECONDS = 4000;

const ILL = [
  ['8 processes on 2 schedulers never wait', { flags: ['+S', '2:2'], make: 'sick:idle(20000), sick:busy(8)' }],
  ['a mailbox has 1,000,000 messages', { make: 'sick:mailbox(1000000)' }],
  ['a process has leaked 2,000,000 monitors', { make: 'sick:leak(2000000)' }],
  ['there is room for 3,000 more atoms', { flags: ['+t', '32768'], make: 'sick:fill_atoms(3000)' }],
];
const QUESTIONS = ['memory', 'processes?sort=memory', 'monitors/pairs'];

const pingPong = (node) => node.eval(`ping:pong(${MILLISECONDS})`, 60_000);

// Asks until the round trips are measured. {p99, answers}
async function pingPongAsked(node, beamgauge, paths) {
  let [measured, answers] = [false, 0];
  const p99 = pingPong(node).finally(() => (measured = true));
  const ask = async (path) => {
    while (!measured) {
      const { status, text } = await beamgauge.ask(node, path);
      if (status !== 200) throw new Error(text);
      answers++;
    }
  };
  await Promise.all(paths.map(ask));
  return { p99: await p99, answers };
}

// The medians of rounds taken in turn.
async function compare(node, beamgauge, paths) {
  const taken = { asked: [], alone: [], answers: 0 };
  for (let i = 0; i < ROUNDS; i++) {
    taken.alone.push(await pingPong(node));
    const { p99, answers } = await pingPongAsked(node, beamgauge, paths);
    taken.asked.push(p99);
    taken.answers += answers;
  }
  return { asked: median(taken.asked), alone: median(taken.alone), answers: taken.answers };
}

async function benchScanned(world) {
  const node = await world.node({ modules: ['ping'], flags: ['+P', '2000000'] });
  const beamgauge = await world.beamgauge();
  await loadTarget(node);
  await node.eval(`bench_target:populate(${PROCESSES})`, 60_000);
  await beamgauge.register(node);
  const { asked, alone, answers } = await compare(node, beamgauge, ['processes?sort=monitors&limit=50&max_age_ms=0&timeout_ms=60000']);
  if (answers < 2 * ROUNDS) throw new Error(`only ${answers} scans in ${ROUNDS} times ${MILLISECONDS} ms`);
  const label = `p99 round trip on the node while ${PROCESSES / 1000},000 processes are scanned without end, against none`;
  return row(label, asked, alone, { unit: 'us', aim: '', digits: 1 });
}

async function benchIll(world, label, { flags = [], make }) {
  const node = await world.node({ modules: ['ping', 'sick'], flags });
  const beamgauge = await world.beamgauge();
  const paths = QUESTIONS.map((path) => `${path}${path.includes('?') ? '&' : '?'}max_age_ms=0`);
  await node.eval(`ping:pong(10), ${make}, ok`, 120_000);
  await beamgauge.register(node);
  for (const path of paths) await beamgauge.ask(node, path);
  const { asked, alone, answers } = await compare(node, beamgauge, paths);
  await node.stop();
  await beamgauge.stop();
  return row(`p99 round trip where ${label}, asked ${Math.round((answers * 1000) / (ROUNDS * MILLISECONDS))} times a second, against not`, asked, alone, { unit: 'us', aim: '', digits: 1 });
}

export async function benchHarm(world) {
  const rows = [await benchScanned(world)];
  for (const [label, illness] of ILL) rows.push(await benchIll(world, label, illness));
  return rows;
}
