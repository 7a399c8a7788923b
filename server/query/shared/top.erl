%% The top tables, ports or sockets by a number, or by its change over a window; read and filtered natively.
-module(top).
-export([things/1, ranked/4]).

-define(FAR, (1 bsl 58)).

%% A list as a source of chunks, like chunks:all().
things(List) -> {list, List, length(List)}.

%% {[{Thing, Number, Microseconds}], Seen, Gone}, highest first, at most Limit. Column reads the number of many things at once: an
%% integer, {Item, Integer}, or something else for a dead thing. A window of 0 ms ranks by the current value.
ranked(Source, Column, 0, Limit) -> now_best(Source, Column, Limit, -?FAR, [], {0, 0});
ranked(Source, Column, Milliseconds, Limit) ->
    Samples = samples(Source, Column, []),
    readers:sleep(Milliseconds),
    changes(Samples, Column, Limit, -?FAR, [], {0, 0}).

now_best(Source, Column, Limit, Threshold, Best, {Seen, Gone}) ->
    case chunks:next(Source) of
        none -> {Best, Seen, Gone};
        {Things, Count, Rest} ->
            Hits = ets:match_spec_run(lists:zip(Things, numbers(Column, Things, Count)), best_spec(Threshold)),
            {Raised, Kept, Lost} = merge(Hits, Best, Limit, Threshold),
            now_best(Rest, Column, Limit, Raised, Kept, {Seen + Count, Gone + Lost})
    end.

%% Numbers as they are, `dead` for anything else.
numbers(Column, Things, Count) ->
    Spec = [{'$1', [{is_integer, '$1'}], ['$1']}, {{'_', '$1'}, [{is_integer, '$1'}], ['$1']}, {'_', [], [dead]}],
    ets:match_spec_run(Column(Things, Count), ets:match_spec_compile(Spec)).

best_spec(Threshold) -> ets:match_spec_compile([{{'_', dead}, [], [dead]}, {{'$1', '$2'}, [{'>', '$2', Threshold}], [{{'$1', '$2', 0}}]}]).

%% Things that get through are merged; the threshold rises when there are as many as wanted.
merge([], Best, _, Threshold) -> {Threshold, Best, 0};
merge(Hits, Best, Limit, Threshold) ->
    {Gone, Offered} = lists:partition(fun erlang:is_atom/1, Hits),
    Kept = lists:sublist(lists:reverse(lists:keysort(2, Offered ++ Best)), Limit),
    {case length(Kept) of Limit -> element(2, lists:last(Kept)); _ -> Threshold end, Kept, length(Gone)}.

samples(Source, Column, Samples) ->
    case chunks:next(Source) of
        none -> lists:reverse(Samples);
        {Things, Count, Rest} ->
            At = erlang:monotonic_time(microsecond),
            samples(Rest, Column, [{At, Things, Count, numbers(Column, Things, Count)} | Samples])
    end.

changes([], _, _, _, Best, {Seen, Gone}) -> {Best, Seen, Gone};
changes([{At, Things, Count, Before} | Rest], Column, Limit, Threshold, Best, {Seen, Gone}) ->
    Elapsed = erlang:monotonic_time(microsecond) - At,
    Triples = lists:zip3(Things, Before, numbers(Column, Things, Count)),
    {Raised, Kept, Lost} = merge(ets:match_spec_run(Triples, changes_spec(Threshold, Elapsed)), Best, Limit, Threshold),
    changes(Rest, Column, Limit, Raised, Kept, {Seen + Count, Gone + Lost}).

changes_spec(Threshold, Elapsed) ->
    Delta = {'-', '$3', '$2'},
    ets:match_spec_compile([{{'_', dead, '_'}, [], [dead]}, {{'_', '_', dead}, [], [dead]},
                            {{'$1', '$2', '$3'}, [{'>', Delta, Threshold}], [{{'$1', Delta, Elapsed}}]}]).
