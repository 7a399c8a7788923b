// One request of every operation in every format, under valgrind: no read of what was freed or never written, and nothing lost.
import { judge } from '../../contract/lib/document.mjs';
import { prepare, send } from '../../contract/lib/scene.mjs';
import { BINARY } from '../../integration/lib/beamgauge.mjs';
import { World } from '../../integration/lib/suite.mjs';
import { requestsOf } from './requests.mjs';

const COMMAND = ['valgrind', '--error-exitcode=99', '--leak-check=full', '--errors-for-leak-kinds=definite,indirect', '--num-callers=30', BINARY];

export async function memcheck() {
  const world = new World();
  const faults = [];
  await world.start();
  try {
    await prepare(world, { command: COMMAND });
    const requests = requestsOf(world);
    for (const { operation, what, fresh } of requests) {
      const answer = await send(world, operation, fresh);
      faults.push(...judge(operation, answer).map((fault) => `${what}: ${fault}`));
    }
    const { child } = world.gauge;
    const end = await child.stop({ grace: 30_000 });
    const lines = child.lines('stderr').filter((line) => line.startsWith('=='));
    if (end.code !== 0) faults.push(`it ended with ${JSON.stringify(end)}:\n${lines.slice(0, 80).join('\n')}`);
    return { figures: `${requests.length} requests; ${lines.filter((line) => /ERROR SUMMARY|definitely lost/.test(line)).map((line) => line.replace(/^==\d+==\s*/, '')).join('; ')}`, faults };
  } finally {
    await world.stop().catch(() => {});
  }
}
