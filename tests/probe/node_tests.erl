%% memory, allocators: what is told of the node as a whole.
-module(node_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

memory_test_() -> asking:each("memory tells the emulator's kinds and every allocator", fun(Mode) ->
    #{<<"memory">> := Memory, <<"allocators">> := Allocators, <<"process_count">> := Processes} = asking:ask(Mode, memory, #{}),
    ?assertEqual([atom, atom_used, binary, code, ets, processes, processes_used, system, total], lists:sort(maps:keys(Memory))),
    ?assert(abs(maps:get(total, Memory) - erlang:memory(total)) < 10000000),
    ?assert(abs(Processes - erlang:system_info(process_count)) < 10),
    ?assertEqual(lists:sort(erlang:system_info(alloc_util_allocators)), lists:sort([maps:get(<<"name">>, Allocator) || Allocator <- Allocators])),
    [?assert(Used =< Allocated andalso Blocks >= 0 andalso (Used =:= 0) =:= (Blocks =:= 0))
     || #{<<"used_bytes">> := Used, <<"allocated_bytes">> := Allocated, <<"blocks_count">> := Blocks} <- Allocators],
    Used = lists:sum([Bytes || #{<<"used_bytes">> := Bytes} <- Allocators]),
    ?assert(Used > maps:get(total, Memory) div 2 andalso Used < 2 * maps:get(total, Memory))
end).

monitors_estimate_test_() -> asking:each("local monitors show in the estimate without a process being touched", fun(Mode) ->
    Watched = asking:plant(fun() -> ok end),
    Before = settled(Mode, infinity),
    Watcher = asking:plant(fun() -> [erlang:monitor(process, Watched) || _ <- lists:seq(1, 100000)] end),
    #{<<"monitors_estimate">> := #{<<"local_count">> := After, <<"bytes">> := Bytes}} = asking:ask(Mode, memory, #{}),
    ?assertMatch({true, _}, {abs(After - Before - 100000) < 10000, {Before, After}}),
    ?assert(Bytes > 100000 * 100 andalso Bytes < 100000 * 200),
    asking:uproot([Watcher, Watched])
end).

%% The allocator gives back freed blocks little by little.
settled(Mode, Last) ->
    #{<<"monitors_estimate">> := #{<<"local_count">> := Count}} = asking:ask(Mode, memory, #{}),
    timer:sleep(300),
    case Count < Last of
        true -> settled(Mode, Count);
        false -> Count
    end.

allocators_test_() -> asking:each("allocators tells every instance, blocks never more than carriers", fun(Mode) ->
    #{<<"allocators">> := Instances, <<"mseg_cache">> := Cache} = asking:ask(Mode, allocators, #{}),
    ?assertEqual(lists:sum([length(List) || Name <- erlang:system_info(alloc_util_allocators), List <- [erlang:system_info({allocator, Name})]]), length(Instances)),
    [begin
         ?assert(maps:get(<<"mbcs_block_bytes">>, I) =< maps:get(<<"mbcs_carrier_bytes">>, I)),
         ?assert(maps:get(<<"sbcs_block_bytes">>, I) =< maps:get(<<"sbcs_carrier_bytes">>, I)),
         ?assertEqual(19, maps:size(I))
     end || I <- Instances],
    ?assert(lists:sum([maps:get(<<"mbcs_blocks_count">>, I) || #{<<"name">> := ets_alloc} = I <- Instances]) > 0),
    ?assert(lists:sum([maps:get(<<"calls_count">>, I) || I <- Instances]) > 1000),
    ?assertMatch({true, true}, {is_integer(maps:get(<<"hits_count">>, Cache)), is_integer(maps:get(<<"calls_count">>, Cache))})
end).
