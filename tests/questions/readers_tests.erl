%% readers: a process that answers no one costs neither the question nor the figures of the others.
-module(readers_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

-define(TIMEOUT_MS, 5000). %% the default of all questions

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

%% A new question that looks at all processes has to be added here, or these tests fail.
arguments(Question) ->
    maps:get(Question, #{
        scan => #{<<"limit">> => 5, <<"order">> => <<"desc">>, <<"binary">> => false, <<"list_entries_max">> => 200000},
        window => #{<<"sort">> => <<"memory">>, <<"limit">> => 3, <<"order">> => <<"desc">>, <<"window_ms">> => 10, <<"binary">> => false, <<"list_entries_max">> => 200000},
        groups => #{<<"by">> => <<"registered_name">>, <<"sort">> => <<"memory">>, <<"limit">> => 5, <<"entries">> => false, <<"list_entries_max">> => 200000},
        peer_nodes => #{<<"sort">> => <<"links">>, <<"limit">> => 5, <<"list_entries_max">> => 200000},
        applications => #{<<"sort">> => <<"memory">>, <<"limit">> => 100},
        tree => #{<<"application">> => <<"kernel">>, <<"limit">> => 100, <<"depth">> => 10},
        binaries => #{<<"limit">> => 5},
        collect => #{<<"limit">> => 2, <<"heap_max_bytes">> => 1000},
        distribution => #{<<"limit">> => 5, <<"window_ms">> => 0}}).

arguments(Question, More) -> maps:merge(arguments(Question), More).

%% The questions that look at all processes of a node, themselves or by what they share, as their sources say.
whole_node() ->
    Room = persistent_term:get(room),
    Paths = filelib:wildcard(filename:join(Room, "{questions,shared}/*.erl")),
    Calls = maps:from_list(lists:append([calls(Path) || Path <- Paths])),
    Questions = [list_to_atom(filename:basename(Path, ".erl")) || Path <- filelib:wildcard(filename:join(Room, "questions/*.erl"))],
    [Question || Question <- Questions, looks_at_all([{Question, answer, 1}], [], Calls)].

%% [{Function, the functions that it calls}] of a module.
calls(Path) ->
    {ok, Forms} = epp:parse_file(Path, []),
    Module = list_to_atom(filename:basename(Path, ".erl")),
    [{{Module, Name, Arity}, called(Module, Clauses)} || {function, _, Name, Arity, Clauses} <- Forms].

called(Module, {call, _, {remote, _, {atom, _, Other}, {atom, _, Name}}, Arguments}) -> [{Other, Name, length(Arguments)} | called(Module, Arguments)];
called(Module, {call, _, {atom, _, Name}, Arguments}) -> [{Module, Name, length(Arguments)} | called(Module, Arguments)];
called(Module, Term) when is_tuple(Term) -> called(Module, tuple_to_list(Term));
called(Module, [Head | Tail]) -> called(Module, Head) ++ called(Module, Tail);
called(_, _) -> [].

looks_at_all([], _, _) -> false;
looks_at_all([{chunks, all, 0} | _], _, _) -> true;
looks_at_all([{_, processes, 0} | _], _, _) -> true;
looks_at_all([Function | Functions], Seen, Calls) ->
    Called = [Other || Other <- lists:usort(maps:get(Function, Calls, [])), not lists:member(Other, [Function | Seen])],
    looks_at_all(Called ++ Functions, [Function | Seen], Calls).

ask(Mode, Question, More) ->
    {ok, Answer} = asking:ask_for(Mode, Question, arguments(Question, More#{<<"timeout_ms">> => ?TIMEOUT_MS}), ?TIMEOUT_MS, 50000000),
    Answer.

%% One among thousands is found by asking each alone, and nobody else is skipped with it.
skipped_test_() -> [{timeout, 60, {lists:concat(["a process that does not answer is skipped by name and all others are reported, ", Question, ", ", Mode]), fun() ->
    on_first_scheduler(fun() ->
        Crowd = asking:planted(5000, fun() -> ok end),
        ask(Mode, Question, #{}),
        Silent = stuck(-1),
        Answer = ask(Mode, Question, #{}),
        ?assertEqual({status, running}, process_info(Silent, status)),
        skipped(Question, Answer, Silent),
        ?assert(length(Crowd) < maps:get(<<"scanned_count">>, Answer, infinity)),
        check(Answer, Silent)
    end)
end}} || Mode <- [module, forms], Question <- whole_node()].

skipped(distribution, Answer, _) -> ?assertMatch(#{<<"suspended_process_count">> := 0}, Answer);
skipped(_, Answer, Silent) -> ?assertMatch(#{<<"skipped_count">> := 1, <<"skipped">> := [Silent]}, Answer).

whole_node_test() ->
    ?assertEqual([], [scan, window, groups, peer_nodes, applications, tree, binaries, collect, distribution] -- whole_node()),
    ?assertNot(lists:member(system, whole_node())).

check(#{<<"groups">> := Groups}, _) -> ?assert(length(Groups) > 0);
check(#{<<"exact">> := _} = Answer, Silent) ->
    ?assertEqual([], [Row || #{<<"pid">> := Pid} = Row <- maps:get(<<"rows">>, Answer), Pid =:= Silent]),
    ?assertEqual([false], lists:usort(maps:values(maps:get(<<"exact">>, Answer)))),
    ?assert(length(maps:get(<<"rows">>, Answer)) > 2);
check(_, _) -> ok.

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

%% A timed row has the time of its report: a process asked together with one that stalls had reported long before that.
timed_test_() -> [{timeout, 60, {"each has its own time", fun() ->
    on_first_scheduler(fun() ->
        Crowd = asking:planted(3000, fun() -> ok end),
        Self = self(),
        Slow = spawn_opt(fun() ->
            Trees = {tree(27, {Self}), tree(27, list_to_tuple([Self]))},
            Self ! {stuck, self()},
            Same = element(1, Trees) =:= element(2, Trees),
            Self ! {free, erlang:monotonic_time(microsecond)},
            receive stop -> Same end
        end, [{scheduler, 2}]),
        put(planted, [Slow | get(planted)]),
        receive {stuck, Slow} -> ok end,
        {Some, Others} = lists:split(1000, Crowd),
        Spec = ets:match_spec_compile([{{'$1', [{memory, '_'}], '$2'}, [], [{{'$1', '$2'}}]}]),
        Job = readers:job([memory], fun lists:zip3/3, Spec, 1),
        Times = maps:from_list(readers:all(Job, readers:new(chunks:things(Some ++ [Slow | Others]), #{<<"timeout_ms">> => 10000}))),
        Free = receive {free, At} -> At end,
        ?assertEqual(length(Crowd) + 1, map_size(Times)),
        ?assert(maps:get(Slow, Times) >= Free),
        ?assertEqual([], [Pid || Pid <- Crowd, maps:get(Pid, Times) >= Free])
    end)
end}}].

%% However many stall, and whatever the pace is, the time is kept and nothing is left behind.
bounded_test_() -> [{timeout, 60, {"the deadline holds however little is answered", fun() ->
    on_first_scheduler(fun() ->
        Crowd = asking:planted(30000, fun() -> ok end),
        ask(forms, scan, #{}),
        Silent = stuck(),
        Before = processes(),
        {Microseconds, Progress} = timer:tc(fun() -> ended(#{<<"timeout_ms">> => 1000}, chunks:things(with(Silent, Crowd))) end),
        ?assert(Microseconds < 3000000),
        ?assertMatch(#{<<"process_count">> := 30015, <<"skipped_count">> := Skipped} when Skipped >= 15, progress:answer(Progress, 0)),
        ?assertEqual({status, running}, process_info(Silent, status)),
        asking:eventually(fun() -> processes() -- Before =:= [] end)
    end)
end}}].

%% In each chunk.
with(_, []) -> [];
with(Silent, Crowd) -> {Some, Others} = lists:split(2000, Crowd), [Silent | Some] ++ with(Silent, Others).

ended(Arguments, Source) ->
    Spec = ets:match_spec_compile([{'_', [], [{{true}}]}]),
    last(readers:job([memory], Spec), readers:new(Source, Arguments)).

last(Job, Readers) ->
    case readers:next(Job, Readers) of
        {ok, _, Left} -> last(Job, Left);
        {none, Progress} -> Progress
    end.

%% Whoever asks may be ended at any moment: before anybody was asked, in the midst of it, and near the end.
killed_test_() -> [{timeout, 60, {"nothing is left of a question that is ended", fun() ->
    asking:planted(3000, fun() -> ok end),
    ask(forms, scan, #{}),
    Busy = [spawn_link(fun Spin() -> lists:sort(lists:seq(200, 1, -1)), Spin() end) || _ <- lists:seq(1, 3 * erlang:system_info(schedulers_online))],
    #{scan := Forms} = persistent_term:get(forms),
    [begin
         Before = processes(),
         {Guard, Monitor} = asking:question(Forms, arguments(scan, #{<<"timeout_ms">> => 60000}), 60000, 50000000, []),
         timer:sleep(Ms),
         exit(Guard, kill),
         receive {'DOWN', Monitor, process, _, _} -> ok end,
         receive {ok, _} -> ok after 0 -> ok end, %% it may have been quicker than that
         asking:eventually(fun() -> processes() -- Before =:= [] end)
     end || Ms <- [1, 5, 20, 50, 100, 200]],
    [begin unlink(Pid), exit(Pid, kill) end || Pid <- Busy]
end}}].
