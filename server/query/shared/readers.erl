%% Reads figures of many processes through askers, at the pace that the node allows: a process that never answers stops neither the
%% question nor the rest, and on a busy node many are asked at once.
-module(readers).
-export([new/2, new/4, next/2, all/2, infos/3, job/2, job/3, job/4, is_busy/0, hurry/0, sleep/1]).

-define(ASKERS_MAX, 2048).  %% in parallel, about 3 KiB each
-define(CHUNK, 2000).       %% processes per asker
-define(WAVE, 512).         %% askers at once in a wave: so many at first, and then as the time demands, up to ASKERS_MAX,
-define(WAVE_MIN, 128).     %% and at least this many
-define(EACH, 4).           %% processes per asker of a wave, one after the other: starting an asker takes longer than asking
-define(ASIDE_MAX, 8).      %% stalled chunks that are waited for while the others are read one by one
-define(PAUSE_MS_MIN, 5).
-define(WAIT_MS_MAX, 10000). %% for a process that does not answer

job(Items, Spec) -> askers:job(Items, Spec).
job(Items, Zip, Spec) -> askers:job(Items, Zip, Spec).
job(Items, Zip, Spec, Grain) -> askers:job(Items, Zip, Spec, Grain).

%% True if more processes are ready to run than can run. Then most of the time is waiting for a turn.
is_busy() -> erlang:statistics(total_run_queue_lengths) >= erlang:system_info(schedulers_online).

%% On a busy node the question's own process and its askers run before waiting processes: it has a tenth or two of a second of work, and
%% each asker some microseconds. At low priority they would not be scheduled in time, nor at normal priority with sixty others ahead at
%% each turn. The asked processes wait for their turns as usual. They are asked in waves that are no larger than the time demands, so
%% that there are not too many of them ahead of other ready processes.
hurry() -> is_busy() andalso is_atom(process_flag(priority, high)).

%% A process that waits for a while does so at high priority, which costs nothing: at low it would come back eight turns late on a busy node.
sleep(Milliseconds) ->
    process_flag(priority, high),
    receive after Milliseconds -> ok end,
    hurry() orelse process_flag(priority, low).

%% The readers of one pass: {Source, Pace, Aside, Again, Progress, Clock}. The pace is how many are asked at once: 1 means a chunk, by one
%% asker; figures that the emulator reports without the process are read this way too.
%% Aside are askers that stalled, Again are pids that did not answer together with others. Much of the time is kept for the later steps,
%% and more on a busy node, where they wait for turns too: as much as is known to be needed there, `reserve_ms`, which may be all, or
%% seven tenths.
new(Source, Arguments) -> new(Source, Arguments, [], progress:none()).

