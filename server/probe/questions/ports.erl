%% The ports with the longest queues, most traffic or memory, or most of either over a window. The owner of a port is never asked.
-module(ports).
-export([answer/1]).

answer(#{<<"sort">> := Sort, <<"limit">> := Limit, <<"window_ms">> := Milliseconds}) ->
    Item = case Sort of <<"queue">> -> queue_size; <<"input">> -> input; <<"output">> -> output; <<"memory">> -> memory end,
    Column = fun(Ports, Count) -> lists:zipwith(fun erlang:port_info/2, Ports, lists:duplicate(Count, Item)) end,
    {Best, Seen, Gone} = top:ranked(top:things(erlang:ports()), Column, Milliseconds, Limit),
    Rows = [row(Port, Number, Elapsed, erlang:port_info(Port)) || {Port, Number, Elapsed} <- Best],
    Whole = [Row || Row <- Rows, is_map(Row)],
    #{<<"rows">> => Whole, <<"seen_count">> => Seen, <<"gone_count">> => Gone + length(Rows) - length(Whole)}.

row(_, _, _, undefined) -> dead;
row(Port, Number, Elapsed, Information) ->
    #{name := Name, connected := Owner, input := Input, output := Output} = Known = maps:from_list(Information),
    Links = maps:get(links, Known, []),
    {Local, Peer} = addresses(Port, Name),
    #{<<"port">> => Port,
      <<"name">> => name(Name),
      <<"owner">> => holder:entry(Owner),
      <<"os_pid">> => maps:get(os_pid, Known, undefined),
      <<"queue_bytes">> => figure(Port, queue_size),
      <<"input_bytes">> => Input,
      <<"output_bytes">> => Output,
      <<"memory_bytes">> => figure(Port, memory),
      <<"links_count">> => length(Links),
      <<"local_address">> => Local,
      <<"peer_address">> => Peer,
      <<"delta">> => Number,
      <<"window_us">> => Elapsed}.

%% A program's command line may be long.
name(Name) -> unicode:characters_to_binary(string:slice(Name, 0, 200)).

figure(Port, Item) ->
    case erlang:port_info(Port, Item) of
        {Item, Number} -> Number;
        undefined -> 0
    end.

%% A control call to the driver, which needs no one's leave.
addresses(Port, Name) when Name =:= "tcp_inet"; Name =:= "udp_inet"; Name =:= "sctp_inet" ->
    {address:text(catch inet:sockname(Port)), address:text(catch inet:peername(Port))};
addresses(_, _) -> {undefined, undefined}.
