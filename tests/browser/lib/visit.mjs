// What the tests of the page share: where things are on it, and a test with a page of its own.
import assert from 'node:assert/strict';

export const nodeHash = (node) => `#/nodes/${encodeURIComponent(node.name)}`;
export const processHash = (node, pid) => `${nodeHash(node)}/processes/${pid.slice(1, -1)}`;
export const panel = (page, title) => page.locator('section.panel', { has: page.getByRole('heading', { name: title, exact: true }) });
export const flat = (text) => text.replace(/\s+/g, ' ').trim();

// A test whose page must not have met a single fault at the end.
export const visitor = (world, test) => (name, hash, body, options) => test(name, async () => {
  const page = await world.browser.open(world.gauge, hash(), options);
  try {
    await body(page);
    await Promise.all(page.details);
    assert.deepEqual(page.faults, []);
  } finally {
    await page.context().close();
  }
});
