%% The figures of all living processes except our own, in large parts, for sums over them.
-module(living).
-export([fold/4]).

%% {State, Progress}: Sum(Figures, State) gives the next state. A process that dies meanwhile or does not answer stops neither the question
%% nor the rest. A process that has answered once is assumed to answer again.
fold(Sum, State, Calibration, Arguments) ->
    Job = figures:job([], Calibration, false),
    Weights = heavy:known(Arguments),
    {Summed, Progress} = case quick:is_wanted(Calibration) of
        false ->
            add(Job, readers:new(chunks:all_but(maps:keys(Weights)), Arguments), Sum, State);
        true -> %% for a process with a long mailbox the figures of a quick look
            {Readers, Long, _, _} = quick:look([], Calibration, Arguments),
            add(Job, Readers, Sum, Sum(Long, State))
    end,
    case heavy:rows(Weights, Calibration, Arguments) of
        [] -> {Summed, Progress};
        Heavy -> {Sum(Heavy, Summed), progress:some(map_size(Weights), map_size(Weights) - length(Heavy), Progress)}
    end.

add(Job, Readers, Sum, State) ->
    case readers:next(Job, Readers) of
        {ok, Rows, Left} -> add(Job, Left, Sum, Sum(Rows, State));
        {none, Progress} -> {State, Progress}
    end.
