%% Who is at the other end of a process's monitors and links, and how many times.
-module(peers).
-export([answer/1]).

-define(CHUNK_ENTRIES, 2000).
-define(TABLE_PEERS_MAX, 50000).

answer(#{<<"pids">> := Texts, <<"directions">> := Directions, <<"limit">> := Limit, <<"list_entries_max">> := EntriesMax, <<"exact">> := Exact}) ->
    Started = erlang:monotonic_time(microsecond),
    Calibration = entries:calibrate(),
    BytesMax = case Exact of true -> infinity; false -> entries:unexplained_max(EntriesMax, Calibration) end,
    Processes = [process(Text, Directions, Limit, BytesMax, Calibration) || Text <- Texts],
    #{<<"processes">> => Processes, <<"duration_us">> => erlang:monotonic_time(microsecond) - Started}.

process(Text, Directions, Limit, BytesMax, Calibration) ->
    case [Figures || {ok, Pid} <- [pid(Text)], Figures <- figures:of_pids([Pid], Calibration, false)] of
        [Figures] ->
            #{<<"pid">> => Text,
              <<"dead">> => false,
              <<"row">> => described(element(1, Figures)),
              <<"lists">> => maps:from_list([{Name, list(Name, Figures, Limit, BytesMax, Calibration)} || Name <- Directions])};
        [] ->
            #{<<"pid">> => Text, <<"dead">> => true}
    end.

%% A text that is no pid of this node names nothing alive.
pid(Text) ->
    try list_to_pid(binary_to_list(Text)) of
        Pid when node(Pid) =:= node() -> {ok, Pid};
        _ -> none
    catch
        error:badarg -> none
    end.

%% A number is below any atom, `infinity` too.
list(Name, Figures, Limit, BytesMax, _) when element(8, Figures) =< BytesMax ->
    Peers = peers(process_info(element(1, Figures), item(Name))),
    {Distinct, Top} = tally(Peers, Limit),
    #{<<"count">> => length(Peers),
      <<"distinct_count">> => Distinct,
      <<"exact">> => true,
      <<"top">> => [maps:merge(described(Peer), #{<<"peer">> => shown(Peer), <<"count">> => Count}) || {Peer, Count} <- Top]};
list(Name, Figures, _, _, Calibration) ->
    At = case item(Name) of monitors -> 2; monitored_by -> 3; links -> 4 end,
    #{<<"count">> => element(At, entries:estimate(element(1, Figures), element(8, Figures), Calibration)),
      <<"distinct_count">> => undefined,
      <<"exact">> => false,
      <<"top">> => []}.

item(<<"monitors">>) -> monitors;
item(<<"monitored_by">>) -> monitored_by;
item(<<"links">>) -> links.

%% Entries as their peers: pids, ports, references, {Name, Node}, and `other` for what a later release may bring.
peers(undefined) -> [];
peers({_, Entries}) ->
    Spec = [{{process, '$1'}, [], ['$1']},
            {{port, '$1'}, [], ['$1']},
            {'$1', [{'orelse', {is_pid, '$1'}, {is_port, '$1'}, {is_reference, '$1'}}], ['$1']},
            {'_', [], [other]}],
    ets:match_spec_run(Entries, ets:match_spec_compile(Spec)).

shown({Name, Node}) when is_atom(Name), is_atom(Node) -> {Name, Node};
shown(Peer) when is_pid(Peer); is_port(Peer); is_reference(Peer) -> Peer;
shown(_) -> #{<<"reference">> => <<"other">>}.

described(Pid) when is_pid(Pid), node(Pid) =:= node() ->
    case process_info(Pid, [total_heap_size | identity:items()]) of
        [{total_heap_size, Words} | _] = Info ->
            Known = maps:from_list(Info),
            maps:merge(maps:with([registered_name, initial_call], Known),
                       #{<<"started_as">> => identity:started_as(Pid, Known, Words * erlang:system_info(wordsize)), <<"alive">> => true});
        undefined ->
            unknown(false)
    end;
described(_) -> unknown(undefined).

unknown(Alive) -> #{registered_name => [], initial_call => undefined, <<"started_as">> => undefined, <<"alive">> => Alive}.

%%% Counting by peer, natively

%% {Distinct, [{Peer, Count}]}, most first, at most Limit. Where there are very many peers, what is there more than once is tallied by
%% itself, and each of that has one more.
tally(Peers, Limit) ->
    case tally_few(chunks(Peers, []), Limit) of
        {Distinct, Top} ->
            {Distinct, Top};
        many ->
            Sorted = lists:sort(Peers),
            Same = ets:match_spec_compile([{{'$1', '$1'}, [], ['$1']}]),
            Again = ets:match_spec_run(lists:zip(lists:droplast(Sorted), tl(Sorted)), Same),
            {_, Repeated} = tally(Again, Limit),
            Once = [{Peer, 1} || Peer <- lists:sublist(lists:usort(Sorted), 2 * Limit), not lists:keymember(Peer, 1, Repeated)],
            {length(Sorted) - length(Again), lists:sublist([{Peer, Count + 1} || {Peer, Count} <- Repeated] ++ Once, Limit)}
    end.

tally_few(Chunks, Limit) ->
    Table = ets:new(peers, [private]),
    Tallied = case gather(Chunks, Table) of
        true ->
            count(Chunks, Table),
            {ets:info(Table, size), lists:sublist(lists:reverse(lists:keysort(2, ets:tab2list(Table))), Limit)};
        false ->
            many
    end,
    ets:delete(Table),
    Tallied.

chunks(Peers, Chunks) ->
    try lists:split(?CHUNK_ENTRIES, Peers) of
        {Chunk, Rest} -> chunks(Rest, [Chunk | Chunks])
    catch
        error:badarg -> [Peers | Chunks]
    end.

%% Puts the distinct peers into the table; false if they are too many for one.
gather([], _) -> true;
gather([Chunk | Rest], Table) ->
    ets:insert(Table, ets:match_spec_run(Chunk, ets:match_spec_compile([{'$1', [], [{{'$1', 0}}]}]))),
    ets:info(Table, size) =< ?TABLE_PEERS_MAX andalso gather(Rest, Table).

count([], _) -> ok;
count([Chunk | Rest], Table) ->
    Length = length(Chunk),
    lists:zipwith3(fun ets:update_counter/3, lists:duplicate(Length, Table), Chunk, lists:duplicate(Length, 1)),
    count(Rest, Table).
