// What a node's memory holds, by type of block and without a process being touched; and as its operating system sees it.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { erlCommand, randomName } from './lib/node.mjs';
import { suite } from './lib/suite.mjs';
import { until } from './lib/wait.mjs';

const near = (got, expected, slack, what) => assert.ok(Math.abs(got - expected) <= slack, `${what}: got ${got}, expected ${expected}`);
const CGROUPS = '/sys/fs/cgroup/memory';
// In a root of its own a node sees no /proc.
const chrooted = erlCommand()[0] === 'chroot' && !existsSync(`${erlCommand()[1]}/proc/self`);

suite('memory by type', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.target = await world.node({ modules: ['sick'] });
  await world.gauge.register(world.target);
  world.memory = () => world.gauge.data(world.target, 'memory?max_age_ms=0');
  // What was freed on another scheduler is given back little by little.
  world.settled = async () => {
    let memory;
    await until('what was before to be gone', async () => {
      memory = await world.memory();
      const { named_max_count: named, local_count: local } = memory.monitors_estimate;
      return named < 1000 && local < 100 && memory.timers_count < 50 && memory.messages_count < 10_000;
    });
    return memory;
  };
  // What a fault adds, and that nothing of it remains.
  world.added = async (illness) => {
    const before = await world.settled();
    await world.target.eval(`${illness}, ok`);
    const after = await world.memory();
    await world.target.eval('sick:cure()');
    const more = (path) => path.split('.').reduce((value, key) => value[key], after) - path.split('.').reduce((value, key) => value[key], before);
    return { after, local: more('monitors_estimate.local_count'), remote: more('monitors_estimate.remote_count'),
      links: more('links_count'), timers: more('timers_count'), messages: more('messages_count'), persistent: more('persistent_terms_count'),
      persistent_bytes: more('persistent_term_bytes') };
  };
} }, (world, test) => {
  test('an idle node has none of what it has none of', async () => {
    const { monitors_estimate: monitors, ...memory } = await world.memory();
    assert.deepEqual([monitors.exact, monitors.remote_count, monitors.remote_max_count], [true, 0, 0]);
    assert.ok(monitors.local_count < 50 && memory.links_count < 200 && memory.timers_count < 50 && memory.messages_count < 1000, JSON.stringify(memory));
    assert.ok(monitors.bytes < 10_000, JSON.stringify(monitors));
  });

  test('half a million messages are messages, and no monitors', async () => {
    const added = await world.added('sick:mailbox(500000)');
    near(added.messages, 500_000, 2000, 'messages');
    near(added.local, 0, 20, 'local monitors');
    near(added.remote, 0, 0, 'remote monitors');
    near(added.links, 0, 20, 'links');
    assert.ok(added.after.monitors_estimate.bytes < 20_000, JSON.stringify(added));
  });

  test('a hundred thousand timers are timers, and no monitors', async () => {
    for (const how of ['send_after', 'start_timer']) {
      const added = await world.added(`sick:timers(100000, ${how})`);
      near(added.timers, 100_000, 1000, how);
      near(added.local, 0, 20, 'local monitors');
      near(added.remote, 0, 0, 'remote monitors');
    }
  });

  test('monitors are counted exactly, and those by name or with a tag are never called remote', async () => {
    const plain = await world.added('sick:leak(50000)');
    near(plain.local, 50_000, 20, 'plain');
    assert.ok(plain.after.monitors_estimate.bytes > 5_000_000 && plain.after.monitors_estimate.bytes < 8_000_000);
    const byName = await world.added('sick:leak_by_name(7000)');
    near(byName.remote, 0, 0, 'remote');
    const atMost = ({ after }) => after.monitors_estimate.named_max_count;
    assert.ok(atMost(byName) >= 7000 && atMost(byName) < 9500, JSON.stringify(byName.after.monitors_estimate));
    near(byName.local, 0, 20, 'plain');
    if (await world.target.eval('list_to_integer(erlang:system_info(otp_release))') < 24) return;
    const tagged = await world.added('sick:leak_with(7000, tag)');
    assert.ok(atMost(tagged) >= 7000 && atMost(tagged) < 9500, JSON.stringify(tagged.after.monitors_estimate));
    near(tagged.remote, 0, 0, 'remote');
    const alias = await world.added('sick:leak_with(7000, alias)');
    near(alias.local, 7000, 20, 'aliases');
  });

  test('links and persistent terms have figures of their own', async () => {
    const linked = await world.added("Self = self(), put(linker, spawn(fun() -> [spawn_link(sick, wait, []) || _ <- lists:seq(1, 10000)], Self ! linked, sick:wait() end)), receive linked -> linked end");
    await world.target.eval('exit(get(linker), kill)');
    near(linked.links, 10_000, 20, 'links');
    near(linked.local, 0, 20, 'local monitors');
    const terms = await world.added('sick:persistent_terms(100000)');
    near(terms.persistent, 100_000, 100, 'persistent terms');
    assert.ok(terms.persistent_bytes > 10_000_000, JSON.stringify(terms.persistent_bytes));
    near(terms.local, 0, 20, 'local monitors');
  });

  test('binaries in a table are binaries, and nothing else grows', async () => {
    const before = await world.memory();
    const added = await world.added('sick:table_binaries(2000, 8192)');
    near(added.after.binary_bytes - before.binary_bytes, 16_400_000, 2_000_000, 'binaries');
    near(added.local, 0, 20, 'local monitors');
    near(added.messages, 0, 1000, 'messages');
  });

  test('remote monitors are estimated on both sides, within bounds, and 0 once the other node has gone', async () => {
    const other = await world.node({ cookie: world.target.cookie, modules: ['sick'] });
    await world.gauge.register(other);
    await other.eval(`net_kernel:connect_node('${world.target.name}')`);
    await world.settled();
    await world.target.eval(`sick:leak_remote(20000, '${other.name}'), ok`);
    for (const side of [world.target, other]) { // the other one has yet to hear of them all
      await until(`${side.name} to report them`, async () => {
        const { monitors_estimate: monitors } = await world.gauge.data(side, 'memory?max_age_ms=0');
        assert.ok(monitors.remote_count > 17_000 && monitors.remote_count <= monitors.remote_max_count, JSON.stringify(monitors));
        near(monitors.remote_max_count, 20_000, 3000, 'remote, at most');
        return true;
      });
    }
    await other.stop();
    await world.target.eval('sick:cure()');
    await until('none to be claimed', async () => {
      const { monitors_estimate: monitors } = await world.memory();
      return monitors.remote_count === 0;
    });
  });

  test('those of a young leak between two nodes are estimated within a tenth, and none on nodes that have none', async () => {
    const pair = [await world.node({ modules: ['sick'] })];
    pair.push(await world.node({ cookie: pair[0].cookie, modules: ['sick'] }));
    for (const side of pair) await world.gauge.register(side);
    await pair[0].eval(`net_kernel:connect_node('${pair[1].name}')`);
    const estimate = async (side) => (await world.gauge.data(side, 'memory?max_age_ms=0')).monitors_estimate;
    for (const side of pair) assert.ok((await estimate(side)).remote_count < 200, JSON.stringify(await estimate(side)));
    await pair[0].eval(`sick:leak_remote(2042, '${pair[1].name}'), ok`);
    for (const side of pair) near((await estimate(side)).remote_count, 2042, 204, `monitors of ${side.name}`);
    for (const side of pair) await side.stop();
  });

  test('remote monitors of a node with many processes are not claimed to be 0: bounded first, and estimated once its processes were looked at', async () => {
    const pair = [await world.node({ modules: ['sick'] })];
    pair.push(await world.node({ cookie: pair[0].cookie, modules: ['sick'] }));
    for (const side of pair) await world.gauge.register(side);
    await pair[0].eval(`net_kernel:connect_node('${pair[1].name}')`);
    const estimate = async (side) => (await world.gauge.data(side, 'memory?max_age_ms=0')).monitors_estimate;
    // Rankings show none of the watchers on one node, or of the watched on the other: the counts of processes without a leak hide nothing.
    await pair[0].eval(`[P | _] = sick:idle(5000), [spawn(fun() -> erlang:monitor(process, P), sick:wait() end) || _ <- lists:seq(1, 5000)], ok`);
    await pair[1].eval(`Idle = sick:idle(5000), spawn(fun() -> [erlang:monitor(process, P) || P <- Idle], sick:wait() end), ok`);
    await pair[0].eval(`sick:leak_remote(3000, '${pair[1].name}'), ok`);
    for (const side of pair) {
      const before = await estimate(side);
      assert.equal(before.remote_count, null, JSON.stringify(before));
      assert.equal(before.bytes, null);
      assert.ok(before.remote_max_count >= 3000 && before.exact && before.local_count >= 5000, JSON.stringify(before));
      const path = `/api/v1/nodes/${side.name}/check?assert=${encodeURIComponent('monitors_estimate.remote_count<10k')}&max_age_ms=0`;
      const known = (await world.gauge.api(path)).body.data; // which has the processes ranked, as it needs that
      near((await estimate(side)).remote_count, 3000, 300, `after a look at the processes of ${side.name}`);
      assert.deepEqual([known.status, known.assertions[0].exact], ['pass', false], JSON.stringify(known));
    }
    await pair[0].eval(`sick:leak_remote(2000, '${pair[1].name}'), ok`);
    for (const side of pair) near((await estimate(side)).remote_count, 5000, 500, `of ${side.name} without another look`);
    for (const side of pair) await side.stop();
  });

  test('areas add up, and are within what the system gave', async () => {
    const memory = await world.memory();
    assert.equal(memory.other_bytes, memory.system_bytes - memory.atom_bytes - memory.binary_bytes - memory.code_bytes - memory.ets_bytes);
    // The table of their keys is elsewhere.
    assert.ok(memory.persistent_term_bytes <= memory.literal_bytes * 1.05, JSON.stringify(memory));
    assert.ok(memory.carriers_bytes >= memory.total_bytes * 0.9, JSON.stringify(memory));
    assert.equal(memory.carriers_bytes, memory.allocators.reduce((sum, row) => sum + row.allocated_bytes, 0));
    const std = memory.allocators.find((row) => row.name === 'std_alloc');
    // What is used of its carriers is not all its own, as allocators take over each other's.
    assert.ok(std.blocks_count > 0 && memory.standard_bytes > 30 * std.blocks_count, JSON.stringify(memory));
  });

  test('half a million messages of one process are its mailbox, and its split adds up', async () => {
    const pid = await world.target.eval('sick:mailbox(500000)');
    const process = await world.gauge.data(world.target, `processes/${pid.slice(1, -1)}?max_age_ms=0`);
    const split = process.memory_split;
    assert.equal(split.heap_bytes + split.mailbox_bytes + (split.monitors_estimate_bytes ?? 0) + split.other_bytes, process.memory_bytes);
    near(split.mailbox_bytes, 44_000_000, 100_000, 'mailbox');
    for (const field of ['monitors_count', 'monitored_by_count', 'links_count']) assert.ok(process[field] === null || process[field] < 20, JSON.stringify(process[field]));
    for (const field of ['monitors_count_max', 'monitored_by_count_max', 'links_count_max']) assert.ok(process[field] === undefined || process[field] < 100, `${field} ${process[field]}`);
    assert.ok((split.monitors_estimate_bytes ?? 0) < 10_000, JSON.stringify(split));
    await world.target.eval('sick:cure()');
  });

  test('as text memory is a table that fits 80 columns', async () => {
    const { text } = await world.gauge.api(`/api/v1/nodes/${world.target.name}/memory?format=text`);
    for (const name of ['processes', 'persistent terms', 'carriers', 'local by pid', 'monitor', 'std_alloc']) assert.match(text, new RegExp(` ${name} `), text);
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  });

  test('checks can ask for each of them', async () => {
    await world.settled();
    for (const assertion of ['timers_count<100k', 'links_count<100k', 'messages_count<100k', 'monitors_estimate.local_count<1k']) {
      const { data } = await world.gauge.get(`nodes/${world.target.name}/check?assert=${encodeURIComponent(assertion)}&max_age_ms=0`);
      assert.equal(data.status, 'pass', JSON.stringify(data));
      assert.equal(data.assertions[0].exact, true, JSON.stringify(data));
    }
  });
});

