%% tables, ports, sockets, applications, schedulers, distribution, binaries, collect: the same as in a shell.
-module(parity_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

arguments(Sort, Limit, Milliseconds) -> #{<<"sort">> => Sort, <<"limit">> => Limit, <<"window_ms">> => Milliseconds}.

rows(Answer) -> maps:get(<<"rows">>, Answer).

%% A process that has made Count things and runs Work on them on command.
owner(Make, Work) ->
    Self = self(),
    Pid = asking:plant(fun() ->
        Thing = Make(),
        Self ! {made, self(), Thing},
        spawn_link(fun() -> receive never -> ok end end),
        put(work, fun() -> Work(Thing) end)
    end),
    receive {made, Pid, Thing} -> {Pid, Thing} end.

%%% Tables

tables_test_() -> asking:each("tables are ranked by memory and by size, with their owners", fun(Mode) ->
    {Owner, Large} = owner(fun() -> Table = ets:new(parity_large, [public, ordered_set]), ets:insert(Table, [{I, lists:seq(1, 100)} || I <- lists:seq(1, 20000)]), Table end, fun(_) -> ok end),
    {_, Long} = owner(fun() -> Table = ets:new(parity_long, [named_table, private]), ets:insert(Table, [{I} || I <- lists:seq(1, 90000)]), Table end, fun(_) -> ok end),
    #{<<"rows">> := [First | _] = ByMemory, <<"seen_count">> := Seen} = asking:ask(Mode, tables, arguments(<<"memory">>, 5, 0)),
    ?assertMatch(#{<<"table">> := Large, <<"name">> := parity_large, <<"named">> := false, <<"type">> := ordered_set, <<"protection">> := public,
                   <<"compressed">> := false, <<"size_count">> := 20000, <<"owner">> := #{<<"peer">> := Owner, <<"alive">> := true}}, First),
    ?assertEqual(ets:info(Large, memory) * erlang:system_info(wordsize), maps:get(<<"memory_bytes">>, First)),
    ?assertEqual(5, length(ByMemory)),
    ?assert(abs(Seen - length(ets:all())) < 5),
    ?assertMatch([#{<<"table">> := Long, <<"named">> := true, <<"size_count">> := 90000} | _], rows(asking:ask(Mode, tables, arguments(<<"size">>, 1, 0)))),
    Sizes = [Size || #{<<"size_count">> := Size} <- rows(asking:ask(Mode, tables, arguments(<<"size">>, 1000, 0)))],
    ?assertEqual(lists:reverse(lists:sort(Sizes)), Sizes)
end).

many_tables_test_() -> asking:each("the best of more tables than are read at once are found", fun(Mode) ->
    asking:plant(fun() -> [begin Table = ets:new(parity_many, []), ets:insert(Table, [{N} || N <- lists:seq(1, I rem 7 * 10)]) end || I <- lists:seq(1, 4500)] end),
    {_, Best} = owner(fun() -> Table = ets:new(parity_best, []), ets:insert(Table, [{N} || N <- lists:seq(1, 200000)]), Table end, fun(_) -> ok end),
    #{<<"rows">> := [#{<<"table">> := First} | _] = Rows, <<"seen_count">> := Seen} = asking:ask(Mode, tables, arguments(<<"size">>, 20, 0)),
    ?assertEqual(Best, First),
    ?assertEqual(20, length(Rows)),
    ?assert(Seen > 4500)
end).

growing_table_test_() -> asking:each("the table that grows in a window is found, and by how much", fun(Mode) ->
    {_, Still} = owner(fun() -> Table = ets:new(parity_still, [public]), ets:insert(Table, [{I} || I <- lists:seq(1, 50000)]), Table end, fun(_) -> ok end),
    {_, Growing} = owner(fun() -> ets:new(parity_growing, [public]) end, fun(_) -> ok end),
    spawn(fun() -> timer:sleep(500), ets:insert(Growing, [{I} || I <- lists:seq(1, 700)]) end),
    [First | _] = Rows = rows(asking:ask(Mode, tables, arguments(<<"size">>, 3, 1000))),
    ?assertMatch(#{<<"table">> := Growing, <<"delta">> := 700, <<"size_count">> := 700}, First),
    ?assert(maps:get(<<"window_us">>, First) >= 1000000),
    ?assertEqual([0], lists:usort([Delta || #{<<"table">> := Table, <<"delta">> := Delta} <- Rows, Table =:= Still] ++ [0]))
end).

%%% Ports

connected() ->
    {ok, Listening} = gen_tcp:listen(0, [binary, {ip, {127, 0, 0, 1}}, {active, false}]),
    {ok, Number} = inet:port(Listening),
    {ok, Client} = gen_tcp:connect({127, 0, 0, 1}, Number, [binary, {active, false}]),
    {ok, Server} = gen_tcp:accept(Listening),
    {Listening, Client, Server, Number}.

ports_test_() -> asking:each("ports are ranked by traffic, with addresses and owners", fun(Mode) ->
    {Owner, {Listening, Client, Server, Number}} = owner(fun connected/0, fun(_) -> ok end),
    ok = gen_tcp:send(Client, binary:copy(<<1>>, 30000)),
    Answer = asking:ask(Mode, ports, arguments(<<"output">>, 1000, 0)),
    Row = row_of(Client, Answer),
    Address = list_to_binary("127.0.0.1:" ++ integer_to_list(Number)),
    ?assertMatch(#{<<"name">> := <<"tcp_inet">>, <<"output_bytes">> := Output, <<"peer_address">> := Address, <<"os_pid">> := undefined,
                   <<"owner">> := #{<<"peer">> := Owner, <<"alive">> := true}} when Output >= 30000 andalso Output < 30100, Row), %% OTP 27 counts some more for each call
    ?assertMatch(#{<<"local_address">> := Address, <<"peer_address">> := undefined}, row_of(Listening, Answer)),
    ?assertMatch(#{<<"local_address">> := Address}, row_of(Server, Answer)),
    ?assertEqual(length(erlang:ports()), maps:get(<<"seen_count">>, Answer)),
    Outputs = [Output || #{<<"output_bytes">> := Output} <- rows(Answer)],
    ?assertEqual(lists:reverse(lists:sort(Outputs)), Outputs)
end).

row_of(Port, Answer) -> hd([Row || #{<<"port">> := Other} = Row <- rows(Answer), Other =:= Port]).

port_queue_test_() -> asking:each("the port with the longest queue is the first", fun(Mode) ->
    {_, {_, Client, _, _}} = owner(fun connected/0, fun(_) -> ok end),
    ok = inet:setopts(Client, [{high_watermark, 100000000}]),
    spawn(fun() -> gen_tcp:send(Client, binary:copy(<<1>>, 20000000)) end),
    asking:eventually(fun() -> erlang:port_info(Client, queue_size) > {queue_size, 5000000} end),
    [#{<<"port">> := First, <<"queue_bytes">> := Queued} | _] = Rows = rows(asking:ask(Mode, ports, arguments(<<"queue">>, 3, 0))),
    ?assertMatch({Client, _}, {First, Rows}),
    ?assert(Queued > 5000000)
end).

port_window_test_() -> asking:each("traffic in a window leaves out what was before", fun(Mode) ->
    {_, {_, Old, _, _}} = owner(fun connected/0, fun(_) -> ok end),
    {_, {_, New, _, _}} = owner(fun connected/0, fun(_) -> ok end),
    ok = gen_tcp:send(Old, binary:copy(<<1>>, 50000)),
    spawn(fun() -> timer:sleep(500), gen_tcp:send(New, binary:copy(<<1>>, 4000)) end),
    ?assertMatch([#{<<"port">> := New, <<"delta">> := Delta} | _] when Delta >= 4000 andalso Delta < 4100, rows(asking:ask(Mode, ports, arguments(<<"output">>, 2, 1000))))
end).

program_port_test_() -> asking:each("a port of a program shows the program and its pid, and long command lines are cut", fun(Mode) ->
    {_, Port} = owner(fun() -> open_port({spawn, "cat -" ++ lists:duplicate(400, $ )}, []) end, fun(_) -> ok end),
    #{<<"name">> := Name, <<"os_pid">> := OsPid} = row_of(Port, asking:ask(Mode, ports, arguments(<<"memory">>, 1000, 0))),
    ?assertEqual(200, byte_size(Name)),
    ?assert(is_integer(OsPid))
end).

%%% Sockets

sockets_test_() -> asking:each("sockets are ranked by traffic", fun(Mode) ->
    {module, socket} = code:ensure_loaded(socket),
    {Owner, {Client, Server}} = owner(fun() ->
        {ok, Listening} = socket:open(inet, stream, tcp),
        Bound = socket:bind(Listening, #{family => inet, addr => {127, 0, 0, 1}, port => 0}),
        true = Bound =:= ok orelse element(1, Bound) =:= ok,
        ok = socket:listen(Listening),
        {ok, Address} = socket:sockname(Listening),
        {ok, Client} = socket:open(inet, stream, tcp),
        ok = socket:connect(Client, Address),
        {ok, Server} = socket:accept(Listening),
        ok = socket:send(Client, binary:copy(<<1>>, 5000)),
        {ok, _} = socket:recv(Server, 5000),
        {Client, Server}
    end, fun(_) -> ok end),
    Written = asking:ask(Mode, sockets, arguments(<<"output">>, 2, 0)),
    ?assertMatch([#{<<"output_bytes">> := 5000, <<"domain">> := inet, <<"type">> := stream, <<"protocol">> := tcp, <<"local_address">> := <<"127.0.0.1:", _/binary>>,
                    <<"peer_address">> := <<"127.0.0.1:", _/binary>>, <<"owner">> := #{<<"peer">> := Owner}} | _], rows(Written)),
    {'$socket', Reference} = Client,
    ?assertEqual(Reference, maps:get(<<"socket">>, hd(rows(Written)))),
    {'$socket', Other} = Server,
    ?assertMatch([#{<<"socket">> := Other, <<"input_bytes">> := 5000} | _], rows(asking:ask(Mode, sockets, arguments(<<"input">>, 2, 0))))
end).

%%% Applications

applications_test_() -> asking:each("applications hold what the processes of their group leaders hold", fun(Mode) ->
    Kernel = application_controller:get_master(kernel),
    Before = kernel(asking:ask(Mode, applications, arguments(<<"memory">>, 1000, 0))),
    asking:planted(100, fun() -> group_leader(Kernel, self()), [self() ! I || I <- lists:seq(1, 10)] end),
    #{<<"rows">> := Rows, <<"process_count">> := Seen, <<"scanned_count">> := Scanned, <<"skipped_count">> := Skipped} = Answer =
        asking:ask(Mode, applications, arguments(<<"processes">>, 1000, 0)),
    After = kernel(Answer),
    ?assertEqual(100, maps:get(<<"process_count">>, After) - maps:get(<<"process_count">>, Before)),
    ?assertEqual(1000, maps:get(<<"message_queue_len">>, After) - maps:get(<<"message_queue_len">>, Before)),
    ?assert(maps:get(<<"memory_bytes">>, After) - maps:get(<<"memory_bytes">>, Before) > 100 * 2000),
    ?assertMatch(#{<<"running">> := true, <<"version">> := <<_/binary>>}, After),
    ?assertEqual(Scanned, lists:sum([Count || #{<<"process_count">> := Count} <- Rows])),
    ?assertEqual(Seen, Scanned + Skipped),
    ?assertEqual([undefined], [Name || #{<<"name">> := Name} <- Rows, not lists:keymember(Name, 1, application:loaded_applications())]),
    Counts = [Count || #{<<"process_count">> := Count} <- Rows],
    ?assertEqual(lists:reverse(lists:sort(Counts)), Counts)
end).

kernel(Answer) -> hd([Row || #{<<"name">> := kernel} = Row <- rows(Answer)]).

all_processes_test_() -> asking:each("what other group leaders lead is added up, over several chunks", fun(Mode) ->
    asking:planted(4500, fun() -> group_leader(self(), self()) end),
    Rows = rows(asking:ask(Mode, applications, arguments(<<"processes">>, 1000, 0))),
    [#{<<"name">> := undefined, <<"process_count">> := Count, <<"running">> := true}] = [Row || #{<<"name">> := undefined} = Row <- Rows],
    ?assert(Count >= 4500)
end).

%%% Trees

tree(Mode, Name, Limit, Depth) -> asking:ask(Mode, tree, #{<<"application">> => Name, <<"limit">> => Limit, <<"depth">> => Depth}).

tree_test_() -> asking:each("an application's supervisors and workers are in their places", fun(Mode) ->
    #{<<"found">> := <<"running">>, <<"rows">> := Rows, <<"member_count">> := Count} = tree(Mode, <<"kernel">>, 1000, 50),
    ?assert(abs(length(Rows) - Count) =< 2),
    [Top] = [Row || #{registered_name := kernel_sup} = Row <- Rows],
    #{<<"pid">> := Pid, <<"depth">> := Depth, <<"supervisor">> := true, <<"children_count">> := Children} = Top,
    ?assertEqual(whereis(kernel_sup), Pid),
    Below = [Row || #{<<"parent">> := Parent} = Row <- Rows, Parent =:= Pid],
    ?assertEqual(Children, length(Below)),
    Supervised = [Child || {_, Child, _, _} <- supervisor:which_children(kernel_sup), is_pid(Child)],
    HasParent = fun(Child) -> {_, Dictionary} = process_info(Child, dictionary), tells_parents() orelse lists:keymember('$ancestors', 1, Dictionary) end,
    ?assertEqual([], lists:filter(HasParent, Supervised -- [Child || #{<<"pid">> := Child} <- Below])),
    ?assertEqual([Depth + 1], lists:usort([D || #{<<"depth">> := D} <- Below])),
    ?assertMatch([#{<<"supervisor">> := false}], [Row || #{registered_name := file_server_2} = Row <- Below]),
    %% In the order of a tree: nobody stands before its parent.
    Pids = [P || #{<<"pid">> := P} <- Rows],
    [?assert(lists:member(Parent, element(1, lists:splitwith(fun(P) -> P =/= Child end, Pids))))
     || #{<<"pid">> := Child, <<"parent">> := Parent} <- Rows, lists:member(Parent, Pids)]
end).

%% Before OTP 25 only what proc_lib started is known by its parent.
tells_parents() -> try process_info(self(), parent) of _ -> true catch error:badarg -> false end.

tree_limits_test_() -> asking:each("a tree is cut in depth and in count, nearest to the root first", fun(Mode) ->
    Depths = fun(Answer) -> [Depth || #{<<"depth">> := Depth} <- rows(Answer)] end,
    ?assert(lists:max(Depths(tree(Mode, <<"kernel">>, 1000, 50))) > 2),
    ?assertEqual(2, lists:max(Depths(tree(Mode, <<"kernel">>, 1000, 2)))),
    Leader = application_controller:get_master(kernel),
    Wide = asking:plant(fun() -> group_leader(Leader, self()), [spawn_link(fun() -> receive never -> ok end end) || _ <- lists:seq(1, 300)] end),
    Cut = tree(Mode, <<"kernel">>, 100, 50),
    ?assertEqual(100, length(rows(Cut))),
    ?assert(maps:get(<<"member_count">>, Cut) > 300),
    %% Its many children, of the second generation, have not hidden others of that.
    [Above] = [Parent || #{registered_name := kernel_sup, <<"parent">> := Parent} <- rows(tree(Mode, <<"kernel">>, 1000, 50))],
    ?assert(lists:member(Above, [Pid || #{<<"pid">> := Pid} <- rows(Cut)])),
    ?assert(lists:member(Wide, [Pid || #{<<"pid">> := Pid} <- rows(Cut)]))
end).

forged_tree_test_() -> asking:each("ancestors that a process made up do no harm", fun(Mode) ->
    Leader = application_controller:get_master(kernel),
    [asking:plant(fun() -> group_leader(Leader, self()), put('$ancestors', Claim()) end) || Claim <- [fun self/0, fun() -> [self()] end, fun() -> [make_ref()] end, fun() -> [nobody] end]],
    #{<<"rows">> := Rows, <<"member_count">> := Count} = tree(Mode, <<"kernel">>, 1000, 50),
    ?assert(length(Rows) =< Count)
end).

no_tree_test_() -> asking:each("applications that are not loaded or not running have no tree", fun(Mode) ->
    ?assertEqual(#{<<"found">> => <<"unknown">>}, tree(Mode, <<"no such application">>, 10, 10)),
    ok = application:load({application, parity_stopped, [{vsn, "1"}]}),
    Answer = tree(Mode, <<"parity_stopped">>, 10, 10),
    ok = application:unload(parity_stopped),
    ?assertEqual(#{<<"found">> => <<"stopped">>}, Answer)
end).

%%% Schedulers

schedulers_test_() -> asking:each("a busy scheduler shows, and measuring ends with the question", fun(Mode) ->
    asking:eventually(fun() -> erlang:statistics(scheduler_wall_time) =:= undefined end),
    Spinning = spawn(fun Spin() -> lists:seq(1, 1000), Spin() end),
    #{<<"schedulers">> := Rows, <<"measured_before">> := false} = asking:ask(Mode, schedulers, #{<<"window_ms">> => 200}),
    asking:uproot([Spinning]),
    Count = erlang:system_info(schedulers),
    ?assertEqual(Count + erlang:system_info(dirty_cpu_schedulers) + erlang:system_info(dirty_io_schedulers), length(Rows)),
    ?assertEqual(Count, length([Row || #{<<"type">> := <<"normal">>} = Row <- Rows])),
    ?assert(lists:max([Active || #{<<"type">> := <<"normal">>, <<"active_us">> := Active} <- Rows]) > 50000),
    [?assert(Active >= 0 andalso Active =< Total + 1 andalso Total > 150000) || #{<<"active_us">> := Active, <<"total_us">> := Total} <- Rows],
    asking:eventually(fun() -> erlang:statistics(scheduler_wall_time) =:= undefined end)
end).

measured_by_others_test_() -> asking:each("measuring that others want goes on", fun(Mode) ->
    asking:plant(fun() -> erlang:system_flag(scheduler_wall_time, true) end),
    #{<<"measured_before">> := true} = asking:ask(Mode, schedulers, #{<<"window_ms">> => 100}),
    timer:sleep(50),
    ?assert(is_list(erlang:statistics(scheduler_wall_time)))
end).

no_measuring_left_test_() -> asking:each("a question killed in the midst leaves no measuring behind", fun(Mode) ->
    {Asker, Monitor} = spawn_monitor(fun() -> asking:ask_for(Mode, schedulers, #{<<"window_ms">> => 60000}, 300, 50000000) end),
    asking:eventually(fun() -> is_list(erlang:statistics(scheduler_wall_time)) end),
    case Mode of
        module -> exit(Asker, kill), [exit(Pid, kill) || Pid <- processes(), process_info(Pid, current_function) =:= {current_function, {schedulers, answer, 1}}];
        forms -> ok
    end,
    receive {'DOWN', Monitor, process, Asker, _} -> ok end,
    asking:eventually(fun() -> erlang:statistics(scheduler_wall_time) =:= undefined end)
end).

%%% Distribution

distribution_test_() -> asking:each("a node without connections has none", fun(Mode) ->
    ?assertMatch(#{<<"rows">> := [], <<"seen_count">> := 0, <<"suspended_process_count">> := 0, <<"busy_limit_bytes">> := Limit} when Limit > 1000,
                 asking:ask(Mode, distribution, #{<<"limit">> => 10, <<"window_ms">> => 0}))
end).

%%% Binaries

hoard(Count, Bytes) -> asking:plant(fun() -> put(hoard, [binary:copy(<<1>>, Bytes) || _ <- lists:seq(1, Count)]) end).

binaries_test_() -> asking:each("who refers to most bytes is first, its binaries counted once each", fun(Mode) ->
    Shared = binary:copy(<<1>>, 3000000),
    Hoarding = asking:plant(fun() -> put(hoard, [Shared | [binary:copy(<<1>>, 100000) || _ <- lists:seq(1, 200)]]), erlang:garbage_collect() end),
    {garbage_collection, _} = process_info(Hoarding, garbage_collection),
    Collected = minor_gcs(Hoarding),
    [Row | _] = Rows = rows(asking:ask(Mode, binaries, #{<<"limit">> => 5})),
    ?assertMatch(#{<<"pid">> := Hoarding, <<"binary_count">> := 201, <<"binary_bytes">> := 23000000, <<"sole_binary_bytes">> := 20000000, <<"exact">> := true}, Row),
    ?assert(maps:get(<<"referred_bytes">>, Row) >= 23000000),
    ?assert(length(Rows) =< 5),
    ?assertEqual(Collected, minor_gcs(Hoarding)),
    ?assertEqual(3000000, byte_size(Shared))
end).

minor_gcs(Pid) -> {garbage_collection, Settings} = process_info(Pid, garbage_collection), proplists:get_value(minor_gcs, Settings).

large_heap_test_() -> asking:each("binaries of a large heap are estimated, not listed", fun(Mode) ->
    Large = asking:plant(fun() -> put(hoard, {lists:seq(1, 3000000), [binary:copy(<<1>>, 10000000) || _ <- lists:seq(1, 5)]}) end),
    [Row | _] = rows(asking:ask(Mode, binaries, #{<<"limit">> => 2})),
    ?assertMatch(#{<<"pid">> := Large, <<"binary_count">> := undefined, <<"binary_bytes">> := undefined, <<"exact">> := false}, Row),
    ?assert(maps:get(<<"referred_bytes">>, Row) >= 50000000)
end).

%% Holds garbage until it is collected.
littering(Count, Bytes) ->
    Self = self(),
    Pid = spawn(fun() ->
        put(hoard, [binary:copy(<<1>>, Bytes) || _ <- lists:seq(1, Count)]),
        erlang:garbage_collect(),
        erase(hoard),
        Self ! {littered, self()},
        receive stop -> ok end
    end),
    receive {littered, Pid} -> Pid end.

collect_test_() -> asking:each("collecting frees garbage and reports how much", fun(Mode) ->
    Littering = littering(50, 1000000),
    Keeping = hoard(20, 1000000),
    #{<<"rows">> := Rows, <<"binary_memory_before_bytes">> := Before, <<"binary_memory_after_bytes">> := After} =
        asking:ask(Mode, collect, #{<<"limit">> => 2, <<"heap_max_bytes">> => 10000000}),
    [#{<<"pid">> := Littering} = First, #{<<"pid">> := Keeping} = Second] = Rows,
    ?assertMatch(#{<<"outcome">> := <<"collected">>}, First),
    ?assert(maps:get(<<"referred_before_bytes">>, First) - maps:get(<<"referred_after_bytes">>, First) >= 49000000),
    ?assert(maps:get(<<"referred_after_bytes">>, Second) >= 20000000),
    ?assert(Before - After > 40000000),
    asking:uproot([Littering])
end).

collect_limits_test_() -> asking:each("large heaps are not collected, nor more processes than asked for", fun(Mode) ->
    Large = asking:plant(fun() -> put(hoard, {lists:seq(1, 1000000), [binary:copy(<<1>>, 10000000) || _ <- lists:seq(1, 5)]}) end),
    Collected = minor_gcs(Large),
    ?assertMatch([#{<<"pid">> := Large, <<"outcome">> := <<"heap_too_large">>}], rows(asking:ask(Mode, collect, #{<<"limit">> => 1, <<"heap_max_bytes">> => 1000000}))),
    ?assertEqual(Collected, minor_gcs(Large))
end).
