%% window: what changed most between two looks.
-module(window_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

arguments(Sort, More) ->
    maps:merge(#{<<"sort">> => Sort, <<"limit">> => 3, <<"order">> => <<"desc">>, <<"window_ms">> => 1000, <<"binary">> => false, <<"list_entries_max">> => 200000}, More).

%% A process that does Work in the midst of the window.
working(Work) -> spawn(fun() -> timer:sleep(500), Kept = Work(), receive stop -> Kept end end).

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

shrinking_test_() -> asking:each("order asc gives what shrank most", fun(Mode) ->
    Draining = spawn(fun() -> [self() ! I || I <- lists:seq(1, 800)], timer:sleep(500), drain(), receive stop -> ok end end),
    asking:eventually(fun() -> process_info(Draining, message_queue_len) =:= {message_queue_len, 800} end),
    ?assertMatch(#{<<"pid">> := Draining, <<"delta">> := -800}, first(<<"message_queue_len">>, Mode, #{<<"order">> => <<"asc">>})),
    asking:uproot([Draining])
end).

drain() -> receive _ -> drain() after 0 -> ok end.

dead_test_() -> asking:each("who dies in the window is gone, not skipped", fun(Mode) ->
    Dying = [spawn(fun() -> timer:sleep(500) end) || _ <- lists:seq(1, 50)],
    #{<<"process_count">> := Count, <<"scanned_count">> := Scanned, <<"skipped_count">> := Skipped} = asking:ask(Mode, window, arguments(<<"memory">>, #{})),
    ?assert(Count - Scanned >= length(Dying)),
    ?assertEqual(0, Skipped)
end).
