%% One number of many processes, with the time of each report, and its change since.
-module(sampler).
-export([is_free/1, walks/1, job/2, leading/2, changes/2]).

-define(FREE, [message_queue_len, reductions, stack_size, heap_size]). %% the emulator reports these without the process, if that does not run
-define(PER, 1000000000). %% a rate is so many times what changes in a microsecond, so that a change of one within the longest window is not lost

%% True if the emulator reports it itself.
is_free(Key) -> lists:member(Key, [<<"message_queue_len">>, <<"reductions">>, <<"stack">>]).

%% True if a process must walk its whole mailbox to report it, or if all its figures are requested.
walks(Key) -> lists:member(Key, [<<"memory">>, <<"total_heap">>, <<"off_heap">>]).

items(<<"memory">>) -> [memory];
items(<<"total_heap">>) -> [total_heap_size];
items(<<"message_queue_len">>) -> [message_queue_len];
items(<<"reductions">>) -> [reductions];
items(<<"stack">>) -> [stack_size];
items(<<"off_heap">>) -> [memory, total_heap_size];
items(<<"binary">>) -> [binary].

number(<<"off_heap">>, Of, WordBytes) -> {'-', maps:get(memory, Of), {'*', maps:get(total_heap_size, Of), WordBytes}};
number(Key, Of, _) -> maps:get(hd(items(Key)), Of).

%% Rows are {Pid, {When, Number}}.
job(Key, Calibration) ->
    Items = items(Key),
    job(Items, Key, Calibration, fun(_) -> [] end).

%% The same for the leaders, which must be scheduled for it anyway: so they also report the figures that the emulator can, for {Pid,
%% {When, Number}, Figures} as in figures:free_job/1.
leading(<<"binary">>, Calibration) -> job(<<"binary">>, Calibration);
leading(Key, {WordBytes, BaseBytes, _, _, MessageBytes, _} = Calibration) ->
    job(?FREE ++ (items(Key) -- ?FREE), Key, Calibration, fun(Of) ->
        [Queue, Reductions, Stack, Heap] = [maps:get(Item, Of) || Item <- ?FREE],
        Memory = {'+', BaseBytes, {'+', {'*', Heap, WordBytes}, {'*', Queue, MessageBytes}}},
        [{{'$1', Memory, Heap, Queue, Reductions, Stack, 0, 0, 0}}]
    end).

job(Items, Key, {WordBytes, _, _, _, _, _}, More) ->
    Columns = lists:zip(Items, lists:sublist(['$3', '$4', '$5', '$6', '$7', '$8'], length(Items))),
    Of = maps:from_list(Columns),
    Row = list_to_tuple(['$1', {{'$2', number(Key, Of, WordBytes)}} | More(Of)]),
    Zip = case Key of <<"binary">> -> fun binaries/3; _ -> fun lists:zip3/3 end,
    Grain = case is_free(Key) of true -> 256; false -> 1 end,
    readers:job(Items, Zip, ets:match_spec_compile([{{'$1', Columns, '$2'}, [], [{Row}]}, {{'_', undefined, '_'}, [], [dead]}]), Grain).

binaries(Pids, Infos, Times) ->
    lists:zip3(Pids, [case Info of undefined -> undefined; [{binary, Binaries}] -> [{binary, lists:sum([Bytes || {_, Bytes, _} <- Binaries])}] end || Info <- Infos], Times).

%% {Pid, Rate, Delta, Microseconds} of processes that pass the test of a ranking by rates, from {{Pid, {When, Number}}, {Earlier, NumberThen}}.
%% Mostly nothing has changed, and that is checked first.
changes({_, Operator, Threshold}, Pairs) ->
    {Delta, Microseconds} = {{'-', '$3', '$5'}, {'-', '$2', '$4'}},
    Rate = {'div', {'*', Delta, ?PER}, Microseconds},
    Guards = case Operator of
        '>' when Threshold >= 0 -> [{'>', Delta, 0}, {'>', Rate, Threshold}];
        '<' when Threshold =< 0 -> [{'<', Delta, 0}, {'<', Rate, Threshold}];
        _ -> [{Operator, Rate, Threshold}]
    end,
    ets:match_spec_run(Pairs, ets:match_spec_compile([{{{'$1', {'$2', '$3'}}, {'$4', '$5'}}, Guards, [{{'$1', Rate, Delta, Microseconds}}]}])).
