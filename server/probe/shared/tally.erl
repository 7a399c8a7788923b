%% Lists of monitors and links by peer, counted natively.
-module(tally).
-export([peers/1, top/2, whole/2]).

-define(CHUNK_ENTRIES, 2000).
-define(TABLE_PEERS_MAX, 50000).
-define(SAMPLE, 512).
-define(OFTEN_MAX, 8). %% peers that are told from the rest one by one, each being so many-th a part of a sample
-define(LONG, 20000).

%% Entries as their peers: pids, ports, references, {Name, Node}, and `other` for what a later release may bring.
peers(undefined) -> [];
peers({_, Entries}) -> peers(Entries, []).

peers(Entries, Guards) ->
    Spec = [{{process, '$1'}, Guards, ['$1']},
            {{port, '$1'}, Guards, ['$1']},
            {'$1', [{'orelse', {is_pid, '$1'}, {is_port, '$1'}, {is_reference, '$1'}} | Guards], ['$1']},
            {'_', Guards, [other]}],
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

%% {Count, Distinct, Top} of a list that may be very long. In a leak few peers are nearly all there is: those are taken out one after the
%% other, each by one native pass, and only what is left is tallied.
whole(undefined, _) -> {0, 0, []};
whole({_, Entries}, Limit) ->
    Count = length(Entries),
    {Often, Rest} = taken(Entries, Count, often(Entries, Count)),
    {Distinct, Top} = top(Rest, Limit),
    {Count, Distinct + length(Often), lists:sublist(lists:reverse(lists:keysort(2, Often ++ Top)), Limit)}.

%% [{Peer, Times}] of the most frequent, and the peers that are left.
taken(Entries, _, none) -> {[], peers(Entries, [])};
taken(Entries, Count, {ok, Entry}) ->
    Rest = peers(Entries, [{'=/=', '$_', {const, Entry}}]),
    taken(Rest, length(Rest), ?OFTEN_MAX - 1, [{hd(peers([Entry], [])), Count - length(Rest)}]).

taken(Peers, _, 0, Often) -> {Often, Peers};
taken(Peers, Count, Rounds, Often) ->
    case often(Peers, Count) of
        none -> {Often, Peers};
        {ok, Peer} ->
            Rest = ets:match_spec_run(Peers, ets:match_spec_compile([{'$1', [{'=/=', '$1', {const, Peer}}], ['$1']}])),
            taken(Rest, length(Rest), Rounds - 1, [{Peer, Count - length(Rest)} | Often])
    end.

%% One that is often in a sample of a long list.
often(_, Count) when Count < ?LONG -> none;
often(List, _) ->
    case top(lists:sublist(List, ?SAMPLE), 1) of
        {_, [{Entry, Times}]} when Times >= ?SAMPLE div ?OFTEN_MAX -> {ok, Entry};
        _ -> none
    end.
