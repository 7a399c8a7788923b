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
                   status := waiting, suspending := [], <<"pid">> := Pid, <<"counts">> := [3, 0, 1]}, Answer),
    ?assert(is_integer(proplists:get_value(heap_block_size, maps:get(garbage_collection_info, Answer)))),
    ?assertEqual(group_leader(), maps:get(group_leader, Answer)),
    ?assertEqual(erlang:system_info(wordsize), maps:get(<<"word_bytes">>, Answer)),
    [Before, _, After] = [Told || Told <- maps:get(<<"entry">>, Answer)],
    ?assertMatch({true, _}, {lists:member(outside(After) - outside(Before), lists:seq(51, 120)), {Before, After}}),
    [{asking, _, _, Place} | _] = maps:get(current_stacktrace, Answer),
    ?assertMatch({[_ | _], Line} when is_integer(Line), {proplists:get_value(file, Place), proplists:get_value(line, Place)}),
    Parent = case erlang:system_info(otp_release) >= "25" of true -> self(); false -> undefined end,
    ?assertEqual(Parent, maps:get(parent, Answer, undefined)),
    asking:uproot([Pid, Other])
end).

outside([{memory, Bytes}, {total_heap_size, Words}]) -> Bytes - Words * erlang:system_info(wordsize).

many_test_() -> asking:each("lists that may be too long are not copied", fun(Mode) ->
    Other = asking:plant(fun() -> ok end),
    Pid = asking:plant(fun() -> [erlang:monitor(process, Other) || _ <- lists:seq(1, 200000)] end),
    ?assertMatch(#{<<"counts">> := undefined, <<"pid">> := Pid}, ask(Mode, Pid)),
    asking:uproot([Pid, Other])
end).

dead_test_() -> asking:each("who is dead, or no pid of this node, is dead", fun(Mode) ->
    Pid = asking:plant(fun() -> ok end),
    asking:uproot([Pid]),
    [?assertEqual(#{<<"dead">> => true}, asking:ask(Mode, process, #{<<"pid">> => Text}))
     || Text <- [asking:text(Pid), <<"<0.1">>, <<>>, <<"0.1.0">>, <<255, 0>>]]
end).
