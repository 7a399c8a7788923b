%% A quick look at all processes for what the emulator tells without their help: on a busy node it is known in a moment, whatever comes.
-module(quick).
-export([is_wanted/1, look/3, whom/2, first/3, items/2, infos/3, of_pids/4, short/1, short/2, unexplained/4]).

-define(MAILBOX_MAX, 100000). %% messages; of a process with more is not asked by the way what it walks them all to tell:
-define(WALKING, [memory, total_heap_size, garbage_collection_info]).
-define(AFTERWARDS, 4). %% what comes after all were asked takes a busy node so many times as long as this look, however slow it is,
-define(TELLING, 2). %% and to put together what is known so many times as long

%% Where there are not so many messages in all, no mailbox is long. Where the calibration got no counts, nobody waits for them again.
is_wanted(Calibration) -> readers:is_busy() orelse element(6, Calibration) =:= infinity orelse blocks:messages() > ?MAILBOX_MAX.

%% {Readers, Long, Rankings, All}: of whom to ask for the rest, the first of each ranking first, and who is in the midst of something last
%% and alone; figures of those with long mailboxes; and whether all were looked at.
look(Rankings, Calibration, Arguments) ->
    Started = erlang:monotonic_time(microsecond),
    {Pids, Long, Best, Met} = gather(figures:free_job(Calibration), readers:new(chunks:all(), Arguments), {Rankings, [], []}),
    {Silent, Others} = met:again(met:unasked(length(Pids), length(Long), Met)),
    Heavy = maps:keys(heavy:known(Arguments)), %% whoever looks has what these told before,
    Busy = maps:keys(heavy:earlier(Silent -- Heavy, Arguments)), %% or earlier, for those who may be telling it to others now
    Taken = (erlang:monotonic_time(microsecond) - Started) div 1000,
    deadline:keep(?TELLING * Taken),
    Left = Arguments#{<<"reserve_ms">> => ?AFTERWARDS * Taken},
    {readers:new(chunks:things(Pids -- Heavy), Left, (Silent -- Heavy) -- Busy, met:silent(Busy, length(Busy), Others)),
     Long, Best, met:is_all(Met)}.

%% {First, Others, LongCount, Met}: of some processes those who can be asked for what walks a mailbox, the first of a ranking apart, and how many
%% cannot.
first(Ranking, Calibration, Readers) ->
    {Pids, Long, [{_, _, _, Best}], Met} = gather(figures:free_job(Calibration), Readers, {[Ranking], [], []}),
    First = short(Best),
    {First, Pids -- First, length(Long), Met}.

gather(Job, Readers, {Rankings, Pids, Long}) ->
    case readers:next(Job, Readers) of
        {ok, Rows, Left} ->
            Best = case figures:hits(Rows, Rankings) of
                [] -> Rankings;
                Hits -> [figures:offer(Ranking, Hits) || Ranking <- Rankings]
            end,
            gather(Job, Left, {Best, [short(Rows) | Pids], long(Rows) ++ Long});
        {none, Met} ->
            First = lists:usort([element(1, Row) || {_, _, _, Best} <- Rankings, Row <- Best, element(4, Row) =< ?MAILBOX_MAX]),
            {First ++ (lists:append(Pids) -- First), Long, Rankings, Met}
    end.

short(Rows) -> ets:match_spec_run(Rows, ets:match_spec_compile([{pattern(), [{'=<', '$4', ?MAILBOX_MAX}], ['$1']}])).

long(Rows) -> ets:match_spec_run(Rows, ets:match_spec_compile([{pattern(), [{'>', '$4', ?MAILBOX_MAX}], ['$_']}])).

pattern() -> {'$1', '_', '_', '$4', '_', '_', '_', '_', '_'}.

%% The readers of all who can be asked for what walks a mailbox.
whom(Calibration, Arguments) ->
    case is_wanted(Calibration) of
        true -> element(1, look([], Calibration, Arguments));
        false -> readers:new(chunks:all(), Arguments)
    end.

%% Those of few processes whose mailboxes are short.
short(Pids, Arguments) ->
    Spec = ets:match_spec_compile([{{'$1', {message_queue_len, '$2'}}, [{'=<', '$2', ?MAILBOX_MAX}], ['$1']}, {'_', [], [dead]}]),
    Short = maps:from_list([{Pid, true} || Pid <- readers:all(readers:job(message_queue_len, Spec), readers:new(chunks:things(Pids), Arguments))]),
    [Pid || Pid <- Pids, maps:is_key(Pid, Short)].

%% What one process can be asked for of these.
items(Pid, Items) ->
    case process_info(Pid, message_queue_len) of
        {_, Count} when Count > ?MAILBOX_MAX -> Items -- ?WALKING;
        _ -> Items
    end.

%% As readers:infos/3 of a list of items, but what would walk a long mailbox comes first, and is `undefined`.
infos(Pids, Items, Arguments) ->
    case Pids -- short(Pids, Arguments) of
        [] -> readers:infos(Pids, Items, Arguments);
        Long ->
            Walked = [{Item, undefined} || Item <- Items, lists:member(Item, ?WALKING)],
            Told = readers:infos(Long, Items -- ?WALKING, Arguments),
            maps:merge(readers:infos(Pids -- Long, Items, Arguments),
                       maps:map(fun(_, Info) -> case Info of dead -> dead; _ -> Walked ++ Info end end, Told))
    end.

%% {Figures, Partial}: as figures:of_pids/4, but of those in the map Partial only what a quick look tells, as their mailboxes are long.
of_pids(Pids, Calibration, Binary, Arguments) ->
    Short = short(Pids, Arguments),
    Long = long(readers:all(figures:free_job(Calibration), readers:new(chunks:things(Pids -- Short), Arguments))),
    ByPid = maps:from_list([{element(1, Row), Row} || Row <- Long ++ figures:of_pids(Short, Calibration, Binary, Arguments)]),
    {[maps:get(Pid, ByPid) || Pid <- Pids, maps:is_key(Pid, ByPid)], maps:from_list([{element(1, Row), true} || Row <- Long])}.

%% [{Unexplained, Pid}] of few processes with long mailboxes, as far as it tells whether their lists are too long to be copied. Where no process can
%% have so many entries nobody is asked; or else for memory alone, which walks the mailbox once: what takes it for more than it is, is the rest of
%% the heap. Only where that is too much the rest is asked for too, and others run between.
unexplained(Pids, infinity, _, _) -> [{0, Pid} || Pid <- Pids];
unexplained(Pids, BytesMax, {WordBytes, BaseBytes, _, _, MessageBytes, _}, Arguments) ->
    Told = maps:to_list(readers:infos(Pids, [memory, heap_size, message_queue_len], Arguments)),
    Most = [{Memory - BaseBytes - Heap * WordBytes - Queue * MessageBytes, Pid, Heap} || {Pid, [{_, Memory}, {_, Heap}, {_, Queue}]} <- Told],
    Rest = readers:infos([Pid || {Unexplained, Pid, _} <- Most, Unexplained > BytesMax], total_heap_size, Arguments),
    [case Rest of
         #{Pid := {_, Words}} -> {Unexplained - (Words - Heap) * WordBytes, Pid};
         _ -> {Unexplained, Pid}
     end || {Unexplained, Pid, Heap} <- Most].
