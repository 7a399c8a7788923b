%% How busy each scheduler was over a window. The emulator measures that only while someone wants it: this process does, and when it
%% ends the emulator stops by itself, unless another process still wants it.
-module(schedulers).
-export([answer/1]).

answer(#{<<"window_ms">> := Milliseconds}) ->
    Measured = erlang:system_flag(scheduler_wall_time, true),
    Before = sample(),
    receive after Milliseconds -> ok end,
    Queues = erlang:statistics(run_queue_lengths_all),
    After = sample(),
    Counts = {erlang:system_info(schedulers), erlang:system_info(dirty_cpu_schedulers)},
    Online = {erlang:system_info(schedulers_online), erlang:system_info(dirty_cpu_schedulers_online)},
    #{<<"schedulers">> => [row(Id, Active1 - Active0, Total1 - Total0, Counts, Online)
                           || {{Id, Active0, Total0}, {Id, Active1, Total1}} <- lists:zip(Before, After)],
      <<"run_queue_counts">> => lists:sublist(Queues, element(1, Counts)),
      <<"dirty_run_queue_counts">> => lists:nthtail(element(1, Counts), Queues),
      <<"measured_before">> => Measured}.

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
