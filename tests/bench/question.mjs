// (b) Uncached small questions over HTTP against erpc:call from a real Erlang node, one and 64 at a time, and what they take of the node's
// processor. The same request served from the cache tells how much of that is HTTP and JSON, and no question can be quicker.
import { readFileSync } from 'node:fs';
import { Folder } from '../integration/lib/beamgauge.mjs';
import { median, row, wrk } from './measure.mjs';

const ROUNDS = 5;
const PROCESSES = 256;

// Each request asks about another process, so that none is joined to one in flight.
const script = (pids) => `
local pids = {${pids.map((pid) => `"${pid}"`).join(',')}}
local i = 0
request = function()
  i = i + 1
  return wrk.format("GET", wrk.path .. pids[i % #pids + 1] .. "?max_age_ms=0")
end`;

// What erpc:call is given to do: the same look at the same processes.
const ITEMS = `[registered_name,initial_call,current_function,status,memory,total_heap_size,stack_size,message_queue_len,reductions,links,monitors,
  monitored_by,group_leader,trap_exit,priority,message_queue_data,current_stacktrace,garbage_collection_info,dictionary]`;
const call = (node, pids, workers, each) => `begin
  Pids = list_to_tuple([erpc:call('${node}', erlang, list_to_pid, [P]) || P <- [${pids.map((p) => `"<${p}>"`).join(',')}]]),
  Self = self(),
  T0 = erlang:monotonic_time(microsecond),
  _ = [spawn(fun() ->
         _ = [[_|_] = erpc:call('${node}', erlang, process_info, [element(1 + (N * ${workers} + W) rem tuple_size(Pids), Pids), ${ITEMS}])
              || N <- lists:seq(1, ${each})],
         Self ! done
       end) || W <- lists:seq(1, ${workers})],
  _ = [receive done -> ok end || _ <- lists:seq(1, ${workers})],
  (erlang:monotonic_time(microsecond) - T0) / (${workers} * ${each}) * ${workers}
end`;

// Processor time of a process so far, in microseconds; the kernel counts in hundredths of a second.
const cpuUs = (pid) => readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/.*\) /s, '').split(' ').slice(11, 13).reduce((sum, ticks) => sum + Number(ticks), 0) * 10_000;

// The limits and uses of the cgroups that a process started from here is in.
function cgroupFiles() {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').split('\n').map((line) => line.split(':'));
  const isFirst = lines.some(([, kind]) => kind === 'memory');
  const path = lines.find(([, kind]) => kind === (isFirst ? 'memory' : ''))?.[2] ?? '/';
  const folders = path.split('/').filter(Boolean).reduce((above, name) => [...above, `${above.at(-1)}/${name}`], [`/sys/fs/cgroup${isFirst ? '/memory' : ''}`]);
  return folders.flatMap((folder) => (isFirst ? ['limit_in_bytes', 'usage_in_bytes'] : ['max', 'current']).map((file) => `${folder}/memory.${file}`));
}

// What the answer to memory tells: kinds, types of blocks, block counts of std_alloc, and files.
const memoryCalls = () => `
  Calls = [{erlang, memory, []}, {erlang, system_info, [{allocator_sizes, fix_alloc}]}, {erlang, system_info, [{allocator, std_alloc}]},
    {erlang, system_info, [process_count]}, {erlang, system_info, [otp_release]}, {erlang, nodes, [connected]}, {persistent_term, info, []}
    | [{prim_file, read_file, [F]} || F <- ${JSON.stringify(['/proc/self/status', '/proc/meminfo', '/proc/self/cgroup', ...cgroupFiles()])}]],
  Program = [fun erlang:apply/3 | tuple_to_list(lists:unzip3(Calls))],`;

// Microseconds of one erpc:call after the other that makes these calls.
const callOf = (node, expression) => `begin ${memoryCalls()}
  T0 = erlang:monotonic_time(microsecond),
  _ = [${expression.replaceAll('NODE', `'${node}'`)} || _ <- lists:seq(1, 3000)],
  (erlang:monotonic_time(microsecond) - T0) / 3000
end`;

