%% Makes raw process rows from figures: names, counts of monitors and links, and the application, for the few that are shown.
-module(rows).
-export([make/4, count/4]).

%% In the order of the figures. Counts is [{Pid, Monitors, MonitoredBy, Links}], with `last` as a fifth element if it was not counted
%% just now; processes that are not in it are estimated if possible. For those in the map Partial only a quick look's figures are known.
make(Figures, Counts, Partial, {Calibration, Binary, Arguments}) ->
    Pids = figures:column(Figures, 1),
    Silent = maps:get(<<"silent">>, Arguments, []), %% these are not asked any more, but may have a name
    Names = [{Pid, Name} || Silent =/= [], Name <- registered(), Pid <- [whereis(Name)], lists:member(Pid, Silent)],
    Infos = identity:infos(Pids -- Silent, [current_function, status, group_leader], Arguments),
    Described = described(lists:zipwith3(fun maps:get/3, Pids, lists:duplicate(length(Pids), Infos), lists:duplicate(length(Pids), none)), Names, Pids),
    Parts = [figures_of(Figures, Binary),
             lists:zipwith(fun maps:with/2, lists:duplicate(length(Pids), [registered_name, initial_call, current_function, status]), Described),
             noted(Figures, Described, Calibration),
             applied(Described, applications(maps:values(Infos))),
             counted(Figures, Pids, figures:by_pid(Counts), Partial, Calibration)],
    lists:foldl(fun(Part, Rows) -> lists:zipwith(fun maps:merge/2, Rows, Part) end, lists:duplicate(length(Pids), #{}), Parts).

%% The figures by name, for many processes at once.
figures_of(Figures, Binary) ->
    Row = #{memory => '$2', total_heap_size => '$3', message_queue_len => '$4', reductions => '$5', stack_size => '$6', <<"pid">> => '$1',
            <<"off_heap_bytes">> => '$7'},
    Whole = case Binary of true -> Row#{<<"binary_bytes">> => '$8'}; false -> Row end,
    ets:match_spec_run(Figures, ets:match_spec_compile([{{'$1', '$2', '$3', '$4', '$5', '$6', '$7', '_', '$8'}, [], [Whole]}])).

%% A process that did not report its name is not asked for its dictionary either.
noted(Figures, Described, Calibration) ->
    WordBytes = element(1, Calibration),
    Plain = identity:plain_notes(Described),
    case lists:member(none, Plain) of
        false -> Plain;
        true -> [case {Notes, Info} of
                     {#{}, _} -> Notes;
                     {none, #{status := Status}} when Status =:= exiting; Status =:= undefined -> identity:notes(element(1, Row), Info, infinity);
                     _ -> identity:notes(element(1, Row), Info, element(3, Row) * WordBytes)
                 end || {Notes, {Row, Info}} <- lists:zip(Plain, lists:zip(Figures, Described))]
    end.

applied(Described, Applications) ->
    Some = length(Described),
    Leaders = lists:zipwith(fun maps:get/2, lists:duplicate(Some, group_leader), Described),
    Names = lists:zipwith3(fun maps:get/3, Leaders, lists:duplicate(Some, Applications), lists:duplicate(Some, undefined)),
    ets:match_spec_run(lists:zip(Names, Names), ets:match_spec_compile([{{'$1', '_'}, [], [#{<<"application">> => '$1'}]}])).

%% For those in the map Partial it is not known. The new counts, mostly all, are converted natively.
counted(Figures, Pids, Counted, Partial, Calibration) ->
    Known = lists:zipwith3(fun maps:get/3, Pids, lists:duplicate(length(Pids), Counted), lists:duplicate(length(Pids), none)),
    Exact = ets:match_spec_run(Known, ets:match_spec_compile(
        [{{'_', '$1', '$2', '$3'}, [], [#{<<"monitors_count">> => '$1', <<"monitored_by_count">> => '$2', <<"links_count">> => '$3', <<"exact">> => true}]},
         {'_', [], [none]}])),
    case map_size(Partial) =:= 0 andalso not lists:member(none, Exact) of
        true -> Exact;
        false -> [case {Partial, Done} of
                      {#{Pid := _}, _} -> partial(Row);
                      {_, none} -> counts(Row, Count, Calibration);
                      _ -> Done
                  end || {{Pid, Done}, {Row, Count}} <- lists:zip(lists:zip(Pids, Exact), lists:zip(Figures, Known))]
    end.

%% Figures that were not requested are not known, except a minimum of memory.
partial(Row) ->
    Unknown = [memory, total_heap_size, <<"off_heap_bytes">>, <<"monitors_count">>, <<"monitored_by_count">>, <<"links_count">>],
    maps:merge(maps:from_list([{Key, undefined} || Key <- Unknown]), #{<<"memory_min">> => element(2, Row), <<"exact">> => false}).

%% A process that has died since, or does not answer, keeps its figures.
described(Reported, Names, Pids) ->
    case lists:all(fun erlang:is_list/1, Reported) of
        true -> lists:map(fun maps:from_list/1, Reported);
        false -> [case Info of [_ | _] -> maps:from_list(Info); _ -> unreported(Info, Names, Pid) end || {Info, Pid} <- lists:zip(Reported, Pids)]
    end.

unreported(Why, Names, Pid) ->
    #{registered_name => case lists:keyfind(Pid, 1, Names) of {_, Name} -> Name; false -> [] end, initial_call => undefined,
      current_function => undefined, group_leader => undefined, status => case Why of dead -> exiting; none -> undefined end}.

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

%% Counts entries for figures without counts, if within the bytes, while the budget lasts.
count(Figures, Counts, Calibration, {BytesMax, Budget}) ->
    Counted = figures:by_pid(Counts),
    Missing = [Candidate || {_, Pid} = Candidate <- figures:unexplained(Figures, BytesMax), not maps:is_key(Pid, Counted)],
    entries:count_all(lists:reverse(lists:sort(Missing)), Calibration, Budget, Counts).

%% By group leader.
applications(Infos) ->
    Leaders = lists:usort([Leader || [_ | _] = Info <- Infos, {group_leader, Leader} <- [lists:last(Info)]]),
    maps:from_list([{Leader, identity:application(Leader)} || Leader <- Leaders]).
