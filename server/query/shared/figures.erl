%% The figures of processes: read and filtered natively, many at once.
-module(figures).
-export([job/3, free_job/1, hits/2, of_pids/3, of_pids/4, unexplained/2, over/2, column/2, by_pid/1, found/2, offer/2, ranking/4]).

-define(ITEMS, [memory, total_heap_size, message_queue_len, reductions, stack_size]).
-define(FAR, (1 bsl 58)).

%% Figures are {Pid, Memory, Heap, Queue, Reductions, Stack, OffHeap, Unexplained, Binary}; heap and stack in words. The match
%% specification makes them out of {Pid, Info}, for those that pass the tests, and `dead` for dead ones.
%% A test is {At, Operator, Threshold}; a row passes if one test holds. Without tests all rows pass.
spec(Tests, {WordBytes, BaseBytes, _, _, MessageBytes, _}) ->
    OffHeap = {'-', '$2', {'*', '$3', WordBytes}},
    Unexplained = {'-', {'-', OffHeap, BaseBytes}, {'*', '$4', MessageBytes}},
    Figures = {'$1', '$2', '$3', '$4', '$5', '$6', OffHeap, Unexplained, '$7'},
    Info = [{memory, '$2'}, {total_heap_size, '$3'}, {message_queue_len, '$4'}, {reductions, '$5'}, {stack_size, '$6'}],
    Plain = setelement(9, Figures, 0),
    ets:match_spec_compile([{{'$1', Info}, passing(Tests, Plain), [{Plain}]},
                            {{'$1', Info ++ [{binary, '$7'}]}, passing(Tests, Figures), [{Figures}]},
                            {{'_', undefined}, [], [dead]}]).

passing([], _) -> [];
passing(Tests, Figures) -> [list_to_tuple(['orelse', false | [{Operator, element(At, Figures), Threshold} || {At, Operator, Threshold} <- Tests]])].

%% The figures that may enter one of the rankings.
hits(Figures, Rankings) ->
    Row = list_to_tuple([{element, At, '$_'} || At <- lists:seq(1, 9)]),
    ets:match_spec_run(Figures, ets:match_spec_compile([{'_', passing([Test || {_, Test, _, _} <- Rankings], Row), ['$_']}])).

%% How to ask for figures, in the form for readers. Counting a process's binaries copies a list of them.
job(Tests, Calibration, false) -> readers:job(?ITEMS, spec(Tests, Calibration));
job(Tests, Calibration, true) -> readers:job(?ITEMS ++ [binary], fun summed/2, spec(Tests, Calibration)).

summed(Pids, Infos) -> lists:zipwith(fun(Pid, Info) -> {Pid, binary_bytes(Info)} end, Pids, Infos).

binary_bytes(undefined) -> undefined;
binary_bytes(Info) ->
    {Items, [{binary, Binaries}]} = lists:split(length(?ITEMS), Info),
    Items ++ [{binary, lists:sum([Bytes || {_, Bytes, _} <- Binaries])}].

%% A row of figures that the emulator reports without a signal to the process: memory and heap are minimums, and unknown figures are 0.
free_job({WordBytes, BaseBytes, _, _, MessageBytes, _}) ->
    Info = [{message_queue_len, '$4'}, {reductions, '$5'}, {stack_size, '$6'}, {heap_size, '$3'}],
    Memory = {'+', BaseBytes, {'+', {'*', '$3', WordBytes}, {'*', '$4', MessageBytes}}},
    Spec = ets:match_spec_compile([{{'$1', Info}, [], [{{'$1', Memory, '$3', '$4', '$5', '$6', 0, 0, 0}}]}, {{'_', undefined}, [], [dead]}]),
    readers:job([message_queue_len, reductions, stack_size, heap_size], fun lists:zip/2, Spec, 256).

%% For living processes, in their order.
of_pids(Pids, Calibration, Binary) -> of_pids(Pids, Calibration, Binary, #{}).

of_pids(Pids, Calibration, Binary, Arguments) ->
    Reported = readers:all(job([], Calibration, Binary), readers:new(chunks:things(Pids), Arguments)),
    ByPid = by_pid(Reported),
    found([Pid || Pid <- Pids, maps:is_key(Pid, ByPid)], ByPid).

%% [{Unexplained, Pid}] of processes with at most so many unexplained bytes, in their order.
unexplained(Figures, Max) ->
    Pattern = {'$1', '_', '_', '_', '_', '_', '_', '$2', '_'},
    ets:match_spec_run(Figures, ets:match_spec_compile([{Pattern, [{'=<', '$2', Max}], [{{'$2', '$1'}}]}])).

%% Processes with more unexplained bytes.
over(Figures, Max) -> ets:match_spec_run(Figures, ets:match_spec_compile([{'_', [{'>', {element, 8, '$_'}, Max}], ['$_']}])).

%% One element of each of many tuples.
column(Tuples, At) -> ets:match_spec_run(Tuples, ets:match_spec_compile([{'_', [], [{element, At, '$_'}]}])).

%% #{Pid => Tuple} of tuples that begin with a pid.
by_pid(Tuples) -> maps:from_list(lists:zip(column(Tuples, 1), Tuples)).

%% The values of keys that a map has.
found(Keys, Map) -> lists:zipwith(fun maps:get/2, Keys, lists:duplicate(length(Keys), Map)).

%% A ranking keeps the best Limit of all tuples offered to it: {Key, Test, Limit, Best}. Its test shows which tuples may still enter.
ranking(Key, At, <<"asc">>, Limit) -> {Key, {At, '<', ?FAR}, Limit, []};
ranking(Key, At, _, Limit) -> {Key, {At, '>', -?FAR}, Limit, []}.

offer({Key, {At, Operator, Threshold}, Limit, Best}, Offered) ->
    Sorted = lists:keysort(At, Offered ++ Best),
    Kept = lists:sublist(case Operator of '<' -> Sorted; '>' -> lists:reverse(Sorted) end, Limit),
    case length(Kept) of
        Limit -> {Key, {At, Operator, element(At, lists:last(Kept))}, Limit, Kept};
        _ -> {Key, {At, Operator, Threshold}, Limit, Kept}
    end.
