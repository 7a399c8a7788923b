%% The connections to other nodes: the queues of their ports, and their traffic, also over a window. net_kernel is not asked. The
%% emulator holds more data behind a port's queue, which cannot be read; but if that is over the limit, it suspends the senders.
-module(distribution).
-export([answer/1]).

-define(CONNECTIONS_MAX, 5000).
-define(PATIENCE_MS, 250). %% for one of the processes that carry connections

answer(#{<<"limit">> := Limit, <<"window_ms">> := Milliseconds} = Arguments) ->
    All = erlang:system_info(dist_ctrl),
    Looked = lists:sublist(All, ?CONNECTIONS_MAX),
    Before = [traffic(Controller) || {_, Controller} <- Looked],
    At = erlang:monotonic_time(microsecond),
    readers:sleep(Milliseconds),
    Hidden = nodes(hidden),
    Elapsed = case Milliseconds of 0 -> 0; _ -> erlang:monotonic_time(microsecond) - At end,
    Now = [{Queued, Node, Controller, Input, Output, Input0, Output0}
           || {{Node, Controller}, {_, Input0, Output0}} <- lists:zip(Looked, Before), {Queued, Input, Output} <- [traffic(Controller)]],
    Best = lists:sublist(lists:reverse(lists:sort(Now)), Limit),
    #{<<"rows">> => holder:named([row(Connection, Elapsed, lists:member(element(2, Connection), Hidden)) || Connection <- Best]),
      <<"seen_count">> => length(All),
      <<"gone_count">> => length(Looked) - length(Now),
      <<"suspended_process_count">> => suspended(Arguments),
      <<"busy_limit_bytes">> => erlang:system_info(dist_buf_busy_limit)}.

%% {Queued, In, Out} in bytes, of the driver, since a port's own figures leave out what the emulator sends on a connection; -1 if a
%% process carries it (TLS), or another driver: these report none.
traffic(Port) when is_port(Port) ->
    case {erlang:port_info(Port, queue_size), catch inet:getstat(Port, [recv_oct, send_oct])} of
        {{_, Queued}, {ok, [{recv_oct, Input}, {send_oct, Output}]}} -> {Queued, Input, Output};
        {{_, Queued}, _} -> {Queued, -1, -1};
        _ -> dead
    end;
traffic(_) -> {-1, -1, -1}.

%% A process that does not answer is running, in a long native call.
suspended(Arguments) ->
    Spec = ets:match_spec_compile([{{'_', {status, suspended}}, [], [{{true}}]}, {{'_', undefined}, [], [dead]}]),
    length(readers:all(readers:job(status, fun lists:zip/2, Spec, 256), readers:new(chunks:all(), Arguments))).

row({Queued, Node, Controller, Input, Output, Input0, Output0}, Elapsed, Hidden) ->
    maps:merge(controller(Controller),
               #{<<"peer_node">> => Node,
                 <<"hidden">> => Hidden,
                 <<"controller">> => Controller,
                 <<"queue_bytes">> => known(Queued),
                 <<"input_bytes">> => known(Input),
                 <<"output_bytes">> => known(Output),
                 <<"input_delta">> => Input - Input0,
                 <<"output_delta">> => Output - Output0,
                 <<"window_us">> => Elapsed}).

known(-1) -> undefined;
known(Figure) -> Figure.

%% The process that reads and writes for it. If a process carries the connection, its own messages are the queue.
controller(Port) when is_port(Port) ->
    Owner = case erlang:port_info(Port, connected) of {_, Pid} -> Pid; undefined -> undefined end,
    maps:merge(process(Owner), #{<<"local_address">> => address:text(catch inet:sockname(Port)), <<"peer_address">> => address:text(catch inet:peername(Port))});
controller(Pid) -> maps:merge(process(Pid), #{<<"local_address">> => undefined, <<"peer_address">> => undefined}).

process(Pid) when is_pid(Pid) ->
    case quick:infos([Pid], [memory, message_queue_len, status], #{<<"timeout_ms">> => ?PATIENCE_MS}) of
        #{Pid := [{_, Memory}, {_, Queue}, {_, Status}]} -> #{<<"owner">> => Pid, <<"message_queue_len">> => Queue, <<"status">> => Status, <<"memory_bytes">> => Memory};
        _ -> (process(undefined))#{<<"owner">> => Pid}
    end;
process(_) -> #{<<"owner">> => undefined, <<"message_queue_len">> => undefined, <<"memory_bytes">> => undefined, <<"status">> => undefined}.
