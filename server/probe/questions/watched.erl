%% What the watched say: who they are, and how many entries of given watchers they hold in monitored_by.
-module(watched).
-export([answer/1]).

%% A pair is [Watched, WatcherPid, WatcherNode], the watched a map as who:find/1 takes it.
answer(#{<<"pairs">> := Pairs, <<"list_entries_max">> := EntriesMax, <<"exact">> := Exact}) ->
    Calibration = entries:calibrate(),
    BytesMax = case Exact of true -> infinity; false -> entries:unexplained_max(EntriesMax, Calibration) end,
    Told = maps:map(fun(Watched, Watchers) -> told(who:find(Watched), Watchers, BytesMax, Calibration) end, by_watched(Pairs, #{})),
    #{<<"pairs">> => [told_of({Pid, Node}, maps:get(Watched, Told)) || [Watched, Pid, Node] <- Pairs]}.

by_watched([], Grouped) -> Grouped;
by_watched([[Watched, Pid, Node] | Rest], Grouped) ->
    by_watched(Rest, Grouped#{Watched => [{Pid, Node} | maps:get(Watched, Grouped, [])]}).

told_of(Watcher, {Described, Counts}) -> Described#{<<"count">> => maps:get(Watcher, Counts, undefined)}.

%% {WhoItIs, #{Watcher => Count}}; no counts of one that is dead or has too many entries to be looked at lightly.
told({ok, Pid}, Watchers, BytesMax, Calibration) ->
    Described = (who:described(Pid))#{<<"pid">> => Pid},
    case [Figures || Figures <- figures:of_pids([Pid], Calibration, false), element(8, Figures) =< BytesMax] of
        [_] -> {Described, counts(tally:peers(process_info(Pid, monitored_by)), Watchers)};
        [] -> {Described, #{}}
    end;
told(none, _, _, _) -> {#{<<"alive">> => false}, #{}}.

%% The watchers' own entries are told from all others natively.
counts(Peers, Watchers) ->
    Numbers = maps:from_list([{Node, node_number(of_node(Node, Peers))} || Node <- lists:usort([Node || {_, Node} <- Watchers])]),
    Pids = maps:from_list([{Watcher, here(Watcher, maps:get(element(2, Watcher), Numbers))} || Watcher <- Watchers]),
    Wanted = [{'=:=', '$1', Pid} || Pid <- lists:usort(maps:values(Pids)), is_pid(Pid)],
    Hits = ets:match_spec_run(Peers, ets:match_spec_compile([{'$1', [list_to_tuple(['orelse', false | Wanted])], ['$1']}])),
    {_, Counted} = tally:top(Hits, length(Wanted)),
    ByPid = maps:from_list(Counted),
    maps:map(fun(_, Pid) -> maps:get(Pid, ByPid, 0) end, Pids).

%% A pid of another node is written here with a number for that node, which any pid of it among the peers tells.
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
