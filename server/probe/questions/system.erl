%% Limits and use of processes, ports, atoms and ETS; run queues, schedulers, uptime, releases. All of it is told natively.
-module(system).
-export([answer/1]).

answer(_) ->
    [{Total, _}, {Switches, _}, {Collections, Reclaimed, _}, {{input, Input}, {output, Output}}, {Reductions, _}, Queued] =
        lists:map(fun erlang:statistics/1, [wall_clock, context_switches, garbage_collection, io, reductions, total_run_queue_lengths_all]),
    maps:merge(
        maps:from_list(lists:zip(
            [<<"wordsize_bytes">>, <<"schedulers_count">>, <<"schedulers_online_count">>, <<"dirty_cpu_schedulers_count">>,
             <<"dirty_io_schedulers_count">>, <<"process_count">>, <<"process_limit">>, <<"port_count">>, <<"port_limit">>, <<"atom_count">>,
             <<"atom_limit">>, <<"ets_count">>, <<"ets_limit">>],
            lists:map(fun erlang:system_info/1,
                      [wordsize, schedulers, schedulers_online, dirty_cpu_schedulers, dirty_io_schedulers, process_count, process_limit,
                       port_count, port_limit, atom_count, atom_limit, ets_count, ets_limit]))),
        maps:from_list(lists:zip(
            [<<"uptime_ms">>, <<"run_queue_count">>, <<"reductions_count">>, <<"context_switches_count">>, <<"io_input_bytes">>,
             <<"io_output_bytes">>, <<"gc_count">>, <<"gc_reclaimed_bytes">>, <<"connected_nodes_count">>, <<"hidden_nodes_count">>,
             <<"otp_release">>, <<"erts_version">>, <<"elixir_version">>, <<"applications">>],
            [Total, Queued, Reductions, Switches, Input, Output, Collections, Reclaimed * erlang:system_info(wordsize), length(nodes()),
             length(nodes(hidden)), list_to_binary(erlang:system_info(otp_release)), list_to_binary(erlang:system_info(version)),
             version(application:get_key(elixir, vsn)), applications(lists:unzip3(application:loaded_applications()))]))).

version({ok, Text}) when is_list(Text) -> unicode:characters_to_binary(Text);
version(_) -> undefined.

%% A version is a list of characters, as it is written in the application's file.
applications({Names, _, Versions}) -> lists:zip(Names, Versions).
