%% watched, alive: what the watched side says of its watchers, and who lives.
-module(watched_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

arguments(Pairs, More) -> maps:merge(#{<<"pairs">> => Pairs, <<"list_entries_max">> => 200000, <<"exact">> => false}, More).

ask(Mode, Pairs, More) ->
    #{<<"pairs">> := Answer} = asking:ask(Mode, watched, arguments(Pairs, More)),
    Answer.

pid(Pid) -> #{<<"pid">> => asking:text(Pid)}.

pair(Watched, Watcher) -> [Watched, asking:text(Watcher), atom_to_binary(node(), utf8)].

watch(Target, Times) -> asking:plant(fun() -> [erlang:monitor(process, Target) || _ <- lists:seq(1, Times)] end).

counts_test_() -> asking:each("each watcher's own entries are counted, of all that the watched has", fun(Mode) ->
    Watched = asking:plant(fun() -> register(watched_here, self()), put('$initial_call', {ledger, init, 1}) end),
    [Once, Often, Never] = [watch(Watched, Times) || Times <- [1, 7000, 0]],
    Answer = ask(Mode, [pair(pid(Watched), Often), pair(#{<<"name">> => <<"watched_here">>}, Once), pair(pid(Watched), Never), pair(pid(Watched), Once)], #{}),
    ?assertEqual([7000, 1, 0, 1], [maps:get(<<"count">>, Each) || Each <- Answer]),
    [?assertMatch(#{registered_name := watched_here, <<"started_as">> := {ledger, init, 1}, <<"alive">> := true, <<"pid">> := Watched}, Each) || Each <- Answer]
end).

dead_test_() -> asking:each("who is dead, or was never here, is said to be dead and counts nothing", fun(Mode) ->
    Gone = asking:plant(fun() -> ok end),
    asking:uproot([Gone]),
    Answer = ask(Mode, [pair(Who, self()) || Who <- [pid(Gone), #{<<"pid">> => <<"nonsense">>}, #{<<"name">> => <<"no such name ", 0>>}]], #{}),
    [?assertEqual(#{<<"alive">> => false, <<"count">> => undefined}, maps:with([<<"alive">>, <<"count">>], Each)) || Each <- Answer]
end).

too_long_test_() -> asking:each("a list that may be too long is counted only if that is allowed or requested, and reported to the ledger", fun(Mode) ->
    Watched = asking:plant(fun() -> ok end),
    Watcher = watch(Watched, 3000),
    [Light] = ask(Mode, [pair(pid(Watched), Watcher)], #{<<"list_entries_max">> => 500}),
    ?assertMatch(#{<<"count">> := undefined, <<"alive">> := true}, Light),
    [begin
         #{<<"counted">> := [Counted]} = asking:ask(Mode, watched, arguments([pair(pid(Watched), Watcher)], More#{<<"list_entries_max">> => 500})),
         ?assertMatch(#{<<"pid">> := Watched, <<"lists">> := #{<<"monitored_by">> := #{<<"count">> := 3000, <<"top">> := [#{<<"peer">> := Watcher}]}}}, Counted)
     end || More <- [#{<<"exact">> => true}, #{<<"may_count">> => true}]]
end).

counted_before_test_() -> asking:each("a process that was counted before is reported with its present number", fun(Mode) ->
    Watched = asking:plant(fun() -> ok end),
    Watcher = watch(Watched, 3000),
    #{<<"counted">> := [#{<<"unexplained">> := Unexplained}]} =
        asking:ask(Mode, watched, arguments([pair(pid(Watched), Watcher)], #{<<"list_entries_max">> => 500, <<"may_count">> => true})),
    _Other = watch(Watched, 600),
    [Known] = ask(Mode, [pair(pid(Watched), Watcher)], #{<<"list_entries_max">> => 500, <<"known">> => [[asking:text(Watched), Unexplained, 0, 3000, 0, 0, 0]]}),
    ?assertMatch(#{<<"count">> := undefined, <<"monitored_by_count">> := Now} when Now > 3500 andalso Now < 3700, Known)
end).

no_atom_test_() -> asking:each("a node that is not known here has no entries, and its name makes no atom", fun(Mode) ->
    Watched = asking:plant(fun() -> ok end),
    Name = iolist_to_binary(["nobody", integer_to_list(erlang:unique_integer([positive])), "@nowhere"]),
    ?assertMatch([#{<<"count">> := 0}], ask(Mode, [[pid(Watched), <<"<0.1.0>">>, Name]], #{})),
    ?assertError(badarg, binary_to_existing_atom(Name, utf8))
end).

alive_test_() -> asking:each("liveness is reported in the order of the request", fun(Mode) ->
    Living = asking:plant(fun() -> register(living_here, self()) end),
    Gone = asking:plant(fun() -> ok end),
    asking:uproot([Gone]),
    Who = [pid(Living), pid(Gone), #{<<"name">> => <<"living_here">>}, #{<<"name">> => <<"nobody is called so">>}, #{<<"pid">> => <<"<0.1">>}],
    ?assertEqual(#{<<"alive">> => [true, false, true, false, false]}, asking:ask(Mode, alive, #{<<"processes">> => Who}))
end).
