%% The processes at the other end of a process's monitors and links, and how many times.
-module(peers).
-export([answer/1]).

answer(#{<<"pids">> := Texts, <<"directions">> := Directions, <<"limit">> := Limit, <<"list_entries_max">> := EntriesMax} = Arguments) ->
    Started = erlang:monotonic_time(microsecond),
    Calibration = entries:calibrate(),
    BytesMax = entries:unexplained_max(EntriesMax, Calibration),
    Long = {BytesMax, long:new(Arguments)},
    Pids = [Pid || Text <- Texts, {ok, Pid} <- [who:pid(Text)]],
    Mailboxes = (Pids -- quick:short(Pids, Arguments)) -- maps:keys(heavy:known(Arguments)),
    {Described, Figures} = heavy:described(Pids, Pids -- Mailboxes, Calibration, Arguments),
    Bounds = quick:unexplained([Pid || Pid <- Mailboxes, #{<<"alive">> := true} <- [maps:get(Pid, Described)]], BytesMax, Calibration, Arguments),
    Known = {maps:from_list([{element(1, Row), element(8, Row)} || Row <- Figures] ++ [{Pid, Unexplained} || {Unexplained, Pid} <- Bounds]), Described},
    {Processes, Looks} = lists:unzip([process(Text, Known, Directions, Limit, Long, Calibration) || Text <- Texts]),
    #{<<"processes">> => Processes,
      <<"counted">> => long:answer(lists:append(Looks), Arguments),
      <<"weighed">> => heavy:weighed(Figures, Arguments),
      <<"duration_us">> => erlang:monotonic_time(microsecond) - Started}.

%% {Process, Looks}.
process(Text, {All, Described}, Directions, Limit, Long, Calibration) ->
    case [{Row, {Pid, maps:get(Pid, All, none)}} || {ok, Pid} <- [who:pid(Text)], #{<<"alive">> := Alive} = Row <- [maps:get(Pid, Described)], Alive =/= false] of
        [{Row, {_, none}}] -> %% it does not report its memory in time
            {(reported(Text, Row, [{Name, estimated(undefined)} || Name <- Directions]))#{<<"late">> => true}, []};
        [{Row, Weight}] ->
            {Lists, Looks} = lists(Weight, Directions, Limit, Long, Calibration),
            {(reported(Text, Row, Lists))#{<<"full">> => case Looks of [{_, _, {size, Needed, Room}}] -> [Needed, Room]; _ -> undefined end,
                                       <<"late">> => is_late(Lists, Looks),
                                       <<"entries_max">> => entries:links_max(element(2, Weight), Calibration)}, Looks};
        [] ->
            {#{<<"pid">> => Text, <<"dead">> => true}, []}
    end.

%% True if there was too little time to count them.
is_late(Lists, []) -> [Name || {Name, #{<<"exact">> := false}} <- Lists] =/= [];
is_late(_, [{_, _, Looked}]) -> Looked =:= timeout.

reported(Text, Row, Lists) -> #{<<"pid">> => Text, <<"dead">> => false, <<"row">> => Row, <<"lists">> => maps:from_list(Lists)}.

%% {[{Direction, List}], Looks}: for a long list, the result of long:look/4.
lists({_, Unexplained} = Weight, Directions, Limit, {BytesMax, _}, Calibration) when Unexplained =< BytesMax ->
    {[{Name, light(Weight, Name, Limit, Calibration)} || Name <- Directions], []};
lists({Pid, Unexplained}, Directions, Limit, {_, Long}, Calibration) ->
    Looked = long:look(Pid, Unexplained, Long, {Limit, Calibration}),
    {[{Name, list(Looked, Name, Pid, Unexplained, Calibration)} || Name <- Directions], [{Pid, Unexplained, Looked}]}.

%% On a busy node the process must be scheduled for each, and there may be no time left for that.
light({Pid, Unexplained}, Name, Limit, Calibration) ->
    case deadline:is_over() of
        false -> who:list(tally:counted(tally:taken(process_info(Pid, item(Name)), []), Limit));
        true -> of_any_kind(estimate(Name, Pid, Unexplained, Calibration))
    end.

list({new, _, Lists}, Name, _, _, _) -> who:list(lists:nth(at(Name), Lists));
list({last, Counts}, Name, _, _, _) -> estimated(element(1 + at(Name), Counts));
list(_, Name, Pid, Unexplained, Calibration) -> of_any_kind(estimate(Name, Pid, Unexplained, Calibration)).

estimate(Name, Pid, Unexplained, Calibration) ->
    case entries:estimate(Pid, Unexplained, Calibration) of
        none -> undefined;
        Estimate -> element(1 + at(Name), Estimate)
    end.

%% As if all entries were of that kind.
of_any_kind(Count) -> (estimated(Count))#{<<"any_kind">> => true}.

estimated(Count) -> #{<<"count">> => Count, <<"distinct_count">> => undefined, <<"exact">> => false, <<"top">> => []}.

item(<<"monitors">>) -> monitors;
item(<<"monitored_by">>) -> monitored_by;
item(<<"links">>) -> links.

at(<<"monitors">>) -> 1;
at(<<"monitored_by">>) -> 2;
at(<<"links">>) -> 3.
