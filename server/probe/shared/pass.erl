%% One pass over all processes: native code filters, interpreted code merges what little gets through.
-module(pass).
-export([run/4, candidates/2]).

-define(ALL_CANDIDATES_PROCESSES, 4096). %% up to so many processes, all are candidates

%% The ranking of those that may have the most monitors or links.
candidates(Alive, Limit) when Alive =< ?ALL_CANDIDATES_PROCESSES ->
    figures:ranking(candidates, 8, <<"desc">>, 2 * ?ALL_CANDIDATES_PROCESSES + 4 * Limit);
candidates(_, Limit) ->
    figures:ranking(candidates, 8, <<"desc">>, 4 * Limit + 100).

%% {Rankings, Seen, Dead}: offers every living process but ourselves and the guard, which are not to be ranked.
run(Source, Rankings, Calibration, Binary) ->
    Own = [self() | element(2, process_info(self(), links))],
    run(Source, Rankings, Calibration, Binary, Own, {0, 0}, none).

%% Where something got through, thresholds have risen, and the filter is made anew.
run(Source, Rankings, Calibration, Binary, Own, Seen, none) ->
    run(Source, Rankings, Calibration, Binary, Own, Seen, figures:spec([Test || {_, Test, _, _} <- Rankings], Calibration));
run(Source, Rankings, Calibration, Binary, Own, {Seen, Dead}, Spec) ->
    case chunks:next(Source) of
        none ->
            {Rankings, Seen, Dead};
        {Pids, Count, Rest} ->
            case lists:partition(fun erlang:is_atom/1, ets:match_spec_run(figures:read(Pids, Count, Binary), Spec)) of
                {Gone, []} ->
                    run(Rest, Rankings, Calibration, Binary, Own, {Seen + Count, Dead + length(Gone)}, Spec);
                {Gone, Hits} ->
                    Others = [Hit || Hit <- Hits, not lists:member(element(1, Hit), Own)],
                    Raised = [figures:offer(Ranking, Others) || Ranking <- Rankings],
                    run(Rest, Raised, Calibration, Binary, Own, {Seen + Count, Dead + length(Gone)}, none)
            end
    end.
