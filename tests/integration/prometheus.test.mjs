// Prometheus: /metrics and /probe, read by promtool, a strict reader and the real Prometheus.
import assert from 'node:assert/strict';
import { randomName } from './lib/node.mjs';
import { freePort } from './lib/net.mjs';
import { names, OPENMETRICS, parse, PROMETHEUS, promtool, value } from './lib/metrics.mjs';
import { suite } from './lib/suite.mjs';
import { SOON_MS, until, within } from './lib/wait.mjs';

const LEAK = 20_000;

suite('prometheus', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.shop = await world.node();
  await world.gauge.register(world.shop, { cookie: world.shop.cookie, tags: ['blue', 'eu'] });
  await world.shop.eval(`P = plant:idle(), plant:watcher([{P, ${LEAK - 1000}}] ++ [{Q, 1} || Q <- plant:idle(1000)]), plant:watcher([{P, 1000}]), plant:queue(77)`);
  world.down = `${randomName()}@127.0.0.1`;
  await world.gauge.put(world.down, { cookie: 'x' });
} }, (world, test) => {
  const probe = (target = world.shop.name, more = '', options = {}) => world.gauge.api(`/probe?target=${target}${more}`, options);
  const texts = async () => ({
    '/metrics': (await world.gauge.api('/metrics')).text,
    beam: (await probe()).text,
    prometheus_erl: (await probe(world.shop.name, '&module=prometheus_erl')).text,
    down: (await probe(world.down)).text,
  });

  test('promtool has nothing to say of any page', async () => {
    for (const [what, text] of Object.entries(await texts()))
      assert.deepEqual(await promtool(['check', 'metrics'], text), { code: 0, said: '' }, what);
  });

  test('OpenMetrics comes where Accept prefers it, else the text format', async () => {
    const types = async (accept) => (await world.gauge.api('/metrics', { headers: accept ? { Accept: accept } : {} }));
    for (const [accept, expected] of [
      [undefined, PROMETHEUS], ['*/*', PROMETHEUS], ['text/plain', PROMETHEUS], ['application/openmetrics-text', OPENMETRICS],
      ['application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', OPENMETRICS],
      ['application/openmetrics-text;q=0.2,text/plain', PROMETHEUS],
    ]) {
      const answer = await types(accept);
      assert.deepEqual([answer.status, answer.headers['content-type']], [200, expected], accept);
      parse(answer.text, { open: expected === OPENMETRICS });
    }
    assert.equal((await types('image/png')).status, 406);
    const open = (more) => probe(world.shop.name, more, { headers: { Accept: 'application/openmetrics-text' } });
    for (const more of ['', '&module=prometheus_erl']) parse((await open(more)).text, { open: true });
  });

  test('/probe has the leak, the limits and the memory as the API has them, and names no process', async () => {
    const families = parse((await probe(world.shop.name, '&max_age_ms=0')).text);
    assert.equal(value(families, 'beam_up'), 1);
    assert.equal(value(families, 'beam_process_max_monitors'), LEAK);
    assert.equal(value(families, 'beam_process_max_monitored_by'), LEAK);
    assert.equal(value(families, 'beam_process_max_pair_monitors'), LEAK - 1000);
    assert.equal(value(families, 'beam_process_max_exact', { attribute: 'pair_monitors' }), 1);
    assert.equal(value(families, 'beam_process_max_exact', { attribute: 'monitors' }), 1);
    assert.equal(value(families, 'beam_process_max_message_queue_length'), 77);
    assert.ok(value(families, 'beam_monitors_estimated', { peer: 'local' }) >= LEAK);
    assert.ok(value(families, 'beam_link_info', { state: 'up', reason: '' }) === 1);
    const system = await world.gauge.data(world.shop, 'system');
    assert.equal(value(families, 'beam_processes_limit'), system.process_limit);
    assert.equal(value(families, 'beam_atoms_limit'), system.atom_limit);
    assert.equal(value(families, 'beam_node_info', { otp_release: system.otp_release }), 1);
    const kinds = families.find(({ name }) => name === 'beam_memory_bytes').samples;
    const sum = kinds.reduce((total, sample) => total + sample.value, 0);
    assert.ok(Math.abs(sum / value(families, 'beam_memory_allocated_bytes') - 1) < 0.02, 'the kinds add up');
    const text = (await probe()).text;
    assert.ok(!/<\d+\.\d+\.\d+>|pid/.test(text), 'a pid');
    assert.ok(text.split('\n').length < 250, `${text.split('\n').length} lines`);
  });

  test('module=prometheus_erl has the names that dashboards of the BEAM use', async () => {
    const families = parse((await probe(world.shop.name, '&module=prometheus_erl')).text);
    for (const [name, labels] of [
      ['erlang_vm_memory_bytes_total', { kind: 'system' }], ['erlang_vm_memory_bytes_total', { kind: 'processes' }],
      ['erlang_vm_memory_system_bytes_total', { usage: 'ets' }], ['erlang_vm_memory_processes_bytes_total', { usage: 'used' }],
      ['erlang_vm_process_count', {}], ['erlang_vm_process_limit', {}], ['erlang_vm_port_count', {}], ['erlang_vm_atom_limit', {}],
      ['erlang_vm_statistics_reductions_total', {}], ['erlang_vm_statistics_run_queues_length_total', {}],
      ['erlang_vm_statistics_garbage_collection_number_of_gcs', {}], ['erlang_vm_memory_ets_tables', {}],
    ])
      assert.ok(value(families, name, labels) >= 0, name);
    assert.ok(!names(families).has('beam_process_max_monitors'));
    assert.equal(value(families, 'beam_up'), 1);
  });

  test('a node that is down is 200 and beam_up 0, and says why; one that is not registered is 404', async () => {
    await world.gauge.failed(world.down, 'node_not_in_epmd');
    const answer = await probe(world.down);
    assert.equal(answer.status, 200);
    const families = parse(answer.text);
    assert.equal(value(families, 'beam_up'), 0);
    assert.equal(value(families, 'beam_probe_answered', { question: 'memory' }), 0);
    assert.ok(families.find(({ name }) => name === 'beam_link_info').samples[0].labels.reason.length > 0);
    assert.ok(!names(families).has('beam_processes'));
    assert.equal((await probe(`${randomName()}@127.0.0.1`)).status, 404);
    const missing = await world.gauge.api('/probe');
    assert.deepEqual([missing.status, missing.body.errors[0].param], [400, 'target']);
    assert.equal((await probe(world.shop.name, '&module=node')).status, 400);
  });

  // No timeout is given here, or a minute: waiting that long would be too late.
  test('a node that is down is reported at once, and one that dies meanwhile when it does', async () => {
    const refused = `${randomName()}@127.0.0.1`;
    await world.gauge.put(refused, { cookie: 'x', port: await freePort() });
    await world.gauge.failed(refused, 'port_refused');
    const node = await world.node();
    await world.gauge.register(node);
    await node.pause();
    const answers = [within('the one in flight', probe(node.name, '&max_age_ms=0&timeout_ms=60000'), SOON_MS)];
    await until('it in flight', async () => (await world.gauge.info(node)).in_flight_count > 0);
    await node.kill();
    await answers[0];
    for (const target of [refused, world.down, node.name]) answers.push(within(target, probe(target, '&max_age_ms=0'), SOON_MS / 2));
    for (const answer of await Promise.all(answers)) assert.deepEqual([answer.status, value(parse(answer.text), 'beam_up')], [200, 0]);
  });

  test('a node that hangs is reported within the scraper\'s timeout', async () => {
    const node = await world.node();
    await world.gauge.register(node);
    await node.pause();
    const began = Date.now();
    const answer = await probe(node.name, '&max_age_ms=0', { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '4' } });
    const took = Date.now() - began;
    assert.equal(answer.status, 200);
    assert.equal(value(parse(answer.text), 'beam_up'), 0);
    assert.ok(took > 3500 && took < 9500, `${took} ms, where 4 s were given and 10 s are usual`);
    node.resume();
    const again = await until('the node again', async () => value(parse((await probe(node.name, '&max_age_ms=0')).text), 'beam_up'));
    assert.equal(again, 1);
  });

  test('what is asked is counted, by operation, status and question', async () => {
    const metrics = async () => parse((await world.gauge.api('/metrics')).text);
    const before = await metrics();
    for (let i = 0; i < 3; i++) await world.gauge.ask(world.shop, 'memory?max_age_ms=60000');
    await world.gauge.ask(world.shop, 'memory?max_age_ms=x');
    await world.gauge.ask(world.shop, 'processes?limit=5&max_age_ms=0');
    await world.gauge.api('/nothing');
    const after = await metrics();
    const rise = (name, labels) => (value(after, name, labels) ?? 0) - (value(before, name, labels) ?? 0);
    const requests = (operation, status) => rise('beamgauge_http_requests_total', { operation, status });
    assert.equal(requests('getMemory', '2xx'), 3);
    assert.equal(requests('getMemory', '4xx'), 1);
    assert.equal(requests('none', '4xx'), 1);
    assert.equal(rise('beamgauge_http_request_duration_seconds_count', { operation: 'getMemory' }), 4);
    assert.ok(rise('beamgauge_http_repeated_replies_total', {}) >= 1);
    assert.equal(rise('beamgauge_rpcs_total', { question: 'scan', result: 'ok' }), 1);
    assert.equal(rise('beamgauge_rpc_duration_seconds_count', { question: 'scan' }), 1);
    assert.equal(rise('beamgauge_scan_duration_seconds_count', { question: 'scan' }), 1);
    assert.ok(value(after, 'beamgauge_scan_duration_seconds_sum', { question: 'scan' }) < value(after, 'beamgauge_rpc_duration_seconds_sum', { question: 'scan' }) + 1);
    assert.ok(value(after, 'beamgauge_links', { state: 'up' }) >= 1);
    assert.match(Object.values(after.find(({ name }) => name === 'beamgauge_build_info').samples[0].labels)[0], /^\d+\.\d+\.\d+$/);
    assert.ok(value(after, 'process_resident_memory_bytes') > 1e6);
    assert.ok(!(await world.gauge.api('/metrics')).text.includes('@'), 'no node is named');
    assert.ok(value(after, 'beamgauge_http_request_duration_seconds_sum', { operation: 'none' }) < 60);
  });

  test('service discovery lists every node, up or not, as Prometheus reads it', async () => {
    const { status, headers, body } = await world.gauge.api('/api/v1/prometheus/targets');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/json');
    const shop = body.find(({ targets }) => targets[0] === world.shop.name);
    assert.deepEqual(shop.labels, { __meta_beamgauge_host: '127.0.0.1', __meta_beamgauge_origin: 'api', __meta_beamgauge_tags: ',blue,eu,' });
    assert.ok(body.some(({ targets }) => targets[0] === world.down));
    for (const { targets, labels } of body) {
      assert.equal(targets.length, 1);
      assert.ok(Object.values(labels).every((label) => typeof label === 'string'));
    }
  });
});
