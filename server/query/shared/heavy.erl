%% Processes with so many entries that telling their memory takes them a good part of a second, in which they do nothing else. So they are not
%% asked for it each time: what they had when they last told it stands for it a while.
-module(heavy).
-export([known/1, earlier/2, rows/3, described/4, weighed/2]).

-define(BYTES_MIN, 40000000). %% unexplained: some 400,000 entries
-define(BYTES_PER_MS, 5000). %% so long a weight is good: it takes about a fiftieth of that to be told
-define(WHO_SHARE, 3). %% of the time, for who they are
-define(LOOK_SHARE, 10). %% of the time, for what these tell without counting

%% #{Pid => Weight} of those that need not be asked now. A weight is unexplained bytes.
known(Arguments) ->
    maps:from_list([{Pid, Weight} || [Text, _, _, _, _, Weight, AgeMs] <- maps:get(<<"known">>, Arguments, []),
                                     Weight >= ?BYTES_MIN, AgeMs * ?BYTES_PER_MS =< Weight, {ok, Pid} <- [who:pid(Text)]]).

%% The same of some of them, however long ago that was.
earlier([], _) -> #{};
earlier(Pids, Arguments) ->
    maps:with(Pids, maps:from_list([{Pid, Weight} || [Text, _, _, _, _, Weight, _] <- maps:get(<<"known">>, Arguments, []), Weight >= ?BYTES_MIN,
                                                     {ok, Pid} <- [who:pid(Text)]])).

%% Figures of those that are not dead, by the weight that is known; of one that does not answer at once nothing else is.
rows(Weights, _, _) when map_size(Weights) =:= 0 -> [];
rows(Weights, Calibration, Arguments) ->
    Spec = ets:match_spec_compile([{{'$1', undefined}, [], [{{'$1', dead}}]},
                                   {{'$1', [{'_', '$2'}, {'_', '$3'}, {'_', '$4'}, {'_', '$5'}]}, [], [{{'$1', {{'$5', '$2', '$3', '$4'}}}}]}]),
    Job = readers:job([message_queue_len, reductions, stack_size, total_heap_size], Spec),
    Told = maps:from_list(readers:all(Job, readers:new(chunks:things(maps:keys(Weights)), deadline:part(Arguments, ?LOOK_SHARE)))),
    [row(Pid, Weight, maps:get(Pid, Told, {0, 0, 0, 0}), Calibration) || {Pid, Weight} <- maps:to_list(Weights), maps:get(Pid, Told, none) =/= dead].

row(Pid, Weight, {Heap, Queue, Reductions, Stack}, {WordBytes, BaseBytes, _, _, MessageBytes, _}) ->
    OffHeap = BaseBytes + Weight + Queue * MessageBytes,
    {Pid, OffHeap + Heap * WordBytes, Heap, Queue, Reductions, Stack, OffHeap, Weight, 0}.

%% {Described, Figures} as who:described/2 and figures:of_pids/4 tell them, the latter of some, the heavy ones last. Who they are is asked
%% first, as one that tells its memory is at it for long; and those who do not answer that are not asked for more.
described(Pids, Some, Calibration, Arguments) ->
    Described = who:described(Pids, deadline:part(Arguments, ?WHO_SHARE)),
    Silent = [Pid || {Pid, #{<<"alive">> := undefined}} <- maps:to_list(Described)],
    Weights = maps:merge(earlier(Silent, Arguments), maps:with(Some, known(Arguments))),
    Light = (Some -- Silent) -- maps:keys(Weights),
    {Described, figures:of_pids(Light, Calibration, false, Arguments) ++ rows(Weights, Calibration, Arguments)}.

%% [[Pid, Weight]] of the heavy ones among those that have told their figures now, for whoever keeps it.
weighed(Figures, Arguments) ->
    Known = known(Arguments),
    [[element(1, Row), element(8, Row)] || Row <- figures:over(Figures, ?BYTES_MIN - 1), not maps:is_key(element(1, Row), Known)].
