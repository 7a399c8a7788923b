// What the page marks: entries that nobody has counted, the other side that is only likely, and what stands as it was reported last.
import assert from 'node:assert/strict';
import { suite } from '../integration/lib/suite.mjs';
import { patient } from '../integration/lib/sick.mjs';
import { until } from '../integration/lib/wait.mjs';
import { startBrowser } from './lib/browser.mjs';
import { flat, nodeHash, panel, processHash, visitor } from './lib/visit.mjs';

const ENTRIES = 1_400_000; // too many for either list to be copied into 64 MiB
const BATCH = 200_000;
const SILENT = 5000;
const DEAF_SECONDS = 240; // it is not waited for
const SAID = /up to 1,\d{3},\d{3} entries that were not counted \(monitors, monitored_by and links together\)/;

suite('marks', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.here = await world.node({ modules: ['plant'] });
  world.there = await world.node({ modules: ['plant'], cookie: world.here.cookie });
  await world.gauge.register(world.here);
  world.browser = world.keep(await startBrowser());
  const watched = await world.there.eval('plant:named(<<"payments">>)');
  const at = `rpc:call('${world.there.name}', erlang, list_to_pid, ["${watched}"])`;
  world.watcher = await world.here.eval(`plant:watcher([{${at}, ${BATCH}}])`, 120_000);
  for (let planted = BATCH; planted < ENTRIES; planted += BATCH) await world.here.eval(`plant:add_watches(list_to_pid("${world.watcher}"), [{${at}, ${BATCH}}])`, 120_000);
  await world.here.eval('plant:watcher([{plant:idle(), 300}])');
} }, (world, test) => {
  const visit = visitor(world, test);

  visit('entries that nobody has counted are said to be that, in large type and in the tables', () => nodeHash(world.here), async (page) => {
    const pairs = panel(page, 'Repeated monitors');
    await pairs.locator('.finding.loud', { hasText: SAID }).waitFor();
    const finding = flat(await pairs.locator('.finding').innerText());
    assert.ok(finding.includes(`${world.watcher} has up to `), finding);
    const row = pairs.locator('tbody tr', { hasText: world.watcher });
    assert.match(flat(await row.innerText()), /→? ?not known ≤ 1,\d{3},\d{3} –$/);
    assert.match(flat(await pairs.locator('tbody tr').nth(1).innerText()), / 300 100%$/); // of what is certain
    for (const title of ['Monitors most', 'Monitored most']) {
      const cell = panel(page, title).locator('tbody tr', { hasText: world.watcher }).locator('td.number').first();
      assert.match(flat(await cell.innerText()), /^≤ 1,\d{3},\d{3}$/, title);
      assert.match(await cell.locator('span').getAttribute('title'), SAID);
    }
  });

  visit('its own page says it once', () => processHash(world.here, world.watcher), async (page) => {
    const process = panel(page, 'Process');
    await process.getByText(SAID).waitFor();
    await panel(page, 'Relations').getByText('Not counted.').first().waitFor();
    assert.equal(flat(await process.innerText()).match(/entries that were not counted/g).length, 1);
    assert.match(flat(await process.innerText()), /Monitors and links, at most/);
    await panel(page, 'Relations').locator('div', { has: page.getByRole('heading', { name: /^Monitors / }) }).last().getByRole('button', { name: 'count exactly' }).click();
    await panel(page, 'Relations').getByText('payments').or(panel(page, 'Relations').getByText('1,400,000')).first().waitFor();
  });

  // As it is where there was no time to ask whom they monitor.
  const opened = async (change) => {
    const page = await world.browser.open(world.gauge, '');
    await page.route('**/monitors/pairs?*', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: change(await response.json()) });
    });
    await page.goto(page.url().replace(/#.*|$/, nodeHash(world.here)));
    return page;
  };

  test('where the ranking knows whom it monitors, the sentence does too', async () => {
    const page = await opened(({ data, meta }) => ({ data: data.map((pair) => ({ ...pair, watched: null, exact: false, uncounted_count: null, counted_at: null })), meta }));
    await panel(page, 'Repeated monitors').locator('.finding', { hasText: /monitors .* about 1,\d{3},\d{3} times/ }).waitFor();
    await page.context().close();
  });

  test('what came since a count is nobody\'s, in the table and in the sentence', async () => {
    for (const isFirst of [false, true]) {
      const open = { watched: null, count: null, uncounted_count: isFirst ? 9_000_000 : 120_000, exact: false, counted_at: new Date(Date.now() - 30_000).toISOString() };
      const page = await opened(({ data, meta }) => ({ data: [...data, { ...data[0], ...open }], meta }));
      const pairs = panel(page, 'Repeated monitors');
      const rows = pairs.locator('tbody tr', { hasText: world.watcher });
      assert.match(flat(await rows.filter({ hasText: 'not known' }).innerText()), isFirst ? / not known ≤ 9,000,000 since [\d:]+ –$/ : / not known ≤ 120,000 since [\d:]+ –$/);
      const sentence = isFirst ? /has up to 9,000,000 entries more than when they were counted, \d+ s ago \(monitors, monitored_by and links together\)/ : /monitors .* about 1,\d{3},\d{3} times/;
      await pairs.locator('.finding.loud', { hasText: sentence }).waitFor();
      assert.equal(await rows.count(), 2);
      await page.context().close();
    }
  });

  test('where none is known, and not everything was looked at, that is what is said', async () => {
    const page = await opened(({ meta }) => ({ data: [], meta: { ...meta, warnings: ['there was no time'] } }));
    await panel(page, 'Repeated monitors').getByText('None is known, but not everything could be looked at: see the warnings.').waitFor();
    await page.context().close();
  });

  test('the other side that is likely is named, and said to be likely', async () => {
    const far = await world.beamgauge({ args: ['--name', `other${process.pid}@127.0.0.1`] }); // which has not counted it
    await Promise.all([far.register(world.here), far.register(world.there)]);
    await until('it to be likely', async () => (await far.get('pairs?max_age_ms=0&timeout_ms=20000')).data[0]?.likely);
    for (const [hash, title] of [['', 'Repeated monitors on all nodes'], [nodeHash(world.here), 'Repeated monitors']]) {
      const page = await world.browser.open(far, hash);
      const pairs = panel(page, title);
      await pairs.locator('.finding', { hasText: /monitors likely payments .* about 1,\d{3},\d{3} times/ }).filter({ hasText: 'Nobody has counted either list' }).waitFor();
      await pairs.locator('tbody tr', { hasText: 'payments' }).locator('.mark', { hasText: /^likely$/ }).waitFor();
      assert.deepEqual(page.faults, []);
      await page.context().close();
    }
  });

  test('a process that does not answer is shown with the age of its last report', async () => {
    const { node, gauge } = await patient(world, { flags: ['+S', '2:2'], isVaried: false });
    const [watcher, watched] = await node.eval(`sick:leak_hearing(${SILENT})`, 60_000);
    const pair = async () => (await gauge.get(`nodes/${node.name}/monitors/pairs?max_age_ms=0`)).data.find((row) => row.watcher.pid === watcher);
    await until('the pair to be known', async () => (await pair())?.watched?.pid === watched);
    await node.eval(`sick:deafen(list_to_pid("${watcher}"), ${DEAF_SECONDS})`, 60_000);
    await until('it to be shown as old', async () => (await pair())?.age_ms > 0);
    for (const [hash, titles] of [[nodeHash(node), ['Repeated monitors', 'Monitors most']], ['', ['Repeated monitors on all nodes']]]) {
      const page = await world.browser.open(gauge, hash, { expected: /504|422/ });
      for (const title of titles)
        await panel(page, title).locator('tbody tr', { hasText: watcher }).locator('.mark', { hasText: /^as reported .* ago$/ }).first().waitFor();
      await page.context().close();
    }
    await node.kill();
  });
});
