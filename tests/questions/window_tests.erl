%% window: what changed most between two looks.
-module(window_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

arguments(Sort, More) ->
    maps:merge(#{<<"sort">> => Sort, <<"limit">> => 3, <<"order">> => <<"desc">>, <<"window_ms">> => 3000, <<"binary">> => false, <<"list_entries_max">> => 200000}, More).

%% A process that does Work in the midst of the window: on a busy machine the first sample takes a while.
working(Work) -> spawn(fun() -> timer:sleep(1500), Kept = Work(), receive stop -> Kept end end).

first(Key, Mode, More) -> hd(asking:ranked(Key, asking:ask(Mode, window, arguments(Key, More)))).

growth_test_() -> asking:each("growth of each attribute is found and measured", fun(Mode) ->
    [begin
         Pid = working(Work),
         Row = first(Key, Mode, #{<<"binary">> => Key =:= <<"binary">>}),
         ?assertMatch({Key, #{<<"pid">> := Pid}}, {Key, Row}),
         ?assert(maps:get(<<"delta">>, Row) >= Least),
         ?assert(maps:get(<<"window_us">>, Row) >= 1000000 andalso maps:get(<<"window_us">>, Row) < 20000000),
         asking:uproot([Pid])
     end || {Key, Least, Work} <- [
        {<<"message_queue_len">>, 900, fun() -> [self() ! {message, I} || I <- lists:seq(1, 900)] end},
        {<<"reductions">>, 100000, fun() -> lists:sum(lists:seq(1, 300000)) end},
        {<<"memory">>, 8000000, fun() -> lists:seq(1, 1000000) end},
        {<<"total_heap">>, 1000000, fun() -> lists:seq(1, 1000000) end},
        {<<"off_heap">>, 30000, fun() -> [self() ! {message, I} || I <- lists:seq(1, 900)] end},
        {<<"binary">>, 3000000, fun() -> binary:copy(<<1>>, 3000000) end}]]
end).

entries_test_() -> asking:each("growth of monitors is exact on a small node", fun(Mode) ->
    Watched = asking:plant(fun() -> ok end),
    Steady = asking:plant(fun() -> [erlang:monitor(process, Watched) || _ <- lists:seq(1, 5000)] end),
    Leaking = working(fun() -> [erlang:monitor(process, Watched) || _ <- lists:seq(1, 400)] end),
    Answer = asking:ask(Mode, window, arguments(<<"monitors">>, #{})),
    ?assertMatch(#{<<"pid">> := Leaking, <<"delta">> := 400, <<"monitors_count">> := 400, <<"exact">> := true}, hd(asking:ranked(<<"monitors">>, Answer))),
    ?assertEqual(#{<<"monitors">> => true}, maps:get(<<"exact">>, Answer)),
    asking:uproot([Leaking]),
    Again = working(fun() -> [erlang:monitor(process, Watched) || _ <- lists:seq(1, 300)] end),
    ?assertMatch(#{<<"pid">> := Watched, <<"delta">> := 300, <<"monitored_by_count">> := 5300}, first(<<"monitored_by">>, Mode, #{})),
    asking:uproot([Again, Steady, Watched])
end).

%% The node holds many entries of others, by which an estimate of its own count may be too high.
estimated_test_() -> asking:each("the growth of what is not counted is its own", fun(Mode) ->
    Watched = asking:plant(fun() -> ok end),
    Sessions = asking:planted(1500, fun() -> erlang:monitor(process, Watched) end),
    Registry = asking:plant(fun() -> [erlang:monitor(process, Pid) || Pid <- Sessions, _ <- lists:seq(1, 20)] end),
    Self = self(),
    Leaking = spawn(fun() ->
        [erlang:monitor(process, {nobody, node()}) || _ <- lists:seq(1, 10)],
        [erlang:monitor(process, Watched) || _ <- lists:seq(1, 280000)],
        erlang:garbage_collect(),
        Self ! ready,
        timer:sleep(2500),
        [erlang:monitor(process, Watched) || _ <- lists:seq(1, 20000)],
        receive stop -> ok end
    end),
    receive ready -> ok end,
    Answer = asking:ask(Mode, window, arguments(<<"monitors">>, #{<<"list_entries_max">> => 20000, <<"window_ms">> => 5000})),
    [#{<<"delta">> := Delta, <<"exact">> := Exact}] = [Row || #{<<"pid">> := Pid} = Row <- asking:ranked(<<"monitors">>, Answer), Pid =:= Leaking],
    asking:uproot([Leaking, Registry, Watched | Sessions]),
    ?assertNot(Exact),
    ?assert(Delta =< 20000 andalso Delta * 5 div 4 >= 19900),
    ?assertMatch(#{<<"exact">> := #{<<"monitors">> := false}}, Answer)
end).

shrinking_test_() -> asking:each("order asc gives what shrank most", fun(Mode) ->
    Draining = spawn(fun() -> [self() ! I || I <- lists:seq(1, 800)], timer:sleep(1500), drain(), receive stop -> ok end end),
    asking:eventually(fun() -> process_info(Draining, message_queue_len) =:= {message_queue_len, 800} end),
    ?assertMatch(#{<<"pid">> := Draining, <<"delta">> := -800}, first(<<"message_queue_len">>, Mode, #{<<"order">> => <<"asc">>})),
    asking:uproot([Draining])
end).

drain() -> receive _ -> drain() after 0 -> ok end.

dead_test_() -> asking:each("who dies in the window is gone, not skipped", fun(Mode) ->
    Dying = [spawn(fun() -> timer:sleep(1500) end) || _ <- lists:seq(1, 50)],
    #{<<"process_count">> := Count, <<"scanned_count">> := Scanned, <<"skipped_count">> := Skipped} = asking:ask(Mode, window, arguments(<<"memory">>, #{})),
    ?assert(Count - Scanned >= length(Dying)),
    ?assertEqual(0, Skipped)
end).

%% Processes that never wait, and take the emulator long at each turn.
toiling(Count) -> [spawn(fun() -> toil(lists:seq(1, 20000)) end) || _ <- lists:seq(1, Count)].

toil(Kept) -> erlang:garbage_collect(), toil(lists:reverse(Kept)).

busy_test_() -> asking:each("on a busy node those who are busy come first, or are named", fun(Mode) -> [busy(Mode, Timeout) || Timeout <- [1800, 5300]] end).

busy(Mode, Timeout) ->
    Idle = asking:planted(5000, fun() -> ok end),
    Busy = toiling(15 * erlang:system_info(schedulers_online)),
    Arguments = arguments(<<"reductions">>, #{<<"limit">> => 200, <<"window_ms">> => 300}),
    Result = asking:ask_for(Mode, window, Arguments, Timeout, 50000000),
    asking:uproot(Busy),
    {ok, #{<<"unranked">> := Unranked, <<"unranked_count">> := Count} = Answer} = Result,
    Rows = asking:ranked(<<"reductions">>, Answer),
    Ranked = [Pid || #{<<"pid">> := Pid} <- Rows],
    ?assertEqual([], lists:sublist(Busy -- Ranked, 1 + length(Unranked)) -- Unranked),
    ?assertEqual(length(Busy -- Ranked), Count),
    ?assertEqual([], [Pid || Pid <- lists:sublist(Ranked, length(Busy) - Count), not lists:member(Pid, Busy), lists:member(Pid, Idle)]),
    ?assertEqual(maps:get(<<"skipped_count">>, Answer) =:= 0, maps:get(<<"reductions">>, maps:get(<<"exact">>, Answer))),
    [?assert(Delta > 0 andalso Microseconds >= 300000) || #{<<"pid">> := Pid, <<"delta">> := Delta, <<"window_us">> := Microseconds} <- Rows, lists:member(Pid, Busy)].
