// The same as in a shell on the node: tables, ports, sockets, applications, schedulers, distribution, binaries.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';
import { steady, until } from './lib/wait.mjs';

// A process on the node that runs an expression, returns its result, and then waits and keeps all that the expression made.
const holding = (expression) => `(fun() -> Self = self(), P = spawn(fun() -> X = (${expression}), Self ! {self(), X}, receive stop -> X end end), receive {P, X} -> {P, X} end end)()`;
const falling = (numbers) => assert.deepEqual(numbers, [...numbers].sort((a, b) => b - a));

const CONNECTED = `begin {ok, L} = gen_tcp:listen(0, [binary, {ip, {127,0,0,1}}, {active, false}]), {ok, N} = inet:port(L),
  {ok, C} = gen_tcp:connect({127,0,0,1}, N, [binary, {active, false}]), {ok, S} = gen_tcp:accept(L), persistent_term:put(client, C), {C, S, L, N} end`;
const SOCKETS = `begin {ok, L} = socket:open(inet, stream, tcp), socket:bind(L, #{family => inet, addr => {127,0,0,1}, port => 0}), ok = socket:listen(L),
  {ok, A} = socket:sockname(L), {ok, C} = socket:open(inet, stream, tcp), ok = socket:connect(C, A), {ok, S} = socket:accept(L),
  ok = socket:send(C, binary:copy(<<1>>, 7000)), {ok, _} = socket:recv(S, 7000), element(2, C) end`;

