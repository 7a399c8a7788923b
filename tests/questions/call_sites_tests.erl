%% call_sites: which lines call monitor and which of those are given back; and that no trace of the tracing is left, however it ends.
-module(call_sites_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

%%% A process that follows commands, at lines known by their functions.

caller() ->
    Pid = spawn(fun caller_loop/0),
    put(planted, [Pid | case get(planted) of undefined -> []; Pids -> Pids end]),
    Pid.

caller_loop() ->
    receive
        {From, What, Count} ->
            Peer = whereis(init),
            [called(What, Peer) || _ <- lists:seq(1, Count)],
            From ! {done, What},
            caller_loop();
        stop -> ok
    end.

called(leak, Peer) -> leak(Peer);
called(churn, Peer) -> churn(Peer);
called(spawning, _) -> spawning();
called(plainly_spawning, _) -> plainly_spawning();
called(stranger, _) -> stranger();
called(failing, _) -> failing();
called(fired, _) -> fired();
called(by_name, _) -> by_name();
called(aliased, Peer) -> aliased(Peer);
called(asking, _) -> asking();
called(other, Peer) -> {ok, is_process_alive(Peer)}.

leak(Peer) -> {ok, erlang:monitor(process, Peer)}.

churn(Peer) ->
    Reference = erlang:monitor(process, Peer),
    given_back(Reference).

given_back(Reference) -> {ok, erlang:demonitor(Reference, [flush])}.

spawning() -> {ok, spawn_monitor(fun() -> receive stop -> ok end end)}.

plainly_spawning() -> {ok, spawn_opt(fun() -> ok end, [{priority, low}])}.

stranger() -> {ok, erlang:demonitor(make_ref())}.

failing() -> {ok, catch erlang:monitor(process, "nobody")}.

fired() ->
    {Pid, Reference} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', Reference, _, Pid, _} -> ok end.

by_name() -> {ok, erlang:monitor(process, init)}.

aliased(Peer) -> {ok, erlang:apply(erlang, monitor, [process, Peer, [{alias, explicit_unalias}]])}.

asking() -> {ok, supervisor:count_children(kernel_sup)}.

%%% Helpers

arguments(Pid, DurationMs, MaxCalls) ->
    #{<<"pid">> => asking:text(Pid), <<"duration_ms">> => DurationMs, <<"max_calls">> => MaxCalls}.

%% The answer, while Works = [{What, Count}] are done once the tracing is on.
traced(Mode, Pid, DurationMs, MaxCalls, Works) ->
    Self = self(),
    spawn(fun() -> asking:eventually(fun() -> is_traced(Pid) end), [begin Pid ! {self(), What, Count}, receive {done, What} -> ok end end || {What, Count} <- Works],
                   Self ! works_done end),
    Answer = asking:ask(Mode, call_sites, arguments(Pid, DurationMs, MaxCalls)),
    receive works_done -> ok after 60000 -> error(late) end,
    Answer.

sessions() -> erlang:system_info(otp_release) >= "27".

is_traced(Pid) ->
    case sessions() of
        true -> not lists:member(trace:session_info(Pid), [[], undefined]);
        false -> not lists:member(erlang:trace_info(Pid, tracer), [{tracer, []}, undefined])
    end.

functions() ->
    [{erlang, monitor, 2}, {erlang, monitor, 3}, {erlang, demonitor, 1}, {erlang, demonitor, 2}, {erlang, spawn_opt, 4}, {erlang, spawn_opt, 2},
     {erlang, spawn_monitor, 1}, {erlang, spawn_monitor, 3}].

%% What is left of a tracing: nothing.
traces(Pid) ->
    [F || F <- functions(), not lists:member(erlang:trace_info(F, all), [{all, false}, {all, undefined}])] ++
        [F || sessions(), F <- functions(), not lists:member(trace:session_info(F), [[], undefined])] ++
        [S || sessions(), S <- element(2, {ok, trace:session_info(all)}), element(1, S) =:= beamgauge_call_sites] ++
        [Pid || is_traced(Pid)] ++ [N || N <- [beamgauge_call_sites], whereis(N) =/= undefined].

untouched(Pid) -> asking:eventually(fun() -> traces(Pid) =:= [] end).

sites(Answer) ->
    maps:from_list([{site_name(Site), {maps:get(<<"monitor_count">>, Site), maps:get(<<"demonitor_count">>, Site), maps:get(<<"ended_count">>, Site),
                                       maps:get(<<"strange_demonitor_count">>, Site)}} || Site <- maps:get(<<"sites">>, Answer)]).

%% The function of ours that is nearest to the call.
site_name(#{<<"caller">> := Caller, <<"stack">> := Stack}) ->
    hd([F || {?MODULE, F, _, _, _} <- [Caller | Stack]] ++ [element(2, Caller)]).

%%% Tests

sites_test_() -> asking:each("sites that leak, give back, spawn and fail", fun(Mode) ->
    Pid = caller(),
    Answer = traced(Mode, Pid, 3000, 10000, [{leak, 30}, {churn, 20}, {spawning, 5}, {plainly_spawning, 3}, {stranger, 4}, {failing, 2}, {by_name, 3},
                                           {fired, 6}, {other, 10}]),
    Sites = sites(Answer),
    ?assertEqual({30, 0, 0, 0}, maps:get(leak, Sites)),
    ?assertEqual({20, 20, 0, 0}, maps:get(churn, Sites)),
    ?assertEqual({5, 0, 0, 0}, maps:get(spawning, Sites)),
    ?assertEqual({0, 0, 0, 4}, maps:get(stranger, Sites)),
    ?assertEqual({3, 0, 0, 0}, maps:get(by_name, Sites)),
    ?assertEqual({6, 0, 6, 0}, maps:get(fired, Sites)),
    ?assertEqual(6, map_size(Sites), Sites),
    ?assertMatch(#{<<"cut">> := undefined, <<"calls_count">> := 88}, Answer),
    ?assert(maps:get(<<"traced_ms">>, Answer) >= 2990),
    untouched(Pid)
end).

line_test_() -> asking:each("file, line and stack, as far as the release reports them", fun(Mode) ->
    Pid = caller(),
    #{<<"sites">> := [#{<<"caller">> := {?MODULE, leak, 1, File, Line}, <<"stack">> := Stack}]} = traced(Mode, Pid, 2000, 100, [{leak, 1}]),
    Release = erlang:system_info(otp_release),
    case Release >= "25" of
        true -> ?assertMatch({_, _}, binary:match(File, <<"call_sites_tests.erl">>)), ?assert(is_integer(Line) andalso Line > 0);
        false -> ?assertEqual({undefined, undefined}, {File, Line})
    end,
    case Release >= "26" of
        true -> ?assertMatch([{?MODULE, leak, 1, File, Line}, {?MODULE, _, _, _, _} | _], Stack);
        false -> ?assertEqual([], Stack)
    end
end).

alias_test_() -> asking:each("monitors with an alias, and calls of servers", fun(Mode) ->
    Pid = caller(),
    HasAliases = erlang:system_info(otp_release) >= "24",
    Answer = traced(Mode, Pid, 2000, 1000, [{aliased, 4} || HasAliases] ++ [{asking, 3}]),
    Sites = sites(Answer),
    [?assertEqual({4, 0, 0, 0}, maps:get(aliased, Sites)) || HasAliases],
    Server = case Sites of #{asking := Counts} -> Counts; #{do_call := Counts} -> Counts end,
    ?assertEqual({3, 3, 0, 0}, Server),
    untouched(Pid)
end).

calls_limit_test_() -> asking:each("the tracing ends at the limit of calls", fun(Mode) ->
    Pid = caller(),
    Answer = traced(Mode, Pid, 20000, 10, [{leak, 40}]),
    ?assertMatch(#{<<"cut">> := <<"max_calls">>, <<"calls_count">> := 10}, Answer),
    ?assertEqual(#{leak => {10, 0, 0, 0}}, sites(Answer)),
    ?assert(maps:get(<<"traced_ms">>, Answer) < 10000),
    untouched(Pid)
end).

failing_calls_limit_test_() -> asking:each("calls that make no monitor are limited too", fun(Mode) ->
    Pid = caller(),
    Answer = traced(Mode, Pid, 20000, 10, [{failing, 200}]),
    ?assertMatch(#{<<"cut">> := <<"max_calls">>, <<"calls_count">> := 0, <<"sites">> := []}, Answer),
    untouched(Pid)
end).

%% More calls, faster than any tracer counts.
queue_limit_test_() -> asking:each("a flood ends the tracing, and what was waiting is counted", fun(Mode) ->
    Pid = caller(),
    Answer = traced(Mode, Pid, 20000, 1000000, [{leak, 400000}]),
    ?assertMatch(#{<<"cut">> := <<"message_queue">>}, Answer),
    ?assert(maps:get(<<"calls_count">>, Answer) > 500),
    ?assertEqual([leak], maps:keys(sites(Answer))),
    untouched(Pid)
end).

%% On a busy machine the tracer comes to its turn late: it is suspended here.
late_test_() -> asking:each("a flood that the tracer sees late ends the tracing too", fun(Mode) ->
    Pid = caller(),
    Self = self(),
    spawn(fun() ->
        asking:eventually(fun() -> is_traced(Pid) andalso {monitored_by, []} =/= process_info(Pid, monitored_by) end),
        {monitored_by, [Tracer]} = process_info(Pid, monitored_by),
        true = erlang:suspend_process(Tracer),
        Pid ! {self(), leak, 400000},
        receive {done, leak} -> ok end,
        true = erlang:resume_process(Tracer),
        Self ! flooded
    end),
    Answer = asking:ask(Mode, call_sites, arguments(Pid, 20000, 1000000)),
    receive flooded -> ok after 60000 -> error(late) end,
    ?assertMatch(#{<<"cut">> := <<"message_queue">>}, Answer),
    ?assert(maps:get(<<"calls_count">>, Answer) > 500),
    ?assertEqual([leak], maps:keys(sites(Answer))),
    untouched(Pid)
end).

died_test_() -> asking:each("a process that dies while it is traced", fun(Mode) ->
    Pid = caller(),
    spawn(fun() -> asking:eventually(fun() -> is_traced(Pid) end), Pid ! {self(), leak, 5}, receive {done, leak} -> ok end, exit(Pid, kill) end),
    Answer = asking:ask(Mode, call_sites, arguments(Pid, 20000, 100)),
    ?assertMatch(#{<<"cut">> := <<"process_died">>, <<"calls_count">> := 5}, Answer),
    ?assertEqual(#{leak => {5, 0, 0, 0}}, sites(Answer)),
    untouched(Pid)
end).

dead_test_() -> asking:each("who is dead, or no pid of this node, is dead", fun(Mode) ->
    Pid = asking:plant(fun() -> ok end),
    asking:uproot([Pid]),
    [?assertEqual(#{<<"dead">> => true}, asking:ask(Mode, call_sites, (arguments(Pid, 100, 10))#{<<"pid">> => Text}))
     || Text <- [asking:text(Pid), <<"<0.1">>, <<"<255.1.0>">>, <<>>]],
    untouched(Pid)
end).

traced_already_test_() -> asking:each("who is traced already is refused, and stays traced", fun(Mode) ->
    Pid = caller(),
    Tracer = asking:plant(fun() -> ok end),
    1 = erlang:trace(Pid, true, [procs, {tracer, Tracer}]),
    ?assertEqual(#{<<"refused">> => <<"traced">>}, asking:ask(Mode, call_sites, arguments(Pid, 100, 10))),
    ?assertEqual({tracer, Tracer}, erlang:trace_info(Pid, tracer)),
    1 = erlang:trace(Pid, false, [all]),
    untouched(Pid)
end).

session_already_test_() -> asking:each("who is traced in a session of somebody's is refused", fun(Mode) -> sessions() andalso session_already(Mode) end).

session_already(Mode) ->
    Pid = caller(),
    Tracer = asking:plant(fun() -> ok end),
    Session = trace:session_create(somebody, Tracer, []),
    1 = trace:process(Session, Pid, true, [call]),
    ?assertEqual(#{<<"refused">> => <<"traced">>}, asking:ask(Mode, call_sites, arguments(Pid, 100, 10))),
    ?assertMatch([{somebody, _}], trace:session_info(Pid)),
    true = trace:session_destroy(Session),
    untouched(Pid).

%% Without sessions a pattern is everybody's.
patterns_already_test_() -> asking:each("patterns of somebody's are left alone", fun(Mode) ->
    Pid = caller(),
    1 = erlang:trace_pattern({erlang, demonitor, 1}, true, [local]),
    Answer = asking:ask(Mode, call_sites, arguments(Pid, 100, 10)),
    case sessions() of
        true -> ?assertMatch(#{<<"cut">> := undefined}, Answer);
        false -> ?assertEqual(#{<<"refused">> => <<"patterns">>}, Answer)
    end,
    ?assertEqual({traced, local}, erlang:trace_info({erlang, demonitor, 1}, traced)),
    1 = erlang:trace_pattern({erlang, demonitor, 1}, false, [local]),
    untouched(Pid)
end).

busy_test_() -> asking:each("one tracing at a time", fun(Mode) ->
    [One, Other] = [caller(), caller()],
    Self = self(),
    spawn(fun() -> Self ! {first, asking:ask(Mode, call_sites, arguments(One, 3000, 10))} end),
    asking:eventually(fun() -> is_traced(One) end),
    ?assertEqual(#{<<"refused">> => <<"busy">>}, asking:ask(Mode, call_sites, arguments(Other, 100, 10))),
    ?assert(is_traced(One)),
    receive {first, First} -> ?assertMatch(#{<<"cut">> := undefined}, First) end,
    untouched(One),
    ?assertMatch(#{<<"cut">> := undefined}, asking:ask(Mode, call_sites, arguments(Other, 100, 10)))
end).

%%% However it ends

%% Started as beamgauge does, with a link: {Asker, Guard, Before}, once the process is traced.
started(Pid, DurationMs, TimeoutMs) ->
    #{call_sites := Forms} = persistent_term:get(forms),
    Before = processes(),
    Self = self(),
    Asker = spawn(fun() ->
        process_flag(trap_exit, true),
        {Guard, _} = asking:question(Forms, arguments(Pid, DurationMs, 100000), TimeoutMs, 50000000, [link]),
        Self ! {guard, self(), Guard},
        relay(Self)
    end),
    GuardPid = receive {guard, Asker, Started} -> Started end,
    asking:eventually(fun() -> is_traced(Pid) end),
    ?assertNotEqual([], traces(Pid)),
    {Asker, GuardPid, Before}.

%% The answer to the question, and how its guard ends, unless stopped before.
relay(To) ->
    receive
        stop -> exit(noconnection);
        {'EXIT', _, Reason} -> To ! {self(), Reason};
        {Tag, _} = Answer when Tag =:= ok; Tag =:= error -> To ! Answer, relay(To)
    end.

gone(Pid, Before) ->
    untouched(Pid),
    asking:eventually(fun() -> processes() -- Before =:= [] end).

lost_link_test() ->
    Pid = caller(),
    {Asker, _, Before} = started(Pid, 60000, 70000),
    Asker ! stop,
    gone(Pid, Before).

killed_guard_test() ->
    Pid = caller(),
    {_, Guard, Before} = started(Pid, 60000, 70000),
    exit(Guard, kill),
    gone(Pid, Before).

killed_worker_test() ->
    Pid = caller(),
    {Asker, Guard, Before} = started(Pid, 60000, 70000),
    {links, Links} = process_info(Guard, links),
    [Worker] = Links -- [Asker],
    exit(Worker, kill),
    receive {Asker, Reason} -> ?assertEqual(killed, Reason) after 60000 -> error(no_reply) end,
    untouched(Pid),
    Asker ! stop,
    gone(Pid, Before).

%% The guard's deadline is before ours.
deadline_test() ->
    Pid = caller(),
    {Asker, _, Before} = started(Pid, 60000, 300),
    receive {Asker, Reason} -> ?assertEqual(deadline, Reason) after 60000 -> error(no_reply) end,
    untouched(Pid),
    Asker ! stop,
    gone(Pid, Before).

killed_keeper_test() ->
    Pid = caller(),
    {Asker, _, Before} = started(Pid, 60000, 70000),
    exit(whereis(beamgauge_call_sites), kill),
    receive {error, Reason} -> ?assertMatch({exit, _}, Reason) after 60000 -> error(no_reply) end,
    untouched(Pid),
    Asker ! stop,
    gone(Pid, Before).

%% The process is busy with monitors while the link goes.
lost_link_in_a_flood_test() ->
    Pid = caller(),
    {Asker, _, Before} = started(Pid, 60000, 70000),
    Pid ! {self(), churn, 20000},
    Asker ! stop,
    receive {done, churn} -> ok after 60000 -> error(late) end,
    gone(Pid, Before).

%% What the three processes are started with is small: interpreted functions carry along what they call.
size_test() ->
    Pid = caller(),
    {Asker, _, Before} = started(Pid, 60000, 70000),
    Sizes = [process_info(P, memory) || P <- processes() -- [Asker | Before]],
    [?assert(Bytes < 3000000, Sizes) || {memory, Bytes} <- Sizes],
    Asker ! stop,
    gone(Pid, Before).
