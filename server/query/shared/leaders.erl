%% Who is asked before all others on a busy node: those who run or are ready to, and those who have most. Each is asked alone, and all of them
%% at once, so they tell at their next turns, however many others there are.
-module(leaders).
-export([order/4, ask/3]).

-define(LEADERS_MAX, 2048). %% askers beside each other
-define(BUSY, [running, runnable, garbage_collecting]).

%% {Leading, Busy, Source, Met}: who is asked first, which of them are busy, and the other processes. Met has nobody yet who is going to be asked.
order(Key, Limit, Calibration, Arguments) ->
    {Busy, Quiet, All} = busy(statuses(), readers:new(chunks:all(), Arguments), [], []),
    Met = met:unasked(length(Busy) + length(Quiet), 0, All),
    case sampler:is_free(Key) of
        true -> split(Busy, Busy, Quiet, Met);
        false -> %% how much memory one has at least stands for all that has to be asked for
            Ranking = figures:ranking(<<"memory">>, 2, <<"desc">>, 2 * Limit),
            {Some, More, LongBusy, MetBusy} = quick:first(Ranking, Calibration, readers:new(chunks:none(), Arguments, Busy, Met)),
            {First, Others, Long, MetQuiet} = quick:first(Ranking, Calibration, readers:new(chunks:things(Quiet), Arguments, [], MetBusy)),
            Left = length(Some) + length(More) + length(First) + length(Others),
            split(Some ++ More ++ First, Some ++ More, Others, met:unasked(Left, LongBusy + Long, MetQuiet))
    end.

split(First, Busy, Others, Met) ->
    {Leading, More} = lists:split(min(?LEADERS_MAX, length(First)), First),
    {Leading, Busy, chunks:things(More ++ Others), Met}.

%% Whether a process runs is told without it.
statuses() -> readers:job(status, fun lists:zip/2, ets:match_spec_compile([{{'$1', {status, '$2'}}, [], [{{'$1', '$2'}}]}, {'_', [], [dead]}]), 256).

busy(Job, Readers, Busy, Quiet) ->
    case readers:next(Job, Readers) of
        {none, Met} -> {lists:append(Busy), lists:append(Quiet), Met};
        {ok, Rows, Left} ->
            IsBusy = list_to_tuple(['orelse' | [{'=:=', '$2', Status} || Status <- ?BUSY]]),
            Some = ets:match_spec_run(Rows, ets:match_spec_compile([{{'$1', '$2'}, [IsBusy], ['$1']}])),
            Others = ets:match_spec_run(Rows, ets:match_spec_compile([{{'$1', '$2'}, [{'not', IsBusy}], ['$1']}])),
            busy(Job, Left, [Some | Busy], [Others | Quiet])
    end.

%% {Rows, Silent}, in so many milliseconds at most.
ask([], _, _) -> {[], []};
ask(Pids, Job, Milliseconds) ->
    readers:hurry(),
    askers:wave(Pids, length(Pids), setelement(4, Job, 1), Milliseconds, erlang:monotonic_time(millisecond) + Milliseconds).
