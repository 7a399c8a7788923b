%% How busy each scheduler was over a window. The emulator measures that only while a process wants it: ours does, and when it ends the
%% emulator stops by itself, unless another process still wants it. All schedulers must start and report; nobody waits for a blocked one,
%% and then only the run queues are known.
-module(schedulers).
-export([answer/1]).

-define(PATIENCE_MS, 1000).

answer(#{<<"window_ms">> := Milliseconds}) ->
    Self = self(),
    Counts = {erlang:system_info(schedulers), erlang:system_info(dirty_cpu_schedulers)},
    Online = {erlang:system_info(schedulers_online), erlang:system_info(dirty_cpu_schedulers_online)},
    Meter = spawn_opt(fun() -> Self ! {self(), measured(Milliseconds)} end, [link, process_info(self(), priority)]),
    process_flag(priority, high), %% as readers:sleep/1
    {Rows, Queues, Measured} = receive
        {Meter, {Already, Before, After, Then}} ->
            {[row(Id, Active1 - Active0, Total1 - Total0, Counts, Online)
              || {{Id, Active0, Total0}, {Id, Active1, Total1}} <- lists:zip(Before, After)], Then, Already}
    after Milliseconds + ?PATIENCE_MS ->
        unlink(Meter),
        exit(Meter, kill),
        {[], erlang:statistics(run_queue_lengths_all), undefined}
    end,
    #{<<"schedulers">> => Rows,
      <<"run_queue_counts">> => lists:sublist(Queues, element(1, Counts)),
      <<"dirty_run_queue_counts">> => lists:nthtail(element(1, Counts), Queues),
      <<"measured_before">> => Measured}.

measured(Milliseconds) ->
    Already = erlang:system_flag(scheduler_wall_time, true),
    Before = sample(),
    readers:sleep(Milliseconds),
    Queues = erlang:statistics(run_queue_lengths_all),
    {Already, Before, sample(), Queues}.

sample() -> lists:sort(erlang:statistics(scheduler_wall_time_all)).

row(Id, Active, Total, Counts, Online) ->
    #{<<"id">> => Id,
      <<"type">> => type(Id, Counts),
      <<"online">> => online(Id, Counts, Online),
      <<"active_us">> => erlang:convert_time_unit(Active, native, microsecond),
      <<"total_us">> => erlang:convert_time_unit(Total, native, microsecond)}.

type(Id, {Normal, _}) when Id =< Normal -> <<"normal">>;
type(Id, {Normal, Dirty}) when Id =< Normal + Dirty -> <<"dirty_cpu">>;
type(_, _) -> <<"dirty_io">>.

online(Id, {Normal, _}, {Online, _}) when Id =< Normal -> Id =< Online;
online(Id, {Normal, Dirty}, {_, Online}) when Id =< Normal + Dirty -> Id - Normal =< Online;
online(_, _, _) -> true.
