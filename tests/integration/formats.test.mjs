// json, text, md, csv and ndjson of the same rows, with names that try to break out of each.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';

const FORMATS = { json: 'application/json', text: 'text/plain', md: 'text/markdown', csv: 'text/csv', ndjson: 'application/x-ndjson' };
const HOSTILE = {
  script: '<script>alert(1)</script>', pipe: 'a|b', newline: 'a\nb', carriage: 'a\r\nX-Evil: 1', escape: 'a\u001b[31mred\u0007', nul: 'a\u0000b',
  quote: 'a"b\'c`d', comma: 'a,b;c', formula: '=cmd|calc!A1', full: '\uff1dcmd|calc!A1', address: 'http://e.ex a@e.ex', backslash: 'a\\b', long: 'x'.repeat(255), umlaut: 'äöü漢字😀', bidi: 'a\u202eb',
  c1: 'a\u0085\u009bb', line: 'a\u2028b', link: '[a](http://evil)', bold: '**a** _b_ # c', tab: 'a\tb', space: ' a ', logfmt: 'x level=error event=fake',
  wide: '😀'.repeat(255), empty: '', blank: '  ', zero: 'a\u200bb', filler: 'a\u3164b', tagged: 'a\u{e0041}b', joined: 'a\u200d\ufe0fb',
};

const SHOWN = ['memory', 'system', 'allocators', 'processes?limit=50&sort=message_queue_len', 'monitors?by=monitors', 'monitors?by=monitored_by',
  'monitors/pairs'];

// RFC 4180.
function parseCsv(text) {
  const rows = [[]];
  let field = '', quoted = false;
  const end = () => (rows.at(-1).push(field), (field = ''));
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted && c === '"' && text[i + 1] === '"') field += text[++i];
    else if (c === '"') quoted = !quoted;
    else if (!quoted && c === ',') end();
    else if (!quoted && c === '\n') (end(), rows.push([]));
    else if (quoted || c !== '\r') field += c;
  }
  assert.ok(!quoted, 'a quote is left open');
  return rows.filter((row) => row.length);
}

// What no format may carry raw: control characters other than its own line ends, and what turns a line around.
function assertHarmless(text, format) {
  const found = (['json', 'ndjson'].includes(format) ? /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/
    : /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u).exec(text);
  assert.ok(!found, `${format} carries U+${found?.[0].charCodeAt(0).toString(16)} at ${found?.index}: ${JSON.stringify(text.slice(found?.index - 30, found?.index + 30))}`);
}

