%% Lists of monitors and links by peer, counted natively.
-module(tally).
-export([peers/1, top/2, taken/2, counted/2]).

-define(CHUNK_ENTRIES, 2000).
-define(TABLE_PEERS_MAX, 500000). %% some 36 MB
-define(SAMPLE, 512).
-define(OFTEN_MAX, 8). %% peers that are taken out one by one, each with at least one in so many entries of a sample
-define(LONG, 20000).

%% Entries as their peers: pids, ports, references, {Name, Node}, and `other` for new kinds of later releases.
peers(undefined) -> [];
peers({_, Entries}) -> peers(Entries, []).

peers(Entries, Guards) ->
    Spec = [{{process, '$1'}, Guards, ['$1']},
            {{port, '$1'}, Guards, ['$1']},
            {'$1', [{'orelse', {is_pid, '$1'}, {is_port, '$1'}, {is_reference, '$1'}} | Guards], ['$1']},
            {'_', Guards, [other]}],
    ets:match_spec_run(Entries, ets:match_spec_compile(Spec)).

%% {Distinct, [{Peer, Count}]}, most first, at most Limit. If there are very many peers, repeated ones are tallied separately, and each
%% of those has one more.
top(Peers, Limit) ->
    case is_various(Peers) orelse tally_few(chunks(Peers, []), Limit) of
        {Distinct, Top} ->
            {Distinct, Top};
        _ ->
            Once = lists:usort(Peers),
            {_, Repeated} = top(Peers -- Once, Limit),
            Others = [{Peer, 1} || Peer <- lists:sublist(Once, 2 * Limit), not lists:keymember(Peer, 1, Repeated)],
            {length(Once), lists:sublist([{Peer, Count + 1} || {Peer, Count} <- Repeated] ++ Others, Limit)}
    end.

%% True if they are too many for a table, judged by the first of them.
is_various(Peers) -> length(Peers) > ?TABLE_PEERS_MAX andalso length(lists:usort(lists:sublist(Peers, ?CHUNK_ENTRIES))) > ?CHUNK_ENTRIES div 2.

tally_few(Chunks, Limit) ->
    Table = ets:new(peers, [private]),
    Tallied = case gather(Chunks, Table) of
        true ->
            count(Chunks, Table),
            {ets:info(Table, size), lists:sublist(lists:reverse(lists:keysort(2, repeated(Table, Limit))), Limit)};
        false ->
            none
    end,
    ets:delete(Table),
    Tallied.

%% The repeated ones, and some others if these are few.
repeated(Table, Limit) ->
    case ets:select(Table, [{{'_', '$1'}, [{'>', '$1', 1}], ['$_']}]) of
        Repeated when length(Repeated) >= Limit -> Repeated;
        Repeated ->
            case ets:select(Table, [{{'_', 1}, [], ['$_']}], Limit) of
                {Once, _} -> Once ++ Repeated;
                _ -> Repeated
            end
    end.

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

%% {Often, Rest} from the result of process_info, for counted/2. In a leak a few peers have nearly all entries: those are taken out one
%% after the other, each by one native pass, and only the rest must be tallied. The original list is not kept: it may be very long.
taken(undefined, Often) -> {Often, []};
taken({Item, List}, Often) ->
    case length(Often) < ?OFTEN_MAX andalso often(List, length(List)) of
        {ok, Entry} ->
            Rest = without(Item, Entry, List),
            taken({left, Rest}, [{peer(Item, Entry), length(List) - length(Rest)} | Often]);
        _ ->
            {Often, case Item of left -> List; _ -> peers(List, []) end}
    end.

without(left, Peer, Peers) -> ets:match_spec_run(Peers, ets:match_spec_compile([{'$1', [{'=/=', '$1', {const, Peer}}], ['$1']}]));
without(_, Entry, Entries) -> peers(Entries, [{'=/=', '$_', {const, Entry}}]).

peer(left, Peer) -> Peer;
peer(_, Entry) -> hd(peers([Entry], [])).

%% {Count, Distinct, Top}.
counted({Often, Rest}, Limit) ->
    {Distinct, Top} = top(Rest, Limit),
    {length(Rest) + lists:sum([Times || {_, Times} <- Often]),
     Distinct + length(Often),
     lists:sublist(lists:reverse(lists:keysort(2, Often ++ Top)), Limit)}.

%% A peer that is frequent in a sample of a long list.
often(_, Count) when Count < ?LONG -> false;
often(List, _) ->
    case top(lists:sublist(List, ?SAMPLE), 1) of
        {_, [{Entry, Times}]} when Times >= ?SAMPLE div ?OFTEN_MAX -> {ok, Entry};
        _ -> false
    end.
