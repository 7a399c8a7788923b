%% groups: all processes by what they have in common, with sums and maxima.
-module(groups_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

arguments(By, More) ->
    maps:merge(#{<<"by">> => By, <<"sort">> => <<"process_count">>, <<"limit">> => 1000, <<"entries">> => false, <<"list_entries_max">> => 200000}, More).

ask(Mode, By, More) -> asking:ask(Mode, groups, arguments(By, More)).

group(Key, #{<<"groups">> := Groups}) -> hd([Group || #{<<"key">> := Same} = Group <- Groups, Same =:= Key] ++ [none]).

told_to_run(M, Work) -> asking:plant(fun() -> put('$initial_call', {M, init, 1}), Work() end).

sums_test_() -> asking:each("groups have the sums and maxima of their processes", fun(Mode) ->
    case length(identity:items()) > 2 of
        false -> ok; % there, what a process notes of itself is only looked at if proc_lib started it
        true ->
            [told_to_run(ledger, fun() -> [self() ! N || N <- lists:seq(1, Queue)] end) || Queue <- [0, 5, 700]],
            Group = group({ledger, init, 1}, ask(Mode, <<"initial_call">>, #{})),
            ?assertMatch(#{<<"process_count">> := 3, <<"rest">> := false, <<"exact">> := true}, Group),
            ?assertEqual(705, lists:nth(3, maps:get(<<"sums">>, Group))),
            ?assertEqual(700, lists:nth(3, maps:get(<<"maxima">>, Group)))
    end
end).

proc_lib_test_() -> asking:each("processes of proc_lib are grouped by what they were started to run", fun(Mode) ->
    Pids = [proc_lib:spawn(groups_tests, waiting, []) || _ <- lists:seq(1, 40)],
    [asking:eventually(fun() -> process_info(Pid, status) =:= {status, waiting} end) || Pid <- Pids],
    #{<<"process_count">> := 40, <<"sums">> := [Memory | _], <<"maxima">> := [Most | _]} = group({groups_tests, waiting, 0}, ask(Mode, <<"initial_call">>, #{})),
    Memories = [element(2, process_info(Pid, memory)) || Pid <- Pids],
    ?assertEqual({lists:sum(Memories), lists:max(Memories)}, {Memory, Most}),
    asking:uproot(Pids)
end).

waiting() -> receive stop -> ok end.

everyone_test_() -> asking:each("every process is in one group, whatever the groups are by", fun(Mode) ->
    [begin
         #{<<"groups">> := Groups, <<"scanned_count">> := Scanned} = Answer = ask(Mode, By, #{}),
         ?assertEqual({By, Scanned}, {By, lists:sum([Count || #{<<"process_count">> := Count} <- Groups])}),
         ?assert(abs(Scanned - erlang:system_info(process_count)) < 8),
         Counts = [Count || #{<<"process_count">> := Count} <- Groups],
         ?assertEqual(Counts, lists:reverse(lists:sort(Counts))),
         ?assertEqual(#{}, maps:with([<<"unsupported">>], Answer))
     end || By <- [<<"registered_name">>, <<"initial_call">>, <<"application">>]]
end).

names_test_() -> asking:each("names and applications are reported", fun(Mode) ->
    ?assertMatch(#{<<"process_count">> := 1}, group(code_server, ask(Mode, <<"registered_name">>, #{}))),
    #{<<"process_count">> := Kernel} = group(kernel, ask(Mode, <<"application">>, #{})),
    ?assertEqual(length([Pid || Pid <- processes(), {ok, kernel} =:= application:get_application(Pid)]), Kernel)
end).

labels_test_() -> asking:each("labels group where the release knows them, and are refused where not", fun(Mode) ->
    [asking:plant(fun() -> put('$process_label', Label) end) || Label <- [{shop, cart, 1}, {shop, cart, 1}, <<"till">>, lists:seq(1, 500), 1, 1.0]],
    Answer = ask(Mode, <<"label">>, #{}),
    case length(identity:items()) > 2 of
        false -> ?assertEqual(#{<<"unsupported">> => true}, Answer);
        true ->
            ?assertMatch(#{<<"process_count">> := 2}, group(<<"{shop,cart,1}">>, Answer)),
            ?assertMatch(#{<<"process_count">> := 1}, group(<<"till">>, Answer)),
            ?assert(length([Group || #{<<"rest">> := true} = Group <- maps:get(<<"groups">>, Answer)]) =:= 1)
    end
end).

entries_test_() -> asking:each("monitors, monitored_by and links are summed, and ranked by", fun(Mode) ->
    Watched = asking:plant(fun() -> register(groups_watched, self()) end),
    Watcher = asking:plant(fun() -> register(groups_watcher, self()), [erlang:monitor(process, Watched) || _ <- lists:seq(1, 3000)] end),
    #{<<"groups">> := [First, Second]} = ask(Mode, <<"registered_name">>, #{<<"entries">> => true, <<"sort">> => <<"monitors">>, <<"limit">> => 2}),
    ?assertMatch(#{<<"key">> := groups_watcher, <<"exact">> := true}, First),
    ?assertEqual({3000, 3000}, {lists:nth(7, maps:get(<<"sums">>, First)), lists:nth(7, maps:get(<<"maxima">>, First))}),
    ?assert(lists:nth(7, maps:get(<<"sums">>, Second)) < 3000),
    ?assertMatch(#{<<"key">> := groups_watched}, hd(maps:get(<<"groups">>, ask(Mode, <<"registered_name">>, #{<<"entries">> => true, <<"sort">> => <<"monitored_by">>})))),
    Estimated = group(groups_watcher, ask(Mode, <<"registered_name">>, #{<<"entries">> => true, <<"list_entries_max">> => 500})),
    ?assertMatch(#{<<"exact">> := false}, Estimated),
    ?assert(abs(lists:nth(7, maps:get(<<"sums">>, Estimated)) - 3000) < 1000),
    {Outside, Known} = known(Watcher, 3000),
    Followed = group(groups_watcher, ask(Mode, <<"registered_name">>, #{<<"entries">> => true, <<"list_entries_max">> => 500, <<"known">> => [Known]})),
    ?assertMatch(#{<<"exact">> := false}, Followed),
    ?assert(abs(lists:nth(7, maps:get(<<"sums">>, Followed)) - 3000) < 50),
    ?assertEqual(0, lists:nth(8, maps:get(<<"sums">>, Followed))),
    #{<<"groups">> := Nodes} = asking:ask(Mode, peer_nodes, #{<<"sort">> => <<"monitored_by">>, <<"limit">> => 10, <<"list_entries_max">> => 500,
                                                              <<"known">> => [Known, [asking:text(Watched), Outside, 0, 3000, 0, 0, 0]]}),
    ?assert(abs(lists:nth(8, maps:get(<<"sums">>, lists:last(Nodes))) - 3000) < 50),
    asking:uproot([Watcher, Watched])
end).

%% What was counted of a watcher before, with its unexplained bytes.
known(Pid, Monitors) ->
    [{memory, Memory}, {total_heap_size, Heap}] = process_info(Pid, [memory, total_heap_size]),
    Outside = Memory - Heap * erlang:system_info(wordsize) - element(2, entries:calibrate()),
    {Outside, [asking:text(Pid), Outside, Monitors, 0, 0, 0, 0]}.

too_many_test_() -> asking:each("groups beyond the most there is room for are together in the rest", fun(Mode) ->
    Names = [list_to_atom("groups_test_" ++ integer_to_list(N)) || N <- lists:seq(1, 10500)],
    Crowd = asking:planted(10500, fun() -> ok end),
    [register(Name, Pid) || {Name, Pid} <- lists:zip(Names, Crowd)],
    #{<<"groups">> := Groups, <<"scanned_count">> := Scanned} = ask(Mode, <<"registered_name">>, #{<<"limit">> => 20000}),
    [#{<<"process_count">> := Rest, <<"sums">> := [Memory | _]}] = [Group || #{<<"rest">> := true} = Group <- Groups],
    ?assert(Rest >= 500 andalso Memory > 500 * 1000),
    ?assert(length(Groups) =< 10000),
    ?assertEqual(Scanned, lists:sum([Count || #{<<"process_count">> := Count} <- Groups])),
    asking:uproot(Crowd)
end).

nodes_test_() -> asking:each("entries are summed by the node of the peer; those of lists too long to be looked at are the rest", fun(Mode) ->
    Watched = asking:plant(fun() -> ok end),
    Watcher = asking:plant(fun() ->
        [erlang:monitor(process, Watched) || _ <- lists:seq(1, 3000)],
        erlang:monitor(process, {code_server, node()}),
        erlang:monitor(port, open_port({spawn, "cat"}, []))
    end),
    Arguments = #{<<"sort">> => <<"monitors">>, <<"limit">> => 10, <<"list_entries_max">> => 200000},
    #{<<"groups">> := [Group]} = asking:ask(Mode, peer_nodes, Arguments),
    All = lists:sum([length(element(2, process_info(Pid, monitors))) || Pid <- processes(), is_process_alive(Pid)]),
    ?assertMatch(#{<<"key">> := Node, <<"exact">> := true, <<"rest">> := false} when Node =:= node(), Group),
    ?assert(lists:nth(7, maps:get(<<"sums">>, Group)) >= 3002 andalso lists:nth(7, maps:get(<<"sums">>, Group)) =< All + 3),
    #{<<"groups">> := Groups} = asking:ask(Mode, peer_nodes, Arguments#{<<"list_entries_max">> => 500}),
    ?assertMatch(#{<<"rest">> := true, <<"exact">> := false, <<"process_count">> := 2}, lists:last(Groups)),
    #{<<"groups">> := Watching} = asking:ask(Mode, peer_nodes, Arguments#{<<"sort">> => <<"monitored_by">>}),
    ?assert(lists:nth(8, maps:get(<<"sums">>, hd(Watching))) >= 3000),
    asking:uproot([Watcher, Watched])
end).