suite('formats', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.target = await world.node();
  await world.gauge.register(world.target);
  world.pids = {};
  for (const [key, name] of Object.entries(HOSTILE)) {
    const bytes = Buffer.from(name).toString('base64');
    world.pids[key] = await world.target.eval(`P = plant:named(base64:decode("${bytes}")), plant:watcher([{P, 40}]), [P ! x || _ <- lists:seq(1, 30)], P`);
  }
} }, (world, test) => {
  const ask = (path, format, headers) => world.gauge.ask(world.target, `${path}${path.includes('?') ? '&' : '?'}${format ? `format=${format}` : ''}`, { headers });

  for (const path of SHOWN) {
    test(`${path} comes in all five formats, of the same rows`, async () => {
      const answers = {};
      for (const [format, type] of Object.entries(FORMATS)) {
        const answer = await ask(path, format);
        assert.equal(answer.status, 200, `${format}: ${answer.text}`);
        assert.ok(answer.headers['content-type'].startsWith(type), `${format}: ${answer.headers['content-type']}`);
        assert.equal(answer.headers['x-content-type-options'], 'nosniff');
        assert.equal(answer.bytes.toString('utf8'), answer.text);
        assert.ok(!answer.text.includes('\ufffd'), `${format} is UTF-8`);
        assertHarmless(answer.text, format);
        answers[format] = answer;
      }
      const csv = parseCsv(answers.csv.text);
      assert.ok(csv.length >= 2, answers.csv.text);
      for (const row of csv) assert.equal(row.length, csv[0].length, `csv: ${JSON.stringify(row)}`);
      const lines = answers.ndjson.text.trim().split('\n').map((line) => JSON.parse(line));
      assert.equal(lines.length, csv.length - 1);
      const table = answers.md.text.split('\n').filter((line) => line.startsWith('|'));
      const cells = (line) => line.replace(/\\\|/g, '').split('|').length;
      for (const line of table) assert.equal(cells(line), cells(table[0]), `md: ${line}`);
      if (Array.isArray(answers.json.body.data)) assert.equal(table.length - 2, answers.json.body.data.length);
    });
  }

  test('hostile names come back whole in json and ndjson', async () => {
    const rows = (await ask('processes?sort=message_queue_len&limit=100', 'json')).body.data;
    for (const [key, pid] of Object.entries(world.pids)) {
      assert.equal(rows.find((row) => row.pid === pid)?.registered_name, HOSTILE[key], key);
    }
    const { text } = await ask('processes?sort=message_queue_len&limit=100', 'ndjson');
    const names = text.trim().split('\n').map((line) => JSON.parse(line).registered_name);
    for (const name of Object.values(HOSTILE)) assert.ok(names.includes(name), JSON.stringify(name));
  });

  test('in csv no name starts a formula, in md none is markup', async () => {
    const csv = parseCsv((await ask('processes?sort=message_queue_len&limit=100', 'csv')).text);
    for (const row of csv) for (const field of row) assert.ok(!/^[=+@\t\r\uff1d\uff0b\uff0d\uff20]/.test(field) && !/^-\D/.test(field), JSON.stringify(field));
    const md = (await ask('processes?sort=message_queue_len&limit=100', 'md')).text;
    assert.ok(!md.includes('<script>'), md);
    assert.ok(!/(?<!\\)\[a\]\(http/.test(md), 'a link');
    assert.ok(!md.includes('**a**'), 'bold');
    assert.ok(md.includes('http&#58;//e.ex `a@e.ex`'), md);
  });

  test('one process under each hostile name', async () => {
    for (const [key, pid] of Object.entries(world.pids)) {
      const one = await world.gauge.ask(world.target, `processes/${pid.slice(1, -1)}`);
      assert.equal(one.body?.data.registered_name, HOSTILE[key], `${key}: ${one.text.slice(0, 300)}`);
      for (const format of ['text', 'md', 'csv']) {
        const answer = await world.gauge.ask(world.target, `processes/${pid.slice(1, -1)}?format=${format}`);
        if (answer.status === 200) assertHarmless(answer.text, format);
        const related = await world.gauge.ask(world.target, `processes/${pid.slice(1, -1)}/relations?format=${format}`);
        assert.equal(related.status, 200, related.text);
        assertHarmless(related.text, format);
      }
    }
  });

  test('hostile modules are harmless in every format, and whole in json', async () => {
    const made = [];
    for (const [key, name] of Object.entries(HOSTILE)) {
      const pid = await world.target.eval(`plant:running(base64:decode("${Buffer.from(name).toString('base64')}"), 50)`);
      if (!pid) continue; // no module can be called that
      made.push(key);
      const one = await world.gauge.ask(world.target, `processes/${pid.slice(1, -1)}`);
      assert.equal(one.status, 200, `${key}: ${one.text}`);
      assert.equal(one.body.data.current_function.module, name);
      assert.equal(one.body.data.initial_call.function, name);
    }
    assert.ok(made.includes('script') && made.includes('pipe') && made.length > 8, `${made}`);
    for (const format of ['text', 'md', 'csv', 'ndjson']) {
      const answer = await ask('processes?sort=message_queue_len&limit=100&max_age_ms=0', format);
      assert.equal(answer.status, 200);
      assertHarmless(answer.text, format);
    }
  });

  test('whatever a process says that it is, it is shown or null', async () => {
    const terms = ['x', '{}', '{a, b}', '{a, b, c}', '{a, b, -1}', '{a, b, 1 bsl 80}', '{"a", b, 1}', '{a, <<"b">>, 1}', '[a | b]', '#{a => b}', 'fun() -> ok end',
      'self()', 'make_ref()', '1.5', '<<255, 254>>', '<<1:3>>', '"\\x{202e}\\x{0}"', 'lists:seq(1, 100000)', 'binary:copy(<<"x">>, 1000000)', "{'<script>', '|', 2}",
      '{lists:seq(1, 1000), lists:seq(1, 1000), lists:seq(1, 1000)}', '[[[[[[[[[[]]]]]]]]]]', '{erl_eval, {a}, 1}', '1 bsl 5000'];
    const wrong = [];
    for (const term of terms) {
      const pid = await world.target.eval(`P = plant:pretending(${term}), plant:watcher([{P, 30}]), [P ! x || _ <- lists:seq(1, 60)], P`);
      for (const path of [`processes/${pid.slice(1, -1)}`, 'processes?sort=message_queue_len&max_age_ms=0', 'monitors?by=monitored_by&max_age_ms=0', 'monitors/pairs?max_age_ms=0']) {
        const answer = await world.gauge.ask(world.target, path);
        if (answer.status !== 200) wrong.push(`${term}: ${path}: ${answer.body?.detail}`);
        if (answer.text.length > 1_000_000) wrong.push(`${term}: ${answer.text.length} bytes`);
      }
      await world.target.eval(`exit(list_to_pid("${pid}"), kill)`);
    }
    assert.deepEqual(wrong, []);
  });

  test('Accept chooses as format= does, and what nobody has is 406', async () => {
    for (const [format, type] of Object.entries(FORMATS)) {
      const answer = await ask('processes', '', { Accept: type });
      assert.ok(answer.headers['content-type'].startsWith(type), `${format}: ${answer.headers['content-type']}`);
    }
    assert.ok((await ask('processes', '', { Accept: 'text/html, */*;q=0.1' })).headers['content-type'].startsWith('application/json'));
    assert.ok((await ask('processes', 'csv', { Accept: 'application/json' })).headers['content-type'].startsWith('text/csv'), 'format= wins');
    const none = await ask('processes', '', { Accept: 'image/png' });
    assert.equal(none.status, 406);
    assert.equal(none.body.code, 'not_acceptable');
  });

  test('text and md have at most `limit` rows and few columns', async () => {
    for (const format of ['text', 'md']) {
      const { text } = await ask('processes?limit=4', format);
      assert.ok(text.trim().split('\n').length <= 4 + 4, text);
      for (const line of text.split('\n')) assert.ok([...line].length <= 220, `${[...line].length}: ${line}`);
    }
  });

  test('a node\'s names cannot forge a log line', () => {
    for (const line of world.gauge.child.lines('stderr')) assert.ok(!/^x level=error|event=fake/.test(line), line);
  });
});
