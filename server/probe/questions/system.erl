%% Limits and use of processes, ports, atoms and ETS; run queues, schedulers, uptime, releases.
-module(system).
-export([answer/1]).

answer(_) ->
    {Total, _} = erlang:statistics(wall_clock),
    {Switches, _} = erlang:statistics(context_switches),
    {Collections, Reclaimed, _} = erlang:statistics(garbage_collection),
    {{input, Input}, {output, Output}} = erlang:statistics(io),
    {Reductions, _} = erlang:statistics(reductions),
    WordBytes = erlang:system_info(wordsize),
    #{<<"otp_release">> => list_to_binary(erlang:system_info(otp_release)),
      <<"erts_version">> => list_to_binary(erlang:system_info(version)),
      <<"elixir_version">> => version(application:get_key(elixir, vsn)),
      <<"uptime_ms">> => Total,
      <<"wordsize_bytes">> => WordBytes,
      <<"schedulers_count">> => erlang:system_info(schedulers),
      <<"schedulers_online_count">> => erlang:system_info(schedulers_online),
      <<"dirty_cpu_schedulers_count">> => erlang:system_info(dirty_cpu_schedulers),
      <<"dirty_io_schedulers_count">> => erlang:system_info(dirty_io_schedulers),
      <<"run_queue_count">> => erlang:statistics(total_run_queue_lengths_all),
      <<"process_count">> => erlang:system_info(process_count),
      <<"process_limit">> => erlang:system_info(process_limit),
      <<"port_count">> => erlang:system_info(port_count),
      <<"port_limit">> => erlang:system_info(port_limit),
      <<"atom_count">> => erlang:system_info(atom_count),
      <<"atom_limit">> => erlang:system_info(atom_limit),
      <<"ets_count">> => erlang:system_info(ets_count),
      <<"ets_limit">> => erlang:system_info(ets_limit),
      <<"reductions_count">> => Reductions,
      <<"context_switches_count">> => Switches,
      <<"io_input_bytes">> => Input,
      <<"io_output_bytes">> => Output,
      <<"gc_count">> => Collections,
      <<"gc_reclaimed_bytes">> => Reclaimed * WordBytes,
      <<"applications">> => [#{<<"name">> => Name, <<"version">> => version({ok, Version})} || {Name, _, Version} <- application:loaded_applications()],
      <<"connected_nodes_count">> => length(nodes()),
      <<"hidden_nodes_count">> => length(nodes(hidden))}.

version({ok, Text}) when is_list(Text) -> unicode:characters_to_binary(Text);
version(_) -> undefined.
