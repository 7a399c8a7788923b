%% Every instance of every allocator as the emulator reports it: blocks, carriers, their maxima, and calls.
-module(allocators).
-export([answer/1]).

-define(PATIENCE_MS, 500).

%% Each scheduler reports its own instances, and one of them those that all share. Nobody waits for a blocked scheduler; the rest is reported.
answer(_) ->
    Ref = make_ref(),
    Schedulers = erlang:system_info(schedulers),
    erlang:system_info({allocator, Ref, [mseg_alloc | erlang:system_info(alloc_util_allocators)]}),
    Reported = reported(Ref, Schedulers, []),
    Infos = lists:append(Reported),
    #{<<"allocators">> => [instance(Name, Number, maps:from_list([Part || {_, _} = Part <- Parts])) || {Name, Number, Parts} <- Infos, Name =/= mseg_alloc],
      <<"mseg_cache">> => cache([Parts || {mseg_alloc, _, Parts} <- Infos]),
      <<"schedulers_count">> => Schedulers,
      <<"silent_count">> => Schedulers - length(Reported)}.

reported(_, 0, Reported) -> Reported;
reported(Ref, Left, Reported) ->
    receive
        {Ref, _, More} -> reported(Ref, Left - 1, [More | Reported])
    after ?PATIENCE_MS -> Reported
    end.

%% The pool holds multi-block carriers that an instance has abandoned; they still belong to it. Not every instance has a pool.
instance(Name, Number, #{mbcs := Multi, sbcs := Single, calls := Calls} = Parts) ->
    {Blocks, _, Bytes, _, Carriers, _, CarrierBytes, _} = section(maps:get(mbcs_pool, Parts, [])),
    {MultiBlocks, MultiBlocksMax, MultiBytes, MultiBytesMax, MultiCarriers, MultiCarriersMax, MultiSize, MultiSizeMax} = section(Multi),
    {SingleBlocks, SingleBlocksMax, SingleBytes, SingleBytesMax, SingleCarriers, SingleCarriersMax, SingleSize, SingleSizeMax} = section(Single),
    #{<<"name">> => Name,
      <<"instance">> => Number,
      <<"mbcs_blocks_count">> => MultiBlocks + Blocks,
      <<"mbcs_blocks_count_max">> => MultiBlocksMax,
      <<"mbcs_block_bytes">> => MultiBytes + Bytes,
      <<"mbcs_block_bytes_max">> => MultiBytesMax,
      <<"mbcs_carriers_count">> => MultiCarriers + Carriers,
      <<"mbcs_carriers_count_max">> => MultiCarriersMax,
      <<"mbcs_carrier_bytes">> => MultiSize + CarrierBytes,
      <<"mbcs_carrier_bytes_max">> => MultiSizeMax,
      <<"sbcs_blocks_count">> => SingleBlocks,
      <<"sbcs_blocks_count_max">> => SingleBlocksMax,
      <<"sbcs_block_bytes">> => SingleBytes,
      <<"sbcs_block_bytes_max">> => SingleBytesMax,
      <<"sbcs_carriers_count">> => SingleCarriers,
      <<"sbcs_carriers_count_max">> => SingleCarriersMax,
      <<"sbcs_carrier_bytes">> => SingleSize,
      <<"sbcs_carrier_bytes_max">> => SingleSizeMax,
      <<"calls_count">> => lists:sum([Giga * 1000000000 + Ones || {_, Giga, Ones} <- Calls])}.

%% {Blocks, Max, Bytes, Max, Carriers, Max, CarrierBytes, Max}. A figure is {Name, Now} or {Name, Now, MaxSinceAsked, Max}. Carriers may
%% hold blocks of other allocators, so all types are counted.
section([{blocks, Types} | Figures]) ->
    Held = [Held || {_, Held} <- Types],
    Carriers = lists:keyfind(carriers, 1, Figures),
    Sizes = lists:keyfind(carriers_size, 1, Figures),
    {lists:sum([element(2, Count) || [Count, _] <- Held]), lists:sum([highest(Count) || [Count, _] <- Held]),
     lists:sum([element(2, Bytes) || [_, Bytes] <- Held]), lists:sum([highest(Bytes) || [_, Bytes] <- Held]),
     element(2, Carriers), highest(Carriers), element(2, Sizes), highest(Sizes)};
section([]) -> {0, 0, 0, 0, 0, 0, 0, 0}.

highest(Figure) -> element(tuple_size(Figure), Figure).

%% How often a cached segment saved a call to the operating system; undefined if there is no such cache.
cache([]) -> undefined;
cache(Instances) ->
    Kinds = lists:append([Kind || Parts <- Instances, {memkind, Kind} <- Parts]),
    #{<<"hits_count">> => lists:sum([Hits || {status, Status} <- Kinds, {cache_hits, Hits} <- Status]),
      <<"calls_count">> => lists:sum([Giga * 1000000000 + Ones || {calls, Calls} <- Kinds, {mseg_alloc, Giga, Ones} <- Calls])}.
