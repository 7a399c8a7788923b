%% Monitors between nodes. They find each other through epmd: the one that runs, or else one of ours, which ends at once if one does.
-module(remote_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

across_nodes_test_() -> [{timeout, 300, {"monitors of processes on another node are counted, grouped and estimated", fun() -> joined(fun across/1) end}}].

across(Other) ->
    Watched = rpc:call(Other, erlang, spawn, [timer, sleep, [infinity]]),
    true = rpc:call(Other, erlang, register, [remote_watched, Watched]),
    Before = standard_blocks(),
    Watcher = asking:plant(fun() ->
        [erlang:monitor(process, Watched) || _ <- lists:seq(1, 20000)],
        [erlang:monitor(process, {remote_watched, Other}) || _ <- lists:seq(1, 50)]
    end),
    After = standard_blocks(),
    ?assert(abs(After - Before - 20050) < 1000),
    [ranked(Mode, Watcher) || Mode <- [module, forms]],
    [grouped(Mode, Watcher, Watched, Other) || Mode <- [module, forms]],
    asking:uproot([Watcher]).

standard_blocks() ->
    {_, _, Others, _} = asking:blocks(),
    Others.

ranked(Mode, Watcher) ->
    Arguments = #{<<"limit">> => 3, <<"order">> => <<"desc">>, <<"binary">> => false, <<"list_entries_max">> => 200000},
    [First | _] = asking:ranked(<<"monitors">>, asking:ask(Mode, scan, Arguments)),
    ?assertMatch(#{<<"pid">> := Watcher, <<"monitors_count">> := 20050, <<"exact">> := true}, First),
    [Estimated | _] = asking:ranked(<<"monitors">>, asking:ask(Mode, scan, Arguments#{<<"list_entries_max">> := 1000})),
    #{<<"exact">> := false, <<"entries_min">> := Min, <<"entries_max">> := Max} = Estimated,
    ?assert(Min =< 20050 andalso 20050 =< Max).

grouped(Mode, Watcher, Watched, Other) ->
    Arguments = #{<<"pids">> => [asking:text(Watcher)], <<"directions">> => [<<"monitors">>], <<"limit">> => 5,
                  <<"list_entries_max">> => 200000, <<"exact">> => false},
    #{<<"processes">> := [#{<<"lists">> := #{<<"monitors">> := List}}]} = asking:ask(Mode, peers, Arguments),
    ?assertMatch(#{<<"count">> := 20050, <<"distinct_count">> := 2, <<"exact">> := true}, List),
    ?assertMatch([#{<<"peer">> := Watched, <<"count">> := 20000, <<"alive">> := undefined},
                  #{<<"peer">> := {remote_watched, Other}, <<"count">> := 50, <<"alive">> := undefined}], maps:get(<<"top">>, List)).

%% Runs Test with this node and another one joined.
joined(Test) ->
    Names = open_port({spawn_executable, os:find_executable("epmd")}, [{args, []}, stderr_to_stdout]),
    Suffix = os:getpid() ++ "@127.0.0.1",
    Other = list_to_atom("other" ++ Suffix),
    asking:eventually(fun() -> element(1, net_kernel:start([list_to_atom("tests" ++ Suffix), longnames])) =:= ok end),
    Cookie = "beamgauge-tests-" ++ os:getpid(),
    true = erlang:set_cookie(node(), list_to_atom(Cookie)),
    Peer = open_port({spawn_executable, os:find_executable("erl")},
                     [{args, ["-noinput", "-name", atom_to_list(Other), "-setcookie", Cookie]}, {env, [{"HOME", "/tmp"}]}]),
    try
        asking:eventually(fun() -> net_adm:ping(Other) =:= pong end),
        Test(Other)
    after
        rpc:cast(Other, erlang, halt, []),
        net_kernel:stop(),
        [stop(Port) || Port <- [Peer, Names]]
    end.

stop(Port) ->
    case erlang:port_info(Port, os_pid) of
        {os_pid, Pid} -> os:cmd("kill " ++ integer_to_list(Pid));
        undefined -> ok
    end.
