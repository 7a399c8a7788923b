%% One pass over all processes: native code filters, interpreted code merges what little gets through.
-module(pass).
-export([run/5, candidates/2]).

-define(ALL_CANDIDATES_PROCESSES, 4096). %% up to so many processes, all are candidates

%% The ranking of those that may have the most monitors or links.
candidates(Alive, Limit) when Alive =< ?ALL_CANDIDATES_PROCESSES ->
    figures:ranking(candidates, 8, <<"desc">>, 2 * ?ALL_CANDIDATES_PROCESSES + 4 * Limit);
candidates(_, Limit) ->
    figures:ranking(candidates, 8, <<"desc">>, 4 * Limit + 100).

%% {Rankings, Seen, Dead, Unanswered}: offers every living process but ourselves and the guard, which are not to be ranked.
run(Source, Rankings, Calibration, Binary, Readers) -> run(Source, Rankings, Calibration, Binary, Readers, {0, 0, 0}, none).

%% Where something got through, thresholds have risen, and the filter is made anew.
run(Source, Rankings, Calibration, Binary, Readers, Sum, none) ->
    run(Source, Rankings, Calibration, Binary, Readers, Sum, figures:spec([Test || {_, Test, _, _} <- Rankings], Calibration));
run(Source, Rankings, Calibration, Binary, Readers, Sum, Spec) ->
    case chunks:next(Source) of
        none ->
            late(readers:late(Readers), Rankings, Sum);
        {Pids, Count, Rest} ->
            case readers:read({Pids, Count, figures:items(), Binary, Spec}, none, Readers) of
                {suspended, Left} ->
                    run(Rest, Rankings, Calibration, Binary, Left, Sum, Spec);
                {Answer, Left} ->
                    {Raised, Added, Hits} = merge(Answer, Count, Rankings, Sum),
                    run(Rest, Raised, Calibration, Binary, Left, Added, case Hits of 0 -> Spec; _ -> none end)
            end
    end.

late([], Rankings, {Seen, Dead, Unanswered}) -> {Rankings, Seen, Dead, Unanswered};
late([{_, Job, Answer} | Rest], Rankings, Sum) ->
    {Raised, Added, _} = merge(Answer, element(2, Job), Rankings, Sum),
    late(Rest, Raised, Added).

merge(Answer, Count, Rankings, {Seen, Dead, Unanswered}) ->
    {Missing, Hits} = lists:partition(fun erlang:is_atom/1, Answer),
    Gone = length([Atom || Atom <- Missing, Atom =:= dead]),
    Sum = {Seen + Count, Dead + Gone, Unanswered + length(Missing) - Gone},
    case Hits of
        [] ->
            {Rankings, Sum, 0};
        _ ->
            Own = [self() | element(2, process_info(self(), links))],
            Others = [Hit || Hit <- Hits, not lists:member(element(1, Hit), Own)],
            {[figures:offer(Ranking, Others) || Ranking <- Rankings], Sum, length(Others)}
    end.
