%% A process with a long mailbox is not asked by the way for what walks its messages: memory, heap and collector.
-module(mailbox_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

-define(MESSAGES, 150000).

%% One of kernel's, so that it is in its tree; it watches its node's init.
patient() ->
    Leader = application_controller:get_master(kernel),
    Pid = asking:plant(fun() -> group_leader(Leader, self()), erlang:monitor(process, init) end),
    [Pid ! {message, I} || I <- lists:seq(1, ?MESSAGES)],
    Pid.

row(Pid, #{<<"rows">> := Rows}) -> hd([Row || #{<<"pid">> := Other} = Row <- Rows, Other =:= Pid]).

window_test_() -> asking:each("windows report it if they rank by messages, and leave it out if they rank by memory", fun(Mode) ->
    Pid = patient(),
    Arguments = fun(Sort) -> #{<<"sort">> => Sort, <<"limit">> => 1000, <<"order">> => <<"desc">>, <<"window_ms">> => 100, <<"binary">> => false, <<"list_entries_max">> => 200000} end,
    ByMessages = asking:ask(Mode, window, Arguments(<<"message_queue_len">>)),
    ?assertMatch(#{message_queue_len := ?MESSAGES, memory := undefined, total_heap_size := undefined, <<"memory_min">> := Min} when Min > ?MESSAGES, row(Pid, ByMessages)),
    #{<<"rows">> := Rows, <<"exact">> := Exact} = Answer = asking:ask(Mode, window, Arguments(<<"memory">>)),
    ?assertEqual([], [Row || #{<<"pid">> := Other} = Row <- Rows, Other =:= Pid]),
    ?assertEqual({1, #{<<"memory">> => false}}, {maps:get(<<"long_mailbox_count">>, Answer), Exact})
end).

applications_test_() -> asking:each("its application holds what its messages take at least", fun(Mode) ->
    Ask = fun() -> asking:ask(Mode, applications, #{<<"sort">> => <<"memory">>, <<"limit">> => 1000}) end,
    Kernel = fun(#{<<"rows">> := Rows}) -> hd([Row || #{<<"name">> := kernel} = Row <- Rows]) end,
    Before = Kernel(Ask()),
    _ = patient(),
    Answer = Ask(),
    More = fun(Key) -> maps:get(Key, Kernel(Answer)) - maps:get(Key, Before) end,
    ?assertEqual({1, 1, ?MESSAGES}, {maps:get(<<"long_mailbox_count">>, Answer), More(<<"process_count">>), More(<<"message_queue_len">>)}),
    ?assert(More(<<"memory_bytes">>) > ?MESSAGES * 4 * erlang:system_info(wordsize))
end).

tree_test_() -> asking:each("it stands in its application's tree without its memory", fun(Mode) ->
    Pid = patient(),
    Answer = asking:ask(Mode, tree, #{<<"application">> => <<"kernel">>, <<"limit">> => 1000, <<"depth">> => 50}),
    ?assertMatch(#{memory := undefined, total_heap_size := undefined, message_queue_len := ?MESSAGES}, row(Pid, Answer))
end).

binaries_test_() -> asking:each("its binaries are not asked for", fun(Mode) ->
    _ = patient(),
    ?assertEqual(1, maps:get(<<"long_mailbox_count">>, asking:ask(Mode, binaries, #{<<"limit">> => 10})))
end).

watched_test_() -> asking:each("who watches it is not counted", fun(Mode) ->
    Pid = patient(),
    Watcher = asking:plant(fun() -> [erlang:monitor(process, Pid) || _ <- lists:seq(1, 10)] end),
    Pair = [#{<<"pid">> => asking:text(Pid)}, asking:text(Watcher), atom_to_binary(node(), utf8)],
    #{<<"pairs">> := [Reported]} = asking:ask(Mode, watched, #{<<"pairs">> => [Pair], <<"list_entries_max">> => 200000}),
    ?assertMatch(#{<<"pid">> := Pid, <<"count">> := undefined}, Reported)
end).

%% Found by tracing the processes that ask it.
walks(Pid, Ask) ->
    Self = self(),
    Tracer = spawn_link(fun() -> traced(Pid, Self, []) end),
    erlang:trace_pattern({erlang, process_info, 2}, true, []),
    erlang:trace(self(), true, [call, set_on_spawn, {tracer, Tracer}]),
    Answer = Ask(),
    erlang:trace(self(), false, [all]),
    erlang:trace_pattern({erlang, process_info, 2}, false, []),
    Delivered = erlang:trace_delivered(all),
    receive {trace_delivered, all, Delivered} -> ok end,
    Tracer ! report,
    receive {Tracer, Asked} -> {Answer, [[Item || Item <- Items, lists:member(Item, [memory, total_heap_size, garbage_collection_info])] || Items <- Asked]} end.

traced(Pid, Owner, Asked) ->
    receive
        {trace, _, call, {_, _, [Pid, Items]}} -> traced(Pid, Owner, [lists:flatten([Items]) | Asked]);
        {trace, _, call, _} -> traced(Pid, Owner, Asked);
        report -> Owner ! {self(), lists:reverse(Asked)}
    end.

peers_test_() -> asking:each("whose monitors are asked for by name, its mailbox is walked only as far as a long list is possible", fun(Mode) ->
    Pid = patient(),
    Ask = fun(EntriesMax) -> walks(Pid, fun() -> asking:ask(Mode, peers, #{<<"pids">> => [asking:text(Pid)], <<"directions">> => [<<"monitors">>], <<"limit">> => 5,
                                                                            <<"list_entries_max">> => EntriesMax, <<"exact">> => false}) end) end,
    Counted = fun(#{<<"processes">> := [#{<<"lists">> := #{<<"monitors">> := #{<<"count">> := Count, <<"exact">> := true}}}]}) -> Count end,
    {Answer, None} = Ask(100000000),
    ?assertEqual({1, []}, {Counted(Answer), lists:append(None)}),
    asking:plant(fun() -> Other = spawn(fun() -> receive stop -> ok end end), [erlang:monitor(process, Other) || _ <- lists:seq(1, 200000)] end),
    {Again, Walks} = Ask(100000),
    ?assertEqual(1, Counted(Again)),
    ?assertEqual([], [Items || Items <- Walks, length(Items) > 1]),
    ?assert(length(lists:append(Walks)) =< 2)
end).

call_sites_test_() -> asking:each("its calls are traced, and its mailbox is not walked for what it has afterwards", fun(Mode) ->
    Pid = patient(),
    {Answer, Walks} = walks(Pid, fun() -> asking:ask(Mode, call_sites, #{<<"pid">> => asking:text(Pid), <<"duration_ms">> => 50, <<"max_calls">> => 10}) end),
    ?assertMatch(#{<<"sites">> := [], <<"cut">> := undefined}, Answer),
    ?assertEqual([], lists:append(Walks)),
    ?assertNotEqual([], Walks)
end).

collect_test_() -> asking:each("its garbage is not collected, and it is counted among those left alone", fun(Mode) ->
    Pid = patient(),
    {Answer, Walks} = walks(Pid, fun() -> asking:ask(Mode, collect, #{<<"limit">> => 3, <<"heap_max_bytes">> => 0}) end),
    ?assertEqual({1, [], []}, {maps:get(<<"long_mailbox_count">>, Answer), [Row || #{<<"pid">> := Other} = Row <- maps:get(<<"rows">>, Answer), Other =:= Pid], lists:append(Walks)})
end).

named_test_() -> asking:each("it is named among peers, and asked for by name", fun(Mode) ->
    Pid = patient(),
    #{<<"processes">> := [Reported]} = asking:ask(Mode, peers, #{<<"pids">> => [asking:text(Pid)], <<"directions">> => [<<"monitors">>], <<"limit">> => 5,
                                                            <<"list_entries_max">> => 200000, <<"exact">> => false}),
    ?assertMatch(#{<<"row">> := #{<<"alive">> := true}}, Reported),
    Watcher = asking:plant(fun() -> erlang:monitor(process, Pid) end),
    #{<<"processes">> := [#{<<"lists">> := #{<<"monitors">> := #{<<"top">> := [Peer]}}}]} =
        asking:ask(Mode, peers, #{<<"pids">> => [asking:text(Watcher)], <<"directions">> => [<<"monitors">>], <<"limit">> => 5,
                                  <<"list_entries_max">> => 200000, <<"exact">> => false}),
    ?assertMatch(#{<<"peer">> := Pid, <<"alive">> := true, initial_call := {_, _, _}}, Peer)
end).
