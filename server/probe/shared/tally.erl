%% Lists of monitors and links by peer, counted natively.
-module(tally).
-export([peers/1, top/2]).

-define(CHUNK_ENTRIES, 2000).
-define(TABLE_PEERS_MAX, 50000).

%% Entries as their peers: pids, ports, references, {Name, Node}, and `other` for what a later release may bring.
peers(undefined) -> [];
peers({_, Entries}) ->
    Spec = [{{process, '$1'}, [], ['$1']},
            {{port, '$1'}, [], ['$1']},
            {'$1', [{'orelse', {is_pid, '$1'}, {is_port, '$1'}, {is_reference, '$1'}}], ['$1']},
            {'_', [], [other]}],
    ets:match_spec_run(Entries, ets:match_spec_compile(Spec)).

%% {Distinct, [{Peer, Count}]}, most first, at most Limit. Where there are very many peers, what is there more than once is tallied by
%% itself, and each of that has one more.
top(Peers, Limit) ->
    case tally_few(chunks(Peers, []), Limit) of
        {Distinct, Top} ->
            {Distinct, Top};
        many ->
            Sorted = lists:sort(Peers),
            Same = ets:match_spec_compile([{{'$1', '$1'}, [], ['$1']}]),
            Again = ets:match_spec_run(lists:zip(lists:droplast(Sorted), tl(Sorted)), Same),
            {_, Repeated} = top(Again, Limit),
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
