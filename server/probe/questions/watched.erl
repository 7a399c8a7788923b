%% What the watched say: who they are, and how many entries of given watchers they hold in monitored_by.
-module(watched).
-export([answer/1]).

-define(LONG_PEERS, 50).

%% A pair is [Watched, WatcherPid, WatcherNode], the watched a map as who:find/1 takes it.
answer(#{<<"pairs">> := Pairs, <<"list_entries_max">> := EntriesMax} = Arguments) ->
    Calibration = entries:calibrate(),
    Long = {entries:unexplained_max(EntriesMax, Calibration), long:new(Arguments)},
    Told = maps:map(fun(Watched, Watchers) -> told(who:find(Watched), Watchers, Long, Calibration) end, by_watched(Pairs, #{})),
    #{<<"pairs">> => [told_of({Pid, Node}, maps:get(Watched, Told)) || [Watched, Pid, Node] <- Pairs],
      <<"counted">> => long:answer([Look || {_, _, Looks} <- maps:values(Told), Look <- Looks])}.

by_watched([], Grouped) -> Grouped;
by_watched([[Watched, Pid, Node] | Rest], Grouped) ->
    by_watched(Rest, Grouped#{Watched => [{Pid, Node} | maps:get(Watched, Grouped, [])]}).

told_of(Watcher, {Described, Counts, _}) -> Described#{<<"count">> => maps:get(Watcher, Counts, undefined)}.

%% {WhoItIs, #{Watcher => Count}, Looks}. No counts of one that is dead, nor of one with too many entries to be copied each time: whoever
%% keeps what was counted of that one knows them. With a long mailbox nobody knows how many those are.
told({ok, Pid}, Watchers, {BytesMax, Long}, Calibration) ->
    Described = (who:described(Pid))#{<<"pid">> => Pid},
    case quick:of_pids([Pid], Calibration, false, #{}) of
        {_, Partial} when map_size(Partial) > 0 -> {Described, #{}, []};
        {[Figures], _} when element(8, Figures) =< BytesMax -> {Described, counts(tally:peers(process_info(Pid, monitored_by)), Watchers), []};
        {[Figures], _} -> {Described, #{}, [{Pid, element(8, Figures), long:look(Pid, element(8, Figures), Long, {?LONG_PEERS, Calibration})}]};
        {[], _} -> {Described, #{}, []}
    end;
told(none, _, _, _) -> {#{<<"alive">> => false}, #{}, []}.

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
