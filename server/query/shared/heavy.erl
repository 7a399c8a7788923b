%% Processes with so many entries that they need a good part of a second to report their memory, and do nothing else meanwhile. So they
%% are not asked for it each time: their last report is used for a while.
-module(heavy).
-export([known/1, earlier/2, rows/3, described/4, weighed/2]).

-define(BYTES_MIN, 40000000). %% unexplained: some 400,000 entries
-define(BYTES_PER_MS, 5000). %% how long a weight is valid: a report takes about a fiftieth of that
-define(WHO_SHARE, 3). %% of the time, for their names
-define(LOOK_SHARE, 10). %% of the time, for figures without counting

%% #{Pid => Weight} of processes that need not be asked now. A weight is unexplained bytes.
known(Arguments) ->
    maps:from_list([{Pid, Weight} || [Text, _, _, _, _, Weight, AgeMs] <- maps:get(<<"known">>, Arguments, []),
                                     Weight >= ?BYTES_MIN, AgeMs * ?BYTES_PER_MS =< Weight, {ok, Pid} <- [who:pid(Text)]]).

%% The same for some of them, of any age.
earlier([], _) -> #{};
earlier(Pids, Arguments) ->
    maps:with(Pids, maps:from_list([{Pid, Weight} || [Text, _, _, _, _, Weight, _] <- maps:get(<<"known">>, Arguments, []), Weight >= ?BYTES_MIN,
                                                     {ok, Pid} <- [who:pid(Text)]])).

%% Figures of those that are not dead, from the known weight; if a process does not answer at once, nothing else is known.
rows(Weights, _, _) when map_size(Weights) =:= 0 -> [];
rows(Weights, Calibration, Arguments) ->
    Spec = ets:match_spec_compile([{{'$1', undefined}, [], [{{'$1', dead}}]},
                                   {{'$1', [{'_', '$2'}, {'_', '$3'}, {'_', '$4'}, {'_', '$5'}]}, [], [{{'$1', {{'$5', '$2', '$3', '$4'}}}}]}]),
    Job = readers:job([message_queue_len, reductions, stack_size, total_heap_size], Spec),
    Reported = maps:from_list(readers:all(Job, readers:new(chunks:things(maps:keys(Weights)), deadline:part(Arguments, ?LOOK_SHARE)))),
    [row(Pid, Weight, maps:get(Pid, Reported, {0, 0, 0, 0}), Calibration) || {Pid, Weight} <- maps:to_list(Weights), maps:get(Pid, Reported, none) =/= dead].

row(Pid, Weight, {Heap, Queue, Reductions, Stack}, {WordBytes, BaseBytes, _, _, MessageBytes, _}) ->
    OffHeap = BaseBytes + Weight + Queue * MessageBytes,
    {Pid, OffHeap + Heap * WordBytes, Heap, Queue, Reductions, Stack, OffHeap, Weight, 0}.

%% {Described, Figures} from who:described/2 and figures:of_pids/4, the latter for some, the heavy ones last. Names are asked first,
%% since a process that reports its memory is busy for long; and processes that do not answer are not asked for more.
described(Pids, Some, Calibration, Arguments) ->
    Described = who:described(Pids, deadline:part(Arguments, ?WHO_SHARE)),
    Silent = [Pid || {Pid, #{<<"alive">> := undefined}} <- maps:to_list(Described)],
    Weights = maps:merge(earlier(Silent, Arguments), maps:with(Some, known(Arguments))),
    Light = (Some -- Silent) -- maps:keys(Weights),
    {Described, figures:of_pids(Light, Calibration, false, Arguments) ++ rows(Weights, Calibration, Arguments)}.

%% [[Pid, Weight]] of the heavy ones among those that have reported their figures now, for the ledger.
weighed(Figures, Arguments) ->
    Known = known(Arguments),
    [[element(1, Row), element(8, Row)] || Row <- figures:over(Figures, ?BYTES_MIN - 1), not maps:is_key(element(1, Row), Known)].
