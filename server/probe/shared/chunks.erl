%% All processes of a node in chunks, for native code to work on.
-module(chunks).
-export([all/0, next/1]).

-define(CHUNK_PROCESSES, 2000).

%% Where the release has an iterator it fetches some thousands at a time, which spares a list of all; seen with processes_next/1 it is
%% {Place, RestOfThem}. Should a release shape it otherwise, the list serves.
all() ->
    case erlang:function_exported(erlang, processes_iterator, 0) of
        true -> iterate(apply(erlang, processes_iterator, []));
        false -> list()
    end.

iterate(Iterator) ->
    case apply(erlang, processes_next, [Iterator]) of
        {_, {Place, Pids}} when is_integer(Place), is_list(Pids) -> {iterator, Iterator};
        _ -> list()
    end.

list() ->
    Pids = processes(),
    {list, Pids, length(Pids)}.

%% none, or {Pids, HowMany, Rest}.
next({list, [], _}) -> none;
next({list, Pids, Left}) ->
    Count = min(?CHUNK_PROCESSES, Left),
    {Chunk, Rest} = lists:split(Count, Pids),
    {Chunk, Count, {list, Rest, Left - Count}};
next({iterator, Iterator}) ->
    case apply(erlang, processes_next, [Iterator]) of
        none -> none;
        {Pid, {Place, Pids}} -> {[Pid | Pids], 1 + length(Pids), {iterator, {Place, []}}}
    end.
