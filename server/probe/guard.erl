%% The guard: runs one question in a worker under a deadline and a heap limit, and dies with the link.
-module(guard).
-export([guard/2]).

%% The worker answers for itself. Trapping exits lets the guard outlive a killed worker to tell why; any other exit signal is
%% the link to beamgauge going down, and takes the worker along. Bindings in a map are the cheaper ones to evaluate, from OTP 25 on.
guard({Forms, Arguments, Timeout, MaxHeapWords}, Reply) ->
    process_flag(trap_exit, true),
    Timed = Arguments#{<<"timeout_ms">> => Timeout},
    Bindings = case erlang:system_info(otp_release) >= "25" of
        true -> #{'Args' => Timed, 'Reply' => Reply};
        false -> [{'Args', Timed}, {'Reply', Reply}]
    end,
    Worker = spawn_opt(erl_eval, exprs, [Forms, Bindings, none],
                       [link, {priority, low}, {max_heap_size, #{size => MaxHeapWords, kill => true, error_logger => false}}]),
    receive
        {'EXIT', Worker, normal} -> ok;
        {'EXIT', Worker, killed} -> Reply ! {error, heap_limit};
        {'EXIT', Worker, _} -> Reply ! {error, {exit, <<"the worker was ended">>}};
        {'EXIT', _, _} -> exit(Worker, kill)
    after Timeout ->
        exit(Worker, kill),
        Reply ! {error, deadline}
    end.
