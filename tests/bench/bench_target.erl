%% bench_target: what a node under measurement runs: a population of processes, and the folds that beamgauge is compared with.
-module(bench_target).
-export([populate/1, pairs/1, hoard/1, spin/1, plain_pass/1, measure/1, peak_start/0, peak_stop/0]).

%% Idle processes with a little of everything, as a busy node has them.
populate(N) ->
    _ = [spawn(fun() -> idle(I) end) || I <- lists:seq(1, N)],
    N.

idle(I) ->
    put(number, I),
    receive stop -> ok end.

%% Watchers that monitor one process many times each: {Watchers, EntriesEach}.
pairs({Watchers, Entries}) ->
    Watched = spawn(fun() -> receive stop -> ok end end),
    _ = [spawn(fun() -> _ = [monitor(process, Watched) || _ <- lists:seq(1, Entries)], receive stop -> ok end end)
         || _ <- lists:seq(1, Watchers)],
    Watched.

%% One process that monitors another so many times, and has tidied up after itself.
hoard(Entries) ->
    Self = self(),
    Watched = spawn(fun() -> receive stop -> ok end end),
    Pid = spawn(fun() -> monitor_times(Watched, Entries), erlang:garbage_collect(), Self ! {hoarded, self()}, receive stop -> ok end end),
    receive {hoarded, Pid} -> Entries end.

monitor_times(_, 0) -> ok;
monitor_times(Pid, Left) -> _ = monitor(process, Pid), monitor_times(Pid, Left - 1).

%% So many processes that never wait, in the place of those that there were.
spin(Count) ->
    _ = [exit(Pid, kill) || Pid <- persistent_term:get(spinning, [])],
    persistent_term:put(spinning, [spawn(fun spinning/0) || _ <- lists:seq(1, Count)]),
    Count.

spinning() ->
    _ = lists:sort(lists:reverse([N * 3 rem 17 || N <- lists:seq(1, 200)])),
    spinning().

%% One process of normal priority asks all others for what a ranking needs, one after the other, for so many milliseconds at most.
%% {Milliseconds that all of them take, or would take}
plain_pass(Milliseconds) ->
    Pids = processes(),
    Start = erlang:monotonic_time(millisecond),
    Asked = plain_pass(Pids, Start + Milliseconds, 0),
    {(erlang:monotonic_time(millisecond) - Start) * length(Pids) / Asked}.

plain_pass([], _, Asked) -> Asked;
plain_pass([Pid | Pids], Until, Asked) ->
    _ = process_info(Pid, [memory, total_heap_size, message_queue_len, reductions, stack_size]),
    case erlang:monotonic_time(millisecond) > Until of
        true -> Asked + 1;
        false -> plain_pass(Pids, Until, Asked + 1)
    end.

%% Runs one of the folds in a process of its own. {Microseconds, PeakBytes}: the highest the node's process memory went above where it began.
measure(What) ->
    Self = self(),
    erlang:garbage_collect(),
    timer:sleep(300), %% what ran before has gone from the figures
    peak_start(),
    {Pid, Ref} = spawn_monitor(fun() ->
        T0 = erlang:monotonic_time(microsecond),
        _ = run(What),
        Self ! {self(), erlang:monotonic_time(microsecond) - T0}
    end),
    receive {Pid, Time} -> receive {'DOWN', Ref, _, _, _} -> ok end end,
    {Time, peak_stop()}.

%% What recon:proc_count(Attr, Num) does: four items per process, the whole list kept, then the top of it.
run({recon_like, Attr}) ->
    Self = self(),
    Infos = [{Pid, Value, Rest}
             || Pid <- processes(), Pid =/= Self,
                [{_, Value} | Rest] <- [process_info(Pid, [Attr, registered_name, current_function, initial_call])]],
    lists:sublist(lists:reverse(lists:keysort(2, Infos)), 10);
%% The story's one-liner, as people type it.
run(one_liner) ->
    lists:sublist(lists:reverse(lists:keysort(2, [{P, length(L)} || P <- processes(), {_, L} <- [process_info(P, monitors)]])), 10);
%% The bare price of asking: nothing kept.
run(bare_fold) ->
    lists:foldl(fun(P, N) ->
        case process_info(P, [memory, total_heap_size, message_queue_len, reductions]) of
            undefined -> N;
            _ -> N + 1
        end
    end, 0, processes()).

%% A sampler at high priority sees the peak while something else runs.
peak_start() ->
    Owner = self(),
    Pid = spawn_opt(fun() -> Base = erlang:memory(processes), Owner ! {peak_ready, self()}, sample(Base, Base) end, [{priority, high}]),
    register(bench_peak, Pid),
    receive {peak_ready, Pid} -> ok end.

sample(Base, Peak) ->
    receive
        {stop, From} -> From ! {peak, max(Peak, erlang:memory(processes)) - Base}
    after 2 -> sample(Base, max(Peak, erlang:memory(processes)))
    end.

peak_stop() ->
    Pid = whereis(bench_peak),
    unregister(bench_peak),
    Pid ! {stop, self()},
    receive {peak, Bytes} -> Bytes end.
