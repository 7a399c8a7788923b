%% The figures of processes: read and filtered natively, many at once.
-module(figures).
-export([spec/2, items/0, read/3, read/4, of_pids/3, unexplained/2, offer/2, ranking/4]).

-define(ITEMS, [memory, total_heap_size, message_queue_len, reductions, stack_size]).
-define(FAR, (1 bsl 58)).

%% Figures are {Pid, Memory, Heap, Queue, Reductions, Stack, OffHeap, Unexplained, Binary}; heap and stack in words. The match
%% specification makes them out of what read/3 returns, for those that pass the tests, and `dead` for those that are gone.
%% A test is {At, Operator, Threshold}; one that holds is enough. No tests let all pass.
spec(Tests, {WordBytes, BaseBytes, _, _, MessageBytes, _}) ->
    OffHeap = {'-', '$2', {'*', '$3', WordBytes}},
    Unexplained = {'-', {'-', OffHeap, BaseBytes}, {'*', '$4', MessageBytes}},
    Figures = {'$1', '$2', '$3', '$4', '$5', '$6', OffHeap, Unexplained, '$7'},
    Guards = [list_to_tuple(['orelse', false | [{Operator, element(At, Figures), Threshold} || {At, Operator, Threshold} <- Tests]]) || Tests =/= []],
    Info = [{memory, '$2'}, {total_heap_size, '$3'}, {message_queue_len, '$4'}, {reductions, '$5'}, {stack_size, '$6'}],
    ets:match_spec_compile([{{'$1', Info, '$7'}, Guards, [{Figures}]}, {{'_', undefined, '_'}, [], [dead]}]).

items() -> ?ITEMS.

read(Pids, Count, Binary) -> read(Pids, Count, ?ITEMS, Binary).

read(Pids, Count, Items, Binary) ->
    lists:zip3(Pids, lists:zipwith(fun erlang:process_info/2, Pids, lists:duplicate(Count, Items)), binaries(Pids, Count, Binary)).

%% Counting what binaries a process refers to copies a list of them.
binaries(_, Count, false) -> lists:duplicate(Count, 0);
binaries(Pids, _, true) -> [binary_bytes(process_info(Pid, binary)) || Pid <- Pids].

binary_bytes({binary, [_ | _] = Binaries}) -> lists:sum(element(2, lists:unzip3(Binaries)));
binary_bytes(_) -> 0.

%% Of those alive, in their order.
of_pids(Pids, Calibration, Binary) ->
    [Figures || Figures <- ets:match_spec_run(read(Pids, length(Pids), Binary), spec([], Calibration)), Figures =/= dead].

%% [{Unexplained, Pid}] of those with at most so many unexplained bytes, in their order.
unexplained(Figures, Max) ->
    Pattern = {'$1', '_', '_', '_', '_', '_', '_', '$2', '_'},
    ets:match_spec_run(Figures, ets:match_spec_compile([{Pattern, [{'=<', '$2', Max}], [{{'$2', '$1'}}]}])).

%% A ranking keeps the best Limit of all tuples offered to it: {Key, Test, Limit, Best}. Its test says what is still worth offering.
ranking(Key, At, <<"asc">>, Limit) -> {Key, {At, '<', ?FAR}, Limit, []};
ranking(Key, At, _, Limit) -> {Key, {At, '>', -?FAR}, Limit, []}.

offer({Key, {At, Operator, Threshold}, Limit, Best}, Offered) ->
    Sorted = lists:keysort(At, Offered ++ Best),
    Kept = lists:sublist(case Operator of '<' -> Sorted; '>' -> lists:reverse(Sorted) end, Limit),
    case length(Kept) of
        Limit -> {Key, {At, Operator, element(At, lists:last(Kept))}, Limit, Kept};
        _ -> {Key, {At, Operator, Threshold}, Limit, Kept}
    end.