%% Again are processes that did not answer before; they are asked alone after all others, for a quarter of the time.
new(Source, Arguments, Again, Progress) ->
    Timeout = max(1, deadline:patience(Arguments)),
    {Pace, Tenths} = case {hurry(), Arguments} of
        {true, #{<<"reserve_ms">> := Reserve}} -> {?WAVE, max(0, min(4, 10 - 10 * Reserve div Timeout))};
        {true, _} -> {?WAVE, 3};
        {false, _} -> {1, 6}
    end,
    Wait = case Again of [] -> ?WAIT_MS_MAX; _ -> Timeout div 4 end,
    {Source, Pace, [], Again, Progress, {min(1000, max(4 * ?PAUSE_MS_MIN, Timeout div 20)), now_ms() + Timeout * Tenths div 10, Wait}}.

now_ms() -> erlang:monotonic_time(millisecond).

%% {ok, Rows, Readers}, or {none, Progress} when no process is left. Our own processes are not asked.
next({_, _, _, Grain, _} = Job, {Source, Pace, Aside, Again, Progress, {Pause, Until, WaitMax} = Clock}) ->
    Single = Pace =:= 1 orelse Grain > 1,
    case chunks:take(Source, case Single of true -> ?CHUNK; false -> Pace * each(Job) end) of
        none ->
            late(Job, Aside, Again, Progress, {Pause, case WaitMax of none -> Until; _ -> min(Until, now_ms() + WaitMax) end, none});
        {Asked, Rest} ->
            Pids = Asked -- [self() | element(2, process_info(self(), links))],
            case now_ms() of
                Now when Now >= Until ->
                    next(Job, {Rest, Pace, Aside, Again, progress:silent(Pids, length(Pids), Progress), Clock});
                _ when Single ->
                    case askers:one(Pids, Job, case is_timed(Job) of true -> ?PAUSE_MS_MIN; false -> patience(length(Aside), Pause) end) of
                        {ok, Rows} -> reported(Rows, length(Pids), {Rest, Pace, Aside, Again, Progress, Clock});
                        {none, Asker} -> next(Job, {Rest, pace(Pace, length(Aside)), [{Asker, Pids} | Aside], Again, Progress, Clock})
                    end;
                Now ->
                    {Rows, Silent} = askers:wave(Pids, Pace, Job, 2 * Pause, Until),
                    reported(Rows, length(Pids) - length(Silent),
                             {Rest, paced(Pace, chunks:left(Rest), Now, Until, each(Job)), Aside, Silent ++ Again, Progress, Clock})
            end
    end.

%% See askers.erl.
is_timed({_, Zip, _, _, _}) -> is_function(Zip, 3).

each(Job) -> case is_timed(Job) of true -> 1; false -> ?EACH end.

%% Stalled ones are waited for meanwhile, so the timeout is short, and shorter each time.
patience(Stalled, Pause) -> max(?PAUSE_MS_MIN, (Pause div 4) bsr Stalled).

pace(1, Stalled) ->
    case hurry() orelse Stalled >= ?ASIDE_MAX of
        true -> ?WAVE;
        false -> 1
    end;
pace(Pace, _) -> Pace.

%% The next wave grows by the factor by which the time is too short for all that are left, unless it is too short for another wave like
%% the last; it is halved if the time is four times as long as needed.
paced(Pace, Left, Before, Until, Each) ->
    Now = now_ms(),
    Needed = Left * max(1, Now - Before) div (Pace * Each),
    case max(1, Until - Now) of
        Time when Now - Before >= Time -> Pace;
        Time when Needed > Time -> min(Pace * min(16, Needed div Time + 1), ?ASKERS_MAX);
        Time when 4 * Needed < Time -> max(Pace div 2, ?WAVE_MIN);
        _ -> Pace
    end.

%% A process that died is counted too.
reported(Rows, Count, Readers) ->
    {Dead, Living} = lists:partition(fun erlang:is_atom/1, Rows),
    {ok, Living, setelement(5, Readers, progress:some(Count, length(Dead), element(5, Readers)))}.

%% A process with millions of monitors needs a second to count its memory, and again for each caller: so no process is asked again before
%% half of the time is gone. Then processes that were asked together with one that does not answer are asked alone. Figures that the
%% emulator reports itself never take so long.
late(_, [], [], Progress, _) -> {none, Progress};
late(Job, [], Again, Progress, {Pause, Until, _} = Clock) ->
    case now_ms() >= Until of
        true ->
            {none, progress:silent(Again, length(Again), Progress)};
        false ->
            Pids = lists:sublist(Again, ?ASKERS_MAX),
            {Rows, Alone} = askers:wave(Pids, ?ASKERS_MAX, setelement(4, Job, 1), longest(Job, Pause), Until),
            reported(Rows, length(Pids) - length(Alone),
                     {chunks:none(), 1, [], lists:nthtail(length(Pids), Again), progress:silent(Alone, length(Alone), Progress), Clock})
    end;
late(Job, Aside, Again, Progress, {Pause, Until, _} = Clock) ->
    case is_timed(Job) of
        true -> timed(Job, Aside, Again, Progress, Clock);
        false ->
            {Rows, Count, Left} = gather(maps:from_list(Aside), now_ms() + min((Until - now_ms()) div 2, longest(Job, Pause)), [], 0),
            askers:stop(maps:keys(Left)),
            reported(Rows, Count, {chunks:none(), 1, [], lists:append(maps:values(Left)) ++ Again, Progress, Clock})
    end.

%% It is not known when processes replied that were asked together with a stalled one: so all of them are asked alone too, and their
%% earlier reply, `{Pid, _}`, is used only if they do not reply now.
timed(Job, Aside, Again, Progress, {Pause, Until, _} = Clock) ->
    Pids = lists:append([Stalled || {_, Stalled} <- Aside]) ++ Again,
    {Asked, Others} = lists:split(min(?ASKERS_MAX, length(Pids)), Pids),
    {Rows, Alone} = askers:wave(Asked, ?ASKERS_MAX, setelement(4, Job, 1), longest(Job, Pause), Until),
    {Late, _, Left} = gather(maps:from_list(Aside), now_ms(), [], 0),
    askers:stop(maps:keys(Left)),
    Reported = maps:with(Alone, maps:from_list([{element(1, Row), Row} || Row <- Late, is_tuple(Row)])),
    Silent = Alone -- maps:keys(Reported),
    reported(maps:values(Reported) ++ Rows, length(Asked) - length(Silent),
             {chunks:none(), 1, [], Others, progress:silent(Silent, length(Silent), Progress), Clock}).

longest({_, _, _, 1, _}, _) -> ?WAIT_MS_MAX;
longest(_, Pause) -> Pause.

gather(Aside, _, Reported, Count) when map_size(Aside) =:= 0 -> {lists:append(Reported), Count, Aside};
gather(Aside, Patient, Reported, Count) ->
    receive
        [Asker, Rows] when is_map_key(Asker, Aside) ->
            {Pids, Left} = maps:take(Asker, Aside),
            gather(Left, Patient, [Rows | Reported], Count + length(Pids))
    after max(0, Patient - now_ms()) ->
        {lists:append(Reported), Count, Aside}
    end.

%% The replies of few processes, by pid: the items as they are, `dead`, or nothing if a process does not answer in time.
infos(Pids, Items, Arguments) ->
    Spec = ets:match_spec_compile([{{'$1', undefined}, [], [{{'$1', dead}}]}, {'_', [], ['$_']}]),
    maps:from_list(all(job(Items, Spec), new(chunks:things(Pids), Arguments))).

%% The rows of all processes that answer.
all(Job, Readers) -> all(Job, Readers, []).

all(Job, Readers, Reported) ->
    case next(Job, Readers) of
        {ok, Rows, Left} -> all(Job, Left, [Rows | Reported]);
        {none, _} -> lists:append(Reported)
    end.