const WHOLE = {
  system: `_ = erpc:call(NODE, lists, zipwith, [fun erlang:apply/2,
      [fun erlang:system_info/1 || _ <- lists:seq(1, 12)] ++ [fun erlang:statistics/1 || _ <- lists:seq(1, 5)] ++ [fun application:loaded_applications/0],
      [[I] || I <- [otp_release, version, wordsize, schedulers, process_count, process_limit, port_count, port_limit, atom_count, atom_limit, ets_count, ets_limit]]
        ++ [[S] || S <- [wall_clock, reductions, context_switches, garbage_collection, io]] ++ [[]]])`,
  memory: `[_ | _] = erpc:call(NODE, lists, zipwith3, Program)`,
};

// Questions of a whole node, one after the other (identical ones at the same time would share one), and what each takes of its processor.
async function wholeNode(rows, base, node, caller) {
  for (const [path, expression] of Object.entries(WHOLE)) {
    const taken = [];
    for (let i = 0; i < ROUNDS; i++) {
      const before = cpuUs(node.child.pid);
      const ours = await wrk(`${base}/${path}?max_age_ms=0`, { connections: 1, seconds: 2 });
      const cpu = (cpuUs(node.child.pid) - before) / (ours.perSecond * 2);
      const theirs = await caller.eval(callOf(node.name, expression), 60_000);
      taken.push({ ours: ours.latencyUs, theirs, ratio: ours.latencyUs / theirs, cpu });
    }
    const middle = taken.find((t) => t.ratio === median(taken.map((x) => x.ratio)));
    rows.push(row(`${path}, uncached, one at a time, against erpc:call`, middle.ours, middle.theirs, { unit: 'us', aim: '<= 1.5' }));
    rows.push(row(`  of the node's processor, each, against 60 us`, median(taken.map((t) => t.cpu)), 60, { unit: 'us', aim: '<= 1' }));
  }
}

export async function benchQuestion(world) {
  const node = await world.node();
  const caller = await world.node({ cookie: node.cookie });
  const beamgauge = await world.beamgauge({ sections: { limits: { node_in_flight_max: 256 } } }); // one client may have half of it
  await beamgauge.register(node);
  const pids = await node.eval(`[begin L = pid_to_list(spawn(timer, sleep, [infinity])), list_to_binary(string:trim(L, both, "<>")) end || _ <- lists:seq(1, ${PROCESSES})]`);
  const folder = await Folder.make();
  world.keep({ stop: () => folder.remove() });
  const lua = await folder.write('pids.lua', script(pids));
  const rows = [];
  for (const connections of [1, 64]) {
    const url = `http://127.0.0.1:${beamgauge.port}/api/v1/nodes/${node.name}/processes/`;
    const taken = [];
    for (let i = 0; i < ROUNDS; i++) {
      const before = cpuUs(node.child.pid);
      const ours = await wrk(url, { connections, seconds: 2, script: lua });
      const cpu = (cpuUs(node.child.pid) - before) / (ours.perSecond * 2);
      const cached = await wrk(`${url}${pids[0]}?max_age_ms=60000`, { connections, seconds: 1 });
      const theirs = await caller.eval(call(node.name, pids, connections, connections === 1 ? 5000 : 300), 60_000);
      taken.push({ ours: ours.latencyUs, cached: cached.latencyUs, theirs, ratio: ours.latencyUs / theirs, cpu });
    }
    const middle = taken.find((t) => t.ratio === median(taken.map((x) => x.ratio)));
    rows.push(row(`one process, uncached, ${connections} at a time, against erpc:call`, middle.ours, middle.theirs, { unit: 'us', aim: '<= 1.5' }));
    rows.push(row(`  of it HTTP and JSON: the same from the cache, ${connections} at a time`, middle.cached, middle.theirs, { unit: 'us' }));
    rows.push(row(`  of the node's processor, each, against 60 us`, median(taken.map((t) => t.cpu)), 60, { unit: 'us', aim: '<= 1' }));
  }
  await wholeNode(rows, `http://127.0.0.1:${beamgauge.port}/api/v1/nodes/${node.name}`, node, caller);
  return rows;
}
