// Assertions for CI and monitoring, as their users run them: curl, a step summary, a plugin line.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { BINARY } from './lib/beamgauge.mjs';
import { suite } from './lib/suite.mjs';
import { LIMIT_MS } from './lib/wait.mjs';

// A shell as CI has one: what the README prints is run as it is printed.
function sh(script, env = {}) {
  return new Promise((resolve) => {
    execFile('bash', ['-c', script], { env: { PATH: process.env.PATH, ...env }, timeout: 2 * LIMIT_MS }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }));
  });
}

suite('check', { prepare: async (world) => {
  world.gauge = await world.beamgauge({ sections: {
    'check release': { assert: 'process_ratio < 50%\nassert = monitors_count_max < 100k', warn: 'monitors_count_max < 100' },
  } });
  world.shop = await world.node();
  world.pay = await world.node({ cookie: world.shop.cookie });
  await world.gauge.register(world.shop);
  await world.gauge.register(world.pay);
  world.service = await world.pay.eval(`net_kernel:connect_node('${world.shop.name}'), plant:named(<<"payment_service">>)`);
  world.leaker = await world.shop.eval(`plant:watcher([{rpc:call('${world.pay.name}', erlang, whereis, [payment_service]), 9000}])`);
  await world.shop.eval('plant:queue(300)');
  world.env = { URL: `http://127.0.0.1:${world.gauge.port}`, NODE: world.shop.name };
} }, (world, test) => {
  const check = (query, node = world.shop) => world.gauge.ask(node, `check?max_age_ms=0&${query}`);
  const rows = (answer) => answer.body.data.assertions;

  test('what holds passes; what does not is 503, names the offender, and is true of the node', async () => {
    const passed = await check('assert=process_count:lt:100k&assert=monitors_count_max==9000&assert=message_queue_len_max<=300');
    assert.equal(passed.status, 200, passed.text);
    assert.equal(passed.headers['x-check-status'], 'pass');
    assert.equal(passed.headers['x-nagios-exit'], '0');
    assert.equal(rows(passed)[2].observed, 300);
    const failed = await check('assert=pair_count_max<1k&assert=processes_over(monitors,8999)==0&warn=duplication_ratio_max<2');
    assert.equal(failed.status, 503);
    assert.equal(failed.headers['x-check-status'], 'fail');
    const [pair, over, ratio] = rows(failed);
    assert.equal(pair.observed, 9000);
    assert.equal(pair.offender.pid, world.leaker);
    assert.equal(pair.offender.watched.pid, world.service);
    assert.equal(pair.offender.watched.node, world.pay.name);
    assert.equal(pair.exact, true);
    assert.deepEqual([over.observed, over.status, over.offender.pid], [1, 'fail', world.leaker]);
    assert.deepEqual([ratio.observed, ratio.status], [9000, 'warn']);
    assert.equal((await check('assert=pair_count_max<1k&fail_status=422')).status, 422);
    assert.equal((await check('assert=pair_count_max<1k&fail_status=200')).headers['x-check-status'], 'fail');
  });

  test('every metric that is listed can be asserted on a real node', async () => {
    const { data } = await world.gauge.get('check/metrics');
    assert.ok(data.length > 38);
    const names = data.filter(({ source }) => source !== 'history').map(({ name }) => (name === 'processes_over' ? 'processes_over(memory,1)' : name));
    for (let i = 0; i < names.length; i += 32) {
      const answer = await check(names.slice(i, i + 32).map((name) => `assert=${encodeURIComponent(name)}>=0`).join('&'));
      assert.equal(answer.status, 200, answer.text);
    }
    const [memory] = rows(await check('assert=memory.total_bytes>0'));
    const truth = await world.shop.eval('erlang:memory(total)');
    assert.ok(Math.abs(memory.observed - truth) < truth / 2);
    const many = await check(Array(33).fill('assert=atom_count>0').join('&'));
    assert.equal(many.status, 400);
    assert.match(many.text, /32 times at most/);
  });

  test('a question to each source serves all assertions', async () => {
    const answer = await check('assert=memory.total_bytes>0&assert=memory.atom_bytes>0&assert=memory.ets_bytes>0&assert=memory.code_bytes>0');
    assert.match(answer.headers['server-timing'], /rpc;dur=/);
    const seen = new Set(rows(answer).map((row) => row.observed));
    assert.equal(seen.size, 4);
  });

  test('mistakes are 400, with the column', async () => {
    const answer = await check('assert=monitors_cuont_max%20%3C%205');
    assert.equal(answer.status, 400);
    assert.match(answer.body.errors[0].reason, /column 1: monitors_cuont_max is not a metric.*did you mean monitors_count_max/);
    assert.equal(answer.body.errors[0].param, 'assert');
    assert.match((await check('assert=pair_count<1')).body.detail, /did you mean pair_count_max/);
    assert.match((await check('assert=process_count%20%3D%205')).body.detail, /column 15: expected an operator/);
    assert.equal((await check('')).status, 400);
    assert.equal((await check('assert=process_count>5&format=csv')).status, 400);
    assert.equal((await world.gauge.ask('none@127.0.0.1', 'check?assert=process_count>5')).status, 404);
  });

  test('assertions, warnings and nodes may be 32 each, all at once, and one more of any is 400', async () => {
    const ask = (counts) => world.gauge.api(`check?${Object.entries(counts).map(([name, count]) => `${name}=${name === 'node' ? '*' : 'atom_count:gt:0'}&`.repeat(count)).join('')}`);
    const most = { assert: 32, warn: 32, node: 32 };
    const answer = await ask(most);
    assert.equal(answer.status, 200, answer.text.slice(-500));
    assert.equal(answer.body.data.nodes[0].assertions.length, 64);
    for (const name of Object.keys(most)) {
      const refused = await ask({ ...most, [name]: 33 });
      assert.deepEqual([refused.status, refused.body.errors], [400, [{ param: name, reason: 'may be given 32 times at most' }]]);
    }
  });

  test('what could not be determined is 502, never 503, in every format', async () => {
    const gone = await world.node();
    await world.gauge.register(gone);
    await gone.kill();
    await world.gauge.state(gone, (info) => info.state !== 'up');
    const answer = await check('assert=process_count<5', gone);
    assert.equal(answer.status, 502);
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    assert.equal(answer.headers['x-check-status'], 'unknown');
    assert.equal(answer.body.data.assertions[0].status, 'unknown');
    const nagios = await check('assert=process_count<5&format=nagios', gone);
    assert.equal(nagios.status, 502);
    assert.equal(nagios.headers['x-nagios-exit'], '3');
    assert.match(nagios.text, /^BEAM UNKNOWN - /);
    const all = await world.gauge.api(`check?node=*&assert=process_count>5&max_age_ms=0`);
    assert.equal(all.status, 502);
    assert.deepEqual(all.body.data.nodes.map((each) => each.status).sort(), ['pass', 'pass', 'unknown']);
    const some = await world.gauge.api(`check?node=${gone.name}&node=${world.shop.name}&assert=monitors_count_max<5&max_age_ms=0`);
    assert.equal(some.status, 503, 'one is false, whatever the other is');
    assert.equal((await world.gauge.api(`nodes/${gone.name}`, { method: 'DELETE' })).status, 204);
  });

  test('named sets, and many nodes', async () => {
    const set = await check('set=release');
    assert.equal(set.status, 200);
    assert.equal(set.headers['x-check-status'], 'warn');
    assert.deepEqual(rows(set).map((row) => row.expression), ['process_ratio < 50%', 'monitors_count_max < 100k', 'monitors_count_max < 100']);
    const all = await world.gauge.api('check?set=release');
    assert.equal(all.body.data.status, 'warn');
    assert.equal(all.body.data.nodes.length, 2);
    assert.equal((await check('set=nothing')).status, 400);
  });

  test('a set that cannot be understood is refused when it is loaded', async () => {
    const path = await world.gauge.folder.write('wrong.ini', '[server]\ndiscover = false\n[check nightly]\nassert = atom_cont < 5\n');
    const wrong = await sh(`"${BINARY}" --config "${path}" --check-config`);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /\[check nightly\]: "atom_cont < 5", column 1: atom_cont is not a metric.* did you mean atom_count/);
    await world.gauge.folder.write('wrong.ini', '[server]\ndiscover = false\n[check nightly]\n');
    assert.match((await sh(`"${BINARY}" --config "${path}" --check-config`)).stderr, /asserts nothing/);
  });

  test('curl --fail-with-body fails a build and shows why', async () => {
    const ok = await sh('curl -sS --fail-with-body "$URL/api/v1/nodes/$NODE/check?format=text&assert=process_count:lt:100k"', world.env);
    assert.equal(ok.code, 0, ok.stderr);
    assert.match(ok.stdout, /^pass {4}/);
    const bad = await sh('curl -sS --fail-with-body "$URL/api/v1/nodes/$NODE/check?format=text&assert=pair_count_max:lt:1k"', world.env);
    assert.equal(bad.code, 22);
    assert.match(bad.stdout, /fail {4}pair_count_max:lt:1k {2}observed 9,000 by <0\.\d+\.0> .*-> <0\.\d+\.0> on /);
    const mistake = await sh('curl -sS --fail-with-body "$URL/api/v1/nodes/$NODE/check?assert=x"', world.env);
    assert.equal(mistake.code, 22);
    assert.match(mistake.stdout, /"status":400/);
  });

  test('a step summary gets Markdown', async () => {
    const summary = world.gauge.folder.file('summary.md');
    const run = await sh(`curl -sS --fail-with-body "$URL/api/v1/nodes/$NODE/check?format=md&assert=monitors_count_max:lt:1k" >> "$GITHUB_STEP_SUMMARY"`,
      { ...world.env, GITHUB_STEP_SUMMARY: summary });
    assert.equal(run.code, 22);
    const text = await readFile(summary, 'utf8');
    assert.match(text, /^### ❌ /);
    assert.match(text, /\| ❌ fail \| monitors\\_count\\_max:lt:1k \| 9,000 \| &lt;0\.\d+\.0&gt; /);
  });

  test('a plugin line exits as Nagios wants it', async () => {
    const plugin = (query) => sh(`curl -sS -w '%header{x-nagios-exit}' "$URL/api/v1/nodes/$NODE/check?format=nagios&${query}" | { read -r line; read -r code; echo "$line"; exit "\${code:-3}"; }`, world.env);
    const ok = await plugin('assert=process_count:lt:100k');
    assert.equal(ok.code, 0);
    assert.match(ok.stdout, /^BEAM OK - \S+: 1 of 1 assertions hold \| '\S+ process_count'=\d+;;100000\n$/);
    assert.equal((await plugin('warn=process_count:lt:1')).code, 1);
    const bad = await plugin('assert=process_count:lt:1');
    assert.equal(bad.code, 2);
    assert.match(bad.stdout, /^BEAM CRITICAL - /);
    assert.equal((await plugin('assert=nonsense')).code, 3);
    const down = await sh(`curl -sS -w '%header{x-nagios-exit}' "http://127.0.0.1:1/" | { read -r line; read -r code; echo "$line"; exit "\${code:-3}"; }`);
    assert.equal(down.code, 3);
  });

  test('junit is well-formed, whatever processes are called', async () => {
    await world.shop.eval(`register(list_to_atom("<&\\"]]>"), plant:watcher([{plant:idle(), 9500}]))`);
    const answer = await check('assert=pair_count_max<5&assert=process_count>1&warn=process_count<1&format=junit');
    assert.equal(answer.status, 503);
    assert.match(answer.headers['content-type'], /^application\/xml/);
    assert.match(answer.text, /tests="3" failures="1" errors="0"/);
    assert.match(answer.text, / &lt;&amp;&quot;\]\]&gt; /);
    const parsed = await sh('python3 -c "import os,xml.dom.minidom as m; d=m.parseString(os.environ[\'XML\'].encode()); print(len(d.getElementsByTagName(\'testcase\')))"', { XML: answer.text });
    assert.equal(parsed.stdout, '3\n', parsed.stderr);
  });
});
