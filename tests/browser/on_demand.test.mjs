// What the page asks only when somebody presses a button: the lines of code that leak, and exact counts of long lists.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { randomCookie, randomName } from '../integration/lib/node.mjs';
import { suite } from '../integration/lib/suite.mjs';
import { until } from '../integration/lib/wait.mjs';
import { startBrowser } from './lib/browser.mjs';
import { flat, nodeHash, panel, processHash, visitor } from './lib/visit.mjs';

const SOURCE = readFileSync(new URL('../fixtures/calling.erl', import.meta.url), 'utf8').split('\n');
const lineOf = (mark) => SOURCE.findIndex((line) => line.endsWith(`% mark: ${mark}`)) + 1;
const TRACE = 'Trace monitor calls for 5 s';
const LIST_MAX = 20_000; // longer lists are not copied unless asked for
const LEAK = 900_000; // monitors: copying them takes more than the 64 MiB that any node may be asked for

// A gateway that leaks twenty monitors a second beside those it holds already; and lists too long to be copied.
async function plant(world) {
  const cookie = randomCookie();
  world.shop = await world.node({ cookie, modules: ['plant', 'calling'] });
  world.release = Number(await world.shop.eval('list_to_integer(erlang:system_info(otp_release))'));
  world.gateway = await world.shop.eval('P = calling:start(), register(gateway, P), calling:work(P, leak, 150), calling:keep_working(P, leak, 50), P');
  world.server = await world.shop.eval('P = calling:start(), calling:keep_working(P, tidy, 50), calling:keep_working(P, wrong, 400), P');
  world.tidy = await world.shop.eval('P = calling:start(), calling:keep_working(P, tidy, 50), P');
  world.busy = await world.shop.eval('calling:start()');
  world.idle = await world.shop.eval('plant:idle()');
  world.pay = await world.node({ cookie });
  world.heavy = await world.pay.eval(`[A, B] = plant:idle(2), P = plant:watcher([{A, 80000}, {B, 10000}]), register(heavy, P), P`);
  world.gauge = await world.beamgauge({ sections: { limits: { list_entries_max: LIST_MAX } } });
  await world.gauge.register(world.shop);
  await world.gauge.register(world.pay);
  world.browser = world.keep(await startBrowser());
}

