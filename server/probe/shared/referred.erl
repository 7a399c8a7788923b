%% How much each process refers to of large binaries, as the emulator counts it: in words of a virtual heap, kept for every process. That
%% costs one signal each and copies no list of binaries.
-module(referred).
-export([best/1, bytes/1]).

-define(OWN_MAX, 16). %% ourselves, the guard, and who else is linked to us

%% {[{Pid, Words, 0}], Seen, Gone}, most first, without ourselves and the guard.
best(Limit) ->
    Own = [self() | element(2, process_info(self(), links))],
    Spec = ets:match_spec_compile([{{garbage_collection_info, pattern()}, [], [{'+', '$1', '$2'}]}, {'_', [], [dead]}]),
    Column = fun(Pids, Count) ->
        ets:match_spec_run(lists:zipwith(fun erlang:process_info/2, Pids, lists:duplicate(Count, garbage_collection_info)), Spec)
    end,
    {Best, Seen, Gone} = top:ranked(chunks:all(), Column, 0, Limit + ?OWN_MAX),
    {lists:sublist([Row || Row <- Best, not lists:member(element(1, Row), Own)], Limit), Seen, Gone}.

%% The order of the figures is the release's own.
pattern() ->
    {_, Figures} = process_info(self(), garbage_collection_info),
    [{Name, case Name of bin_vheap_size -> '$1'; bin_old_vheap_size -> '$2'; _ -> '_' end} || {Name, _} <- Figures].

%% Of one process's garbage_collection_info.
bytes(Figures) ->
    #{bin_vheap_size := Young, bin_old_vheap_size := Old} = maps:from_list(Figures),
    (Young + Old) * erlang:system_info(wordsize).
