%% deadline: no step takes longer than the time that is left, and what is known by then is reported. No test here waits for time to pass.
-module(deadline_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

-define(FOR_EVER, #{<<"timeout_ms">> => 3600000}).

%% In a process of its own, with what an embedded question notes: that so much is left, of which so much is kept.
within(Left, Kept, Test) ->
    {Pid, Monitor} = spawn_monitor(fun() -> put(timeout, {erlang:monotonic_time(millisecond) + Left, Kept}), exit({done, Test()}) end),
    receive {'DOWN', Monitor, process, Pid, Reason} -> {done, Result} = Reason, Result end.

over(Test) -> within(0, 0, Test).

bounds_test() ->
    within(3600000, 600000, fun() ->
        ?assertNot(deadline:is_over()),
        ?assertEqual(50, deadline:bound(50)),
        ?assert(deadline:bound(3600000) =< 3000000),
        ?assert(deadline:patience(?FOR_EVER) =< 3000000),
        ?assertMatch(#{<<"timeout_ms">> := Part} when Part =< 1000000, deadline:part(#{}, 3))
    end),
    over(fun() -> ?assert(deadline:is_over()), ?assertEqual({0, 0}, {deadline:bound(50), deadline:patience(#{})}) end).

%% More is kept where all takes long, never less, and no more than a third of what there is.
kept_test() ->
    within(3000000, 300000, fun() ->
        deadline:keep(100),
        ?assertMatch({_, 300000}, get(timeout)),
        deadline:keep(400000),
        ?assertMatch({_, 400000}, get(timeout)),
        deadline:keep(2000000),
        ?assertMatch({_, Kept} when Kept > 900000 andalso Kept =< 1000000, get(timeout))
    end).

%% What a question's worker notes before all else.
noted_test() ->
    {Pid, Monitor} = spawn_monitor(fun() ->
        {value, _, _} = erl_eval:exprs(guard_tests:prelude(), [{'Args', #{<<"timeout_ms">> => 600000}}], none),
        exit({get(timeout), deadline:left()})
    end),
    {{_, Kept}, Left} = receive {'DOWN', Monitor, process, Pid, Reason} -> Reason end,
    ?assertEqual(60000, Kept),
    ?assert(Left > 0 andalso Left =< 540000).

%% Each of these would ask a process, for which it may have to wait.
steps_test_() -> [{timeout, 60, {"nobody is asked once time is up: " ++ Title, fun() ->
    Pid = asking:plant(fun() -> put('$initial_call', {cart, init, 1}), erlang:monitor(process, init) end),
    try ?assertEqual(Expected, over(fun() -> Step(Pid) end)) after asking:uproot([Pid]) end
end}} || {Title, Step, Expected} <- [
    {"readers", fun(Pid) -> readers:infos([Pid], memory, ?FOR_EVER) end, #{}},
    {"lists that are counted", fun(Pid) -> entries:count_all([{1000, Pid}], calibration(), 100000, [before]) end, [before]},
    {"lists that are ranked", fun(Pid) -> {Counts, [{1000, Pid}], Left} = entries:count_best([{1000, Pid}], 5, calibration(), 100000), {Counts, Left} end, {[], 100000}},
    {"what else may take memory", fun(Pid) -> entries:range(Pid, 1000000, calibration()) end, {7812, 15625}},
    {"dictionaries", fun(Pid) -> maps:get(<<"started_as">>, identity:notes(Pid, #{initial_call => {proc_lib, init_p, 5}}, 1000)) end, undefined},
    {"who peers are", fun(Pid) -> #{Pid := #{<<"alive">> := Alive}} = who:described([Pid], ?FOR_EVER), Alive end, undefined},
    {"long lists", fun(Pid) -> long:look(Pid, 1000000, long:new(#{<<"may_count">> => true}), {5, calibration()}) end, timeout}]].

calibration() -> {8, 2696, 64, 64, 8, 1000000}.

%% All rankings of the emulator's own figures, and all others named as left out: no 504.
scan_test_() -> [{timeout, 60, {"a scan that begins when its time is up is an answer all the same", fun() ->
    Answer = over(fun() -> scan:answer(#{<<"limit">> => 5, <<"order">> => <<"desc">>, <<"binary">> => false, <<"list_entries_max">> => 200000}) end),
    #{<<"process_count">> := Count, <<"skipped_count">> := Skipped, <<"exact">> := Exact} = Answer,
    ?assertEqual({Count, true}, {Skipped, Count > 0}),
    ?assertEqual([false], lists:usort(maps:values(Exact)))
end}}].
