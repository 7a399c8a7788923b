%% All entries of monitors, monitored_by or links on the node, by the node of the peer.
-module(peer_nodes).
-export([answer/1]).

-define(NODES_MAX, 10000). %% entries with peers on further nodes are in the rest, like those of processes that are not read
-define(BUDGET_LISTS, 10). %% entries copied in all, in times the longest list that is,
-define(BUDGET_EACH, 8).   %% and so many more for each process

answer(#{<<"sort">> := Sort, <<"limit">> := Limit, <<"list_entries_max">> := EntriesMax} = Arguments) ->
    Started = erlang:monotonic_time(microsecond),
    Calibration = entries:calibrate(),
    Table = ets:new(ets, [private]),
    ets:insert(Table, {rest(), 0}),
    Limits = {entries:unexplained_max(EntriesMax, Calibration), ?BUDGET_LISTS * EntriesMax + ?BUDGET_EACH * erlang:system_info(process_count)},
    Long = long:new(Arguments),
    Sum = fun(Figures, State) -> sum(Figures, item(Sort), Table, {Long, Calibration}, State) end,
    {{_, Unlooked}, Progress} = living:fold(Sum, {Limits, 0}, Calibration, Arguments),
    (progress:answer(Progress, Started))#{
      <<"word_bytes">> => element(1, Calibration),
      <<"groups">> => best(Table, Limit, place(item(Sort)), Unlooked)}.

item(<<"monitors">>) -> monitors;
item(<<"monitored_by">>) -> monitored_by;
item(<<"links">>) -> links.

%% The columns of an estimate; so many less one follow the six sums of figures.
place(monitors) -> 2;
place(monitored_by) -> 3;
place(links) -> 4.

rest() -> {ets, other, other, other}.

%% The state is {{MostBytesUnexplained, BudgetLeft}, NotLookedAt}.
sum(Figures, Item, Table, {Long, Calibration}, {{BytesMax, Budget}, Unlooked}) ->
    Candidates = candidates(Figures, Calibration),
    {Left, Others} = look([Light || {Unexplained, _} = Light <- Candidates, Unexplained =< BytesMax], Item, Table, Calibration, Budget),
    Missed = [Heavy || {Unexplained, _} = Heavy <- Candidates, Unexplained > BytesMax] ++ Others,
    Estimates = [long:guess(Pid, Unexplained, Long, Calibration) || {Unexplained, Pid} <- Missed],
    ets:update_counter(Table, rest(), lists:sum([element(place(Item), Estimate) || Estimate <- Estimates, Estimate =/= none])),
    {{BytesMax, Left}, Unlooked + length(Missed)}.

%% [{Unexplained, Pid}] of processes that may have any entries, highest first.
candidates(Figures, Calibration) ->
    Pattern = {'$1', '_', '_', '_', '_', '_', '_', '$2', '_'},
    Some = min(element(3, Calibration), element(4, Calibration)),
    lists:reverse(lists:sort(ets:match_spec_run(Figures, ets:match_spec_compile([{Pattern, [{'>=', '$2', Some}], [{{'$2', '$1'}}]}])))).

%% {BudgetLeft, NotLookedAt}.
look([], _, _, _, Budget) -> {Budget, []};
look(Candidates, Item, Table, Calibration, Budget) ->
    case Budget =< 0 orelse deadline:is_over() of
        true ->
            {Budget, Candidates};
        false ->
            {Pids, Rest} = entries:batch(Candidates, Calibration),
            Infos = lists:zipwith(fun erlang:process_info/2, Pids, lists:duplicate(length(Pids), Item)),
            Lists = ets:match_spec_run(Infos, ets:match_spec_compile([{{'_', '$1'}, [], ['$1']}, {'_', [], [[]]}])),
            Nodes = nodes_of(tally:peers({Item, lists:append(Lists)})),
            add(Nodes, Table),
            look(Rest, Item, Table, Calibration, Budget - length(Nodes) - length(Pids))
    end.

%% NIF resources, and new kinds of later releases, count for this node.
nodes_of(Peers) ->
    Spec = [{'$1', [{'orelse', {is_pid, '$1'}, {is_port, '$1'}, {is_reference, '$1'}}], [{node, '$1'}]},
            {{'_', '$1'}, [{is_atom, '$1'}], ['$1']},
            {'_', [], [{node}]}],
    ets:match_spec_run(Peers, ets:match_spec_compile(Spec)).

add(Nodes, Table) ->
    Room = max(0, ?NODES_MAX - ets:info(Table, size)),
    New = [Node || Node <- lists:usort(Nodes), not ets:member(Table, Node)],
    ets:insert(Table, [{Node, 0} || Node <- lists:sublist(New, Room)]),
    Tables = lists:duplicate(length(Nodes), Table),
    Members = lists:zip(Nodes, lists:zipwith(fun ets:member/2, Tables, Nodes)),
    Keys = ets:match_spec_run(Members, ets:match_spec_compile([{{'$1', true}, [], ['$1']}, {'_', [], [{const, rest()}]}])),
    lists:zipwith3(fun ets:update_counter/3, Tables, Keys, lists:duplicate(length(Nodes), 1)).

best(Table, Limit, At, Unlooked) ->
    [{_, Rest}] = ets:take(Table, rest()),
    Best = lists:sublist(lists:reverse(lists:keysort(2, ets:tab2list(Table))), Limit),
    ets:delete(Table),
    [group(Node, undefined, Sum, At, true, false) || {Node, Sum} <- Best] ++ [group(undefined, Unlooked, Rest, At, Unlooked =:= 0, true) || Rest > 0].

%% For these groups only the entries are known: the number of processes that hold them would need a question to each.
group(Node, Processes, Sum, At, Exact, Rest) ->
    Unknown = lists:duplicate(9, undefined),
    {Before, [_ | After]} = lists:split(At + 4, Unknown),
    #{<<"key">> => Node,
      <<"rest">> => Rest,
      <<"process_count">> => Processes,
      <<"sums">> => Before ++ [Sum | After],
      <<"maxima">> => Unknown,
      <<"exact">> => Exact}.
