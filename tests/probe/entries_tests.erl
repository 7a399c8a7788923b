%% The calibration and the bounds that rankings of monitors rest on.
-module(entries_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

%% In a process of its own, which nothing is sent to.
alone(Fun) ->
    {Pid, Monitor} = spawn_monitor(fun() -> exit({result, Fun()}) end),
    receive {'DOWN', Monitor, process, Pid, {result, Result}} -> Result end.

unexplained(Pid, {WordBytes, Base, _, _, Message}) ->
    [{_, Memory}, {_, Words}, {_, Queue}] = process_info(Pid, [memory, total_heap_size, message_queue_len]),
    Memory - Words * WordBytes - Base - Queue * Message.

calibration_test() ->
    {WordBytes, Base, Monitor, Link, Message} = Calibration = alone(fun entries:calibrate/0),
    ?assertEqual(erlang:system_info(wordsize), WordBytes),
    ?assert(Base > 300 andalso Base < 2000),
    ?assert(Monitor >= 5 * WordBytes andalso Monitor =< 12 * WordBytes),
    ?assert(Link >= 4 * WordBytes andalso Link =< 12 * WordBytes),
    ?assert(Message >= 5 * WordBytes andalso Message =< 20 * WordBytes),
    ?assertEqual(Calibration, alone(fun entries:calibrate/0)).

calibration_leaves_nothing_test() ->
    Before = processes(),
    alone(fun entries:calibrate/0),
    asking:eventually(fun() -> processes() -- Before =:= [] end).

%% Every living process, and some hostile ones, has at most what the bound says.
bounds_hold_test() ->
    Calibration = alone(fun entries:calibrate/0),
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
    Calibration = alone(fun entries:calibrate/0),
    Target = asking:plant(fun() -> ok end),
    Watcher = asking:plant(fun() -> [erlang:monitor(process, Target) || _ <- lists:seq(1, 10000)], self() ! note end),
    {Min, Max} = entries:range(Watcher, unexplained(Watcher, Calibration), Calibration),
    ?assert(Min =< 10000 andalso 10000 =< Max),
    ?assert(Min >= 4000),
    asking:uproot([Watcher, Target]).

limit_is_sharp_test() ->
    Calibration = {8, 776, 64, 40, 88},
    ?assertEqual(100, entries:links_max(entries:unexplained_max(100, Calibration), Calibration)),
    ?assertEqual(101, entries:links_max(entries:unexplained_max(100, Calibration) + 1, Calibration)).

%% Counting stops when the rest cannot get into the ranking.
threshold_test() ->
    Calibration = alone(fun entries:calibrate/0),
    Target = asking:plant(fun() -> ok end),
    Crowd = [asking:plant(fun() -> [erlang:monitor(process, Target) || _ <- lists:seq(1, Count)] end) || Count <- [5000 | lists:duplicate(600, 1)]],
    Candidates = lists:reverse(lists:sort([{unexplained(Pid, Calibration), Pid} || Pid <- [Target | Crowd]])),
    {Counts, Left, Budget} = entries:count_best(Candidates, 601, Calibration, 1000000),
    ?assertEqual(602, length(Counts) + length(Left)),
    ?assert(Budget < 1000000 - 10000),
    {Few, Many, _} = entries:count_best(Candidates, 601, Calibration, 1),
    ?assertEqual(602, length(Few) + length(Many)),
    ?assert(length(Few) < 10),
    asking:uproot([Target | Crowd]).
