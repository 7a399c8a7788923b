// (b) Uncached small questions over HTTP against erpc:call from a real Erlang node, one and 64 at a time, and what they take of the node's
// processor. The same request served from the cache shows how much of that is HTTP and JSON; no question can be quicker.
import { readFileSync } from 'node:fs';
import { Folder } from '../integration/lib/beamgauge.mjs';
import { median, row, wrk } from './measure.mjs';

const ROUNDS = 5;
const SECONDS = 2; // of wrk
const CALLS = 3000;
const PROCESSES = 256;

// Each request asks about another process, so that none is joined to one in flight.
const script = (pids) => `
local pids = {${pids.map((pid) => `"${pid}"`).join(',')}}
local i = 0
request = function()
  i = i + 1
  return wrk.format("GET", wrk.path .. pids[i % #pids + 1] .. "?max_age_ms=0")
end`;

// The work of erpc:call: the same look at the same processes.
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

// The fresh parts of the answer to memory: kinds, types of blocks and block counts of std_alloc. Files are read at most once a second.
const memoryCalls = () => `
  Calls = [{erlang, memory, []}, {erlang, system_info, [{allocator_sizes, fix_alloc}]}, {erlang, system_info, [{allocator, std_alloc}]},
    {erlang, system_info, [process_count]}, {erlang, system_info, [otp_release]}, {erlang, nodes, [connected]}, {persistent_term, info, []}],
  Program = [fun erlang:apply/3 | tuple_to_list(lists:unzip3(Calls))],`;

// Microseconds of one erpc:call after the other that makes these calls.
const callOf = (node, expression) => `begin ${memoryCalls()}
  T0 = erlang:monotonic_time(microsecond),
  _ = [${expression.replaceAll('NODE', `'${node}'`)} || _ <- lists:seq(1, ${CALLS})],
  (erlang:monotonic_time(microsecond) - T0) / ${CALLS}
end`;

const WHOLE = {
  system: `_ = erpc:call(NODE, lists, zipwith, [fun erlang:apply/2,
      [fun erlang:system_info/1 || _ <- lists:seq(1, 12)] ++ [fun erlang:statistics/1 || _ <- lists:seq(1, 3)] ++ [fun application:loaded_applications/0],
      [[I] || I <- [otp_release, version, wordsize, schedulers, process_count, process_limit, port_count, port_limit, atom_count, atom_limit, ets_count, ets_limit]]
        ++ [[S] || S <- [wall_clock, reductions, context_switches]] ++ [[]]])`,
  memory: `[_ | _] = erpc:call(NODE, lists, zipwith3, Program)`,
};

// Both in turn: the time of each, and the node's processor time. `cached` is the same request without a question to the node.
async function compare(rows, what, node, { ours, cached, theirs, calls }) {
  const taken = [];
  for (let i = 0; i < ROUNDS; i++) {
    const start = cpuUs(node.child.pid);
    const own = await ours();
    const middle = cpuUs(node.child.pid);
    const other = await theirs();
    const end = cpuUs(node.child.pid);
    taken.push({ ours: own.latencyUs, theirs: other, cached: (await cached()).latencyUs, ratio: own.latencyUs / other,
      cpu: (middle - start) / (own.perSecond * SECONDS), otherCpu: (end - middle) / calls });
  }
  const of = (key) => median(taken.map((each) => each[key]));
  const middle = taken.find(({ ratio }) => ratio === of('ratio'));
  rows.push(row(`${what}, uncached, against erpc:call`, middle.ours, middle.theirs, { unit: 'us', aim: '<= 1.5' }));
  rows.push(row(`  without HTTP, which erpc:call has not: less ${Math.round(of('cached'))} us, the same from the cache`, middle.ours - of('cached'), middle.theirs, { unit: 'us' }));
  rows.push(row("  of the node's processor, each, against what erpc:call takes of it", of('cpu'), of('otherCpu'), { unit: 'us', aim: '<= 60 us' }));
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
  const base = `http://127.0.0.1:${beamgauge.port}/api/v1/nodes/${node.name}`;
  for (const connections of [1, 64]) {
    const each = connections === 1 ? 5000 : 300;
    await compare(rows, `one process, ${connections} at a time`, node, {
      ours: () => wrk(`${base}/processes/`, { connections, seconds: SECONDS, script: lua }),
      cached: () => wrk(`${base}/processes/${pids[0]}?max_age_ms=60000`, { connections, seconds: 1 }),
      theirs: () => caller.eval(call(node.name, pids, connections, each), 60_000),
      calls: connections * each,
    });
  }
  // One after the other: identical ones at the same time would share one.
  for (const [path, expression] of Object.entries(WHOLE)) {
    await compare(rows, `${path}, one at a time`, node, {
      ours: () => wrk(`${base}/${path}?max_age_ms=0`, { connections: 1, seconds: SECONDS }),
      cached: () => wrk(`${base}/${path}?max_age_ms=60000`, { connections: 1, seconds: 1 }),
      theirs: () => caller.eval(callOf(node.name, expression), 60_000),
      calls: CALLS,
    });
  }
  return rows;
}
