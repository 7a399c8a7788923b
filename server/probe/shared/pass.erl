%% One pass over all processes: native code filters, interpreted code merges what little gets through.
-module(pass).
-export([run/5, candidates/2]).

-define(ALL_CANDIDATES_PROCESSES, 4096). %% up to so many processes, all are candidates

%% The ranking of those that may have the most monitors or links.
candidates(Alive, Limit) when Alive =< ?ALL_CANDIDATES_PROCESSES ->
    figures:ranking(candidates, 8, <<"desc">>, 2 * ?ALL_CANDIDATES_PROCESSES + 4 * Limit);
candidates(_, Limit) ->
    figures:ranking(candidates, 8, <<"desc">>, 4 * Limit + 100).

%% {Rankings, Met}: offers every living process but ourselves and the guard, which are not to be ranked.
run(Source, Rankings, Calibration, Binary, Readers) -> run(Source, Rankings, Calibration, Binary, Readers, met:none(), none).

%% Where something got through, thresholds have risen, and the filter is made anew.
run(Source, Rankings, Calibration, Binary, Readers, Met, none) ->
    run(Source, Rankings, Calibration, Binary, Readers, Met, figures:spec([Test || {_, Test, _, _} <- Rankings], Calibration));
run(Source, Rankings, Calibration, Binary, Readers, Met, Spec) ->
    case chunks:next(Source) of
        none ->
            late(readers:late(Readers), Rankings, Met);
        {Pids, Count, Rest} ->
            case readers:read({Pids, Count, figures:items(), Binary, Spec}, none, Readers) of
                {suspended, Left} ->
                    run(Rest, Rankings, Calibration, Binary, Left, Met, Spec);
                {Answer, Left} ->
                    {Raised, More, Hits} = merge(Answer, Pids, Count, Rankings, Met),
                    run(Rest, Raised, Calibration, Binary, Left, More, case Hits of 0 -> Spec; _ -> none end)
            end
    end.

late([], Rankings, Met) -> {Rankings, Met};
late([{_, {Pids, Count, _, _, _}, Answer} | Rest], Rankings, Met) ->
    {Raised, More, _} = merge(Answer, Pids, Count, Rankings, Met),
    late(Rest, Raised, More).

merge(timeout, Pids, Count, Rankings, Met) -> {Rankings, met:silent(Pids, Count, Met), 0};
merge(Answer, _, Count, Rankings, Met) ->
    {Gone, Hits} = lists:partition(fun erlang:is_atom/1, Answer),
    More = met:some(Count, length(Gone), Met),
    case Hits of
        [] ->
            {Rankings, More, 0};
        _ ->
            Own = [self() | element(2, process_info(self(), links))],
            Others = [Hit || Hit <- Hits, not lists:member(element(1, Hit), Own)],
            {[figures:offer(Ranking, Others) || Ranking <- Rankings], More, length(Others)}
    end.
