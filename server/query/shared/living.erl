%% The figures of all living processes but our own, in large parts, for whoever sums them up.
-module(living).
-export([fold/4]).

%% {State, Met}: Sum(Figures, State) gives the next state. Who dies on the way or does not answer costs neither the question nor the rest.
%% Who has answered once is taken to go on answering.
fold(Sum, State, Calibration, Arguments) ->
    Job = figures:job([], Calibration, false),
    Weights = heavy:known(Arguments),
    {Summed, Met} = case quick:is_wanted(Calibration) of
        false ->
            add(Job, readers:new(chunks:all_but(maps:keys(Weights)), Arguments), Sum, State);
        true -> %% of who has a long mailbox what a quick look tells
            {Readers, Long, _, _} = quick:look([], Calibration, Arguments),
            add(Job, Readers, Sum, Sum(Long, State))
    end,
    case heavy:rows(Weights, Calibration, Arguments) of
        [] -> {Summed, Met};
        Heavy -> {Sum(Heavy, Summed), met:some(map_size(Weights), map_size(Weights) - length(Heavy), Met)}
    end.

add(Job, Readers, Sum, State) ->
    case readers:next(Job, Readers) of
        {ok, Rows, Left} -> add(Job, Left, Sum, Sum(Rows, State));
        {none, Met} -> {State, Met}
    end.
