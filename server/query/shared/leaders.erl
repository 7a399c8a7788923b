%% The processes that are asked first on a busy node: those that run or are ready to, and those with the highest values. Each is asked
%% alone, and all at once, so they reply at their next turns, however many others there are.
-module(leaders).
-export([order/4, ask/3, heard/3]).

-define(LEADERS_MAX, 2048). %% askers in parallel
-define(BUSY, [running, runnable, garbage_collecting]).
-define(LOOK_SHARE, 6). %% of the time, a part of this many, to find long mailboxes

%% {Leading, Mute, Busy, Source, Progress}: processes to ask first, those that already did not answer, the busy ones of both, and the others.
%% Progress does not yet have processes that will be asked.
order(Key, Limit, Calibration, Arguments) ->
    {Some, Quiet, All} = busy(statuses(), readers:new(chunks:all(), Arguments), [], []),
    {Busy, More} = lists:split(min(?LEADERS_MAX, length(Some)), Some),
    Others = More ++ Quiet,
    case sampler:is_free(Key) of
        true -> {Busy, [], Busy, chunks:things(Others), progress:unasked(length(Some) + length(Quiet), 0, All)};
        false -> %% the minimum of a process's memory replaces all that must be asked for
            {Reported, Mute} = ask(Busy, figures:free_job(Calibration), max(1, deadline:patience(Arguments) div ?LOOK_SHARE)),
            Rows = [Row || Row <- Reported, is_tuple(Row)],
            Short = quick:short(Rows),
            Progress = progress:unasked(length(Others) + length(Short), length(Rows) - length(Short),
                                        heard(Reported, Mute, progress:unasked(length(Busy), 0, All))),
            Ranking = figures:ranking(<<"memory">>, 2, <<"desc">>, 2 * Limit),
            {First, Rest, Long, Progress1} = quick:first(Ranking, Calibration, readers:new(chunks:things(Others), Arguments, [], Progress)),
            {Short ++ First, Mute, Busy, chunks:things(Rest), progress:unasked(length(First) + length(Rest), progress:long(Progress) + Long, Progress1)}
    end.

%% Adds to Progress: the processes that were asked alone.
heard(Rows, Silent, Progress) ->
    progress:silent(Silent, length(Silent), progress:some(length(Rows), length([Row || Row <- Rows, is_atom(Row)]), Progress)).

%% The emulator reports whether a process runs.
statuses() -> readers:job(status, fun lists:zip/2, ets:match_spec_compile([{{'$1', {status, '$2'}}, [], [{{'$1', '$2'}}]}, {'_', [], [dead]}]), 256).

busy(Job, Readers, Busy, Quiet) ->
    case readers:next(Job, Readers) of
        {none, Progress} -> {lists:append(Busy), lists:append(Quiet), Progress};
        {ok, Rows, Left} ->
            IsBusy = list_to_tuple(['orelse' | [{'=:=', '$2', Status} || Status <- ?BUSY]]),
            Some = ets:match_spec_run(Rows, ets:match_spec_compile([{{'$1', '$2'}, [IsBusy], ['$1']}])),
            Others = ets:match_spec_run(Rows, ets:match_spec_compile([{{'$1', '$2'}, [{'not', IsBusy}], ['$1']}])),
            busy(Job, Left, [Some | Busy], [Others | Quiet])
    end.

%% {Rows, Silent}, within so many milliseconds.
ask([], _, _) -> {[], []};
ask(Pids, Job, Milliseconds) ->
    readers:hurry(),
    askers:wave(Pids, length(Pids), setelement(4, Job, 1), Milliseconds, erlang:monotonic_time(millisecond) + Milliseconds).
