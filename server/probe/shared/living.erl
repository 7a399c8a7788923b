%% The figures of all living processes but our own, chunk by chunk, for whoever sums them up.
-module(living).
-export([fold/4]).

%% {State, Seen, Missing}: Sum(Figures, State) gives the next state. Missing are those that died on the way or do not answer, which costs
%% neither the question nor the rest. Who has answered once is taken to go on answering.
fold(Sum, State, Calibration, Arguments) -> fold(chunks:all(), readers:new(Arguments), figures:spec([], Calibration), Sum, {State, 0, 0}).

fold(Source, Readers, Spec, Sum, Summed) ->
    case chunks:next(Source) of
        none ->
            late(readers:late(Readers), Sum, Summed);
        {Pids, Count, Rest} ->
            case readers:read({Pids, Count, figures:items(), false, Spec}, none, Readers) of
                {aside, Left} -> fold(Rest, Left, Spec, Sum, Summed);
                {Answer, Left} -> fold(Rest, Left, Spec, Sum, add(Answer, Sum, Summed))
            end
    end.

late([], _, Summed) -> Summed;
late([{_, _, Answer} | Rest], Sum, Summed) -> late(Rest, Sum, add(Answer, Sum, Summed)).

add(Answer, Sum, {State, Seen, Missing}) ->
    Own = [self() | element(2, process_info(self(), links))],
    NotOwn = [{'=/=', '$1', Pid} || Pid <- Own, is_pid(Pid)],
    Row = list_to_tuple(['$1' | lists:duplicate(8, '_')]),
    Others = ets:match_spec_run(Answer, ets:match_spec_compile([{Row, NotOwn, ['$_']}])),
    Gone = ets:match_spec_run(Answer, ets:match_spec_compile([{'$1', [{is_atom, '$1'}], ['$1']}])),
    {Sum(Others, State), Seen + length(Others) + length(Gone), Missing + length(Gone)}.
