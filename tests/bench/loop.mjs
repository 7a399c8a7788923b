// How long one answer holds up all others: /livez while answers of 1,000 rows are made, one after the other, against /livez alone.
import { request } from '../integration/lib/http.mjs';
import { row } from './measure.mjs';

const ANSWERS = 30;
const PROCESSES = 1500;
const NAMED = `begin [register(list_to_atom("worker_" ++ integer_to_list(I)), spawn(fun() -> receive stop -> ok end end)) || I <- lists:seq(1, ${PROCESSES})], ok end`;

const p99 = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)];

// Asks for /livez without a pause until `work` is over, and returns how long each took.
async function livezDuring(beamgauge, work) {
  const times = [];
  let over = false;
  const done = work().finally(() => (over = true));
  while (!over) {
    const { status, ms } = await request(beamgauge.port, '/livez');
    if (status !== 200) throw new Error(`/livez: ${status}`);
    times.push(ms);
  }
  await done;
  return times;
}

export async function benchLoop(world) {
  const node = await world.node();
  const beamgauge = await world.beamgauge();
  await beamgauge.register(node);
  await node.eval(NAMED);
  const long = async () => {
    for (let i = 0; i < ANSWERS; i++) {
      const { status, body } = await beamgauge.ask(node, 'processes?limit=1000&max_age_ms=0');
      if (status !== 200 || body.data.length !== 1000) throw new Error(`processes: ${status}`);
    }
  };
  await long();
  const alone = await livezDuring(beamgauge, () => new Promise((resolve) => setTimeout(resolve, 3000)));
  const busy = await livezDuring(beamgauge, long);
  return [row('p99 of /livez while answers of 1,000 rows are made, against alone', p99(busy), p99(alone), { unit: 'ms', aim: '<= 10 ms', digits: 1 })];
}