suite('on demand', { prepare: plant }, (world, test) => {
  const visit = visitor(world, test);
  const lines = (page) => panel(page, 'Which lines of code');
  const trace = (page) => lines(page).getByRole('button', { name: TRACE }).click();
  const place = (mark) => (world.release >= 25 ? `calling.erl:${lineOf(mark)}` : null);
  const numbers = async (row) => (await row.locator('td').allInnerTexts()).map((text) => Number(text.replace(/[^\d.-]/g, '')));

  visit('from the leaking pair to the line of code that leaks', () => nodeHash(world.shop), async (page) => {
    await page.locator('.finding', { hasText: 'gateway' }).getByRole('link', { name: world.gateway }).click();
    await page.getByRole('heading', { level: 1, name: `gateway ${world.gateway}` }).waitFor();
    const [request] = await Promise.all([page.waitForRequest(/call-sites/), trace(page)]);
    assert.deepEqual([request.method(), request.postDataJSON()], ['POST', { duration_ms: 5000 }]);
    await lines(page).getByRole('progressbar', { name: 'Tracing' }).waitFor();
    await lines(page).getByText(/^[0-4] s left$/).waitFor();
    const finding = lines(page).locator('.finding.loud');
    await finding.waitFor();
    const where = place('leak') ? ` (${place('leak')})` : '';
    const [, said, rate] = /^(.*): \+([\d.]+)\/s$/.exec(flat(await finding.innerText()));
    assert.equal(said, `calling:leak/1${where} monitors and does not demonitor`);
    assert.ok(rate > 0 && rate < 100, rate); // one in 50 ms, or all that waited for a busy machine
    const row = lines(page).locator('tbody tr').first();
    const [, made, demonitored, ended, net, perSecond] = await numbers(row);
    assert.deepEqual([demonitored, ended, net], [0, 0, made]);
    assert.ok(made > 0 && Math.abs(perSecond - rate) < 0.1, `${made} ${perSecond} ${rate}`);
    assert.equal(await row.locator('td').first().innerText(), place('leak') ?? '–');
    assert.match(await lines(page).locator('footer').innerText(), /^\d+ calls in \d+\.\d s · collected \d\d:\d\d:\d\d/);
    if (world.release < 26) return;
    await row.getByText('Stack').click();
    await row.locator('.stack li', { hasText: 'calling:leak/1' }).waitFor();
  });

  visit('what is given back is distinguished from what is given back wrongly', () => processHash(world.shop, world.server), async (page) => {
    await trace(page);
    const row = (name) => lines(page).locator('tbody tr', { hasText: name });
    await row('calling:tidy/1').waitFor();
    const [, made, demonitored, ended, net] = await numbers(row('calling:tidy/1'));
    assert.ok(made > 0 && demonitored >= made - 1 && ended === 0 && net === made - demonitored, await row('calling:tidy/1').innerText());
    assert.match(flat(await lines(page).locator('.finding.loud').innerText()), /^calling:wrong\/1.* monitors and does not demonitor: \+\d/);
    assert.match((await row('calling:wrong/1').allInnerTexts()).map(flat).join(' '), / 0 of others: \d+ 0 /);
  });

  visit('a process that gives all back, and one that calls nothing, are not accused', () => processHash(world.shop, world.tidy), async (page) => {
    await trace(page);
    await lines(page).locator('tbody tr').waitFor();
    assert.match(await lines(page).locator('.finding:not(.loud)').innerText(), /given back/); // one may be on its way
    await page.goto(page.url().replace(world.tidy.slice(1, -1), world.idle.slice(1, -1)));
    await page.getByRole('heading', { level: 1, name: world.idle }).waitFor();
    await trace(page);
    await lines(page).getByText(/^It called neither monitor nor demonitor in \d+\.\d s\.$/).waitFor();
    assert.equal(await lines(page).locator('.finding').count(), 0);
  });

  visit('a tracing that ended early says why', () => processHash(world.shop, world.busy), async (page) => {
    await trace(page);
    await until('it to be traced', () => world.shop.eval(`calling:is_traced(list_to_pid("${world.busy}"))`));
    await world.shop.eval(`calling:work(list_to_pid("${world.busy}"), leak, 3000)`);
    await lines(page).locator('p.warning', { hasText: /^Ended early, after [\d.]+ s: (1,000 calls were seen|it made calls faster)/ }).waitFor();
  });

  test('without the scope the service says so, and without a token it is asked for', async () => {
    const [reader, admin] = [`bg_${'r'.repeat(43)}`, `bg_${'a'.repeat(43)}`];
    const sha256 = (token) => createHash('sha256').update(token).digest('hex');
    const sections = { server: { name: `${randomName()}@127.0.0.1` },
      'token reader': { sha256: sha256(reader), scopes: 'read' }, 'token boss': { sha256: sha256(admin), scopes: 'read admin' } };
    const gauge = await world.beamgauge({ sections });
    gauge.token = admin;
    await gauge.register(world.shop);
    const page = await world.browser.open(gauge, processHash(world.shop, world.gateway), { expected: /40[13]/ });
    const enter = async (token) => {
      await page.getByLabel('Token').fill(token);
      await page.keyboard.press('Enter');
    };
    await enter(reader);
    await trace(page);
    const problem = lines(page).locator('.problem', { hasText: 'admin' });
    await problem.waitFor();
    assert.equal(await problem.locator('code').innerText(), 'forbidden');
    await page.getByRole('button', { name: 'Forget token' }).click();
    await enter(admin);
    await trace(page);
    await lines(page).getByRole('progressbar').waitFor();
    await page.evaluate(() => sessionStorage.setItem('beamgauge.token', 'bg_gone'));
    await page.getByLabel('Token').waitFor();
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  visit('a list too long to be copied each time is counted by itself, and its peers are shown', () => nodeHash(world.pay), async (page) => {
    const row = panel(page, 'Monitors most').locator('tbody tr', { hasText: 'heavy' });
    await row.getByText('80,000×').waitFor();
    assert.match(flat(await row.innerText()), / 90,000 /);
    assert.match(flat(await row.innerText()), /10,000×/);
  });

  visit('and so are the relations of one process', () => processHash(world.pay, world.heavy), async (page) => {
    const monitors = page.getByRole('table', { name: 'Monitors', exact: true });
    await monitors.getByText('80,000').waitFor();
    assert.match(flat(await monitors.innerText()), /80,000 89% .* 10,000 11%/);
  });

  test('one that is too long even for that is counted when somebody presses the button', async () => {
    const node = await world.node({ modules: ['sick'] });
    const [watcher] = await node.eval(`sick:leak(${LEAK})`);
    await world.gauge.register(node);
    await until('the link to be up', async () => (await world.gauge.get(`nodes/${node.name}`)).data.state === 'up');
    const page = await world.browser.open(world.gauge, nodeHash(node));
    const row = panel(page, 'Monitors most').locator('tbody tr', { hasText: watcher });
    const button = row.getByRole('button', { name: 'count exactly' });
    await button.waitFor();
    const [request] = await Promise.all([page.waitForRequest(/exact=true/), button.click()]);
    assert.match(request.url(), new RegExp(`processes/${watcher.slice(1, -1)}/relations`));
    await row.getByText(/exact at \d\d:\d\d:\d\d/).waitFor();
    assert.match(flat(await row.innerText()), new RegExp(` ${LEAK.toLocaleString('en')} 1 `));
    assert.equal(await button.count(), 0);
    assert.deepEqual(page.faults, []);
    await page.context().close();
    await node.stop();
  });
});
