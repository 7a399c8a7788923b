// How numbers and names are shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as format from '../../web/format.js';

const shows = (name, show, cases) => test(name, () => {
  for (const [value, text] of cases) assert.equal(show(value), text);
});

shows('bytes', format.bytes, [[0, '0 B'], [1023, '1023 B'], [1024, '1.0 KiB'], [28.4e9, '26.4 GiB'], [5 * 2 ** 50, '5120 TiB'], [null, '–'], [undefined, '–']]);
shows('counts', format.count, [[0, '0'], [1234567, '1,234,567'], [null, '–'], [NaN, '–']]);
shows('large counts', format.short, [[999999, '999,999'], [1e6, '1.0 M'], [129020311, '129 M'], [8.4e9, '8.4 G'], [undefined, '–']]);
shows('shares', format.percent, [[0, '0%'], [0.0004, '<0.1%'], [0.046, '4.6%'], [1, '100%'], [NaN, '–']]);
shows('repetition', format.times, [[1, '1.0×'], [2140, '2,140×'], [null, '–']]);
shows('bytes, or the least that they can be', (row) => format.bytesOf(row, 'memory_bytes'), [
  [{ memory_bytes: 2048, memory_bytes_min: 1 }, '2.0 KiB'],
  [{ memory_bytes: null, memory_bytes_min: 105602640 }, '≥ 101 MiB'],
  [{ memory_bytes: null, memory_bytes_min: 0 }, '–'],
  [{ memory_bytes: null }, '–'],
]);
shows('rates of bytes', format.byteRate, [[1536, '+1.5 KiB/s'], [-512, '−512 B/s'], [0.2, '0 B/s'], [null, '']]);
shows('rates', format.rate, [[14.2, '+14/s'], [0.04, '0/s'], [-3, '−3/s'], [2.44, '+2.4/s'], [null, '']]);
shows('durations', format.duration, [[0, '0 s'], [59999, '59 s'], [3600000, '1 h'], [93784000, '1 d 2 h'], [60000, '1 min'], [undefined, '–']]);

test('characters that hide or reorder text are shown by their number', () => {
  assert.equal(format.visible('a\u202eb\nc\u0000'), 'a\\u{202e}b\\u{a}c\\u{0}');
  assert.equal(format.visible('Žluť <b> 日本'), 'Žluť <b> 日本');
});

test('a name breaks between its parts, and within one only where that is very long', () => {
  const pieces = (name) => format.breakable(name).join('|');
  assert.equal(pieces('Elixir.MyApp.Pay'), 'Elixir.|MyApp.|Pay');
  assert.equal(pieces('order_gateway@10.0.0.5'), 'order_|gateway@|10.0.0.5');
  assert.equal(pieces('gen_server:init/1'), 'gen_|server:|init/|1');
  assert.equal(pieces('a::b--c_'), 'a::|b--|c_');
  assert.equal(pieces('x'.repeat(50)), `${'x'.repeat(24)}|${'x'.repeat(24)}|xx`);
  assert.deepEqual([pieces(''), pieces('日本'.repeat(13)).length, pieces('a\u202eb')], ['', 27, 'a\\u{202e}b']);
});

test('a peer of every kind has a text', () => {
  assert.equal(format.peerText({ pid: '<0.95.0>', name: 'pay' }), 'pay <0.95.0>');
  assert.equal(format.peerText({ pid: '<0.95.0>', name: null, initial_call: { text: 'pay:init/1' } }), 'pay:init/1 <0.95.0>');
  assert.equal(format.peerText({ name: 'pay', node: 'a@b' }), 'pay');
  assert.equal(format.peerText({ port: '#Port<0.5>' }), '#Port<0.5>');
  assert.equal(format.peerText({ reference: '#Ref<0.1.2.3>' }), '#Ref<0.1.2.3>');
  assert.equal(format.peerText({}), '–');
});

test('an estimate is marked and has its bounds', () => {
  assert.deepEqual(format.counted({ exact: true, n: 5 }, 'n'), { text: '5', title: undefined });
  assert.deepEqual(format.counted({ exact: false, n: 5000, n_min: 10, n_max: 9000 }, 'n'), { text: '≈ 5,000', title: 'between 10 and 9,000' });
  assert.deepEqual(format.counted({ exact: false, n: null }, 'n'), { text: '–', title: undefined });
  assert.deepEqual(format.counted({ exact: false, n: 7, n_min: 7, n_max: 7 }, 'n'), { text: '7', title: undefined });
});

test('entries that nobody has counted are shown as a maximum, by the count that the row has', () => {
  const title = 'up to 9,000 entries that were not counted (monitors, monitored_by and links together)';
  const row = { exact: false, n: 5000, n_min: 0, n_max: 9000, m: null, m_max: 9000, uncounted_count: 9000 };
  assert.deepEqual(format.counted(row, 'n'), { text: '≤ 9,000', title });
  assert.deepEqual(format.counted(row, 'm'), { text: '–', title });
  assert.equal(format.uncounted(row), title);
  assert.equal(format.uncounted({ exact: false, n: 5000, uncounted_count: null }), null);
});

test('what stands as it was reported last says when that was', () => {
  assert.equal(format.reportedAgo({ age_ms: 65_000 }), 'as reported 1 min 5 s ago');
  assert.equal(format.reportedAgo({ age_ms: 10 }), 'as reported 1 s ago');
  assert.equal(format.reportedAgo({ age_ms: null }), null);
  assert.equal(format.reportedAgo({}), null);
});

test('growth needs some seconds before it says anything', () => {
  const first = format.followed(undefined, { count: 10, exact: true, counted_at: null }, 0);
  assert.equal(first.rate, null);
  assert.equal(format.followed(first, { count: 20, exact: true, counted_at: null }, 3999).rate, null);
  assert.equal(format.followed(first, { count: 20, exact: true, counted_at: null }, 5000).rate, 2);
  assert.equal(format.followed(first, { count: 10, exact: true, counted_at: null }, 5000).rate, 0);
});

test('what a new count finds is not growth since the page was opened', () => {
  const pair = (count, at) => ({ count, exact: false, counted_at: at });
  const first = format.followed(undefined, pair(310_000, 'a'), 0);
  const same = format.followed(first, pair(310_000, 'a'), 20_000);
  assert.equal(same.rate, null, 'not counted since');
  const grown = format.followed(same, pair(312_800, 'a'), 20_000);
  assert.equal(grown.rate, 140);
  const again = format.followed(grown, pair(325_000, 'b'), 30_000);
  assert.equal(again.rate, 140, 'the last one, until there is a new one');
  assert.equal(format.followed(again, pair(325_700, 'b'), 40_000).rate, 70);
});
