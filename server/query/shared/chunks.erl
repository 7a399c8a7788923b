%% All processes of a node in chunks, for native code to work on.
-module(chunks).
-export([all/0, all_but/1, none/0, things/1, next/1, take/2, left/1]).

-define(CHUNK_PROCESSES, 2000).
-define(TUPLE_PROCESSES_MAX, 16000000). %% a tuple has at most 16,777,215 elements
-define(ROOM_WORDS, 10000). %% of the lister, beside the list and the tuple

%% If the release has an iterator, it fetches some thousands at a time, without a list of all; with processes_next/1 it is {Place,
%% RestOfThem}. If a release has another form, the list is used.
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

%% A tuple takes half the memory of a list. The list is made by a process of its own, which has room for both from its start: here,
%% each garbage collection would copy all of it. That process runs only native calls: it sends us [itself, the tuple], and ends.
list() ->
    case erlang:system_info(process_count) of
        Count when Count =< ?TUPLE_PROCESSES_MAX ->
            Options = askers:options() ++ [{min_heap_size, 3 * Count + ?ROOM_WORDS}],
            Lister = spawn_opt(lists, foldl, [fun erlang:apply/2, lister(self()), [fun lists:zipwith3/4, fun erlang:send/2]], Options),
            receive [Lister, Pids] -> {without, [Lister], {tuple, Pids, 0, tuple_size(Pids)}} end;
        _ ->
            things(processes())
    end.

%% See askers:program/4.
lister(To) ->
    Pids = [fun erlang:apply/2, [fun erlang:apply/3, [erlang], [processes], [[]]], [fun lists:zipwith3/4, fun erlang:list_to_tuple/1]],
    Message = [fun erlang:apply/3, [erlang, lists], [self, foldl], [[], Pids]],
    [fun erlang:apply/3, [erlang, lists], [hd, zipwith3], [[[To]], Message]].

%% A list as a source.
things(List) -> {list, List, length(List)}.

none() -> {list, [], 0}.

%% All except a few.
all_but([]) -> all();
all_but(Pids) -> {without, Pids, all()}.

%% none, or {Pids, HowMany, Rest}.
next({without, Pids, Source}) ->
    case next(Source) of
        none -> none;
        {Chunk, _, Rest} ->
            Others = Chunk -- Pids,
            {Others, length(Others), {without, Pids, Rest}}
    end;
next({list, [], _}) -> none;
next({list, Pids, Left}) ->
    Count = min(?CHUNK_PROCESSES, Left),
    {Chunk, Rest} = lists:split(Count, Pids),
    {Chunk, Count, {list, Rest, Left - Count}};
next({tuple, _, _, 0}) -> none;
next({tuple, Pids, Taken, Left}) ->
    Count = min(?CHUNK_PROCESSES, Left),
    Chunk = lists:zipwith(fun erlang:element/2, lists:seq(Taken + 1, Taken + Count), lists:duplicate(Count, Pids)),
    {Chunk, Count, {tuple, Pids, Taken + Count, Left - Count}};
next({iterator, Iterator}) ->
    case apply(erlang, processes_next, [Iterator]) of
        none -> none;
        {Pid, {Place, Pids}} -> {[Pid | Pids], 1 + length(Pids), {iterator, {Place, []}}}
    end.

%% none, or {Pids, Rest}: at most so many.
take({list, Pids, Left, Rest}, Wanted) -> %% of a partly used chunk
    Count = min(Wanted, Left),
    {Chunk, Others} = lists:split(Count, Pids),
    {Chunk, case Left - Count of 0 -> Rest; More -> {list, Others, More, Rest} end};
take(Source, Wanted) ->
    case next(Source) of
        none -> none;
        {Pids, Count, Rest} -> take({list, Pids, Count, Rest}, Wanted)
    end.

%% The maximum number that is left.
left({list, _, Count, Rest}) -> Count + left(Rest);
left({list, _, Count}) -> Count;
left({tuple, _, _, Count}) -> Count;
left({without, _, Source}) -> left(Source);
left(_) -> erlang:system_info(process_count).
