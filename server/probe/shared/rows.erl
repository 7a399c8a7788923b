%% Raw process rows out of figures: names, counts of monitors and links, and the application, for the few that are shown.
-module(rows).
-export([make/4, count/4]).

%% In the order of the figures. Counts is [{Pid, Monitors, MonitoredBy, Links}], with `last` as a fifth element where that was not counted
%% just now; who is not there is estimated where that can be. Of those in the map Partial only a quick look's figures are known.
make(Figures, Counts, Partial, {Calibration, Binary, Arguments}) ->
    Counted = maps:from_list([{element(1, Count), Count} || Count <- Counts]),
    Pids = [element(1, Row) || Row <- Figures],
    Silent = maps:get(<<"silent">>, Arguments, []), %% these are not asked any more, and may have a name all the same
    Names = [{Pid, Name} || Silent =/= [], Name <- registered(), Pid <- [whereis(Name)], lists:member(Pid, Silent)],
    Infos = identity:infos(Pids -- Silent, [current_function, status, group_leader], Arguments),
    Applications = applications(maps:to_list(Infos)),
    [begin
         Named = row(Row, described(maps:get(element(1, Row), Infos, none), lists:keyfind(element(1, Row), 1, Names)), Calibration, Applications),
         case maps:is_key(element(1, Row), Partial) of
             true -> maps:merge(Named, partial(Row));
             false ->
                 maps:merge(Named, maps:merge(counts(Row, maps:get(element(1, Row), Counted, none), Calibration),
                                              maps:from_list([{<<"binary_bytes">>, element(9, Row)} || Binary])))
         end
     end || Row <- Figures].

%% What was not asked for is not known, but for how much memory it is at least.
partial(Row) ->
    Unknown = [memory, total_heap_size, <<"off_heap_bytes">>, <<"monitors_count">>, <<"monitored_by_count">>, <<"links_count">>],
    maps:merge(maps:from_list([{Key, undefined} || Key <- Unknown]), #{<<"memory_min">> => element(2, Row), <<"exact">> => false}).

row({Pid, Memory, Heap, Queue, Reductions, Stack, OffHeap, _, _}, Info, Calibration, Applications) ->
    maps:merge(maps:merge(maps:with([registered_name, initial_call, current_function, status], Info),
                          identity:notes(Pid, Info, heap_bytes(Info, Heap * element(1, Calibration)))),
               #{memory => Memory,
                 total_heap_size => Heap,
                 message_queue_len => Queue,
                 reductions => Reductions,
                 stack_size => Stack,
                 <<"pid">> => Pid,
                 <<"off_heap_bytes">> => OffHeap,
                 <<"application">> => maps:get(maps:get(group_leader, Info), Applications, undefined)}).

%% Who has not told his name is not asked for his dictionary either.
heap_bytes(#{status := Status}, _) when Status =:= exiting; Status =:= undefined -> infinity;
heap_bytes(_, Bytes) -> Bytes.

%% One that has died since, or does not answer, keeps its figures.
described(Untold, Named) when is_atom(Untold) ->
    #{registered_name => case Named of {_, Name} -> Name; false -> [] end, initial_call => undefined, current_function => undefined, group_leader => undefined,
      status => case Untold of dead -> exiting; none -> undefined end};
described(Info, _) -> maps:from_list(Info).

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
    Counted = maps:from_list([{element(1, Count), true} || Count <- Counts]),
    Missing = [Candidate || {_, Pid} = Candidate <- figures:unexplained(Figures, BytesMax), not maps:is_key(Pid, Counted)],
    entries:count_all(lists:reverse(lists:sort(Missing)), Calibration, Budget, Counts).

%% Processes of one group leader belong to one application, so one of each is asked for.
applications(PidsAndInfos) ->
    Leaders = maps:from_list([{Leader, Pid} || {Pid, [_ | _] = Info} <- PidsAndInfos, {group_leader, Leader} <- [lists:last(Info)]]),
    maps:map(fun(_, Pid) -> identity:application(Pid) end, Leaders).
