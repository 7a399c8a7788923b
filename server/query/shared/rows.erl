%% Raw process rows out of figures: names, counts of monitors and links, and the application, for the few that are shown.
-module(rows).
-export([make/4, count/4]).

%% In the order of the figures. Counts is [{Pid, Monitors, MonitoredBy, Links}], with `last` as a fifth element where that was not counted
%% just now; who is not there is estimated where that can be. Of those in the map Partial only a quick look's figures are known.
make(Figures, Counts, Partial, {Calibration, Binary, Arguments}) ->
    Pids = figures:column(Figures, 1),
    Silent = maps:get(<<"silent">>, Arguments, []), %% these are not asked any more, and may have a name all the same
    Names = [{Pid, Name} || Silent =/= [], Name <- registered(), Pid <- [whereis(Name)], lists:member(Pid, Silent)],
    Infos = identity:infos(Pids -- Silent, [current_function, status, group_leader], Arguments),
    Described = [described(maps:get(Pid, Infos, none), Names, Pid) || Pid <- Pids],
    Parts = [figures_of(Figures, Binary),
             lists:zipwith(fun maps:with/2, lists:duplicate(length(Pids), [registered_name, initial_call, current_function, status]), Described),
             noted(Figures, Described, Calibration),
             applied(Described, applications(maps:values(Infos))),
             counted(Figures, Pids, figures:by_pid(Counts), Partial, Calibration)],
    lists:foldl(fun(Part, Rows) -> lists:zipwith(fun maps:merge/2, Rows, Part) end, lists:duplicate(length(Pids), #{}), Parts).

%% The figures by their names, of many at once.
figures_of(Figures, Binary) ->
    Row = #{memory => '$2', total_heap_size => '$3', message_queue_len => '$4', reductions => '$5', stack_size => '$6', <<"pid">> => '$1',
            <<"off_heap_bytes">> => '$7'},
    Whole = case Binary of true -> Row#{<<"binary_bytes">> => '$8'}; false -> Row end,
    ets:match_spec_run(Figures, ets:match_spec_compile([{{'$1', '$2', '$3', '$4', '$5', '$6', '$7', '_', '$8'}, [], [Whole]}])).

noted(Figures, Described, Calibration) ->
    WordBytes = element(1, Calibration),
    [identity:notes(element(1, Row), Info, heap_bytes(Info, element(3, Row) * WordBytes)) || {Row, Info} <- lists:zip(Figures, Described)].

applied(Described, Applications) -> [#{<<"application">> => maps:get(maps:get(group_leader, Info), Applications, undefined)} || Info <- Described].

%% Of those in the map Partial it is not known.
counted(Figures, Pids, Counted, Partial, Calibration) ->
    Known = lists:zipwith3(fun maps:get/3, Pids, lists:duplicate(length(Pids), Counted), lists:duplicate(length(Pids), none)),
    [case Partial of
         #{Pid := _} -> partial(Row);
         _ -> counts(Row, Count, Calibration)
     end || {Pid, Row, Count} <- lists:zip3(Pids, Figures, Known)].

%% What was not asked for is not known, but for how much memory it is at least.
partial(Row) ->
    Unknown = [memory, total_heap_size, <<"off_heap_bytes">>, <<"monitors_count">>, <<"monitored_by_count">>, <<"links_count">>],
    maps:merge(maps:from_list([{Key, undefined} || Key <- Unknown]), #{<<"memory_min">> => element(2, Row), <<"exact">> => false}).

%% Who has not told his name is not asked for his dictionary either.
heap_bytes(#{status := Status}, _) when Status =:= exiting; Status =:= undefined -> infinity;
heap_bytes(_, Bytes) -> Bytes.

%% One that has died since, or does not answer, keeps its figures.
described(Untold, Names, Pid) when is_atom(Untold) ->
    #{registered_name => case lists:keyfind(Pid, 1, Names) of {_, Name} -> Name; false -> [] end, initial_call => undefined,
      current_function => undefined, group_leader => undefined, status => case Untold of dead -> exiting; none -> undefined end};
described(Info, _, _) -> maps:from_list(Info).

counts(Row, none, Calibration) ->
    {Pid, Unexplained} = {element(1, Row), element(8, Row)},
    {Min, Max} = entries:range(Pid, Unexplained, Calibration),
    Estimate = case entries:estimate(Pid, Unexplained, Calibration) of
        none -> {Pid, undefined, undefined, undefined};
        Counts -> Counts
    end,
    maps:merge(counts(Row, Estimate, Calibration),
               #{<<"exact">> => false, <<"entries_min">> => Min, <<"entries_max">> => Max});
counts(Row, {Pid, Monitors, MonitoredBy, Links, last}, Calibration) ->
    {Min, Max} = entries:range(Pid, element(8, Row), Calibration),
    maps:merge(counts(Row, {Pid, Monitors, MonitoredBy, Links}, Calibration),
               #{<<"exact">> => false, <<"entries_min">> => Min, <<"entries_max">> => Max});
counts(_, {_, Monitors, MonitoredBy, Links}, _) ->
    #{<<"monitors_count">> => Monitors, <<"monitored_by_count">> => MonitoredBy, <<"links_count">> => Links, <<"exact">> => true}.

%% Counts for the figures that have none yet, of those within the bytes, while the budget lasts.
count(Figures, Counts, Calibration, {BytesMax, Budget}) ->
    Counted = figures:by_pid(Counts),
    Missing = [Candidate || {_, Pid} = Candidate <- figures:unexplained(Figures, BytesMax), not maps:is_key(Pid, Counted)],
    entries:count_all(lists:reverse(lists:sort(Missing)), Calibration, Budget, Counts).

%% By group leader.
applications(Infos) ->
    Leaders = lists:usort([Leader || [_ | _] = Info <- Infos, {group_leader, Leader} <- [lists:last(Info)]]),
    maps:from_list([{Leader, identity:application(Leader)} || Leader <- Leaders]).
