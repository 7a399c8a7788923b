// The commands that README and docs/recipes.md print, run as printed, on the story's nodes; and each once where it must fail.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { compileStory, startPay, startShop } from '../demo/story.mjs';
import { Folder } from './lib/beamgauge.mjs';
import { freePort } from './lib/net.mjs';
import { randomCookie } from './lib/node.mjs';
import { commandsIn, linesMissing, shell } from './lib/recipes.mjs';
import { suite } from './lib/suite.mjs';

const PAY = 'NODE=pay@127.0.0.1';
const NOBODY = 'NODE=nobody@127.0.0.1';
const ADMIN = 'bg_admin';
const READER = 'bg_reader';
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

// A recipe's cases. The first is the one whose output the page prints; it is run in sh too, unless there may be but `once` of it.
// `as`: what the user has set in place of the page's variables;
// `at`: the beamgauge it runs against (open: of all nodes; calm: of the healthy one alone; guarded: with tokens; down: none);
// `sh`: run as well in a plain sh that goes on after a failing command, as cron and Nagios start one;
// `code`: how it ends; `out`, `err`: patterns of what it prints, '' for nothing; `file`: {name: pattern}; `check(world, folder, result)`;
// `page`: the file with what the page prints, where that is not on stdout.
const RECIPES = {
  'Find the top pair': [
    { out: /^\d{4,} times: order_gateway monitors payment_service on pay@127\.0\.0\.1\n?$/ },
    { as: PAY, out: '' },
    { as: NOBODY, code: 22, out: '', err: /404/ },
  ],
  'Find who grows fastest': [
    { out: /^order_gateway {2}\+\d+ {2}\d+\/s {2}of \d{4,}$/m },
    { as: PAY, out: '' },
    { as: NOBODY, code: 22, out: '', err: /404/ },
  ],
  'Find the line of code': [
    { once: true, out: /^payment_client:send_async\/2,\S*\/payment_client\.erl,10,\d+,/m },
    { at: 'guarded', as: `${PAY} TOKEN=${ADMIN}`, out: /^text,file,line,/ },
    { at: 'guarded', as: `${PAY} TOKEN=${READER}`, code: 22, out: '', err: /403/ },
  ],
  'See the memory of each application': [
    { out: /^shop +1\.0\.0 +20,\d{3} /m },
    { as: NOBODY, code: 22, out: '', err: /404/ },
  ],
  'Open a ranking in a spreadsheet': [
    { out: /session_registry/, check: async (_world, folder) => {
      const [head, ...rows] = (await readFile(`${folder}/processes.csv`, 'utf8')).trimEnd().split('\r\n').map((line) => line.split(','));
      assert.equal(rows.length, 1000);
      for (const row of rows) assert.equal(row.length, head.length);
    } },
    { as: NOBODY, code: 22, out: '', err: /404/ },
  ],
  'Fail when a process hoards monitors': [
    { code: 22, out: /^ {2}fail {4}pair_count_max:lt:1k {2}observed [\d,]{5,} by <0\.\d+\.0> order_gateway -> .* on pay@127\.0\.0\.1$/m, err: /503/ },
    { as: PAY, out: /^pass {4}pay@127\.0\.0\.1: 2 of 2 assertions hold$/m },
    { as: NOBODY, code: 22, out: /node_unknown/, err: /404/ },
  ],
  'Fail when a load test leaves monitors behind': [
    { code: 1, out: /^\+\d+ {2}order_gateway monitors payment_service on pay@127\.0\.0\.1\n?$/ },
    { as: PAY, out: '' },
    { as: NOBODY, code: 22, out: '', err: /404/ },
  ],
  'Compare memory before and after': [
    { out: /^remote_monitors {2}[1-9]\d*$/m },
    { as: PAY, out: /^system_bytes {2}-?\d+$/m },
    { as: NOBODY, code: 22, out: '', err: /404/ },
  ],
  'Add a step to GitHub Actions': [
    { code: 22, out: '', err: /503/, page: 'summary.md', file: { 'summary.md': /^\| ❌ fail \| pair\\_count\\_max:lt:1k \| [\d,]{5,} \| /m } },
    { as: PAY, out: '', file: { 'summary.md': /^### ✅ pay@127\.0\.0\.1/ } },
    { at: 'down', code: 7, out: '', err: /curl: \(7\)/ },
  ],
  'Write a test report for GitLab or Jenkins': [
    { code: 22, out: /name="shop@127\.0\.0\.1" .* failures="1" errors="0" /, file: { 'beamgauge.xml': /<testcase [^>]*>\s*<failure / } },
    { at: 'calm', out: /failures="0" errors="0"/, file: { 'beamgauge.xml': /^<\?xml / } },
    { at: 'down', code: 1, out: '', err: /curl: \(7\)/ },
  ],
  'Register a node that the job has started, and wait for it': [
    { once: true, at: 'guarded', as: `TOKEN=${ADMIN}`, out: /^shop@127\.0\.0\.1 is up$/m, file: { 'node.json': /"origin":"api"/ },
      check: async (world, folder) => assert.ok(!(await readFile(`${folder}/node.json`, 'utf8')).includes(world.cookie)) },
    { at: 'guarded', as: `TOKEN=${READER}`, code: 22, out: '', err: /403/ },
  ],
  'Watch from cron': [
    { sh: true, out: /^curl: \(22\) .*\n(.*\n)*fail {4}shop@127\.0\.0\.1: / },
    { sh: true, at: 'calm', out: '' },
    { sh: true, at: 'down', out: /^curl: \(7\) / },
  ],
  'Check with Nagios or Icinga': [
    { sh: true, code: 2, out: /^BEAM CRITICAL - shop@127\.0\.0\.1: 2 of 2 .*observed [\d,]{5,} by .* \| 'shop@127\.0\.0\.1 pair_count_max'=\d+;;1000/ },
    { sh: true, as: PAY, out: /^BEAM OK - / },
    { sh: true, as: 'NODE=$BUSY', code: 1, out: /^BEAM WARNING - / },
    { sh: true, as: NOBODY, code: 3 },
    { sh: true, at: 'down', code: 3, out: /^BEAM UNKNOWN - beamgauge does not answer$/m, err: /curl: \(7\)/ },
  ],
  'Ask several nodes at once': [
    { out: /^ *[\d,]+ +<0\.\d+\.0> +order_gat\S+ +shop@\S+ +payment_s\S+ +pay@\S+$/m },
    { at: 'down', code: 7, out: '', err: /curl: \(7\)/ },
  ],
  'Do the same for every node': [
    { out: /^shop@127\.0\.0\.1 {2}\d+ MiB$/m },
    { at: 'down', code: 7, out: '', err: /curl: \(7\)/ },
  ],
  'Post a table to a bot': [
    { out: /^ok$/m, check: (world) => {
      assert.deepEqual(Object.keys(world.bot.posts.at(-1)), ['text']);
      assert.match(world.bot.posts.at(-1).text, /^\| Monitors \|.*\n\| ---.*\n\| [\d,]{5,} \| .* \| order\\?_gateway \| /);
    } },
    { as: 'BOT=http://127.0.0.1:8065/hooks/gone', code: 22, out: '', err: /404/ },
    { as: NOBODY, code: 22, out: '', err: /404/ },
  ],
  'Give curl a token': [
    { at: 'guarded', as: `TOKEN=${READER}`, out: /^shop@127\.0\.0\.1 +up /m,
      check: async (_world, folder) => assert.equal((await stat(`${folder}/beamgauge.token`)).mode & 0o777, 0o600) },
    { at: 'guarded', as: 'TOKEN=bg_guessed', code: 22, out: /"status":401/, err: /401/ },
  ],
};

// If curl is not silent.
const PROGRESS = /% Received/;

// The commands of README, each by a part of it that no other has.
const README = {
  'monitors/pairs?format=text': { err: PROGRESS, out: /^ *[\d,]{5,} +[\d,]+ +<0\.\d+\.0> +order_gateway .* payment_service +pay@127\.0\.0\.1$/m },
  'processes?sort=message_queue_len': { err: PROGRESS, out: /^<0\.\d+\.0> +mailer .* [23],\d{3} /m },
  "shop@127.0.0.1/memory'": { err: PROGRESS, out: /"total_bytes":\d/ },
  'check?format=text': { code: 22, out: /^ {2}pass {4}process_ratio:lt:0\.8 /m, err: /503/ },
  'check?format=md': { code: 22, out: '', err: /503/, file: { 'summary.md': /\| ❌ fail \| pair/ } },
  'check?format=nagios': { code: 2, out: /^BEAM CRITICAL - / },
  'history?series=memory.total_bytes': { out: /"unix_seconds":\[\d/ },
  'history?series=reductions_per_second': { out: /^at,series,mean,min,max\r$/m },
  'check/metrics': { out: /^memory\.total_bytes +All memory/m },
  'top shop monitors 3': { out: /^\| [\d,]+ \| .*order/m },
  '{"text": "pairs"}': { out: /^ *[\d,]{4,} +.*order_gateway/m },
  'sha256sum': { out: new RegExp(`^${sha256('secret')}\n?$`) },
};

// What README says and is not run here, by its beginning, and why.
const ELSEWHERE = [
  ['./dev demo', 'starts services; the demo has tests of its own'],
  ['./dev test', 'is what runs this'],
  ['./dev build', 'builds; what it builds is what is tested here'],
  ['build/release/beamgauge', 'is what is tested here, started by the tests in their own way'],
];

// The bot: takes {"text"} at one path, and says ok.
async function startBot() {
  const posts = [];
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const known = request.method === 'POST' && request.url === '/hooks/beamgauge' && request.headers['content-type'] === 'application/json';
    if (known) posts.push(JSON.parse(body));
    response.writeHead(known ? 200 : 404).end(known ? 'ok\n' : '');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { posts, port: server.address().port, stop: () => new Promise((resolve) => server.close(resolve)) };
}

async function startNodes(world) {
  world.cookie = randomCookie();
  world.folder = await Folder.make();
  world.keep({ stop: () => world.folder.remove() });
  await mkdir(world.folder.file('code'));
  await compileStory(world.folder.file('code'));
  const where = { folder: world.folder.file('code'), epmdPort: world.epmd.port, cookie: world.cookie };
  world.pay = world.keep(startPay(where, 'pay@127.0.0.1'));
  await world.pay.ready();
  world.shop = world.keep(startShop(where, 'shop@127.0.0.1', 'pay@127.0.0.1'));
  await world.shop.ready();
  world.busy = await world.node({ cookie: world.cookie });
  await world.busy.eval('plant:watcher([{Pid, 900} || Pid <- plant:idle(60)])');
}

async function startGauges(world) {
  const file = await world.folder.write('cookie', world.cookie);
  const start = (nodes, name, sections) => {
    const watched = Object.fromEntries(nodes.map((node) => [`node ${node.name}`, { cookie_file: file }]));
    return world.beamgauge({ args: ['--name', `${name}${process.pid}@127.0.0.1`], sections: { watch: { sample_ms: 1000 }, ...watched, ...sections } });
  };
  world.open = await start([world.shop, world.pay, world.busy], 'open');
  world.calm = await start([world.pay], 'calm');
  world.guarded = await start([world.pay], 'guarded', {
    'token root': { sha256: sha256(ADMIN), scopes: 'admin read' },
    'token eyes': { sha256: sha256(READER), scopes: 'read check chat' },
  });
  world.guarded.token = READER;
  for (const node of [world.shop, world.pay, world.busy]) await world.open.up(node);
  for (const gauge of [world.calm, world.guarded]) await gauge.up(world.pay);
  world.ports = { open: world.open.port, calm: world.calm.port, guarded: world.guarded.port, down: await freePort() };
}

const matches = (text, pattern, message) => (pattern === '' ? assert.equal(text.trim(), '', message) : assert.match(text, pattern, message));

suite('recipes', { prepare: async (world) => {
  await startNodes(world);
  await startGauges(world);
  world.bot = world.keep(await startBot());
} }, (world, test) => {
  let count = 0;

  // Runs a command in a folder of its own, as a case wants it, and checks all that the case says. Returns what it printed.
  async function runCase(variables, command, { as = '', at = 'open', code = 0, out = /^/, err, file = {}, check, page }, runner) {
    const folder = world.folder.file(`run${++count}`);
    const ports = { '127.0.0.1:7788': world.ports[at], '127.0.0.1:8065': world.bot.port };
    const env = { GITHUB_STEP_SUMMARY: 'summary.md', BUSY: world.busy.name, MATTERMOST_TOKEN: 'secret' };
    const script = `${variables}\n${as && `export ${as}`}\n${command}`;
    const result = await shell(script, { folder, ports, env, files: { '.erlang.cookie': `${world.cookie}\n` }, command: runner });
    const context = `${as} ${at}: ${JSON.stringify(result)}\n${command}`;
    assert.equal(result.code, code, context);
    matches(result.stdout, out, context);
    if (err) assert.match(result.stderr, err, context);
    else if (code === 0) assert.equal(result.stderr, '', context);
    for (const [name, pattern] of Object.entries(file)) matches(await readFile(`${folder}/${name}`, 'utf8'), pattern, context);
    await check?.(world, folder, result);
    return page ? readFile(`${folder}/${page}`, 'utf8') : result.stdout;
  }

  // The first command of the page sets the variables; then each command is a recipe.
  test('every command of docs/recipes.md is expected here, and every expectation is there', async () => {
    const [setup, ...recipes] = await commandsIn('docs/recipes.md');
    world.variables = setup.command;
    world.recipes = new Map(recipes.map((recipe) => [recipe.heading, recipe]));
    assert.deepEqual(recipes.map(({ heading }) => heading), Object.keys(RECIPES));
    for (const { heading, output } of recipes) assert.ok(output, `${heading}: no output is printed`);
  });

  for (const [heading, cases] of Object.entries(RECIPES)) {
    test(heading, async () => {
      const { command, output } = world.recipes.get(heading);
      const runs = [...cases.map((one) => [one]), ...cases.filter(({ sh }) => sh).map((one) => [one, ['sh']])];
      if (!cases[0].once && !cases[0].sh) runs.push([cases[0], ['sh', '-eu']]);
      const [printed] = await Promise.all(runs.map(([one, runner]) => runCase(world.variables, command, one, runner)));
      assert.deepEqual(linesMissing(output, printed), [], `the page prints lines that the command does not:\n${printed}`);
    });
  }

  // What its first screen shows is the table of the story's pairs.
  test('README.md shows what the demo prints', async () => {
    const [{ command, output }] = await commandsIn('README.md');
    assert.match(command, /^\.\/dev demo/);
    const [title, table] = output.split(':\n\n');
    assert.equal(title, 'Who monitors whom on shop@127.0.0.1');
    assert.deepEqual(linesMissing(table, (await world.open.api('nodes/shop@127.0.0.1/monitors/pairs?format=text&limit=5')).text), []);
  });

  test('every command of README.md does what it says', async () => {
    const lines = (await commandsIn('README.md')).flatMap(({ command }) => command.trimEnd().split('\n'));
    const expected = new Set(Object.keys(README));
    const runs = lines.filter((line) => !ELSEWHERE.some(([start]) => line.startsWith(start)));
    for (const line of runs) {
      const keys = Object.keys(README).filter((key) => line.includes(key));
      assert.equal(keys.length, 1, `not expected, or more than once: ${line}`);
      assert.ok(expected.delete(keys[0]), `twice ${keys[0]}`);
      await runCase('', line, README[keys[0]]);
    }
    assert.deepEqual([...expected], []);
    for (const [start] of ELSEWHERE) assert.ok(lines.some((line) => line.startsWith(start)), `README no longer says ${start}`);
  });
});
