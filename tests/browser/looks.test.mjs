// What a page must be whatever it shows: accessible, in light and dark, and whole on a narrow screen.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { suite } from '../integration/lib/suite.mjs';
import { startBrowser } from './lib/browser.mjs';
import { nodeHash, processHash } from './lib/visit.mjs';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

async function plant(world) {
  world.shop = await world.node({ modules: ['plant', 'calling'] });
  world.watcher = await world.shop.eval('plant:watcher([{plant:idle(), 250}])');
  world.leaker = await world.shop.eval('P = calling:start(), calling:keep_working(P, leak, 100), P');
  world.gauge = await world.beamgauge();
  await world.gauge.register(world.shop);
  world.axe = await readFile(axe, 'utf8');
  world.browser = world.keep(await startBrowser());
}

const VIEWS = {
  nodes: { hash: () => '#/nodes', ready: '.finding.loud' },
  node: { hash: (world) => nodeHash(world.shop), ready: '.finding.loud' },
  process: { hash: (world) => processHash(world.shop, world.watcher), ready: '.three tbody tr' },
  traced: { hash: (world) => processHash(world.shop, world.leaker), press: 'Trace monitor calls for 5 s', ready: '.finding.loud' },
};

async function ready(page, view) {
  if (view.press) await page.getByRole('button', { name: view.press }).click();
  await page.locator(view.ready).first().waitFor();
}

const faultsOf = async (page) => (await page.evaluate(() => window.axe.run())).violations.map((fault) => `${fault.id}: ${fault.nodes[0].html}`);

suite('looks', { prepare: plant }, (world, test) => {
  for (const [name, view] of Object.entries(VIEWS)) {
    for (const colorScheme of ['light', 'dark']) {
      test(`the ${name} view has no accessibility fault, ${colorScheme}`, async () => {
        const page = await world.browser.open(world.gauge, view.hash(world), { colorScheme });
        await ready(page, view);
        await page.waitForLoadState('networkidle');
        await page.evaluate(world.axe);
        assert.deepEqual(await faultsOf(page), []);
        await page.context().close();
      });
    }

    test(`the ${name} view fits 400 pixels`, async () => {
      const page = await world.browser.open(world.gauge, view.hash(world), { viewport: { width: 400, height: 800 } });
      await ready(page, view);
      await page.waitForLoadState('networkidle');
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400);
      await page.context().close();
    });
  }

  test('the keyboard alone sorts and drills down', async () => {
    const page = await world.browser.open(world.gauge, VIEWS.node.hash(world));
    await page.locator('.finding.loud').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1');
    await page.getByRole('button', { name: 'Links' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('th[aria-sort=descending]', { hasText: 'Links' }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), 'Links▼');
    await page.locator('.finding').getByRole('link').first().focus();
    await page.keyboard.press('Enter');
    await page.locator('.three tbody tr').first().waitFor();
    await page.context().close();
  });
});
