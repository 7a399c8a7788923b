%% peers: every kind of entry, grouped and counted.
-module(peers_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

arguments(Pids, More) ->
    maps:merge(#{<<"pids">> => [asking:text(Pid) || Pid <- Pids], <<"directions">> => [<<"monitors">>, <<"monitored_by">>, <<"links">>],
                 <<"limit">> => 5, <<"list_entries_max">> => 200000, <<"exact">> => false}, More).

watch(Targets) -> fun() -> [erlang:monitor(process, Target) || Target <- Targets] end.

lists_of(Mode, Pid, More) ->
    #{<<"processes">> := [#{<<"lists">> := Lists}]} = asking:ask(Mode, peers, arguments([Pid], More)),
    Lists.

counts(#{<<"top">> := Top}) -> [{Peer, Count} || #{<<"peer">> := Peer, <<"count">> := Count} <- Top].

one_pair_test_() -> asking:each("one pair many times is distinguished from many peers once", fun(Mode) ->
    Watched = asking:plant(fun() -> ok end),
    Others = asking:planted(7, fun() -> ok end),
    Watcher = asking:plant(watch(lists:duplicate(5000, Watched) ++ Others)),
    #{<<"monitors">> := Monitors, <<"monitored_by">> := #{<<"count">> := 0, <<"top">> := []}} = lists_of(Mode, Watcher, #{}),
    ?assertMatch(#{<<"count">> := 5007, <<"distinct_count">> := 8, <<"exact">> := true}, Monitors),
    ?assertMatch([{Watched, 5000}, {_, 1}, {_, 1}, {_, 1}, {_, 1}], counts(Monitors)),
    #{<<"monitored_by">> := Back} = lists_of(Mode, Watched, #{}),
    ?assertMatch(#{<<"count">> := 5000, <<"distinct_count">> := 1}, Back),
    ?assertEqual([{Watcher, 5000}], counts(Back)),
    asking:uproot([Watcher, Watched | Others])
end).

who_test_() -> asking:each("peers are reported by name, with the function they were started with, and whether they are alive", fun(Mode) ->
    Watched = asking:plant(fun() -> register(peers_watched, self()), put('$initial_call', {shop_cart, init, 1}) end),
    Watcher = asking:plant(watch([Watched])),
    #{<<"monitors">> := #{<<"top">> := [Peer]}} = lists_of(Mode, Watcher, #{}),
    ?assertMatch(#{registered_name := peers_watched, initial_call := {erlang, apply, 2}, <<"started_as">> := {shop_cart, init, 1}, <<"alive">> := true}, Peer),
    #{<<"processes">> := [#{<<"row">> := Row, <<"pid">> := Text, <<"dead">> := false}]} = asking:ask(Mode, peers, arguments([Watched], #{})),
    ?assertEqual(asking:text(Watched), Text),
    ?assertMatch(#{registered_name := peers_watched, <<"started_as">> := {shop_cart, init, 1}}, Row),
    asking:uproot([Watcher, Watched])
end).

named_test_() -> asking:each("a monitor by name keeps name and node", fun(Mode) ->
    Watched = asking:plant(fun() -> register('odd name|', self()) end),
    Watcher = asking:plant(watch(['odd name|', 'odd name|', {'odd name|', node()}])),
    #{<<"monitors">> := Monitors} = lists_of(Mode, Watcher, #{}),
    ?assertEqual([{{'odd name|', node()}, 3}], counts(Monitors)),
    ?assertMatch([#{<<"alive">> := undefined}], maps:get(<<"top">>, Monitors)),
    asking:uproot([Watcher, Watched])
end).

ports_test_() -> asking:each("ports are peers of monitors and links", fun(Mode) ->
    Self = self(),
    Holder = asking:plant(fun() ->
        Port = open_port({spawn, "cat"}, []),
        [erlang:monitor(port, Port) || _ <- [1, 2, 3]],
        Self ! {port, Port}
    end),
    Port = receive {port, Opened} -> Opened end,
    #{<<"monitors">> := Monitors, <<"links">> := Links} = lists_of(Mode, Holder, #{}),
    ?assertEqual([{Port, 3}], counts(Monitors)),
    ?assertEqual([{Port, 1}], counts(Links)),
    asking:uproot([Holder])
end).

many_peers_test_() -> asking:each("more peers than a table is made for are counted all the same", fun(Mode) ->
    Crowd = asking:planted(60000, fun() -> ok end),
    Twice = lists:sublist(Crowd, 3),
    Watcher = asking:plant(watch(Crowd ++ Twice ++ [hd(Twice)])),
    #{<<"monitors">> := Monitors} = lists_of(Mode, Watcher, #{}),
    ?assertMatch(#{<<"count">> := 60004, <<"distinct_count">> := 60000, <<"exact">> := true}, Monitors),
    ?assertMatch([3, 2, 2, 1, 1], [Count || {_, Count} <- counts(Monitors)]),
    ?assertEqual(lists:sort(Twice), lists:sort([Peer || {Peer, Count} <- counts(Monitors), Count > 1])),
    asking:uproot([Watcher | Crowd])
end).

more_than_a_table_test_() -> {timeout, 60, fun() ->
    Various = lists:seq(1, 600000),
    ?assertMatch({600000, [{7, 3}, {1, 2} | _]}, tally:top(Various ++ [7, 1, 7], 5)),
    Same = lists:duplicate(5, Various),
    ?assertMatch({600000, [{9, 6} | _]}, tally:top(lists:append(Same) ++ [9], 2))
end}.

often_test_() -> [fun() ->
    {Often, Rest} = tally:taken({monitors, [{process, Peer} || Peer <- List]}, []),
    ?assertEqual({length(List), length(lists:usort(List)), Top}, tally:counted({Often, Rest}, 2))
 end || {List, Top} <- [{lists:duplicate(30000, a) ++ lists:duplicate(20000, b) ++ [c, d], [{a, 30000}, {b, 20000}]},
                        {[N rem 9 || N <- lists:seq(1, 30000)] ++ [1, 2, 1], [{1, 3336}, {2, 3335}]},
                        {lists:seq(1, 30000) ++ [7, 7, 9], [{7, 3}, {9, 2}]},
                        {[{process, n}, {process, n}, x | lists:duplicate(20000, {process, n})], [{{process, n}, 20002}, {x, 1}]},
                        {[], []}]].

too_long_test_() -> asking:each("a list that may be too long is estimated, and counted when exactness is asked for", fun(Mode) ->
    Watched = asking:plant(fun() -> ok end),
    Watcher = asking:plant(watch(lists:duplicate(3000, Watched))),
    #{<<"monitors">> := Estimate} = lists_of(Mode, Watcher, #{<<"list_entries_max">> => 500}),
    ?assertMatch(#{<<"exact">> := false, <<"distinct_count">> := undefined, <<"top">> := []}, Estimate),
    ?assert(abs(maps:get(<<"count">>, Estimate) - 3000) < 1000),
    #{<<"monitors">> := Counted} = lists_of(Mode, Watcher, #{<<"list_entries_max">> => 500, <<"exact">> => true}),
    ?assertMatch(#{<<"exact">> := true, <<"count">> := 3000, <<"distinct_count">> := 1}, Counted),
    asking:uproot([Watcher, Watched])
end).

dead_test_() -> asking:each("who is dead, or no pid of this node, is said to be dead, in the order asked for", fun(Mode) ->
    Gone = asking:plant(fun() -> ok end),
    asking:uproot([Gone]),
    Texts = [asking:text(Gone), <<"<0.1.2">>, <<>>, <<"<0.99999999999999999999.0>">>, <<"nonsense">>, asking:text(self())],
    #{<<"processes">> := Processes} = asking:ask(Mode, peers, (arguments([], #{}))#{<<"pids">> => Texts}),
    ?assertEqual(Texts, [maps:get(<<"pid">>, Process) || Process <- Processes]),
    ?assertEqual([true, true, true, true, true, false], [maps:get(<<"dead">>, Process) || Process <- Processes])
end).

directions_test_() -> asking:each("only the directions asked for are looked at", fun(Mode) ->
    Lists = lists_of(Mode, self(), #{<<"directions">> => [<<"links">>]}),
    ?assertEqual([<<"links">>], maps:keys(Lists))
end).
