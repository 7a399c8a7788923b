%% The calibration and the bounds that rankings of monitors rest on.
-module(entries_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

%% In a process of its own, which nothing is sent to.
alone(Fun) ->
    {Pid, Monitor} = spawn_monitor(fun() -> exit({result, Fun()}) end),
    receive {'DOWN', Monitor, process, Pid, {result, Result}} -> Result end.

unexplained(Pid, {WordBytes, Base, _, _, Message, _}) ->
    [{_, Memory}, {_, Words}, {_, Queue}] = process_info(Pid, [memory, total_heap_size, message_queue_len]),
    Memory - Words * WordBytes - Base - Queue * Message.

calibration_test() ->
    {WordBytes, Base, Monitor, Link, Message, Most} = Calibration = alone(fun entries:calibrate/0),
    ?assertEqual(erlang:system_info(wordsize), WordBytes),
    ?assert(Base > 300 andalso Base < 2000),
    ?assert(Monitor >= 5 * WordBytes andalso Monitor =< 12 * WordBytes),
    ?assert(Link >= 4 * WordBytes andalso Link =< 12 * WordBytes),
    ?assert(Message >= 5 * WordBytes andalso Message =< 20 * WordBytes),
    ?assert(Most > 0),
    ?assertEqual(setelement(6, Calibration, Most), setelement(6, alone(fun entries:calibrate/0), Most)).

%% All is divided by it.
no_entry_takes_nothing_test() ->
    [?assert(entries:entry_bytes(Measured) >= 40) || Measured <- [-176, 0, 39]],
    [?assertEqual(Bytes, entries:entry_bytes(Bytes)) || Bytes <- [40, 64, 72]],
    Calibration = setelement(3, setelement(4, alone(fun entries:calibrate/0), entries:entry_bytes(-8)), entries:entry_bytes(0)),
    ?assert(entries:links_max(4000, Calibration) =< 100),
    ?assert(entries:monitors_max(4000, Calibration) =< 100).

calibration_leaves_nothing_test() ->
    Before = processes(),
    alone(fun entries:calibrate/0),
    asking:eventually(fun() -> processes() -- Before =:= [] end).

%% Every living process, and some hostile ones, has at most what the bound says.
bounds_hold_test() ->
    Target = asking:plant(fun() -> ok end),
    Planted = [Target | [asking:plant(Setup) || Setup <- [
        fun() -> [erlang:monitor(process, Target) || _ <- lists:seq(1, 1000)] end,
        fun() -> [erlang:monitor(process, init) || _ <- lists:seq(1, 1000)] end,
        fun() -> [link(spawn(fun() -> receive stop -> ok end end)) || _ <- lists:seq(1, 100)] end,
        fun() -> [self() ! {big, lists:seq(1, 100)} || _ <- lists:seq(1, 1000)], [erlang:monitor(process, Target) || _ <- lists:seq(1, 10)] end,
        fun() -> process_flag(message_queue_data, off_heap), [self() ! lists:seq(1, I) || I <- lists:seq(1, 500)], link(Target) end,
        fun() -> [put({key, I}, I) || I <- lists:seq(1, 5000)], erlang:monitor(process, Target) end,
        fun() -> [erlang:send_after(100000, self(), I) || I <- lists:seq(1, 500)], erlang:monitor(process, Target) end,
        fun() -> [erlang:demonitor(erlang:monitor(process, Target)) || _ <- lists:seq(1, 500)] end,
        fun() -> [spawn_monitor(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, 100)] end]]],
    Calibration = alone(fun entries:calibrate/0),
    [begin
         [{_, Monitors}, {_, MonitoredBy}, {_, Links}] = process_info(Pid, [monitors, monitored_by, links]),
         Unexplained = unexplained(Pid, Calibration),
         {Min, Max} = entries:range(Pid, Unexplained, Calibration),
         ?assert(length(Monitors) + length(MonitoredBy) + length(Links) =< Max),
         ?assert(length(Monitors) + length(MonitoredBy) =< entries:monitors_max(Unexplained, Calibration)),
         ?assert(Min =< Max)
     end || Pid <- processes(), Pid =/= self(), process_info(Pid, status) =:= {status, waiting}],
    asking:uproot(Planted).

lower_bound_test() ->
    Target = asking:plant(fun() -> ok end),
    Watcher = asking:plant(fun() -> [erlang:monitor(process, Target) || _ <- lists:seq(1, 10000)], self() ! note, erlang:garbage_collect() end),
    Calibration = alone(fun entries:calibrate/0),
    {Min, Max} = entries:range(Watcher, unexplained(Watcher, Calibration), Calibration),
    ?assert(Min =< 10000 andalso 10000 =< Max),
    ?assert(Min >= 4000),
    asking:uproot([Watcher, Target]).

%% What lies off the heap may be something else: then there is no lower bound and no estimate, but still an upper bound.
nothing_claimed_test_() -> [{timeout, 60, {Title, fun() ->
    Calibration = setelement(6, alone(fun entries:calibrate/0), infinity),
    Pid = asking:plant(Setup),
    Unexplained = unexplained(Pid, Calibration),
    ?assert(Unexplained > 1000000),
    ?assertMatch({0, Max} when Max > 10000, entries:range(Pid, Unexplained, Calibration)),
    ?assertEqual(none, entries:estimate(Pid, Unexplained, Calibration)),
    asking:uproot([Pid])
end}} || {Title, Setup} <- [
    {"messages off the heap", fun() -> process_flag(message_queue_data, off_heap), [self() ! lists:seq(1, 60) || _ <- lists:seq(1, 10000)] end},
    {"a dictionary just grown", fun() -> [put(I, I) || I <- lists:seq(1, 164000)] end},
    {"a dictionary and its garbage", fun() -> [put(I, {I, erlang:unique_integer()}) || I <- lists:seq(1, 300000)] end}]].

%% References that are kept lie on the heap, and do not hide the monitors.
kept_references_test() ->
    Target = asking:plant(fun() -> ok end),
    Watcher = spawn(fun() -> kept([erlang:monitor(process, Target) || _ <- lists:seq(1, 50000)]) end),
    asking:eventually(fun() -> process_info(Watcher, status) =:= {status, waiting} end),
    Calibration = alone(fun entries:calibrate/0),
    ?assertMatch({Min, _} when Min > 5000 andalso Min =< 50000, entries:range(Watcher, unexplained(Watcher, Calibration), Calibration)),
    asking:uproot([Watcher, Target]).

kept(References) -> receive stop -> References end.

%% No process has more entries than the node, and where the node has few, no list is too long to be copied.
node_holds_test() ->
    Target = asking:plant(fun() -> process_flag(message_queue_data, off_heap), [self() ! lists:seq(1, 60) || _ <- lists:seq(1, 10000)] end),
    Watcher = asking:plant(fun() -> [erlang:monitor(process, Target) || _ <- lists:seq(1, 20000)], [erlang:monitor(process, {nobody, node()}) || _ <- lists:seq(1, 3000)] end),
    Calibration = alone(fun entries:calibrate/0),
    Most = element(6, Calibration),
    Unexplained = unexplained(Target, Calibration),
    ?assertMatch(_ when Most >= 20000 andalso Most < 24000, Most), %% nobody is monitored by no one, and a message is no entry
    ?assert(entries:links_max(Unexplained, setelement(6, Calibration, infinity)) > Most),
    ?assertEqual({Most, Most}, {entries:links_max(Unexplained, Calibration), entries:monitors_max(Unexplained, Calibration)}),
    ?assert(Unexplained =< entries:unexplained_max(Most, Calibration)),
    ?assertNot(Unexplained =< entries:unexplained_max(20000, Calibration)),
    asking:uproot([Watcher, Target]).

limit_is_sharp_test() ->
    Calibration = {8, 776, 64, 40, 88, infinity},
    ?assertEqual(100, entries:links_max(entries:unexplained_max(100, Calibration), Calibration)),
    ?assertEqual(101, entries:links_max(entries:unexplained_max(100, Calibration) + 1, Calibration)).

%% Counting stops when the rest cannot get into the ranking.
threshold_test() ->
    Target = asking:plant(fun() -> ok end),
    Crowd = [asking:plant(fun() -> [erlang:monitor(process, Target) || _ <- lists:seq(1, Count)] end) || Count <- [5000 | lists:duplicate(600, 1)]],
    Calibration = alone(fun entries:calibrate/0),
    Candidates = lists:reverse(lists:sort([{unexplained(Pid, Calibration), Pid} || Pid <- [Target | Crowd]])),
    {Counts, Left, Budget} = entries:count_best(Candidates, 601, Calibration, 1000000),
    ?assertEqual(602, length(Counts) + length(Left)),
    ?assert(Budget < 1000000 - 10000),
    {Few, Many, _} = entries:count_best(Candidates, 601, Calibration, 1),
    ?assertEqual(602, length(Few) + length(Many)),
    ?assert(length(Few) < 10),
    asking:uproot([Target | Crowd]).

%% One measure may be wrong, as the process that is measured was about something.
measured_again_test() ->
    Agreed = fun(Measures) -> put(measures, Measures), entries:agreed(fun() -> [Next | Rest] = get(measures), put(measures, Rest), Next end, 5, []) end,
    ?assertEqual(64, Agreed([64, 64])),
    ?assertEqual(64, Agreed([120, 64, 64])),
    ?assertEqual(64, Agreed([64, 8, 64])),
    ?assertEqual(5, Agreed([1, 2, 3, 4, 5])).

%% On a node that does much else too, compiled or not.
calibration_under_load_test_() -> asking:each("what is measured is the same on a busy node", fun(Mode) ->
    Sizes = fun() -> maps:with([<<"monitor_bytes">>, <<"entry_bytes">>], asking:ask(Mode, scan, #{<<"limit">> => 1, <<"order">> => <<"desc">>, <<"binary">> => false, <<"list_entries_max">> => 1000})) end,
    Idle = Sizes(),
    ?assertMatch(#{<<"monitor_bytes">> := Monitor, <<"entry_bytes">> := 40} when Monitor >= 60 andalso Monitor =< 72, Idle),
    Busy = [spawn_link(fun Spin() -> lists:sort(lists:seq(200, 1, -1)), Spin() end) || _ <- lists:seq(1, 4 * erlang:system_info(schedulers_online))],
    Measured = [Sizes() || _ <- lists:seq(1, 30)],
    [begin unlink(Pid), exit(Pid, kill) end || Pid <- Busy],
    ?assertEqual([Idle], lists:usort(Measured))
end).
