// A labelled, time-limited group of tests, and the things they start, stopped in the reverse order.
import { after, before, describe, it } from 'node:test';
import { startBeamgauge } from './beamgauge.mjs';
import { startEpmd } from './epmd.mjs';
import { startNode } from './node.mjs';
import { LIMIT_MS } from './wait.mjs';

// A signal ends us by way of `exit`, which ends what we started.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

// What was started and has to be stopped, whatever happens.
export class World {
  #started = [];

  async start() {
    this.epmd = this.keep(await startEpmd());
  }

  keep(thing) {
    this.#started.push(thing);
    return thing;
  }

  async node(options) {
    return this.keep(await startNode(this.epmd, options));
  }

  async beamgauge(options) {
    return this.keep(await startBeamgauge(this.epmd, options));
  }

  async stop() {
    const failures = [];
    for (const thing of this.#started.reverse()) await thing.stop().catch((error) => failures.push(error));
    this.#started = [];
    if (failures.length) throw failures[0];
  }
}

const SUITE_MS = 30 * 60_000;
const EACH_MS = 8 * LIMIT_MS;

// `define(world, test)`: test(name, body) is node:test's `it` with a limit, for what hangs.
export function suite(label, { prepare }, define) {
  describe(label, { timeout: SUITE_MS }, () => {
    const world = new World();
    before(async () => {
      try {
        await world.start();
        await prepare?.(world);
      } catch (error) {
        await world.stop(); // older releases of Node.js run no `after` then, and what lives would keep us alive
        throw error;
      }
    }, { timeout: EACH_MS });
    after(() => world.stop(), { timeout: EACH_MS });
    define(world, (name, body) => it(name, { timeout: EACH_MS }, body));
  });
}
