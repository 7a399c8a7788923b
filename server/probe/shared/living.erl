%% The figures of all living processes but our own, chunk by chunk, for whoever sums them up.
-module(living).
-export([fold/4]).

%% {State, Met}: Sum(Figures, State) gives the next state. Who dies on the way or does not answer costs neither the question nor the rest.
%% Who has answered once is taken to go on answering.
fold(Sum, State, Calibration, Arguments) -> fold(chunks:all(), readers:new(Arguments), figures:spec([], Calibration), Sum, {State, met:none()}).

fold(Source, Readers, Spec, Sum, Summed) ->
    case chunks:next(Source) of
        none ->
            late(readers:late(Readers), Sum, Summed);
        {Pids, Count, Rest} ->
            case readers:read({Pids, Count, figures:items(), false, Spec}, none, Readers) of
                {suspended, Left} -> fold(Rest, Left, Spec, Sum, Summed);
                {Answer, Left} -> fold(Rest, Left, Spec, Sum, add(Answer, Pids, Count, Sum, Summed))
            end
    end.

late([], _, Summed) -> Summed;
late([{_, {Pids, Count, _, _, _}, Answer} | Rest], Sum, Summed) -> late(Rest, Sum, add(Answer, Pids, Count, Sum, Summed)).

add(timeout, Pids, Count, _, {State, Met}) -> {State, met:silent(Pids, Count, Met)};
add(Answer, _, _, Sum, {State, Met}) ->
    Own = [self() | element(2, process_info(self(), links))],
    NotOwn = [{'=/=', '$1', Pid} || Pid <- Own, is_pid(Pid)],
    Row = list_to_tuple(['$1' | lists:duplicate(8, '_')]),
    Others = ets:match_spec_run(Answer, ets:match_spec_compile([{Row, NotOwn, ['$_']}])),
    Dead = length(ets:match_spec_run(Answer, ets:match_spec_compile([{dead, [], [dead]}]))),
    {Sum(Others, State), met:some(length(Others) + Dead, Dead, Met)}.
