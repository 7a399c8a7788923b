%% The ports with the longest queues, most traffic, memory or buffers, or with the most change of these over a window; or all ports in
%% groups, by kind and owner. The owner of a port is never asked.
-module(ports).
-export([answer/1]).

-define(KINDS_MAX, 20).

answer(#{<<"sort">> := Sort, <<"limit">> := Limit, <<"window_ms">> := Milliseconds} = Arguments) ->
    Ports = erlang:ports(),
    Count = length(Ports),
    Kinds = kinds(Ports, Count),
    {Distinct, Top} = tally:top(Kinds, ?KINDS_MAX),
    Answer = case maps:get(<<"group">>, Arguments, <<"none">>) of
        <<"none">> -> ranked(Ports, Sort, Limit, Milliseconds);
        By -> grouped(lists:zip(Ports, Kinds), By, Sort, Limit)
    end,
    Answer#{<<"kinds">> => [{name(Kind), Times} || {Kind, Times} <- Top], <<"kind_count">> => Distinct}.

%% The kind of each: the driver, or a program of the system, whose name is its command line.
kinds(Ports, Count) ->
    Reported = lists:zip(lists:zipwith(fun erlang:port_info/2, Ports, lists:duplicate(Count, name)),
                     lists:zipwith(fun erlang:port_info/2, Ports, lists:duplicate(Count, os_pid))),
    Spec = [{{'_', {os_pid, '$1'}}, [{is_integer, '$1'}], [{const, "program"}]}, {{{name, '$1'}, '_'}, [], ['$1']}, {'_', [], [{const, "closed"}]}],
    ets:match_spec_run(Reported, ets:match_spec_compile(Spec)).

ranked(Ports, Sort, Limit, Milliseconds) ->
    {Best, Seen, Gone} = top:ranked(top:things(Ports), fun(Some, Count) -> figures(Sort, Some, Count) end, Milliseconds, Limit),
    Rows = [row(Port, Number, Elapsed, erlang:port_info(Port)) || {Port, Number, Elapsed} <- Best],
    Whole = [Row || Row <- Rows, is_map(Row)],
    #{<<"rows">> => holder:named(Whole), <<"seen_count">> => Seen, <<"gone_count">> => Gone + length(Rows) - length(Whole)}.

figures(<<"queue">>, Ports, Count) -> lists:zipwith(fun erlang:port_info/2, Ports, lists:duplicate(Count, queue_size));
figures(<<"memory">>, Ports, Count) -> lists:zipwith(fun erlang:port_info/2, Ports, lists:duplicate(Count, memory));
figures(<<"input">>, Ports, Count) -> traffic(Ports, Count, input, recv_oct);
figures(<<"output">>, Ports, Count) -> traffic(Ports, Count, output, send_oct);
figures(<<"buffer">>, Ports, Count) ->
    Names = lists:zipwith(fun erlang:port_info/2, Ports, lists:duplicate(Count, name)),
    [case Reported of {name, Name} -> case buffer(Port, Name) of undefined -> 0; Bytes -> Bytes end; undefined -> dead end || {Port, Reported} <- lists:zip(Ports, Names)].

%% A port's count of its input leaves out what a socket's driver reads for gen_tcp and gen_udp; the driver's own count has that.
traffic(Ports, Count, Item, Statistic) ->
    Reported = lists:zipwith(fun erlang:port_info/2, Ports, lists:duplicate(Count, Item)),
    Names = lists:zipwith(fun erlang:port_info/2, Ports, lists:duplicate(Count, name)),
    [moved(Port, Name, Number, Statistic) || {Port, {Name, Number}} <- lists:zip(Ports, lists:zip(Names, Reported))].

%% The buffer of a socket's driver for its next read: a binary that no process refers to.
buffer(Port, Name) when Name =:= "tcp_inet"; Name =:= "udp_inet"; Name =:= "sctp_inet" ->
    case catch inet:getopts(Port, [buffer]) of
        {ok, [{_, Bytes}]} -> Bytes;
        _ -> undefined
    end;
buffer(_, _) -> undefined.

moved(Port, {name, Name}, Number, Statistic) when Name =:= "tcp_inet"; Name =:= "udp_inet"; Name =:= "sctp_inet" ->
    case catch inet:getstat(Port, [Statistic]) of
        {ok, [{_, Octets}]} -> Octets;
        _ -> Number
    end;
moved(_, _, {_, Number}, _) -> Number;
moved(_, _, undefined, _) -> dead.

row(_, _, _, undefined) -> dead;
row(Port, Number, Elapsed, Information) ->
    #{name := Name, connected := Owner, input := Input, output := Output} = Known = maps:from_list(Information),
    Links = maps:get(links, Known, []),
    {Local, Peer} = socket(Port, Name),
    #{<<"port">> => Port,
      <<"name">> => name(Name),
      <<"owner">> => Owner,
      <<"os_pid">> => maps:get(os_pid, Known, undefined),
      <<"queue_bytes">> => figure(Port, queue_size),
      <<"input_bytes">> => moved(Port, {name, Name}, {input, Input}, recv_oct),
      <<"output_bytes">> => moved(Port, {name, Name}, {output, Output}, send_oct),
      <<"memory_bytes">> => figure(Port, memory),
      <<"buffer_bytes">> => buffer(Port, Name),
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

%% {Local, Peer}: control calls to the driver, which do not need its owner.
socket(Port, Name) when Name =:= "tcp_inet"; Name =:= "udp_inet"; Name =:= "sctp_inet" ->
    {address:text(catch inet:sockname(Port)), address:text(catch inet:peername(Port))};
socket(_, _) -> {undefined, undefined}.

%% {Kind, Owner} or {Kind, none} with sums; figures of a port that has closed meanwhile are 0.
grouped(Kept, By, Sort, Limit) ->
    {Ports, Kinds} = lists:unzip(Kept),
    Count = length(Ports),
    Owners = case By of
        <<"kind">> -> lists:duplicate(Count, none);
        <<"owner">> -> lists:zipwith(fun erlang:port_info/2, Ports, lists:duplicate(Count, connected))
    end,
    Keys = lists:zip(Kinds, Owners),
    Sums = ets:new(ports, [private]),
    ets:insert(Sums, [{Key, 0, 0, 0, 0, 0, 0} || Key <- lists:usort(Keys)]),
    Numbers = [numbers(figures(Item, Ports, Count)) || Item <- [<<"queue">>, <<"input">>, <<"output">>, <<"memory">>, <<"buffer">>]],
    add(Sums, Keys, lists:duplicate(Count, 1), 2),
    [add(Sums, Keys, Column, At) || {At, Column} <- lists:zip([3, 4, 5, 6, 7], Numbers)],
    All = ets:tab2list(Sums),
    ets:delete(Sums),
    At = case Sort of <<"count">> -> 2; <<"queue">> -> 3; <<"input">> -> 4; <<"output">> -> 5; <<"memory">> -> 6; <<"buffer">> -> 7 end,
    #{<<"rows">> => holder:named([group(Row) || Row <- lists:sublist(lists:reverse(lists:keysort(At, All)), Limit)]),
      <<"group_count">> => length(All),
      <<"seen_count">> => Count,
      <<"gone_count">> => 0}.

numbers(Figures) ->
    Spec = [{'$1', [{is_integer, '$1'}], ['$1']}, {{'_', '$1'}, [{is_integer, '$1'}], ['$1']}, {'_', [], [0]}],
    ets:match_spec_run(Figures, ets:match_spec_compile(Spec)).

add(Sums, Keys, Numbers, At) ->
    Count = length(Keys),
    Steps = lists:zip(lists:duplicate(Count, At), Numbers),
    lists:zipwith3(fun ets:update_counter/3, lists:duplicate(Count, Sums), Keys, Steps).

group({{Kind, Owner}, Count, Queue, Input, Output, Memory, Buffer}) ->
    #{<<"kind">> => name(Kind),
      <<"owner">> => case Owner of {connected, Pid} -> Pid; _ -> undefined end,
      <<"port_count">> => Count,
      <<"queue_bytes">> => Queue,
      <<"input_bytes">> => Input,
      <<"output_bytes">> => Output,
      <<"memory_bytes">> => Memory,
      <<"buffer_bytes">> => Buffer}.
