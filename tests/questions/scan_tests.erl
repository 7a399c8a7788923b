%% scan: every ranking against what the test has planted and against a count of everything.
-module(scan_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

arguments(More) ->
    maps:merge(#{<<"limit">> => 5, <<"order">> => <<"desc">>, <<"binary">> => false, <<"list_entries_max">> => 200000}, More).

watch(Pids) -> fun() -> [erlang:monitor(process, Pid) || Pid <- Pids] end.

pids(Key, Answer) -> [maps:get(<<"pid">>, Row) || Row <- asking:ranked(Key, Answer)].

%% What the scan should have found, the slow way.
counted(Item, Without) ->
    lists:reverse(lists:sort([{length(List), Pid} || Pid <- processes() -- Without, {_, List} <- [process_info(Pid, Item)]])).

watchers_and_watched_test_() -> asking:each("watchers and watched come in order of their counts", fun(Mode) ->
    Watched = asking:plant(fun() -> ok end),
    Counts = [9000, 700, 650, 90, 60],
    Watchers = [asking:plant(watch(lists:duplicate(Count, Watched))) || Count <- Counts],
    Answer = asking:ask(Mode, scan, arguments(#{})),
    ?assertEqual(Watchers, pids(<<"monitors">>, Answer)),
    ?assertEqual(Counts, [maps:get(<<"monitors_count">>, Row) || Row <- asking:ranked(<<"monitors">>, Answer)]),
    [First | _] = asking:ranked(<<"monitored_by">>, Answer),
    ?assertMatch(#{<<"pid">> := Watched, <<"monitored_by_count">> := 10500, <<"monitors_count">> := 0, <<"exact">> := true}, First),
    ?assertMatch(#{<<"monitors">> := true, <<"monitored_by">> := true, <<"links">> := true}, maps:get(<<"exact">>, Answer)),
    asking:uproot([Watched | Watchers])
end).

links_test_() -> asking:each("links come in order of their counts", fun(Mode) ->
    Others = asking:planted(300, fun() -> ok end),
    Hub = asking:plant(fun() -> [link(Pid) || Pid <- Others] end),
    [First | _] = asking:ranked(<<"links">>, asking:ask(Mode, scan, arguments(#{}))),
    ?assertMatch(#{<<"pid">> := Hub, <<"links_count">> := 300, <<"monitors_count">> := 0}, First),
    asking:uproot([Hub]),
    asking:uproot(Others)
end).

%% Past 4096 processes not all are candidates.
exact_among_many_test_() -> asking:each("rankings of entries are exact among thousands of processes", fun(Mode) ->
    Crowd = asking:planted(5000, fun() -> ok end),
    Watchers = [asking:plant(watch(lists:sublist(Crowd, Count))) || Count <- lists:seq(20, 1000, 20)],
    Answer = asking:ask(Mode, scan, arguments(#{<<"limit">> => 20})),
    ?assert(maps:get(<<"process_count">>, Answer) > 5000),
    [begin
         Brute = lists:sublist(counted(Item, []), 20),
         Rows = asking:ranked(Key, Answer),
         ?assertEqual([Count || {Count, _} <- Brute], [maps:get(Name, Row) || Row <- Rows]),
         ?assertEqual(true, maps:get(Key, maps:get(<<"exact">>, Answer)))
     end || {Key, Item, Name} <- [{<<"monitors">>, monitors, <<"monitors_count">>}, {<<"monitored_by">>, monitored_by, <<"monitored_by_count">>}]],
    asking:uproot(Watchers ++ Crowd)
end).

next_bound_test_() -> asking:each("nobody left out of a ranking has more than its next bound", fun(Mode) ->
    Crowd = asking:planted(5000, fun() -> ok end),
    Watchers = [asking:plant(watch(lists:sublist(Crowd, Count))) || Count <- lists:seq(1, 400)],
    #{<<"next_bound">> := Bounds} = Answer = asking:ask(Mode, scan, arguments(#{})),
    [begin
         Left = [Entry || {_, Pid} = Entry <- counted(Item, [self()]), not lists:member(Pid, pids(Key, Answer))],
         {Most, _} = hd(Left),
         ?assert(Most =< maps:get(Key, Bounds))
     end || {Key, Item} <- [{<<"monitors">>, monitors}, {<<"monitored_by">>, monitored_by}]],
    ?assert(maps:get(<<"monitors">>, Bounds) < 1000),
    asking:uproot(Watchers ++ Crowd)
end).

long_lists_test_() -> asking:each("a list that may be too long is not copied, and estimated within bounds", fun(Mode) ->
    Watched = asking:plant(fun() -> ok end),
    Watcher = asking:plant(watch(lists:duplicate(3000, Watched))),
    Answer = asking:ask(Mode, scan, arguments(#{<<"list_entries_max">> => 1000})),
    [Row] = [Row || #{<<"pid">> := Pid} = Row <- asking:ranked(<<"monitors">>, Answer), Pid =:= Watcher],
    #{<<"exact">> := false, <<"entries_min">> := Min, <<"entries_max">> := Max, <<"monitors_count">> := Estimate} = Row,
    ?assert(Min =< 3000 andalso 3000 =< Max),
    ?assert(Min > 0 andalso Max < 10000),
    ?assert(Min =< Estimate andalso Estimate =< Max),
    ?assertEqual(false, maps:get(<<"monitors">>, maps:get(<<"exact">>, Answer))),
    ?assertEqual(true, maps:get(<<"memory">>, maps:get(<<"exact">>, Answer))),
    asking:uproot([Watcher, Watched])
end).

tiny_budget_test_() -> asking:each("when the budget of entries is spent, the ranking says that it is not exact", fun(Mode) ->
    Watched = asking:plant(fun() -> ok end),
    Watchers = [asking:plant(watch(lists:duplicate(30, Watched))) || _ <- lists:seq(1, 100)],
    Answer = asking:ask(Mode, scan, arguments(#{<<"list_entries_max">> => 50, <<"limit">> => 80})),
    ?assertEqual(false, maps:get(<<"monitors">>, maps:get(<<"exact">>, Answer))),
    ?assert(maps:get(<<"monitors">>, maps:get(<<"next_bound">>, Answer)) >= 30),
    asking:uproot([Watched | Watchers])
end).

queue_test_() -> asking:each("a long message queue is ranked by length and not taken for monitors", fun(Mode) ->
    Full = asking:plant(fun() -> [self() ! {note, I} || I <- lists:seq(1, 50000)] end),
    Answer = asking:ask(Mode, scan, arguments(#{<<"list_entries_max">> => 10000})),
    [First | _] = asking:ranked(<<"message_queue_len">>, Answer),
    ?assertMatch(#{<<"pid">> := Full, message_queue_len := 50000, <<"exact">> := true, <<"monitors_count">> := 0}, First),
    ?assertEqual(true, maps:get(<<"monitors">>, maps:get(<<"exact">>, Answer))),
    asking:uproot([Full])
end).

%% Where the node holds many entries, what lies off the heap may be some of them, or none.
doubtful_test_() -> asking:each("a process that may have no monitors at all comes after all that have some, and is reported as unknown", fun(Mode) ->
    Watched = asking:plant(fun() -> ok end),
    Watchers = [asking:plant(watch(lists:duplicate(Count, Watched))) || Count <- [30, 20, 10]],
    asking:planted(3, watch(lists:duplicate(5000, Watched))),
    Slow = asking:plant(fun() -> process_flag(message_queue_data, off_heap), [self() ! lists:seq(1, 60) || _ <- lists:seq(1, 10000)] end),
    Row = fun(Arguments) -> hd([Row || #{<<"pid">> := Pid} = Row <- maps:get(<<"rows">>, asking:ask(Mode, scan, arguments(Arguments))), Pid =:= Slow]) end,
    Answer = asking:ask(Mode, scan, arguments(#{<<"list_entries_max">> => 2000, <<"limit">> => 50})),
    Ranked = pids(<<"monitors">>, Answer),
    ?assertEqual(Watchers ++ [Slow], [Pid || Pid <- Ranked, lists:member(Pid, [Slow | Watchers])]),
    ?assertMatch(#{<<"monitors_count">> := undefined, <<"links_count">> := undefined, <<"exact">> := false, <<"entries_min">> := 0, <<"entries_max">> := Max}
                 when Max >= 15060 andalso Max < 100000, Row(#{<<"list_entries_max">> => 2000, <<"limit">> => 50})),
    ?assertMatch(#{<<"monitors_count">> := 0, <<"exact">> := true}, Row(#{})),
    asking:uproot([Slow, Watched | Watchers])
end).

sizes_test_() -> asking:each("memory, heap, stack, reductions and off-heap are ranked by what process_info says", fun(Mode) ->
    Largest = lists:max([Memory || Pid <- processes(), {memory, Memory} <- [process_info(Pid, memory)]]), %% the process that runs these tests
    Heavy = spawn_opt(fun() -> receive stop -> ok end end, [{min_heap_size, 4000000 + Largest div 4}]),
    Deep = asking:plant(fun() -> ok end),
    Deeper = spawn(fun() -> 1 + deep(400000) end),
    Busy = asking:plant(fun() -> spin(9000000) end),
    asking:eventually(fun() -> {stack_size, Words} = process_info(Deeper, stack_size), Words > 400000 end),
    Answer = asking:ask(Mode, scan, arguments(#{})),
    ?assertEqual(Heavy, hd(pids(<<"memory">>, Answer))),
    ?assertEqual(Heavy, hd(pids(<<"total_heap">>, Answer))),
    ?assertEqual(Deeper, hd(pids(<<"stack">>, Answer))),
    ?assert(lists:member(Busy, pids(<<"reductions">>, Answer))),
    [begin
         Values = [maps:get(Field, Row) || Row <- asking:ranked(Key, Answer)],
         ?assertEqual(5, length(Values)),
         ?assertEqual(Values, lists:reverse(lists:sort(Values)))
     end || {Key, Field} <- [{<<"memory">>, memory}, {<<"total_heap">>, total_heap_size}, {<<"stack">>, stack_size}, {<<"reductions">>, reductions},
                             {<<"off_heap">>, <<"off_heap_bytes">>}, {<<"message_queue_len">>, message_queue_len}]],
    #{memory := Memory, total_heap_size := Words, <<"off_heap_bytes">> := OffHeap} = hd(asking:ranked(<<"memory">>, Answer)),
    ?assertEqual({memory, Memory}, process_info(Heavy, memory)),
    ?assertEqual(OffHeap, Memory - Words * maps:get(<<"word_bytes">>, Answer)),
    asking:uproot([Heavy, Deep, Deeper, Busy])
end).

spin(0) -> ok;
spin(N) -> spin(N - 1).

deep(0) -> receive stop -> 0 end;
deep(N) -> 1 + deep(N - 1).

ascending_test_() -> asking:each("order asc gives the lowest, lowest first; entries stay ranked from the top", fun(Mode) ->
    Watched = asking:plant(fun() -> ok end),
    Watcher = asking:plant(watch(lists:duplicate(500, Watched))),
    Answer = asking:ask(Mode, scan, arguments(#{<<"order">> => <<"asc">>})),
    Values = [maps:get(memory, Row) || Row <- asking:ranked(<<"memory">>, Answer)],
    ?assertEqual(Values, lists:sort(Values)),
    ?assertEqual(lists:min([Memory || Pid <- processes(), {memory, Memory} <- [process_info(Pid, memory)]]), hd(Values)),
    ?assertEqual(Watcher, hd(pids(<<"monitors">>, Answer))),
    asking:uproot([Watcher, Watched])
end).

binary_test_() -> asking:each("binaries are counted only where asked for", fun(Mode) ->
    Holder = spawn(fun() -> hold(binary:copy(<<7>>, 5000000)) end),
    asking:eventually(fun() -> process_info(Holder, status) =:= {status, waiting} end),
    Answer = asking:ask(Mode, scan, arguments(#{<<"binary">> => true})),
    [First | _] = asking:ranked(<<"binary">>, Answer),
    ?assertMatch(#{<<"pid">> := Holder, <<"binary_bytes">> := 5000000}, First),
    Without = asking:ask(Mode, scan, arguments(#{})),
    ?assertNot(maps:is_key(<<"binary">>, maps:get(<<"rankings">>, Without))),
    ?assertEqual([], [Row || Row <- maps:get(<<"rows">>, Without), maps:is_key(<<"binary_bytes">>, Row)]),
    asking:uproot([Holder])
end).

hold(Binary) -> receive stop -> byte_size(Binary) end.

limit_test_() -> asking:each("no ranking is longer than the limit, and a process has one row however many rankings it is in", fun(Mode) ->
    #{<<"rows">> := Rows, <<"rankings">> := Rankings} = asking:ask(Mode, scan, arguments(#{<<"limit">> => 1})),
    ?assertEqual(lists:duplicate(9, 1), [length(Places) || Places <- maps:values(Rankings)]),
    Pids = [maps:get(<<"pid">>, Row) || Row <- Rows],
    ?assertEqual(length(Pids), length(lists:usort(Pids)))
end).

own_test_() -> asking:each("the question does not rank itself", fun(Mode) ->
    #{<<"rows">> := Rows, <<"process_count">> := Count} = asking:ask(Mode, scan, arguments(#{<<"limit">> => 1000})),
    Alive = [Pid || #{<<"pid">> := Pid} <- Rows, is_process_alive(Pid)],
    ?assertEqual(length(Rows), length(Alive)),
    ?assert(length(Rows) =< Count),
    ?assertEqual([], [Row || #{current_function := {erl_eval, _, _}} = Row <- Rows]),
    ?assertEqual([], [Row || #{<<"started_as">> := undefined, initial_call := {lists, _, _}} = Row <- Rows])
end).

dying_test_() -> asking:each("processes that die under the scan are gone, not skipped", fun(Mode) ->
    Self = self(),
    Churn = spawn_link(fun() -> churn(Self) end),
    Answers = scans_with_deaths(Mode, 200),
    unlink(Churn),
    exit(Churn, kill),
    [?assertMatch(#{<<"skipped_count">> := 0}, Answer) || Answer <- Answers],
    Gone = [Count - Scanned || #{<<"process_count">> := Count, <<"scanned_count">> := Scanned} <- Answers],
    ?assertEqual([], [Less || Less <- Gone, Less < 0]),
    ?assert(lists:sum(Gone) > 0)
end).

%% Twenty at least, and more until somebody has died under one.
scans_with_deaths(_, 0) -> [];
scans_with_deaths(Mode, Left) ->
    #{<<"process_count">> := Count, <<"scanned_count">> := Scanned} = Answer = asking:ask(Mode, scan, arguments(#{})),
    [Answer | case Count > Scanned andalso Left =< 180 of true -> []; false -> scans_with_deaths(Mode, Left - 1) end].

churn(Owner) ->
    [spawn(fun() -> erlang:yield() end) || _ <- lists:seq(1, 100)],
    is_process_alive(Owner) andalso churn(Owner).

names_test_() -> asking:each("names, initial calls and applications are reported, with any characters", fun(Mode) ->
    Name = list_to_atom("<script>|\n\e[31m\"'"),
    Hostile = asking:plant(fun() -> register(Name, self()), put('$initial_call', {"not", <<"an">>, mfa}), grow() end),
    Started = asking:plant(fun() -> put('$initial_call', {my_server, init, 1}), grow() end),
    Answer = asking:ask(Mode, scan, arguments(#{<<"limit">> => 1000})),
    ByPid = maps:from_list([{maps:get(<<"pid">>, Row), Row} || Row <- maps:get(<<"rows">>, Answer)]),
    ?assertMatch(#{registered_name := Name, <<"started_as">> := undefined, initial_call := {erlang, apply, 2}, status := waiting}, maps:get(Hostile, ByPid)),
    ?assertMatch(#{registered_name := [], <<"started_as">> := {my_server, init, 1}, current_function := {_, _, _}}, maps:get(Started, ByPid)),
    ?assertMatch(#{<<"application">> := kernel, <<"started_as">> := {supervisor, kernel, 1}}, maps:get(whereis(kernel_sup), ByPid)),
    asking:uproot([Hostile, Started])
end).

grow() -> [erlang:monitor(process, whereis(init)) || _ <- lists:seq(1, 3)].

label_test_() -> asking:each("a label is a bounded text, whatever term it is", fun(Mode) ->
    Labelled = asking:plant(fun() -> put('$process_label', {worker, lists:seq(1, 1000)}), grow() end),
    Named = asking:plant(fun() -> put('$process_label', <<"caf", 195, 169>>), grow() end),
    Answer = asking:ask(Mode, scan, arguments(#{<<"limit">> => 1000})),
    ByPid = maps:from_list([{maps:get(<<"pid">>, Row), maps:get(<<"label">>, Row)} || Row <- maps:get(<<"rows">>, Answer)]),
    ?assertMatch(<<"{worker,[1,2,3", _/binary>>, maps:get(Labelled, ByPid)),
    ?assert(byte_size(maps:get(Labelled, ByPid)) =< 800),
    ?assertEqual(<<"caf", 195, 169>>, maps:get(Named, ByPid)),
    asking:uproot([Labelled, Named])
end).

nothing_left_test_() -> asking:each("nothing is left behind, and nothing is loaded", fun(Mode) ->
    asking:ask(Mode, scan, arguments(#{})),
    [Processes, Tables, Modules] = here(),
    asking:ask(Mode, scan, arguments(#{})),
    asking:eventually(fun() -> [P, T, M] = here(), {P -- Processes, T -- Tables, M -- Modules} =:= {[], [], []} end)
end).

here() -> [processes(), ets:all(), code:all_loaded()].

%% It blocks a scheduler, whose allocators are not reported either: its earlier report is all that there is.
silent_test_() -> [{timeout, 60, {"a process that does not report its memory in time has its earlier report", fun() ->
    readers_tests:on_first_scheduler(fun() ->
        Arguments = arguments(#{<<"timeout_ms">> => 5000}),
        {ok, _} = asking:ask_for(module, scan, Arguments, 5000, 50000000),
        Silent = readers_tests:stuck(),
        Known = [[asking:text(Silent), 44000000, 700000, 0, 0, 44000000, 3600000]],
        {ok, Answer} = asking:ask_for(module, scan, Arguments#{<<"known">> => Known}, 5000, 50000000),
        [Row | _] = asking:ranked(<<"monitors">>, Answer),
        ?assertMatch(#{<<"pid">> := Silent, <<"exact">> := false, <<"monitors_count">> := 700000}, Row),
        ?assert(maps:get(memory, Row) > 44000000)
    end)
end}}].

%% On a busy machine a list of 100,000 may not come in time. Here none ever does.
late_lists_test_() -> [{timeout, 300, {"a process that does not report its list in time ranks by the estimate, and the ranking is not exact", fun() ->
    Watched = asking:plant(fun() -> ok end),
    Watcher = asking:plant(watch(lists:duplicate(20000, Watched))),
    Answer = without_lists(fun() -> asking:ask(module, scan, arguments(#{})) end),
    asking:uproot([Watched, Watcher]),
    ?assert(lists:member(Watcher, pids(<<"monitors">>, Answer))),
    #{<<"monitors_count">> := Count, <<"exact">> := Exact} = hd([Row || #{<<"pid">> := Pid} = Row <- maps:get(<<"rows">>, Answer), Pid =:= Watcher]),
    ?assertEqual({false, false}, {Exact, maps:get(<<"monitors">>, maps:get(<<"exact">>, Answer))}),
    ?assert(Count >= 10000 andalso Count =< 40000),
    ?assertEqual(undefined, maps:get(<<"census">>, Answer))
end}}].

%% The module `entries` with a count that nobody answers.
without_lists(Do) ->
    Source = filename:join([persistent_term:get(room), "shared", "entries.erl"]),
    {ok, Forms} = epp:parse_file(Source, []),
    Mute = [case Form of {function, Anno, count, 1, _} -> {function, Anno, count, 1, [{clause, Anno, [{var, Anno, '_'}], [], [{nil, Anno}]}]}; _ -> Form end
            || Form <- Forms],
    {ok, entries, Code} = compile:forms(Mute, [nowarn_unused_function]),
    {module, entries} = code:load_binary(entries, Source, Code),
    try Do() after
        {ok, entries, Whole} = compile:file(Source, [binary]),
        code:purge(entries),
        {module, entries} = code:load_binary(entries, Source, Whole)
    end.
