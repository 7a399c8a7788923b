// Tables for people: every one fits a terminal of 80 columns, is aligned, and shows what its rows are sorted by.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BINARY } from './lib/beamgauge.mjs';
import { randomName } from './lib/node.mjs';
import { suite } from './lib/suite.mjs';

const { paths } = JSON.parse(await readFile(join(dirname(BINARY), 'openapi.json')));
const WIDTH = 80;

// How a field that rows can be sorted by is headed; the change of it in each second has "/s" behind that.
const TITLES = {
  memory_bytes: 'Memory', message_queue_len: 'Queue', reductions_count: 'Reductions', total_heap_bytes: 'Heap', stack_bytes: 'Stack', off_heap_bytes: 'Off-heap',
  binary_bytes: 'Binaries', monitors_count: 'Monitors', monitored_by_count: 'Monitored by', links_count: 'Links', count: 'Monitors', size_count: 'Objects',
  queue_bytes: 'Queue', input_bytes: 'In', output_bytes: 'Out', referred_bytes: 'Refers to', process_count: 'Processes', buffer_bytes: 'Buffer', port_count: 'Ports',
};
const GROUPED = { ...TITLES, message_queue_len: 'Queues', monitors_count: 'Monitors' };

const parametersOf = (path) => paths[path].get?.parameters ?? [];
const choicesOf = (path, name) => parametersOf(path).find((each) => each.name === name)?.schema.enum ?? [];
const isTable = (path) => ['text', 'md'].every((format) => choicesOf(path, 'format').includes(format)) && !/check$/.test(path);

// Each table there is: by every key that its rows can be sorted by, in groups, and over a window.
const TABLES = Object.keys(paths).filter(isTable).flatMap((path) => {
  const keys = ['sort', 'by'].flatMap((name) => choicesOf(path, name).map((key) => ({ [name]: key })));
  const groups = choicesOf(path, 'group').filter((group) => group !== 'none').map((group) => ({ group }));
  const windows = parametersOf(path).some((each) => each.name === 'window_ms') ? [{ window_ms: 100 }] : [];
  return (keys.length > 0 ? keys : [{}]).flatMap((key) => [{}, ...groups, ...windows].map((more) => ({ path, query: { ...key, ...more } })));
});

const widthOf = (line) => [...line].length;

suite('tables', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.target = await world.node({ name: `${randomName('shop')}@127.0.0.1`, modules: ['plant', 'fat_server'] });
  await world.gauge.register(world.target);
  // A node as people have them: named and unnamed servers, leaks, queues, sockets, tables, and figures of many digits.
  world.pid = await world.target.eval(`
    Paid = plant:named(<<"payment_service_gateway">>),
    Pid = plant:watcher([{Paid, 20000}, {plant:idle(), 300}]),
    plant:queue(123456), plant:heap(3000000), plant:stack(100000), plant:linked(2000), plant:binaries(1000000),
    [plant:watcher([{P, 2}]) || P <- plant:idle(30)],
    [fat_server:start(1000 * I) || I <- lists:seq(1, 30)],
    Pid`);
  await world.target.eval(`{ok, L} = gen_tcp:listen(0, [{ip, {127,0,0,1}}]), {ok, P} = inet:port(L),
    spawn(fun() -> [begin {ok, S} = gen_tcp:connect("127.0.0.1", P, []), ok = gen_tcp:send(S, binary:copy(<<0>>, 100000)) end || _ <- lists:seq(1, 20)], timer:sleep(infinity) end),
    gen_tcp:controlling_process(L, whereis(init)), ok`);
} }, (world, test) => {
  const ask = ({ path, query }, format) => {
    const to = path.replace('{node}', world.target.name).replace('{pid}', world.pid.slice(1, -1)).replace('{application}', 'kernel');
    return world.gauge.api(`${to}?${new URLSearchParams({ ...query, format })}`);
  };

  test('states and reasons of nodes are whole', async () => {
    const down = `${randomName('inventory_reservation')}@127.0.0.1`;
    await world.gauge.put(down, { cookie: 'x' });
    await world.gauge.failed(down, 'node_not_in_epmd');
    for (const format of ['text', 'md']) {
      const { text } = await world.gauge.api(`nodes?format=${format}`);
      assert.match(text, /waiting.*node\\?_not\\?_in\\?_epmd/, text);
    }
    await world.gauge.api(`nodes/${down}`, { method: 'DELETE' });
  });

  test('there are many tables', () => assert.ok(TABLES.length > 60, `${TABLES.length}`));

  for (const table of TABLES) {
    test(`${table.path.replace('/api/v1', '')} ${Object.values(table.query).join(' ')} fits, and shows what it is sorted by`, async () => {
      const json = await ask(table, 'json');
      if (json.status === 422 || json.status === 400) return; // not on this release, or not together
      assert.equal(json.status, 200, json.text);
      const [text, md] = [await ask(table, 'text'), await ask(table, 'md')];
      if (table.path.includes('sockets') && json.body.data.length === 0) {
        for (const { text: whole } of [text, md]) assert.match(whole, /^No rows\.\n\n/);
        return;
      }
      const lines = text.text.split('\n\n')[0].split('\n');
      const bars = md.text.split('\n').filter((line) => line.startsWith('|'));
      assert.ok(lines.length > 1, text.text);
      const whole = table.path.endsWith('/check/metrics') ? Infinity : WIDTH; // a row of Markdown is one line, and its sentences are not cut
      const fits = (line, room) => assert.ok(widthOf(line) <= room, `${widthOf(line)} columns:\n${line}\n\n${text.text}`);
      for (const line of lines) fits(line, WIDTH);
      for (const bar of bars) fits(bar.replace(/\\(.)/g, '$1').replace(/&#?\w+;/g, '.'), whole);
      const sortedBy = json.body.meta.sorted_by;
      assert.equal(typeof sortedBy, table.query.sort || table.query.by ? 'string' : typeof sortedBy, 'meta says what the rows are sorted by');
      if (!sortedBy) return;
      const [field, change] = sortedBy.split(/(?=_per_second$)/);
      assert.equal(Boolean(change), table.query.window_ms > 0 && !table.path.endsWith('/distribution'), sortedBy);
      const heading = (table.query.group ? GROUPED : TITLES)[field] + (change ? '/s' : '');
      assert.ok(heading, `${sortedBy} has a heading`);
      assert.ok(lines[0].split(/ {2,}/).includes(heading), `${heading} is missing:\n${text.text}`);
      assert.ok(bars[0].split('|').map((cell) => cell.trim()).includes(heading), md.text);
    });
  }
});
