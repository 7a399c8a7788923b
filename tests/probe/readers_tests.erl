%% readers: a process that answers no one costs neither the question nor the figures of the others.
-module(readers_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

%% One step of native code keeps this process from answering for seconds, as a NIF would. It holds a scheduler, so whoever asks runs on
%% another, and has loaded all code that it needs, as a loader waits for all schedulers.
stuck() -> stuck(0).

%% Each less halves the time.
stuck(Less) ->
    Self = self(),
    Depth = case erlang:system_info(otp_release) >= "27" of true -> 30; false -> 29 end - Less,
    Pid = spawn_opt(fun() ->
        Trees = {tree(Depth, {Self}), tree(Depth, list_to_tuple([Self]))},
        Self ! {stuck, self()},
        Same = element(1, Trees) =:= element(2, Trees),
        receive stop -> Same end
    end, [{scheduler, 2}]),
    put(planted, [Pid | case get(planted) of undefined -> []; Pids -> Pids end]),
    receive {stuck, Pid} -> [erlang:yield() || _ <- lists:seq(1, 1000)] end,
    Pid.

%% So many leaves, in little memory.
tree(0, Leaf) -> [Leaf];
tree(N, Leaf) -> Half = tree(N - 1, Leaf), [Half | Half].

on_first_scheduler(Test) ->
    {Pid, Monitor} = spawn_opt(fun() -> try Test() after asking:uproot(lists:append([Pids || Pids <- [get(planted)], is_list(Pids)])) end end,
                               [monitor, {scheduler, 1}]),
    receive {'DOWN', Monitor, process, Pid, Reason} -> ?assertEqual(normal, Reason) end.

arguments(scan, More) -> maps:merge(#{<<"limit">> => 5, <<"order">> => <<"desc">>, <<"binary">> => false, <<"list_entries_max">> => 200000}, More);
arguments(groups, More) ->
    maps:merge(#{<<"by">> => <<"registered_name">>, <<"sort">> => <<"memory">>, <<"limit">> => 5, <<"entries">> => false, <<"list_entries_max">> => 200000}, More);
arguments(peer_nodes, More) -> maps:merge(#{<<"sort">> => <<"links">>, <<"limit">> => 5, <<"list_entries_max">> => 200000}, More);
arguments(window, More) ->
    maps:merge(#{<<"sort">> => <<"memory">>, <<"limit">> => 3, <<"order">> => <<"desc">>, <<"window_ms">> => 10, <<"binary">> => false, <<"list_entries_max">> => 200000}, More).

ask(Mode, Question, More) ->
    {ok, Answer} = asking:ask_for(Mode, Question, arguments(Question, More#{<<"timeout_ms">> => 2000}), 2000, 50000000),
    Answer.

%% One among thousands is found by asking in ever smaller parts, and nobody else is skipped with it.
skipped_test_() -> [{timeout, 60, {lists:concat(["who does not answer is skipped by name and all others are told, ", Question, ", ", Mode]), fun() ->
    on_first_scheduler(fun() ->
        Crowd = asking:planted(5000, fun() -> ok end),
        ask(Mode, Question, #{}),
        Silent = stuck(),
        Answer = ask(Mode, Question, #{}),
        ?assertEqual({status, running}, process_info(Silent, status)),
        ?assertMatch(#{<<"skipped_count">> := 1, <<"skipped">> := [Silent]}, Answer),
        ?assert(length(Crowd) < maps:get(<<"scanned_count">>, Answer)),
        told(Answer, Silent)
    end)
end}} || Mode <- [module, forms], Question <- [scan, window, groups, peer_nodes]].

told(#{<<"groups">> := Groups}, _) -> ?assert(length(Groups) > 0);
told(Answer, Silent) ->
    ?assertEqual([], [Row || #{<<"pid">> := Pid} = Row <- maps:get(<<"rows">>, Answer), Pid =:= Silent]),
    ?assertEqual([false], lists:usort(maps:values(maps:get(<<"exact">>, Answer)))),
    ?assert(length(maps:get(<<"rows">>, Answer)) > 2).

%% Late is not never: a chunk that was set aside is waited for while the others are read.
late_test_() -> [{timeout, 60, {"who answers late is not skipped", fun() ->
    on_first_scheduler(fun() ->
        Crowd = asking:planted(3000, fun() -> ok end),
        Arguments = arguments(scan, #{<<"timeout_ms">> => 20000}),
        asking:ask_for(module, scan, Arguments, 20000, 50000000),
        Slow = stuck(2),
        {ok, Answer} = asking:ask_for(module, scan, Arguments, 20000, 50000000),
        ?assertMatch(#{<<"skipped_count">> := 0, <<"skipped">> := []}, Answer),
        asking:eventually(fun() -> process_info(Slow, status) =:= {status, waiting} end),
        ?assert(maps:get(<<"scanned_count">>, Answer) > length(Crowd))
    end)
end}}].

%% Where there is no room to set more aside, and where time is short, whole chunks count as unanswered; nothing is left behind.
bounded_test_() -> [{timeout, 60, {"the deadline holds however little is answered", fun() ->
    on_first_scheduler(fun() ->
        Crowd = asking:planted(100, fun() -> ok end),
        ask(forms, scan, #{}),
        Silent = stuck(),
        Spec = ets:match_spec_compile([{'_', [], [true]}]),
        Before = processes(),
        {Told, Left} = lists:foldl(fun(Pid, {Answers, Readers}) ->
            {Answer, Next} = readers:read({[Pid, Silent], 2, [memory], false, Spec}, Pid, Readers),
            {[Answer | Answers], Next}
        end, {[], readers:new(#{<<"timeout_ms">> => 100})}, lists:sublist(Crowd, 70)),
        ?assertEqual(lists:duplicate(6, timeout) ++ lists:duplicate(64, suspended), Told),
        Late = readers:late(Left),
        ?assertEqual(128, lists:sum([Count || {_, {_, Count, _, _, _}, _} <- Late])),
        ?assert(lists:member(timeout, [Answer || {_, _, Answer} <- Late])),
        ?assertEqual({status, running}, process_info(Silent, status)),
        asking:eventually(fun() -> processes() -- Before =:= [] end)
    end)
end}}].
