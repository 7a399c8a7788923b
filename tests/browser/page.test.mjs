// The page, in a real browser, on the real program and real nodes.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { connectedNodes, named } from '../integration/lib/connected.mjs';
import { randomCookie, randomName } from '../integration/lib/node.mjs';
import { suite } from '../integration/lib/suite.mjs';
import { sleep, until } from '../integration/lib/wait.mjs';
import { startBrowser } from './lib/browser.mjs';
import { flat, nodeHash, panel, visitor } from './lib/visit.mjs';

const HOSTILE = '<script>alert(1)</script>';
const SORTS = ['memory', 'total_heap', 'stack', 'off_heap', 'binary', 'message_queue_len', 'reductions', 'monitors', 'monitored_by', 'links'];
const FIELDS = { memory: 'memory_bytes', total_heap: 'total_heap_bytes', off_heap: 'off_heap_bytes', stack: 'stack_bytes', binary: 'binary_bytes',
  reductions: 'reductions_count', monitors: 'monitors_count', monitored_by: 'monitored_by_count', links: 'links_count' };

// Two nodes with the story's leak across them, a healthy registry, and a process under a hostile name.
async function plant(world) {
  const cookie = randomCookie();
  world.shop = await world.node({ cookie, name: `${randomName('shop')}@127.0.0.1` });
  world.pay = await world.node({ cookie, name: `${randomName('pay')}@127.0.0.1` });
  world.service = await world.pay.eval('P = plant:idle(), register(payment_service, P), P');
  world.gateway = await world.shop.eval(`P = plant:watcher([{rpc:call('${world.pay.name}', erlang, whereis, [payment_service]), 2140}]),
    register(order_gateway, P), P`);
  await world.shop.eval('register(session_registry, plant:watcher([{P, 1} || P <- plant:idle(400)]))');
  await world.shop.eval(`register('${HOSTILE}', plant:watcher([{plant:idle(), 30}]))`);
  await world.shop.eval('[plant:watcher([{P, 1}]) || P <- plant:idle(30)], ok');
  world.quiet = await world.node();
  world.gauge = await world.beamgauge();
  for (const node of [world.shop, world.pay, world.quiet]) await world.gauge.register(node);
  world.browser = world.keep(await startBrowser());
}

