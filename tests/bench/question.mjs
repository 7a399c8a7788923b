// (b) An uncached small question over HTTP against rpc:call from a real Erlang node, one and 64 at a time. The same request served from
// the cache tells how much of that is HTTP and JSON, and no question can be quicker.
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

// What rpc:call is given to do: the same look at the same processes.
const ITEMS = `[registered_name,initial_call,current_function,status,memory,total_heap_size,stack_size,message_queue_len,reductions,links,monitors,
  monitored_by,group_leader,trap_exit,priority,message_queue_data,current_stacktrace,garbage_collection_info,dictionary]`;
const call = (node, pids, workers, each) => `begin
  Pids = list_to_tuple([rpc:call('${node}', erlang, list_to_pid, [P]) || P <- [${pids.map((p) => `"<${p}>"`).join(',')}]]),
  Self = self(),
  T0 = erlang:monotonic_time(microsecond),
  _ = [spawn(fun() ->
         _ = [[_|_] = rpc:call('${node}', erlang, process_info, [element(1 + (N * ${workers} + W) rem tuple_size(Pids), Pids), ${ITEMS}])
              || N <- lists:seq(1, ${each})],
         Self ! done
       end) || W <- lists:seq(1, ${workers})],
  _ = [receive done -> ok end || _ <- lists:seq(1, ${workers})],
  (erlang:monotonic_time(microsecond) - T0) / (${workers} * ${each}) * ${workers}
end`;

export async function benchQuestion(world) {
  const node = await world.node();
  const caller = await world.node({ cookie: node.cookie });
  const beamgauge = await world.beamgauge();
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
      const ours = await wrk(url, { connections, seconds: 2, script: lua });
      const cached = await wrk(`${url}${pids[0]}?max_age_ms=60000`, { connections, seconds: 1 });
      const theirs = await caller.eval(call(node.name, pids, connections, connections === 1 ? 5000 : 300), 60_000);
      taken.push({ ours: ours.latencyUs, cached: cached.latencyUs, theirs, ratio: ours.latencyUs / theirs });
    }
    const middle = taken.find((t) => t.ratio === median(taken.map((x) => x.ratio)));
    rows.push(row(`one process, uncached, ${connections} at a time, against rpc:call`, middle.ours, middle.theirs, { unit: 'us', aim: '<= 1.5' }));
    rows.push(row(`  of it HTTP and JSON: the same from the cache, ${connections} at a time`, middle.cached, middle.theirs, { unit: 'us' }));
  }
  return rows;
}
