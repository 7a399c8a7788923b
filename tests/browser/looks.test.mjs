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
  await world.shop.eval('[plant:watcher([{plant:named(Name), Count}]) || {Name, Count} <- [{<<"Elixir.Storefront.Payments.SettlementGateway">>, 40}, {<<"order_reservation_pool_manager">>, 30}]]');
  world.gauge = await world.beamgauge();
  await world.gauge.put('inventory_reservation_production@warehouse.north.example', { cookie: 'x' });
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

// Where a name goes on in the next line within one of its parts, as "...left|right...": people would read two words.
const brokenNames = (page) => page.evaluate(() => {
  const lettersOf = (element) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const letters = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (let at = 0; at < node.length; at++) {
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        letters.push({ letter: node.data[at], top: range.getBoundingClientRect().top });
      }
    }
    return letters;
  };
  return [...document.querySelectorAll('.name, bdi, .who small')].flatMap((element) => {
    const letters = lettersOf(element);
    const text = letters.map(({ letter }) => letter).join('');
    const isBroken = (at) => letters[at].top > letters[at - 1].top + 4 && !/[\s._@:/-]/.test(letters[at - 1].letter + letters[at].letter.trim());
    return letters.flatMap((_, at) => (at > 0 && isBroken(at) ? [`${text.slice(0, at)}|${text.slice(at)}`] : []));
  });
});

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

  for (const name of ['nodes', 'node', 'process']) {
    test(`names in the ${name} view break between their parts only, on a screen of 390 pixels`, async () => {
      const view = VIEWS[name];
      const page = await world.browser.open(world.gauge, view.hash(world), { viewport: { width: 390, height: 800 } });
      await ready(page, view);
      await page.waitForLoadState('networkidle');
      assert.deepEqual(await brokenNames(page), []);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
      await page.context().close();
    });
  }

  for (const name of ['nodes', 'node'])
    test(`counts of pairs in the ${name} view are seen on a screen of 390 pixels, however long the names`, async () => {
      const view = VIEWS[name];
      const page = await world.browser.open(world.gauge, view.hash(world), { viewport: { width: 390, height: 800 } });
      await ready(page, view);
      const cell = page.locator('td.kept').first();
      await cell.scrollIntoViewIfNeeded();
      await page.evaluate(() => document.querySelectorAll('.peer .name').forEach((element) => { element.textContent = 'a'.repeat(24); }));
      const isOnTop = await cell.evaluate((element) => {
        const { left, right, top } = element.getBoundingClientRect();
        return right <= innerWidth && element.contains(document.elementFromPoint((left + right) / 2, top + 10));
      });
      assert.ok(isOnTop, await cell.innerText());
      const width = () => cell.evaluate((element) => element.getBoundingClientRect().width);
      const before = await width();
      await cell.evaluate((element) => element.insertAdjacentHTML('beforeend', ' <span class="mark">as reported 27 s ago</span>'));
      assert.ok((await width()) < before + 50, `${before} pixels, and ${await width()} with an age`); // or it would cover who it is
      await page.context().close();
    });

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