suite('parity', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.target = await world.node();
  await world.gauge.register(world.target);
} }, (world, test) => {
  const get = (path) => world.gauge.get(`nodes/${world.target.name}/${path}`);
  const run = (expression) => world.target.eval(expression);

  test('ets: the tables with most memory and most objects, with their owners', async () => {
    const [owner, large] = await run(holding('begin T = ets:new(large, [ordered_set, public]), ets:insert(T, [{I, lists:seq(1, 100)} || I <- lists:seq(1, 20000)]), T end'));
    const [, long] = await run(holding("begin T = ets:new(long, [named_table, compressed, private]), ets:insert(T, [{I} || I <- lists:seq(1, 80000)]), T end"));
    const tables = () => run('length(ets:all())');
    const { data, meta } = await steady(tables, () => get('ets?max_age_ms=0&limit=3'));
    assert.equal(data.length, 3);
    assert.equal(data[0].table, large);
    const { name, named, type, protection, compressed, size_count: size } = data[0];
    assert.deepEqual({ name, named, type, protection, compressed, size }, { name: 'large', named: false, type: 'ordered_set', protection: 'public', compressed: false, size: 20_000 });
    assert.equal(data[0].memory_bytes, await run("lists:max([ets:info(T, memory) || T <- ets:all()]) * erlang:system_info(wordsize)"));
    assert.deepEqual([data[0].owner.pid, data[0].owner.alive], [owner, true]);
    falling(data.map((row) => row.memory_bytes));
    assert.ok(meta.table_count >= (await tables()) && meta.table_count < 500, 'those of our question come along');
    assert.deepEqual([meta.returned_count, meta.truncated, meta.skipped_count], [3, true, 0]);
    const bySize = await get('ets?max_age_ms=0&sort=size&limit=1000');
    assert.deepEqual([bySize.data[0].table, bySize.data[0].named, bySize.data[0].compressed], [long, true, true]);
    assert.equal(bySize.meta.truncated, false);
    assert.ok(bySize.data.some((row) => row.table === 'inet_db' && row.application === 'kernel' && row.owner.name === 'inet_db'));
  });

  test('ets: growth over a window', async () => {
    await run(holding('ets:new(growing, [named_table, public])'));
    const [, grower] = await run(holding('spawn(fun Loop() -> ets:insert(growing, [{make_ref()} || _ <- lists:seq(1, 100)]), receive stop -> ok after 20 -> Loop() end end)'));
    const size = () => run('ets:info(growing, size)');
    const [before, began] = [await size(), performance.now()];
    const { data } = await get('ets?max_age_ms=0&sort=size&window_ms=1000&limit=2');
    const [most, seconds] = [(await size()) - before, (performance.now() - began) / 1000];
    assert.equal(data[0].name, 'growing');
    assert.ok(data[0].size_count_delta > 0 && data[0].size_count_delta <= most, `${most}: ${JSON.stringify(data[0])}`);
    const looked = data[0].size_count_delta / data[0].size_count_per_second;
    assert.ok(looked > 0.99 && looked <= seconds, `${seconds} s: ${JSON.stringify(data[0])}`);
    await run(`exit(list_to_pid("${grower}"), kill)`);
    const refused = await world.gauge.ask(world.target, 'ets?window_ms=50');
    assert.deepEqual([refused.status, refused.body.errors[0].param], [400, 'window_ms']);
  });

  test('binaries that an ETS table holds are reported as referred to by no process', async () => {
    const before = (await get('binaries?max_age_ms=0')).meta.unreferred_bytes;
    await run(`Self = self(), P = spawn(fun() -> T = ets:new(held, [public]), [ets:insert(T, {I, binary:copy(<<I>>, 8192)}) || I <- lists:seq(1, 4000)],
      erlang:garbage_collect(), Self ! made, receive stop -> T end end), receive made -> register(holds_binaries, P) end`);
    const { meta } = await get('binaries?max_age_ms=0');
    assert.ok(meta.unreferred_bytes - before > 30_000_000 && meta.unreferred_bytes <= meta.binary_memory_bytes, `${before} ${JSON.stringify(meta)}`);
    const text = (await world.gauge.ask(world.target, 'binaries?max_age_ms=0&format=text')).text;
    assert.match(text, /^Of [\d.]+ MiB in large binaries, [\d.]+ MiB at least are referred to by no process/m);
    await run('exit(whereis(holds_binaries), kill)');
  });

  // Sockets whose peers have gone and a few programs, all of one owner that reads nothing more.
  const leakSockets = (name, sockets, programs) => run(`Self = self(), Owner = spawn(fun() ->
      register(${name}, self()),
      {ok, Listen} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}, {backlog, 1000}, {active, false}, binary]),
      {ok, Port} = inet:port(Listen),
      Kept = [begin {ok, C} = gen_tcp:connect("127.0.0.1", Port, [{active, false}]), {ok, S} = gen_tcp:accept(Listen),
                    ok = gen_tcp:send(C, binary:copy(<<0>>, 1234)), {ok, _} = gen_tcp:recv(S, 1234), ok = gen_tcp:close(C), S end || _ <- lists:seq(1, ${sockets})],
      Programs = [open_port({spawn, "cat"}, []) || _ <- lists:seq(1, ${programs})],
      Self ! made, receive stop -> {Kept, Programs} end end), receive made -> Owner end`);

  test('many ports of one owner are one group, and never out of sight', async () => {
    const owner = await leakSockets('http_pool', 60, 8);
    const { data, meta } = await get('ports?max_age_ms=0&group=owner&limit=1');
    assert.equal(meta.sorted_by, 'port_count');
    assert.deepEqual([data.length, data[0].group, data[0].port_count, data[0].owner.name, data[0].owner.pid], [1, 'tcp_inet', 61, 'http_pool', owner]);
    assert.equal(data[0].input_bytes % 1234, 0);
    const kinds = await get('ports?max_age_ms=0&group=kind');
    assert.ok(kinds.data.find((row) => row.group === 'program').port_count >= 8);
    assert.ok(kinds.data.every((row) => row.owner === null));
    const few = await get('ports?max_age_ms=0&limit=4');
    assert.ok(few.meta.kinds.find((row) => row.kind === 'tcp_inet').port_count >= 61, JSON.stringify(few.meta));
    const text = (await world.gauge.ask(world.target, 'ports?max_age_ms=0&limit=4&format=text')).text;
    assert.match(text, /^\d+ x tcp_inet, \d+ x program/m);
    await run(`exit(whereis(http_pool), kill)`);
  });

  test('the bytes that a socket has read are reported, and those that its driver needs to read', async () => {
    const owner = await leakSockets('http_pool_read', 3, 0);
    const { data, meta } = await get('ports?max_age_ms=0&sort=input&limit=1000');
    const own = data.filter((row) => row.owner?.pid === owner && row.peer_address !== null);
    assert.deepEqual(own.map((row) => row.input_bytes), [1234, 1234, 1234], JSON.stringify(data.filter((row) => row.owner?.pid === owner)));
    assert.ok(own.every((row) => row.buffer_bytes >= 1234), JSON.stringify(own));
    assert.deepEqual(data.map((row) => row.input_bytes), data.map((row) => row.input_bytes).sort((a, b) => b - a));
    assert.equal(meta.sorted_by, 'input_bytes');
    const buffers = await get('ports?max_age_ms=0&sort=buffer&limit=1000');
    const sizes = buffers.data.map((row) => row.buffer_bytes ?? 0);
    assert.deepEqual(sizes, [...sizes].sort((a, b) => b - a));
    assert.equal(buffers.meta.sorted_by, 'buffer_bytes');
    assert.ok(sizes[0] > 0);
    const groups = await get('ports?max_age_ms=0&group=kind&sort=buffer');
    assert.ok(groups.data[0].group === 'tcp_inet' && groups.data[0].buffer_bytes >= 3 * 1234, JSON.stringify(groups.data));
    await run(`exit(whereis(http_pool_read), kill)`);
  });

  test('ports: traffic, queues and addresses, now and over a window', async () => {
    const [owner, [client, , listener, number]] = await run(holding(CONNECTED));
    await run('ok = gen_tcp:send(persistent_term:get(client), binary:copy(<<1>>, 60000))');
    const ports = () => run('length(erlang:ports())');
    const { data, meta } = await steady(ports, () => get('ports?max_age_ms=0&sort=output&limit=1000'));
    const row = data.find(({ port }) => port === client);
    assert.equal(row.name, 'tcp_inet');
    assert.ok(row.output_bytes >= 60_000 && row.output_bytes < 60_100, JSON.stringify(row));
    assert.equal(row.peer_address, `127.0.0.1:${number}`);
    assert.deepEqual([row.owner.pid, row.os_pid], [owner, null]);
    const listening = data.find(({ port }) => port === listener);
    assert.deepEqual([listening.local_address, listening.peer_address], [`127.0.0.1:${number}`, null]);
    falling(data.map((each) => each.output_bytes));
    assert.equal(meta.port_count, await ports());
    assert.equal(meta.truncated, false);
    await run('inet:setopts(persistent_term:get(client), [{high_watermark, 50000000}]), spawn(fun() -> gen_tcp:send(persistent_term:get(client), binary:copy(<<1>>, 30000000)) end), ok');
    await until('a queue', async () => {
      const [first] = (await get('ports?max_age_ms=0&limit=1')).data;
      return first.port === client && first.queue_bytes > 5_000_000;
    });
    const [, sender] = await run(holding(`spawn(fun Loop() -> erlang:port_command(persistent_term:get(client), <<1:80000>>, [nosuspend]), receive stop -> ok after 20 -> Loop() end end)`));
    const output = () => run('element(2, erlang:port_info(persistent_term:get(client), output))');
    const before = await output();
    const [busy] = (await get('ports?max_age_ms=0&sort=output&window_ms=1000&limit=1')).data;
    assert.ok(busy.port === client && busy.output_bytes_delta >= 10_000 && busy.output_bytes_delta <= (await output()) - before, JSON.stringify(busy));
    await run(`exit(list_to_pid("${sender}"), kill)`);
  });

  test('sockets: none where the module is not loaded, and then it is not loaded either', async () => {
    const before = await run('erlang:module_loaded(socket)');
    const { data, meta } = await get('sockets?max_age_ms=0');
    assert.deepEqual([data, meta.socket_count], [[], 0]);
    assert.equal(await run('erlang:module_loaded(socket)'), before);
  });

  test('sockets: the module socket\'s, by traffic', async () => {
    const [owner] = await run(holding(SOCKETS));
    const { data, meta } = await get('sockets?max_age_ms=0&sort=output&limit=2');
    assert.equal(meta.socket_count, 3);
    assert.equal(meta.truncated, true);
    const { domain, type, protocol, output_bytes: written, owner: { pid } } = data[0];
    assert.deepEqual({ domain, type, protocol, written, pid }, { domain: 'inet', type: 'stream', protocol: 'tcp', written: 7000, pid: owner });
    assert.match(data[0].peer_address, /^127\.0\.0\.1:\d+$/);
    assert.match(data[0].socket, /^#Ref</);
    assert.equal((await get('sockets?max_age_ms=0&sort=input')).data[0].input_bytes, 7000);
  });

  test('applications: what their processes hold', async () => {
    const kernel = async () => (await get('applications?max_age_ms=0&limit=1000')).data.find((row) => row.application === 'kernel');
    const before = await kernel();
    await run(`K = application_controller:get_master(kernel), Self = self(),
      Pids = [spawn(fun() -> group_leader(K, self()), L = lists:seq(1, 1000), Self ! {up, self()}, receive stop -> L end end) || _ <- lists:seq(1, 200)],
      [receive {up, P} -> ok end || P <- Pids], ok`);
    const after = await kernel();
    assert.ok(Math.abs(after.process_count - before.process_count - 200) <= 1, JSON.stringify([before, after]));
    assert.ok(after.memory_bytes - before.memory_bytes > 200 * 16_000);
    assert.equal(after.running, true);
    assert.equal(after.version, await run('{_, _, V} = lists:keyfind(kernel, 1, application:loaded_applications()), list_to_binary(V)'));
    const { data, meta } = await get('applications?max_age_ms=0&sort=processes&limit=1000');
    assert.equal(data.reduce((sum, row) => sum + row.process_count, 0), meta.scanned_count);
    assert.equal(data.filter((row) => row.application === null).length, 1);
    falling(data.map((row) => row.process_count));
  });

  test('what beamgauge itself runs on the node is counted nowhere, nor what it runs meanwhile for others by application', async () => {
    const truth = async () => [await run("length(processes())")];
    const questions = ['processes', 'processes?window_ms=100', 'processes?group=initial_call', 'processes?group=application', 'processes?group=registered_name',
      'monitors', 'binaries', 'applications'];
    for (const question of questions) {
      const { data, meta, count } = await steady(truth, async () => {
        const [count] = await truth();
        return { count, ...(await get(`${question}${question.includes('?') ? '&' : '?'}limit=200&max_age_ms=0`)) };
      });
      assert.deepEqual([meta.process_count, meta.scanned_count, meta.skipped_count], [count, count, 0], question);
      const total = data.reduce((sum, row) => sum + (row.process_count ?? 1), 0);
      if (!/window|monitors/.test(question)) assert.equal(total, Math.min(count, meta.truncated ? 200 : count), question);
      assert.doesNotMatch(JSON.stringify(data), /"(initial_call|group)":\{"module":"(erl_eval|lists)"/, question);
    }
    const others = Promise.all(['reductions', 'memory', 'stack'].map((sort) => get(`processes?sort=${sort}&window_ms=4000&max_age_ms=0`)));
    const asking = "length([P || P <- processes(), {group_leader, L} <- [process_info(P, group_leader)], node(L) =/= node()])";
    await until('the other questions to run there', async () => (await run(asking)) >= 6);
    const { data } = await steady(truth, () => get('applications?limit=1000&max_age_ms=0'));
    assert.equal(data.reduce((sum, row) => sum + row.process_count, 0) + 6, (await truth())[0]);
    assert.equal(await run(asking), 6);
    await others;
  });

  test('tree: the supervisors and workers of an application, though a supervisor is stuck', async () => {
    // code_server is not proc_lib's, so its parent is not known before OTP 25.
    const supervised = await run("[Pid || {Id, Pid, _, _} <- supervisor:which_children(kernel_sup), is_pid(Pid), Id =/= code_server]");
    assert.ok(supervised.length > 5);
    await run('sys:suspend(kernel_sup)');
    const { data, meta } = await get('applications/kernel/tree?max_age_ms=0&limit=1000').finally(() => run('sys:resume(kernel_sup)'));
    const top = data.find((row) => row.registered_name === 'kernel_sup');
    assert.deepEqual([top.supervisor, top.initial_call.text], [true, 'supervisor:kernel/1']);
    const below = data.filter((row) => row.parent === top.pid);
    assert.equal(below.length, top.children_count);
    for (const pid of supervised) assert.ok(below.some((row) => row.pid === pid), pid);
    assert.ok(below.every((row) => row.depth_count === top.depth_count + 1));
    assert.ok(meta.member_count >= data.length && meta.member_count > 10);
    const cut = await get('applications/kernel/tree?max_age_ms=0&depth=2&limit=1000');
    assert.equal(Math.max(...cut.data.map((row) => row.depth_count)), 2);
    assert.equal(cut.meta.truncated, true);
    assert.equal((await world.gauge.ask(world.target, 'applications/nosuch/tree')).status, 404);
    await run('application:load({application, stopped, []})');
    assert.equal((await world.gauge.ask(world.target, 'applications/stopped/tree')).status, 422);
  });

  test('schedulers: usage over a window, and nothing left switched on', async () => {
    const idle = await get('schedulers?max_age_ms=0&window_ms=1000');
    await run('persistent_term:put(spinners, [spawn(fun() -> F = fun F() -> lists:seq(1, 1000), F() end, F() end) || _ <- lists:seq(1, erlang:system_info(schedulers_online))]), ok');
    const busy = await get('schedulers?max_age_ms=0&window_ms=1000');
    await run('[exit(P, kill) || P <- persistent_term:get(spinners)], ok');
    assert.ok(busy.data.usage_ratio > idle.data.usage_ratio && busy.data.usage_ratio > 0.4 && busy.data.usage_ratio <= 1, JSON.stringify([idle.data, busy.data]));
    const normal = busy.data.schedulers.filter((row) => row.type === 'normal');
    assert.equal(normal.length, await run('erlang:system_info(schedulers)'));
    assert.equal(busy.data.schedulers.filter((row) => row.type === 'dirty_io').length, await run('erlang:system_info(dirty_io_schedulers)'));
    assert.equal(busy.data.run_queue_counts.length, normal.length);
    assert.equal(busy.data.dirty_run_queue_counts.length, 2);
    for (const row of busy.data.schedulers) assert.ok(row.usage_ratio >= 0 && row.usage_ratio <= 1, JSON.stringify(row));
    await until('measuring to end', async () => (await run('erlang:statistics(scheduler_wall_time)')) === null);
    assert.equal((await world.gauge.ask(world.target, 'schedulers?window_ms=0')).status, 400);
  });

  test('distribution: who is connected, what waits, what went through', async () => {
    const peer = await world.node({ cookie: world.target.cookie });
    await run(`true = net_kernel:connect_node('${peer.name}'), register(sink, self()), ok`);
    const { data, meta } = await get('distribution?max_age_ms=0');
    assert.equal(meta.connection_count, 2);
    assert.ok(meta.busy_limit_bytes > 0 && meta.suspended_process_count === 0, JSON.stringify(meta));
    const row = data.find((each) => each.peer_node === peer.name);
    assert.equal(row.hidden, false);
    assert.match(row.controller, /^#Port</);
    assert.match(row.peer_address, /^127\.0\.0\.1:\d+$/);
    assert.ok(row.input_bytes > 0 && row.queue_bytes === 0, JSON.stringify(row));
    assert.ok(data.some((each) => each.hidden && each.peer_node !== peer.name), 'our own link');
    const [, sender] = await run(holding(`spawn(fun Loop() -> {nobody, '${peer.name}'} ! binary:copy(<<1>>, 10000), receive stop -> ok after 20 -> Loop() end end)`));
    const output = () => run(`begin {ok, [{send_oct, N}]} = inet:getstat(list_to_port("${row.controller}"), [send_oct]), N end`);
    const [before, began] = [await output(), performance.now()];
    const busy = (await get('distribution?max_age_ms=0&window_ms=1000')).data.find((each) => each.peer_node === peer.name);
    const [most, seconds] = [(await output()) - before, (performance.now() - began) / 1000];
    assert.ok(busy.output_bytes_delta >= 10_000 && busy.output_bytes_delta <= most, `${most}: ${JSON.stringify(busy)}`);
    const looked = busy.output_bytes_delta / busy.output_bytes_per_second;
    assert.ok(looked > 0.99 && looked <= seconds, `${seconds} s: ${JSON.stringify(busy)}`);
    await run(`exit(list_to_pid("${sender}"), kill)`);
    // A peer that has stopped reading lets the port's queue grow.
    await peer.pause();
    await run(`[spawn(fun() -> {nobody, '${peer.name}'} ! binary:copy(<<1>>, 500000) end) || _ <- lists:seq(1, 40)], ok`);
    await until('a queue to the peer', async () => {
      const { data: [first], meta: { suspended_process_count: suspended } } = await get('distribution?max_age_ms=0');
      return first.peer_node === peer.name && first.queue_bytes > 10_000 && suspended >= 10;
    });
    peer.resume();
  });

  test('binaries: measured without a collection, and collected on demand', async () => {
    const [kept] = await run(holding('begin put(hoard, [binary:copy(<<1>>, 100000) || _ <- lists:seq(1, 300)]), ok end'));
    // Garbage: nothing holds it any more, but nobody has collected it.
    const litter = await run(`(fun() -> Self = self(), P = spawn(fun() -> put(hoard, [binary:copy(<<1>>, 1000000) || _ <- lists:seq(1, 40)]), erlang:garbage_collect(), erase(hoard), Self ! done, receive stop -> ok end end), receive done -> P end end)()`);
    const { data, meta } = await get('binaries?max_age_ms=0&limit=3');
    assert.deepEqual([data[0].pid, data[1].pid], [litter, kept]);
    const truth = (pid) => run(`{binary, L} = process_info(list_to_pid("${pid}"), binary), D = lists:ukeysort(1, L), [length(L), length(D), lists:sum([S || {_, S, _} <- D])]`);
    for (const row of data.slice(0, 2)) {
      assert.deepEqual([row.binary_references_count, row.binary_count, row.binary_bytes], await truth(row.pid));
      assert.equal(row.exact, true);
    }
    const within = (bytes, least) => assert.ok(bytes >= least && bytes < least + 100_000, `${bytes}`);
    within(data[0].sole_binary_bytes, 40_000_000);
    within(data[1].sole_binary_bytes, 30_000_000);
    assert.ok(data[0].total_heap_bytes < 1_000_000 && meta.binary_memory_bytes > 70_000_000 && meta.exact && meta.truncated);
    const again = await get('binaries?max_age_ms=0&limit=3');
    assert.equal(again.data[0].binary_bytes, data[0].binary_bytes, 'looking has collected nothing');
    const answer = await world.gauge.ask(world.target, 'binaries/collect?limit=2', { method: 'POST' });
    assert.equal(answer.status, 200, answer.text);
    const [first, second] = answer.body.data.processes;
    assert.deepEqual([first.pid, first.outcome, second.pid, second.outcome], [litter, 'collected', kept, 'collected']);
    assert.ok(first.freed_bytes >= 40_000_000 && second.freed_bytes < 1_000_000, JSON.stringify(answer.body.data));
    const { freed_bytes: freed, binary_memory_before_bytes: before, binary_memory_after_bytes: afterwards } = answer.body.data;
    assert.equal(freed, before - afterwards);
    await until('the memory to be given back', async () => (await get('memory?max_age_ms=0')).data.binary_bytes < meta.binary_memory_bytes - 35_000_000);
    assert.ok((await get('binaries?max_age_ms=0&limit=1')).data[0].pid === kept);
    const left = await world.gauge.ask(world.target, 'binaries/collect?limit=1&heap_max_bytes=1000', { method: 'POST' });
    assert.equal(left.body.data.processes[0].outcome, 'heap_too_large');
    assert.equal((await world.gauge.ask(world.target, 'binaries/collect?limit=21', { method: 'POST' })).status, 400);
  });

  test('every ranking comes as a table too', async () => {
    for (const path of ['ets', 'ports', 'sockets', 'applications', 'applications/kernel/tree', 'schedulers', 'distribution', 'binaries']) {
      const { status, text } = await world.gauge.ask(world.target, `${path}?format=csv`);
      assert.equal(status, 200, `${path}: ${text}`);
      assert.ok(text.split('\n').length > 2, text);
      assert.equal((await world.gauge.ask(world.target, `${path}?format=md`)).status, 200);
    }
  });

  test('nothing is left on the node', async () => {
    const left = () => run("[P || P <- processes(), {_, {lists, zipwith3, 4}} <- [process_info(P, initial_call)], process_info(P, registered_name) =:= []] -- [self()]");
    await until('all to have ended', async () => (await left()).length === 0);
  });
});
