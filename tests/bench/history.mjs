// (h) What a node pays for its history: the processor time of each sample, however many processes it has.
import { setTimeout as sleep } from 'node:timers/promises';

import { row } from './measure.mjs';

const PROCESSES = 100_000;
const SAMPLE_MS = 200;
const SECONDS = 20;
// Idle schedulers spin for some time before they sleep, so each message to an idle node costs it milliseconds that nobody else wants.
const IDLE = ['+sbwt', 'none', '+sbwtdcpu', 'none', '+sbwtdio', 'none'];

// The processor time of the node's emulator in milliseconds, while beamgauge samples it or does not.
async function cpuOf(node) {
  const used = () => node.eval('element(1, erlang:statistics(runtime))');
  const before = await used();
  await sleep(SECONDS * 1000);
  return (await used()) - before;
}

export async function benchHistory(world) {
  const node = await world.node({ flags: ['+P', '2000000', ...IDLE] });
  await node.eval(`[spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, ${PROCESSES})], ok`);
  const alone = await cpuOf(node);
  const gauge = await world.beamgauge({ sections: { watch: { sample_ms: SAMPLE_MS } } });
  await gauge.register(node);
  await sleep(1000);
  const sampled = await cpuOf(node);
  const count = (SECONDS * 1000) / SAMPLE_MS;
  return [
    row(`a sample of a node of ${PROCESSES / 1000},000 processes: its processor time, against a millisecond`, Math.max(0, sampled - alone) / count, 1, { unit: 'ms', aim: '<= 1', digits: 2 }),
  ];
}
