// Waiting with an end to it.

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Asks until `probe` gives something true, and returns it. What it threw or gave last is told if time runs out.
export async function until(what, probe, { timeout = 10_000, interval = 50 } = {}) {
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

const describe = (value) => (value instanceof Error ? value.message : JSON.stringify(value));

export function percentile(numbers, fraction) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))];
}
