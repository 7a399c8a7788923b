%% allocators: figures of the node as a whole.
-module(node_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

allocators_test_() -> asking:each("allocators reports every instance, blocks never more than carriers", fun(Mode) ->
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
