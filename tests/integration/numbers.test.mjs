// memory, system and allocators, against what the node says itself.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';
import { sleep, until } from './lib/wait.mjs';

// Within a part of it: two looks at a living node are never the same.
const near = (got, expected, part, what) => assert.ok(Math.abs(got - expected) <= Math.max(expected * part, 1), `${what}: got ${got}, expected about ${expected}`);

suite('numbers', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.target = await world.node();
  await world.gauge.register(world.target);
} }, (world, test) => {
  test('memory is what erlang:memory() says, in bytes', async () => {
    const { gauge, target } = world;
    await gauge.data(target, 'memory?max_age_ms=0');
    // The node's own doings may change any of it in between.
    const { data, meta } = await until('both to say the same', async () => {
      const answer = await gauge.get(`nodes/${target.name}/memory?max_age_ms=0`);
      const truth = await target.eval('truth:memory()');
      for (const field of ['total', 'processes', 'processes_used', 'system', 'atom', 'atom_used', 'binary', 'code', 'ets']) {
        near(answer.data[`${field}_bytes`], truth[field], 0.2, field);
      }
      return answer;
    });
    assert.equal(data.total_bytes, data.processes_bytes + data.system_bytes);
    assert.equal(data.other_bytes, data.system_bytes - data.atom_bytes - data.binary_bytes - data.code_bytes - data.ets_bytes);
    assert.equal(meta.node, target.name);
    assert.ok(meta.duration_ms >= 0 && meta.age_ms >= 0);
  });

  test('memory growth on the node is seen', async () => {
    const { gauge, target } = world;
    const before = await gauge.data(target, 'memory?max_age_ms=0');
    await target.eval('plant:binaries(30000000), ok');
    const after = await gauge.data(target, 'memory?max_age_ms=0');
    near(after.binary_bytes - before.binary_bytes, 30_000_000, 0.1, 'the planted binary');
  });

  test('allocators stand in memory, and hold what is used', async () => {
    const { allocators } = await world.gauge.data(world.target, 'memory');
    const names = allocators.map((row) => row.name);
    for (const name of ['binary_alloc', 'eheap_alloc', 'ets_alloc', 'fix_alloc', 'std_alloc', 'driver_alloc', 'll_alloc', 'sl_alloc', 'temp_alloc']) {
      assert.ok(names.includes(name), `${name} in ${names}`);
    }
    for (const row of allocators) {
      assert.ok(row.used_bytes <= row.allocated_bytes, JSON.stringify(row));
      assert.ok(row.name === 'std_alloc' ? row.blocks_count > 0 : row.blocks_count === null, JSON.stringify(row));
    }
  });

  test('the estimate of monitors moves with local and with remote ones', async () => {
    const { gauge, target } = world;
    const peer = await world.node({ cookie: target.cookie });
    const remote = await peer.eval(`net_kernel:connect_node('${target.name}'), plant:named(<<"peer">>)`);
    assert.match(remote, /^<0\./);
    const estimate = async () => (await gauge.data(target, 'memory?max_age_ms=0')).monitors_estimate;
    const before = await estimate();
    await target.eval('plant:watcher([{plant:idle(), 20000}]), ok');
    const local = await estimate();
    near(local.local_count - before.local_count, 20_000, 0.1, 'local');
    await target.eval(`plant:watcher([{rpc:call('${peer.name}', erlang, whereis, [peer]), 20000}]), ok`);
    const both = await estimate();
    near(both.remote_count - local.remote_count, 20_000, 0.1, 'remote');
    assert.ok(both.bytes > before.bytes + 2_000_000, JSON.stringify([before, both]));
  });

  test('system is what the node says', async () => {
    const { gauge, target } = world;
    const { data } = await gauge.get(`nodes/${target.name}/system?max_age_ms=0`);
    const truth = await target.eval('truth:system()');
    const same = { otp_release: 'otp_release', erts_version: 'version', wordsize_bytes: 'wordsize', schedulers_count: 'schedulers',
      schedulers_online_count: 'schedulers_online', dirty_cpu_schedulers_count: 'dirty_cpu_schedulers',
      dirty_io_schedulers_count: 'dirty_io_schedulers', process_limit: 'process_limit', port_limit: 'port_limit', atom_limit: 'atom_limit',
      ets_limit: 'ets_limit' };
    for (const [field, item] of Object.entries(same)) assert.equal(data[field], truth[item], field);
    for (const what of ['process', 'port', 'atom', 'ets']) {
      near(data[`${what}_count`], truth[`${what}_count`], 0.2, what);
      near(data[`${what}_ratio`] * 1e6, (data[`${what}_count`] / data[`${what}_limit`]) * 1e6, 0.001, `${what}_ratio`);
    }
    assert.equal(data.elixir_version, await target.eval('case application:get_key(elixir, vsn) of {ok, V} -> list_to_binary(V); _ -> undefined end'));
    assert.ok(data.applications.some((row) => row.name === 'kernel' && row.version === Object.fromEntries(truth.applications).kernel));
    assert.ok(data.uptime_ms > 0 && data.uptime_ms < 600_000);
    assert.ok(data.hidden_nodes_count >= 1);
    for (const field of ['reductions_count', 'context_switches_count', 'io_input_bytes', 'io_output_bytes', 'gc_count', 'gc_reclaimed_bytes', 'run_queue_count']) {
      assert.ok(Number.isInteger(data[field]), field);
    }
  });

  test('allocators are consistent in themselves', async () => {
    const { allocators, totals, fragmentation } = await world.gauge.data(world.target, 'allocators');
    assert.ok(allocators.length >= 8);
    for (const row of allocators) {
      const [blocks, carriers] = [row.mbcs_block_bytes + row.sbcs_block_bytes, row.mbcs_carrier_bytes + row.sbcs_carrier_bytes];
      assert.ok(blocks <= carriers, JSON.stringify(row));
      assert.ok(row.usage_ratio === null || (row.usage_ratio >= 0 && row.usage_ratio <= 1), JSON.stringify(row));
      if (carriers) near(row.usage_ratio * 1e6, (blocks / carriers) * 1e6, 0.001, row.name);
      assert.ok(row.instances_count >= 1);
    }
    near(totals.used_bytes + totals.unused_bytes, totals.allocated_bytes, 0.0001, 'totals');
    assert.ok(fragmentation.length >= 1);
    const unused = fragmentation.map((row) => row.mbcs_unused_bytes + row.sbcs_unused_bytes);
    assert.ok(unused.every((bytes) => bytes >= 0));
  });

  test('an answer says how old it is, and is asked anew on demand', async () => {
    const { gauge, target } = world;
    const first = await gauge.get(`nodes/${target.name}/memory?max_age_ms=0`);
    const second = await gauge.get(`nodes/${target.name}/memory?max_age_ms=60000`);
    assert.equal(second.meta.collected_at, first.meta.collected_at);
    await sleep(50);
    const third = await gauge.get(`nodes/${target.name}/memory?max_age_ms=60000`);
    assert.ok(third.meta.age_ms >= 40, JSON.stringify(third.meta));
    const anew = await gauge.get(`nodes/${target.name}/memory?max_age_ms=0`);
    assert.notEqual(anew.meta.collected_at, first.meta.collected_at);
    const headers = (await gauge.ask(target, 'memory')).headers;
    assert.match(headers['cache-control'], /no-store/);
    assert.ok(headers['x-request-id']);
    assert.ok(headers['server-timing']);
  });
});
