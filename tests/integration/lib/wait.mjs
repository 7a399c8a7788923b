// Waiting with a timeout. The timeouts are for hangs: a busy machine may be far slower than any that we know.

export const LIMIT_MS = 60_000;
// The limit for what is promised within 2 s on an idle machine.
export const SOON_MS = 10_000;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Asks until `probe` returns something true, and returns it. If time runs out, the error has its last exception or result.
export async function until(what, probe, { timeout = LIMIT_MS, interval = 50 } = {}) {
  const end = Date.now() + timeout;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`gave up after ${timeout} ms waiting for ${what}; last: ${describe(last)}`);
    await sleep(interval);
  }
}

export function within(what, promise, timeout) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`gave up after ${timeout} ms waiting for ${what}`)), timeout);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// The result of `ask` if the node's own value is the same before and after: a running node always changes.
export async function steady(truth, ask) {
  let before = JSON.stringify(await truth());
  return until('a moment in which nothing changes', async () => {
    const given = await ask();
    const after = JSON.stringify(await truth());
    const isSteady = after === before;
    before = after;
    return isSteady && given;
  });
}

const describe = (value) => (value instanceof Error ? value.message : JSON.stringify(value));

export function percentile(numbers, fraction) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))];
}
