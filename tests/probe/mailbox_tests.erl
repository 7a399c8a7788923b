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

row(Pid, #{<<"rows">> := Rows}) -> hd([Row || #{<<"pid">> := Told} = Row <- Rows, Told =:= Pid]).

window_test_() -> asking:each("windows tell it where its messages are what is asked for, and leave it out where its memory is", fun(Mode) ->
    Pid = patient(),
    Arguments = fun(Sort) -> #{<<"sort">> => Sort, <<"limit">> => 1000, <<"order">> => <<"desc">>, <<"window_ms">> => 100, <<"binary">> => false, <<"list_entries_max">> => 200000} end,
    Told = asking:ask(Mode, window, Arguments(<<"message_queue_len">>)),
    ?assertMatch(#{message_queue_len := ?MESSAGES, memory := undefined, total_heap_size := undefined, <<"memory_min">> := Min} when Min > ?MESSAGES, row(Pid, Told)),
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
    #{<<"pairs">> := [Told]} = asking:ask(Mode, watched, #{<<"pairs">> => [Pair], <<"list_entries_max">> => 200000}),
    ?assertMatch(#{<<"pid">> := Pid, <<"count">> := undefined}, Told)
end).

named_test_() -> asking:each("it is named among peers, and asked for by name", fun(Mode) ->
    Pid = patient(),
    #{<<"processes">> := [Told]} = asking:ask(Mode, peers, #{<<"pids">> => [asking:text(Pid)], <<"directions">> => [<<"monitors">>], <<"limit">> => 5,
                                                            <<"list_entries_max">> => 200000, <<"exact">> => false}),
    ?assertMatch(#{<<"row">> := #{<<"alive">> := true}}, Told),
    Watcher = asking:plant(fun() -> erlang:monitor(process, Pid) end),
    #{<<"processes">> := [#{<<"lists">> := #{<<"monitors">> := #{<<"top">> := [Peer]}}}]} =
        asking:ask(Mode, peers, #{<<"pids">> => [asking:text(Watcher)], <<"directions">> => [<<"monitors">>], <<"limit">> => 5,
                                  <<"list_entries_max">> => 200000, <<"exact">> => false}),
    ?assertMatch(#{<<"peer">> := Pid, <<"alive">> := true, initial_call := {_, _, _}}, Peer)
end).