suite('memory as the system sees it', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.target = await world.node({ modules: ['sick'] });
  await world.gauge.register(world.target);
  world.memory = () => world.gauge.data(world.target, 'memory?max_age_ms=0');
} }, (world, test) => {
  test('RSS and swap are those of the node\'s own process, null where it has no /proc', async () => {
    const memory = await world.memory();
    if (chrooted) {
      for (const field of ['rss_bytes', 'swap_bytes', 'machine_bytes', 'rss_ratio', 'cgroup_limit_bytes', 'cgroup_used_bytes', 'cgroup_ratio', 'unexplained_bytes']) {
        assert.equal(memory[field], null, field);
      }
      return;
    }
    const pid = await world.target.eval('list_to_integer(os:getpid())');
    const status = (file, name) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'))[1]);
    near(memory.rss_bytes, status(`/proc/${pid}/status`, 'VmRSS'), 20_000_000, 'RSS');
    assert.equal(memory.machine_bytes, status('/proc/meminfo', 'MemTotal'));
    near(memory.unexplained_bytes, Math.max(0, memory.rss_bytes + memory.swap_bytes - memory.carriers_bytes), 0, 'unexplained');
  });

  test('the files of the host are read at most once a second, and their age is reported', async (t) => {
    if (chrooted) return t.skip('no /proc in this root');
    const ages = [];
    await until('them to be read again', async () => {
      ages.push((await world.memory()).host_age_ms);
      return ages.length > 2 && ages.at(-1) < ages.at(-2);
    }, { interval: 100 });
    assert.ok(ages.every((age) => age >= 0 && age <= 1100) && ages.some((age) => age > 0), JSON.stringify(ages));
  });

  test('memory outside of the emulator is unexplained', async (t) => {
    if (chrooted) return t.skip('no /proc in this root');
    const before = await world.memory();
    assert.ok(before.unexplained_bytes < before.rss_bytes, JSON.stringify(before));
  });

  test('the tightest limit of its cgroups counts, and what is used of it', async (t) => {
    if (chrooted) return t.skip('no /proc in this root');
    const outer = `${CGROUPS}/${randomName('beamgauge')}`, inner = `${outer}/inner`;
    try {
      mkdirSync(inner, { recursive: true });
      writeFileSync(`${outer}/memory.limit_in_bytes`, '800000000');
      writeFileSync(`${inner}/memory.limit_in_bytes`, '900000000');
    } catch (error) {
      return t.skip(`no cgroup can be made here: ${error.message}`);
    }
    const pid = await world.target.eval('list_to_integer(os:getpid())');
    const home = /^\d+:memory:(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))[1];
    try {
      writeFileSync(`${inner}/cgroup.procs`, String(pid));
      const memory = await until('its files to be read again', async () => {
        const memory = await world.memory();
        return memory.cgroup_limit_bytes !== null && memory;
      });
      near(memory.cgroup_limit_bytes, 800_000_000, 5000, 'the outer limit');
      assert.equal(memory.limit_bytes, memory.cgroup_limit_bytes);
      assert.ok(memory.cgroup_used_bytes >= 0 && memory.cgroup_used_bytes < 800_000_000, JSON.stringify(memory.cgroup_used_bytes));
      near(memory.cgroup_ratio, memory.cgroup_used_bytes / memory.cgroup_limit_bytes, 1e-6, 'ratio');
      const { data } = await world.gauge.get(`nodes/${world.target.name}/check?assert=${encodeURIComponent('cgroup_ratio<90%')}&max_age_ms=0`);
      assert.equal(data.status, 'pass', JSON.stringify(data));
    } finally {
      writeFileSync(`${CGROUPS}${home === '/' ? '' : home}/cgroup.procs`, String(pid));
      for (const folder of [inner, outer]) rmdirSync(folder);
    }
  });
});
