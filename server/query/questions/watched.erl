%% The watched processes' side: their names, and how many entries of the given watchers they have in monitored_by.
-module(watched).
-export([answer/1]).

-define(LONG_PEERS, 50).

%% A pair is [Watched, WatcherPid, WatcherNode]; the watched is a map for who:find/1.
answer(#{<<"pairs">> := Pairs, <<"list_entries_max">> := EntriesMax} = Arguments) ->
    Calibration = entries:calibrate(),
    Long = {entries:unexplained_max(EntriesMax, Calibration), long:new(Arguments)},
    ByWatched = by_watched(Pairs, #{}),
    Found = maps:map(fun(Watched, _) -> who:find(Watched) end, ByWatched),
    Pids = lists:usort([Pid || {ok, Pid} <- maps:values(Found)]),
    {Described, Figures} = heavy:described(Pids, quick:short(Pids, Arguments), Calibration, Arguments),
    Known = {Described, maps:from_list([{element(1, Row), Row} || Row <- Figures])},
    Reported = maps:map(fun(Watched, Watchers) -> reported(maps:get(Watched, Found), Watchers, Known, Long, Calibration) end, ByWatched),
    #{<<"pairs">> => [reported_of({Pid, Node}, maps:get(Watched, Reported)) || [Watched, Pid, Node] <- Pairs],
      <<"counted">> => long:answer([Look || {_, _, Looks} <- maps:values(Reported), Look <- Looks], Arguments),
      <<"weighed">> => heavy:weighed(Figures, Arguments)}.

by_watched([], Grouped) -> Grouped;
by_watched([[Watched, Pid, Node] | Rest], Grouped) ->
    by_watched(Rest, Grouped#{Watched => [{Pid, Node} | maps:get(Watched, Grouped, [])]}).

reported_of(Watcher, {Described, Counts, _}) -> Described#{<<"count">> => maps:get(Watcher, Counts, undefined)}.

%% {WhoItIs, #{Watcher => Count}, Looks}. There are no counts for a dead process, nor for one with too many entries to be copied each
%% time: the ledger, which keeps its counts, has them. There are none either for a process that does not report its memory in time or has
%% a long mailbox, since its number of entries is not known, nor if no time is left.
reported({ok, Pid}, Watchers, {Described, Figures}, {BytesMax, Long}, Calibration) ->
    Row = (maps:get(Pid, Described))#{<<"pid">> => Pid},
    case maps:get(Pid, Figures, none) of
        none -> {Row, #{}, []};
        Known when element(8, Known) =< BytesMax -> {Row, case deadline:is_over() of true -> #{}; false -> counts(tally:peers(process_info(Pid, monitored_by)), Watchers) end, []};
        Known ->
            Looked = long:look(Pid, element(8, Known), Long, {?LONG_PEERS, Calibration}),
            {maps:merge(Row, by_now(Looked)), #{}, [{Pid, element(8, Known), Looked}]}
    end;
reported(none, _, _, _, _) -> {#{<<"alive">> => false}, #{}, []}.

%% For a list that was counted before: its present number of entries.
by_now({last, {_, _, MonitoredBy, _}}) -> #{<<"monitored_by_count">> => MonitoredBy};
by_now(_) -> #{}.

%% The watchers' own entries are selected natively.
counts(Peers, Watchers) ->
    Numbers = maps:from_list([{Node, node_number(of_node(Node, Peers))} || Node <- lists:usort([Node || {_, Node} <- Watchers])]),
    Pids = maps:from_list([{Watcher, here(Watcher, maps:get(element(2, Watcher), Numbers))} || Watcher <- Watchers]),
    Wanted = [{'=:=', '$1', Pid} || Pid <- lists:usort(maps:values(Pids)), is_pid(Pid)],
    Hits = ets:match_spec_run(Peers, ets:match_spec_compile([{'$1', [list_to_tuple(['orelse', false | Wanted])], ['$1']}])),
    {_, Counted} = tally:top(Hits, length(Wanted)),
    ByPid = maps:from_list(Counted),
    maps:map(fun(_, Pid) -> maps:get(Pid, ByPid, 0) end, Pids).

%% A pid of another node is written here with a number for that node; any pid of it among the peers has this number.
node_number([]) -> none;
node_number([Pid | _]) -> hd(string:split(pid_to_list(Pid), ".")).

here(_, none) -> none;
here({Text, _}, Number) ->
    [_, IdAndSerial] = string:split(binary_to_list(Text), "."),
    list_to_pid(lists:append([Number, ".", IdAndSerial])).

of_node(Name, Peers) ->
    try binary_to_existing_atom(Name, utf8) of
        Node -> ets:match_spec_run(Peers, ets:match_spec_compile([{'$1', [{is_pid, '$1'}, {'=:=', {node, '$1'}, {const, Node}}], ['$1']}]))
    catch
        error:badarg -> []
    end.
