%% The sockets of the module socket that read or wrote most, or most over a window. The list comes from the registry of sockets, a
%% process that serves only such questions; the emulator reports the rest. If the module was never loaded, there are no sockets.
-module(sockets).
-export([answer/1]).

answer(#{<<"sort">> := Sort, <<"limit">> := Limit, <<"window_ms">> := Milliseconds}) ->
    Item = case Sort of <<"input">> -> read_byte; <<"output">> -> write_byte end,
    Column = fun(Sockets, _) -> [counter(Item, information(Socket)) || Socket <- Sockets] end,
    {Best, Seen, Gone} = top:ranked(top:things(open()), Column, Milliseconds, Limit),
    Rows = [row(Socket, Number, Elapsed, information(Socket)) || {Socket, Number, Elapsed} <- Best],
    Whole = [Row || Row <- Rows, is_map(Row)],
    #{<<"rows">> => holder:named(Whole), <<"seen_count">> => Seen, <<"gone_count">> => Gone + length(Rows) - length(Whole)}.

open() ->
    case erlang:module_loaded(socket) of
        true -> apply(socket, which_sockets, []);
        false -> []
    end.

information(Socket) ->
    try apply(socket, info, [Socket]) of
        #{counters := _} = Known -> Known;
        _ -> dead
    catch
        _:_ -> dead
    end.

counter(Item, #{counters := Counters}) -> maps:get(Item, Counters, 0);
counter(_, dead) -> dead.

%% The owner was called ctrl once.
row(_, _, _, dead) -> dead;
row({'$socket', Reference} = Socket, Number, Elapsed, #{counters := Counters} = Known) ->
    #{<<"socket">> => Reference,
      <<"owner">> => maps:get(owner, Known, maps:get(ctrl, Known, undefined)),
      <<"domain">> => maps:get(domain, Known, undefined),
      <<"type">> => maps:get(type, Known, undefined),
      <<"protocol">> => maps:get(protocol, Known, undefined),
      <<"input_bytes">> => maps:get(read_byte, Counters, 0),
      <<"output_bytes">> => maps:get(write_byte, Counters, 0),
      <<"input_packets_count">> => maps:get(read_pkg, Counters, 0),
      <<"output_packets_count">> => maps:get(write_pkg, Counters, 0),
      <<"readers_count">> => maps:get(num_readers, Known, 0),
      <<"writers_count">> => maps:get(num_writers, Known, 0),
      <<"local_address">> => address:text(catch apply(socket, sockname, [Socket])),
      <<"peer_address">> => address:text(catch apply(socket, peername, [Socket])),
      <<"delta">> => Number,
      <<"window_us">> => Elapsed}.