suite('page', { prepare: plant }, (world, test) => {
  const visit = visitor(world, test);
  const shop = () => nodeHash(world.shop);

  visit('lists the nodes, those in trouble first, with the reason', () => '', async (page) => {
    const stray = await world.node();
    await world.gauge.put(stray, { cookie: 'wrong' });
    await world.gauge.failed(stray, 'cookie_rejected');
    const rows = page.getByRole('table', { name: 'Registered nodes' }).locator('tbody tr');
    await rows.first().filter({ hasText: stray.name }).filter({ hasText: 'cookie_rejected' }).waitFor();
    assert.match(await rows.filter({ hasText: world.shop.name }).innerText(), /up/);
    await world.gauge.api(`nodes/${stray.name}`, { method: 'DELETE' });
    await page.getByRole('link', { name: world.pay.name }).click();
    await page.getByRole('heading', { level: 1, name: world.pay.name }).waitFor();
  });

  visit('the start page says what leaks most on any node', () => '', async (page) => {
    const fleet = panel(page, 'Repeated monitors on all nodes');
    await fleet.waitFor();
    const pair = `order_gateway ${world.gateway} on ${world.shop.name} monitors payment_service ${world.service} on ${world.pay.name} 2,140 times`;
    const said = flat(await fleet.locator('.finding.loud').innerText());
    assert.ok(said.startsWith(pair), `${said} is not ${pair}`);
    const row = flat(await fleet.locator('tbody tr').first().innerText());
    assert.ok(row.startsWith(pair.replace(' monitors ', ' ').replace(' times', '')), row);
    assert.ok((await fleet.locator('tbody tr').count()) <= 5);
    await fleet.locator('tbody tr').first().getByRole('link', { name: world.service }).click();
    await page.getByRole('heading', { level: 1, name: `payment_service ${world.service}` }).waitFor();
  });

  visit('where more pairs repeat than are shown, the start page says so and leads to all', () => '', async (page) => {
    const fleet = panel(page, 'Repeated monitors on all nodes');
    await fleet.waitFor();
    assert.equal(await fleet.getByRole('link', { name: 'Show all' }).count(), 0, 'two are all');
    const node = await world.node();
    await node.eval('[plant:watcher([{plant:idle(), Count}]) || Count <- lists:seq(2, 9)], ok');
    await world.gauge.register(node);
    await fleet.getByText('These are the first 5.').waitFor();
    assert.equal(await fleet.locator('tbody tr').count(), 5);
    await fleet.getByRole('link', { name: 'Show all' }).click();
    await fleet.getByText('These are all 10.').waitFor();
    assert.equal(await fleet.locator('tbody tr').count(), 10);
    await fleet.getByRole('link', { name: 'Show the first 5' }).click();
    await fleet.getByText('These are the first 5.').waitFor();
    await world.gauge.api(`nodes/${node.name}`, { method: 'DELETE' });
  });

  test('where nothing repeats, or no node is registered, the start page has only the nodes', async () => {
    const gauge = await world.beamgauge({ args: ['--name', `${randomName()}@127.0.0.1`] });
    const page = await world.browser.open(gauge, '', { expected: /502/ }); // asked while the link comes up
    await page.getByText('No node is registered').waitFor();
    await gauge.register(world.quiet);
    const { data } = await (await page.waitForResponse((answer) => /\/pairs\?min=2&limit=5$/.test(answer.url()) && answer.ok())).json();
    assert.deepEqual(data, []);
    await page.getByRole('table', { name: 'Registered nodes' }).waitFor();
    await until('the panel of the nodes to be alone', async () => (await page.locator('section.panel').count()) === 1);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test('when all nodes are down, what leaked most stays, with its age and the state of each node', async () => {
    const gauge = await world.beamgauge({ args: ['--name', `${randomName()}@127.0.0.1`] });
    const { hub: shop, services: [{ node: pay }] } = await connectedNodes(world, ['payment_service']);
    for (const node of [shop, pay]) await gauge.register(node);
    await shop.eval(`register(order_gateway, plant:watcher([{${named(pay, 'payment_service')}, 300}]))`);
    const page = await world.browser.open(gauge, '', { expected: /502/ });
    const fleet = panel(page, 'Repeated monitors on all nodes');
    const said = 'order_gateway';
    await fleet.locator('.finding', { hasText: said }).filter({ hasText: 'payment_service' }).waitFor();
    await until('both sides to be named', async () => (await gauge.get('pairs?max_age_ms=0')).data[0].watched.name === 'payment_service');
    await shop.stop();
    await pay.stop();
    await fleet.locator('.finding', { hasText: said }).filter({ hasText: 'payment_service' }).filter({ hasText: /300 times\.? The node reported this .* ago, and did not answer since\./ }).waitFor();
    await fleet.locator('tbody tr').first().locator('.mark', { hasText: /^as reported .* ago$/ }).waitFor();
    const silent = fleet.getByRole('list', { name: 'Nodes that do not answer' }).getByRole('listitem');
    await silent.filter({ hasText: shop.name }).filter({ hasText: /its pairs are those of .* ago/ }).locator('.state:not(.up)').waitFor();
    await silent.filter({ hasText: pay.name }).filter({ hasText: 'none of its pairs are shown' }).locator('.state:not(.up)').waitFor();
    assert.equal(await fleet.locator('.problem').count(), 0);
    await gauge.api(`nodes/${shop.name}`, { method: 'DELETE' });
    await page.reload();
    await fleet.getByText('No node is up, and none has reported of repeated monitors.').waitFor();
    await silent.filter({ hasText: pay.name }).waitFor();
    assert.equal(await fleet.locator('.problem').count(), 0, 'why is said of the node');
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  visit('where binaries are much of the memory, the page says how much of them no process refers to', () => nodeHash(world.quiet), async (page) => {
    const said = panel(page, 'Memory').getByText(/in large binaries/);
    await page.getByRole('table', { name: 'Memory by area' }).waitFor();
    assert.equal(await said.count(), 0);
    const keeper = await world.quiet.eval(`Self = self(), K = spawn(fun() -> T = ets:new(many, [public]), [ets:insert(T, {I, binary:copy(<<I>>, 8192)}) || I <- lists:seq(1, 8000)],
      erlang:garbage_collect(), Self ! kept, receive stop -> ok end end), receive kept -> K end`);
    await said.getByText(/MiB at least are referred to by no process/).waitFor();
    await world.quiet.eval(`list_to_pid("${keeper}") ! stop, ok`);
  });

  visit('a node has its headline and its memory', shop, async (page) => {
    const figure = (term) => page.locator('.headline .figure', { has: page.locator('dt', { hasText: term }) });
    await figure('Uptime').getByText(/OTP \d+/).waitFor();
    await figure('Memory').getByText(/iB in processes/).waitFor();
    assert.match(await figure('Processes').innerText(), /\d+\s*[\d.<]+% of [\d,]+/);
    const areas = page.getByRole('table', { name: 'Memory by area' });
    const names = (await areas.locator('tbody th').allInnerTexts()).map((text) => text.trim());
    assert.deepEqual(names, ['Total', 'Processes', 'System', 'Binary', 'ETS', 'Code', 'Atom', 'Persistent terms', 'Standard blocks', 'Other']);
    assert.match(await areas.locator('tbody tr').first().innerText(), /iB\s+100%/);
    assert.match(await page.getByRole('table', { name: 'Allocators' }).innerText(), /eheap_alloc\s+[\d.]+ MiB\s+[\d.]+ MiB/);
    assert.match(await panel(page, 'Memory').innerText(), /holds [\d,]+ monitors by pid of local processes and about [\d,]+ others \(at most [\d,]+\): of remote processes, by name or with a tag\. Together they take [\d.]+ [KM]iB, /);
  });

  visit('the leaking pair is said in a sentence', shop, async (page) => {
    const finding = page.locator('.finding.loud', { hasText: 'payment_service' });
    await finding.waitFor();
    const said = (await finding.innerText()).replace(/\s+/g, ' ');
    const pair = `order_gateway ${world.gateway} monitors payment_service ${world.service} on ${world.pay.name} 2,140 times`;
    assert.ok(said.startsWith(pair), `${said} is not ${pair}`);
    const first = await panel(page, 'Repeated monitors').locator('tbody tr').first().innerText();
    assert.match(first, new RegExp(`${world.gateway}[^]*${world.service} on ${world.pay.name}\\s+2,140\\s`));
  });

  visit('the watched side shows the same pair, and names the other node only', () => nodeHash(world.pay), async (page) => {
    const finding = page.locator('.finding.loud', { hasText: 'order_gateway' });
    await finding.waitFor();
    const said = (await finding.innerText()).replace(/\s+/g, ' ');
    const pair = `order_gateway ${world.gateway} on ${world.shop.name} monitors payment_service ${world.service} 2,140 times`;
    assert.ok(said.startsWith(pair), `${said} is not ${pair}`);
  });

  visit('a node without repeated monitors says so', () => nodeHash(world.quiet), async (page) => {
    await panel(page, 'Repeated monitors').getByText('No process monitors another more than once.').waitFor();
  });

  visit('both rankings distinguish a leak from a registry', shop, async (page) => {
    const row = (title, text) => panel(page, title).locator('tbody tr', { hasText: text });
    const leak = row('Monitors most', 'order_gateway').filter({ hasText: 'payment_service' }); // who is named by the other node
    await leak.waitFor();
    assert.match((await leak.innerText()).replace(/\s+/g, ' '), new RegExp(`2,140 1 2,140× 2,140× payment_service ${world.service} on ${world.pay.name}`));
    assert.match((await row('Monitors most', 'session_registry').innerText()).replace(/\s+/g, ' '), / 400 400 1\.0× 1×/);
    const watched = row('Monitored most', HOSTILE).first();
    assert.match((await watched.innerText()).replace(/\s+/g, ' '), / 30 1 30× 30× <script>/);
  });

  visit('every column sorts, by asking the service', shop, async (page) => {
    const top = panel(page, 'Top processes');
    await top.locator('tbody tr').first().waitFor();
    const headings = top.locator('thead button');
    assert.equal(await headings.count(), SORTS.length);
    for (const [index, sort] of [...SORTS.entries()].reverse()) {
      const [response] = await Promise.all([
        page.waitForResponse((answer) => answer.url().includes(`/processes?sort=${sort}&`)),
        headings.nth(index).click(),
      ]);
      const { data } = await response.json();
      const values = data.map((row) => row[FIELDS[sort] ?? sort]);
      assert.deepEqual(values, [...values].sort((a, b) => b - a), sort);
      await top.locator('tbody tr').first().filter({ hasText: data[0].pid }).waitFor();
      assert.equal(await top.locator('thead th[aria-sort=descending]').count(), 1);
      assert.equal(await top.locator('thead th').nth(index + 1).getAttribute('aria-sort'), 'descending');
    }
  });

  visit('sorting and the number of rows are in the address', () => `${shop()}?sort=monitors&limit=10`, async (page) => {
    const top = panel(page, 'Top processes');
    await top.locator('tbody tr').first().filter({ hasText: 'order_gateway' }).waitFor();
    assert.equal(await top.locator('tbody tr').count(), 10);
    await top.getByLabel('Rows').selectOption('50');
    await top.locator('tbody tr').nth(20).waitFor();
    assert.match(page.url(), /\?sort=monitors&limit=50$/);
    await top.getByLabel('Show').selectOption('1000');
    await top.getByText(/^[+−]?[\d.,]+\/s$/).first().waitFor();
  });

  visit('a pid leads to its process, and its peer to the other node', shop, async (page) => {
    await panel(page, 'Repeated monitors').locator('tbody').getByRole('link', { name: world.gateway }).first().click();
    await page.getByRole('heading', { level: 1, name: `order_gateway ${world.gateway}` }).waitFor();
    const text = (await panel(page, 'Process').innerText()).replace(/\s+/g, ' ');
    assert.match(text, /Monitors 2,140/);
    assert.match(text, /Heap [\d.]+ \w+ /);
    assert.match(text, /Stack plant:/);
    const monitors = page.getByRole('table', { name: 'Monitors', exact: true });
    await monitors.locator('tbody tr', { hasText: world.service }).filter({ hasText: '2,140' }).waitFor();
    assert.match(await panel(page, 'Relations').innerText(), /Monitored by 0[^]*Nothing monitors it\.[^]*Links 0/);
    await monitors.getByRole('link', { name: world.service }).click();
    await page.getByRole('heading', { level: 1, name: `payment_service ${world.service}` }).waitFor();
    const watchers = page.getByRole('table', { name: 'Monitored by' });
    assert.match(await watchers.innerText(), new RegExp(`${world.gateway} on ${world.shop.name}\\s+2,140\\s+100%`));
    await page.goBack();
    await page.goBack();
    await page.locator('.headline').waitFor();
  });

  visit('a hostile registered name is text', () => `${shop()}?sort=monitors`, async (page) => {
    for (const title of ['Top processes', 'Monitors most', 'Repeated monitors']) {
      await panel(page, title).getByText(HOSTILE, { exact: true }).first().waitFor();
    }
    assert.equal(await page.locator('#app script').count(), 0);
  });

  visit('what grows is shown with its rate', shop, async (page) => {
    const finding = page.locator('.finding');
    await finding.getByText('2,140 times').waitFor();
    await world.shop.eval(`plant:add_watches(whereis(order_gateway), [{rpc:call('${world.pay.name}', erlang, whereis, [payment_service]), 60}])`);
    await finding.getByText('2,200 times').waitFor();
    await finding.getByText(/growing \+[\d.]+\/s/).waitFor();
  });

  visit('nothing is asked while the page is hidden or paused', shop, async (page) => {
    await page.locator('.finding').waitFor();
    let asked = 0;
    page.on('request', () => asked++);
    const hide = (hidden) => page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { configurable: true, value });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
    await hide(true);
    await sleep(3000); // what was on its way
    asked = 0;
    await sleep(6000);
    assert.equal(asked, 0, 'hidden');
    await hide(false);
    await page.waitForRequest(/pairs/);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('.stale .mark').first().waitFor();
    await sleep(3000);
    asked = 0;
    await sleep(6000);
    assert.equal(asked, 0, 'paused');
  });

  visit('columns and tiles have the titles, units and help texts of the service', shop, async (page) => {
    const top = panel(page, 'Top processes');
    await top.locator('tbody tr').first().waitFor();
    const table = async (more) => (await world.gauge.api(`nodes/${world.shop.name}/processes?${more}`)).text;
    const fields = SORTS.map((sort) => FIELDS[sort] ?? sort);
    const header = (await table('format=csv')).split('\r\n')[0].split(',');
    assert.deepEqual([...fields].sort((a, b) => header.indexOf(a) - header.indexOf(b)), fields, 'in the order of csv');
    for (const [index, sort] of SORTS.entries()) {
      const titles = (await table(`format=md&min=0&sort=${sort}`)).split('\n')[0].split('|').map((title) => title.trim());
      const title = (await top.locator('thead button').nth(index).innerText()).replace('▼', '').trim();
      assert.ok(titles.includes(title), `${title} is none of ${titles}`);
    }
    const figures = (await world.gauge.get('check/metrics')).data;
    const summaryOf = (name) => figures.find((figure) => figure.name === name).summary;
    const tile = (term) => page.locator('.headline .figure', { has: page.locator('dt', { hasText: new RegExp(`^${term}$`) }) });
    for (const [term, name] of [['Uptime', 'uptime_ms'], ['Memory', 'memory.total_bytes'], ['Run queue', 'run_queue_count'], ['ETS tables', 'ets_count']])
      assert.equal(await tile(term).getAttribute('title'), summaryOf(name), term);
    const { data: system } = await world.gauge.get(`nodes/${world.shop.name}/system`);
    assert.match(await tile('Processes').locator('small').innerText(), new RegExp(`% of ${system.process_limit.toLocaleString('en-US')}$`));
  });

  test('when a node goes, its last answers stay, marked as old, with the reason', async () => {
    const node = await world.node();
    await world.gauge.register(node);
    const page = await world.browser.open(world.gauge, nodeHash(node), { expected: /50[24]/ });
    await panel(page, 'Top processes').locator('tbody tr').first().waitFor();
    await node.kill();
    await page.locator('.banner', { hasText: /connection_lost|port_refused|node_not_in_epmd/ }).waitFor();
    await panel(page, 'Memory').locator('.mark', { hasText: /old: from \d\d:\d\d:\d\d/ }).waitFor();
    assert.ok((await panel(page, 'Top processes').locator('tbody tr').count()) > 10);
    assert.deepEqual(page.faults, []);
    await world.gauge.api(`nodes/${node.name}`, { method: 'DELETE' });
    await page.locator('.banner', { hasText: 'No node of this name is registered' }).waitFor();
    await page.context().close();
  });

  test('what several boxes would say of a node that hangs, or has gone, is said once above them', async () => {
    const node = await world.node();
    await world.gauge.register(node);
    const page = await world.browser.open(world.gauge, nodeHash(node), { expected: /50[24]/ });
    await panel(page, 'Top processes').locator('tbody tr').first().waitFor();
    await panel(page, 'Memory').locator('tbody tr').first().waitFor();
    await node.pause();
    await page.locator('main > .problem', { hasText: 'deadline' }).waitFor();
    await panel(page, 'Memory').locator('footer', { hasText: 'see the note above' }).waitFor();
    await panel(page, 'Memory').locator('.mark', { hasText: /old: from/ }).waitFor();
    const said = await page.locator('.problem, .warning').allInnerTexts();
    assert.equal(await page.locator('.problem').count(), 1, said.join('\n'));
    assert.equal(new Set(said).size, said.length, said.join('\n'));
    node.resume();
    await page.locator('.problem').first().waitFor({ state: 'detached' });
    await node.pause();
    await page.locator('main > .problem', { hasText: 'deadline' }).waitFor();
    node.resume();
    await node.kill();
    await page.locator('.banner', { hasText: /connection_lost|port_refused|node_not_in_epmd/ }).waitFor();
    assert.equal(await page.locator('.problem').count(), 0, 'the banner says it');
    assert.deepEqual(page.faults, []);
    await page.context().close();
    await world.gauge.api(`nodes/${node.name}`, { method: 'DELETE' });
  });

  test('a problem is shown in the words of the service, with its code', async () => {
    const dead = await world.shop.eval('P = plant:idle(), exit(P, kill), P');
    const hash = `${shop()}/processes/${dead.replace(/[<>]/g, '')}`;
    const page = await world.browser.open(world.gauge, hash, { expected: /410/ });
    await page.locator('main > .problem', { hasText: 'process_dead' }).waitFor();
    await panel(page, 'Process').getByText('Nothing was reported.').waitFor();
    assert.equal(await page.locator('.problem').count(), 1);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test('where tokens are asked for, the page asks for one and keeps it for its tab', async () => {
    const token = `bg_${'a'.repeat(43)}`;
    const sha256 = createHash('sha256').update(token).digest('hex');
    const sections = { server: { name: `${randomName()}@127.0.0.1` }, 'token page': { sha256, scopes: 'read admin' } };
    const gauge = await world.beamgauge({ sections });
    gauge.token = token;
    await gauge.register(world.shop);
    const page = await world.browser.open(gauge, nodeHash(world.shop), { expected: /401/ });
    await page.getByLabel('Token').fill('bg_wrong');
    await page.getByRole('button', { name: 'Use it' }).click();
    await page.locator('.token .problem', { hasText: 'unauthenticated' }).waitFor();
    await page.getByLabel('Token').fill(token);
    await page.keyboard.press('Enter');
    await page.locator('.finding').waitFor();
    await page.reload();
    await page.locator('.finding').waitFor();
    assert.ok(!page.url().includes(token));
    await page.getByRole('button', { name: 'Forget token' }).click();
    await page.getByLabel('Token').waitFor();
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  for (const hash of ['#/nowhere', '#/nodes/%E0%A4%A', '#/nodes/a%40b/processes/1.2']) {
    visit(`the address ${hash} leads nowhere, and says so`, () => hash, (page) => page.getByText('This address leads nowhere').waitFor());
  }
});
