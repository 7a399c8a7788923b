%% A quick look at all processes for figures that the emulator reports without them: on a busy node these are known in a moment.
-module(quick).
-export([is_wanted/1, look/3, whom/2, first/3, items/2, infos/3, of_pids/4, short/1, short/2, unexplained/4]).

-define(MAILBOX_MAX, 100000). %% messages; a process with more is not asked for items that walk all of them:
-define(WALKING, [memory, total_heap_size, garbage_collection_info]).
-define(AFTERWARDS, 4). %% after all were asked, the rest takes a busy node so many times as long as this look,
-define(TELLING, 2). %% and the answer so many times as long

%% If the node has fewer messages in total, no mailbox is long. If the calibration got no counts, nobody waits for them again.
is_wanted(Calibration) -> readers:is_busy() orelse element(6, Calibration) =:= infinity orelse blocks:messages() > ?MAILBOX_MAX.

%% {Readers, Long, Rankings, All}: the processes to ask for the rest, the first of each ranking first, and those that are busy last and
%% alone; figures of those with long mailboxes; and whether all were read.
look(Rankings, Calibration, Arguments) ->
    Started = erlang:monotonic_time(microsecond),
    {Pids, Long, Best, Progress} = gather(figures:free_job(Calibration), readers:new(chunks:all(), Arguments), {Rankings, [], []}),
    {Silent, Others} = progress:again(progress:unasked(length(Pids), length(Long), Progress)),
    Heavy = maps:keys(heavy:known(Arguments)), %% their earlier reports are known,
    Busy = maps:keys(heavy:earlier(Silent -- Heavy, Arguments)), %% or older ones, if they may be answering another question now
    Taken = (erlang:monotonic_time(microsecond) - Started) div 1000,
    deadline:keep(?TELLING * Taken),
    Left = Arguments#{<<"reserve_ms">> => ?AFTERWARDS * Taken},
    {readers:new(chunks:things(Pids -- Heavy), Left, (Silent -- Heavy) -- Busy, progress:silent(Busy, length(Busy), Others)),
     Long, Best, progress:is_all(Progress)}.

%% {First, Others, LongCount, Progress}: the processes that can be asked for items that walk a mailbox, the first of a ranking separately, and
%% how many cannot.
first(Ranking, Calibration, Readers) ->
    {Pids, Long, [{_, _, _, Best}], Progress} = gather(figures:free_job(Calibration), Readers, {[Ranking], [], []}),
    First = short(Best),
    {First, Pids -- First, length(Long), Progress}.

gather(Job, Readers, {Rankings, Pids, Long}) ->
    case readers:next(Job, Readers) of
        {ok, Rows, Left} ->
            Best = case figures:hits(Rows, Rankings) of
                [] -> Rankings;
                Hits -> [figures:offer(Ranking, Hits) || Ranking <- Rankings]
            end,
            gather(Job, Left, {Best, [short(Rows) | Pids], long(Rows) ++ Long});
        {none, Progress} ->
            First = lists:usort([element(1, Row) || {_, _, _, Best} <- Rankings, Row <- Best, element(4, Row) =< ?MAILBOX_MAX]),
            {First ++ (lists:append(Pids) -- First), Long, Rankings, Progress}
    end.

short(Rows) -> ets:match_spec_run(Rows, ets:match_spec_compile([{pattern(), [{'=<', '$4', ?MAILBOX_MAX}], ['$1']}])).

long(Rows) -> ets:match_spec_run(Rows, ets:match_spec_compile([{pattern(), [{'>', '$4', ?MAILBOX_MAX}], ['$_']}])).

pattern() -> {'$1', '_', '_', '$4', '_', '_', '_', '_', '_'}.

%% The readers of all processes that can be asked for items that walk a mailbox.
whom(Calibration, Arguments) ->
    case is_wanted(Calibration) of
        true -> element(1, look([], Calibration, Arguments));
        false -> readers:new(chunks:all(), Arguments)
    end.

%% Of few processes, those with short mailboxes.
short(Pids, Arguments) ->
    Spec = ets:match_spec_compile([{{'$1', {message_queue_len, '$2'}}, [{'=<', '$2', ?MAILBOX_MAX}], ['$1']}, {'_', [], [dead]}]),
    Short = maps:from_list([{Pid, true} || Pid <- readers:all(readers:job(message_queue_len, Spec), readers:new(chunks:things(Pids), Arguments))]),
    [Pid || Pid <- Pids, maps:is_key(Pid, Short)].

%% The items of these that a process can be asked for.
items(Pid, Items) ->
    case process_info(Pid, message_queue_len) of
        {_, Count} when Count > ?MAILBOX_MAX -> Items -- ?WALKING;
        _ -> Items
    end.

%% Like readers:infos/3 of a list of items, but items that would walk a long mailbox come first, and are `undefined`.
infos(Pids, Items, Arguments) ->
    case Pids -- short(Pids, Arguments) of
        [] -> readers:infos(Pids, Items, Arguments);
        Long ->
            Walked = [{Item, undefined} || Item <- Items, lists:member(Item, ?WALKING)],
            Reported = readers:infos(Long, Items -- ?WALKING, Arguments),
            maps:merge(readers:infos(Pids -- Long, Items, Arguments),
                       maps:map(fun(_, Info) -> case Info of dead -> dead; _ -> Walked ++ Info end end, Reported))
    end.

%% {Figures, Partial}: as figures:of_pids/4, but for those in the map Partial only a quick look's figures, since their mailboxes are long.
of_pids(Pids, Calibration, Binary, Arguments) ->
    Short = short(Pids, Arguments),
    Long = long(readers:all(figures:free_job(Calibration), readers:new(chunks:things(Pids -- Short), Arguments))),
    ByPid = maps:from_list([{element(1, Row), Row} || Row <- Long ++ figures:of_pids(Short, Calibration, Binary, Arguments)]),
    {[maps:get(Pid, ByPid) || Pid <- Pids, maps:is_key(Pid, ByPid)], maps:from_list([{element(1, Row), true} || Row <- Long])}.

%% [{Unexplained, Pid}] of few processes with long mailboxes, as exact as needed to know whether their lists are too long to be copied.
%% If no process can have so many entries, none is asked; otherwise only for memory, which walks the mailbox once: the result is too high
%% by the rest of the heap. Only if that is too much, the rest is asked for too, and other processes run in between.
unexplained(Pids, infinity, _, _) -> [{0, Pid} || Pid <- Pids];
unexplained(Pids, BytesMax, {WordBytes, BaseBytes, _, _, MessageBytes, _}, Arguments) ->
    Reported = maps:to_list(readers:infos(Pids, [memory, heap_size, message_queue_len], Arguments)),
    Most = [{Memory - BaseBytes - Heap * WordBytes - Queue * MessageBytes, Pid, Heap} || {Pid, [{_, Memory}, {_, Heap}, {_, Queue}]} <- Reported],
    Rest = readers:infos([Pid || {Unexplained, Pid, _} <- Most, Unexplained > BytesMax], total_heap_size, Arguments),
    [case Rest of
         #{Pid := {_, Words}} -> {Unexplained - (Words - Heap) * WordBytes, Pid};
         _ -> {Unexplained, Pid}
     end || {Unexplained, Pid, Heap} <- Most].
