%% process: one process in full, on any release.
-module(process_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

ask(Mode, Pid) -> asking:ask(Mode, process, #{<<"pid">> => asking:text(Pid)}).

all_test_() -> asking:each("a process is told in full", fun(Mode) ->
    Other = asking:plant(fun() -> ok end),
    Pid = asking:plant(fun() ->
        process_flag(trap_exit, true),
        register(process_in_full, self()),
        link(Other),
        [erlang:monitor(process, Other) || _ <- [1, 2, 3]],
        self() ! one
    end),
    Answer = ask(Mode, Pid),
    ?assertMatch(#{registered_name := process_in_full, trap_exit := true, priority := normal, message_queue_data := on_heap, message_queue_len := 1,
                   status := waiting, garbage_collection_info := #{heap_block_size := _}, <<"pid">> := Pid, <<"monitors_count">> := 3,
                   <<"links_count">> := 1, <<"monitored_by_count">> := 0, <<"exact">> := true, <<"suspending_count">> := 0}, Answer),
    ?assertEqual(group_leader(), maps:get(group_leader, Answer)),
    ?assertEqual(erlang:system_info(wordsize), maps:get(<<"word_bytes">>, Answer)),
    %% Measured on the guard, which there is none of around a module.
    ?assertEqual(Mode =:= forms, is_integer(maps:get(<<"entry_bytes">>, Answer))),
    ?assert(maps:get(<<"entry_bytes">>, Answer) > 50),
    [{asking, _, _, File, Line} | _] = maps:get(current_stacktrace, Answer),
    ?assert(is_binary(File) andalso is_integer(Line)),
    Parent = case erlang:system_info(otp_release) >= "25" of true -> self(); false -> undefined end,
    ?assertEqual(Parent, maps:get(parent, Answer)),
    asking:uproot([Pid, Other])
end).

dead_test_() -> asking:each("who is dead, or no pid of this node, is dead", fun(Mode) ->
    Pid = asking:plant(fun() -> ok end),
    asking:uproot([Pid]),
    [?assertEqual(#{<<"dead">> => true}, asking:ask(Mode, process, #{<<"pid">> => Text}))
     || Text <- [asking:text(Pid), <<"<0.1">>, <<>>, <<"0.1.0">>, <<255, 0>>]]
end).
