%% memory, allocators: what is told of the node as a whole.
-module(node_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

memory_test_() -> asking:each("memory tells the emulator's kinds, every allocator, and what the system sees", fun(Mode) ->
    Answer = asking:ask(Mode, memory, #{}),
    #{<<"memory">> := Memory, <<"sizes">> := Sizes, <<"standard">> := Standard, <<"process_count">> := Processes} = Answer,
    ?assertEqual([atom, atom_used, binary, code, ets, processes, processes_used, system, total], lists:sort([Kind || {Kind, _} <- Memory])),
    ?assert(abs(proplists:get_value(total, Memory) - erlang:memory(total)) < 10000000),
    ?assert(abs(Processes - erlang:system_info(process_count)) < 10),
    ?assertEqual(erlang:system_info(schedulers), length(Sizes)),
    ?assertEqual(lists:sort(erlang:system_info(alloc_util_allocators)), lists:usort([Name || Told <- Sizes, {Name, _, _} <- Told])),
    ?assertMatch([_ | _], [Parts || Told <- Standard, {std_alloc, _, Parts} <- Told, {mbcs, [{blocks, [{std_alloc, [{count, _, _, _}, _]}]} | _]} <- Parts]),
    ?assertMatch(#{<<"persistent_term">> := #{count := _, memory := _}, <<"connected_count">> := 0, <<"otp_release">> := [_, _], <<"word_bytes">> := 8}, Answer),
    Status = maps:get(<<"status">>, Answer),
    ?assertEqual(filelib:is_file("/proc/self/status"), is_binary(Status) andalso binary:match(Status, <<"VmRSS:">>) =/= nomatch),
    [?assertMatch([Path, Version, _, _] when is_binary(Path) andalso (Version =:= 1 orelse Version =:= 2), Folder) || Folder <- maps:get(<<"cgroups">>, Answer)]
end).

monitors_by_type_test_() -> asking:each("monitors are told by type without a process being touched", fun(Mode) ->
    Watched = asking:plant(fun() -> ok end),
    Before = settled(Mode, infinity),
    Watcher = asking:plant(fun() -> [erlang:monitor(process, Watched) || _ <- lists:seq(1, 100000)] end),
    After = monitor_bytes(Mode),
    ?assertMatch({true, _}, {abs((After - Before) div 100000 - 132) =< 12, {Before, After}}),
    asking:uproot([Watcher, Watched])
end).

monitor_bytes(Mode) ->
    #{<<"sizes">> := Sizes} = asking:ask(Mode, memory, #{}),
    lists:sum([Used || Told <- Sizes, {fix_alloc, _, Parts} <- Told, Part <- Parts, element(1, Part) =:= fix_types,
                       {monitor, _, Used} <- element(tuple_size(Part), Part)]) band ((1 bsl 64) - 1).

%% The allocator gives back freed blocks little by little.
settled(Mode, Last) ->
    Bytes = monitor_bytes(Mode),
    timer:sleep(300),
    case Bytes < Last of
        true -> settled(Mode, Bytes);
        false -> Bytes
    end.

allocators_test_() -> asking:each("allocators tells every instance, blocks never more than carriers", fun(Mode) ->
    #{<<"allocators">> := Instances, <<"mseg_cache">> := Cache, <<"silent_count">> := 0} = asking:ask(Mode, allocators, #{}),
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
