%% The guard: deadline, heap limit, failures, and the link to the caller.
-module(guard_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

%% What a worker is to evaluate, wrapped as embed.escript wraps questions.
forms(Text) ->
    {ok, Tokens, _} = erl_scan:string("try Reply ! {ok, begin " ++ Text ++ " end} catch C:R -> Reply ! {error, {C, R}} end."),
    {ok, Forms} = erl_parse:parse_exprs(Tokens),
    prelude() ++ Forms.

%% What every question begins with.
prelude() ->
    #{alive := Forms} = persistent_term:get(forms),
    [Prelude || {call, _, {remote, _, _, {atom, _, Name}}, _} = Prelude <- Forms, lists:member(Name, [process_flag, put])].

start(Text, Timeout, MaxHeapWords, Options) -> asking:question(forms(Text), #{given => here}, Timeout, MaxHeapWords, Options).

reply() -> reply(60000).

reply(Wait) -> receive {Tag, _} = Reply when Tag =:= ok; Tag =:= error -> Reply after Wait -> nothing end.

ended({Pid, Monitor}) -> receive {'DOWN', Monitor, process, Pid, Reason} -> Reason after 60000 -> still_there end.

answer_test() ->
    Guard = start("{Args, self() =/= Reply}", 5000, 1000000, []),
    ?assertEqual({ok, {#{given => here}, true}}, reply()),
    ?assertEqual(ended, ended(Guard)).

deadline_test() ->
    Log = log(),
    Before = processes(),
    ?assertEqual(deadline, ended(start("receive never -> ok end", 100, 1000000, []))),
    asking:eventually(fun() -> processes() -- Before =:= [] end),
    ?assertEqual(nothing, reply(0)),
    ?assertEqual([], logged(Log)).

busy_deadline_test() ->
    Before = processes(),
    ?assertEqual(deadline, ended(start("F = fun F(N) -> F(N + 1) end, F(0)", 100, 1000000, []))),
    asking:eventually(fun() -> processes() -- Before =:= [] end).

%% What is linked to the worker ends with it, also if it has answered.
own_processes_test() ->
    Before = processes(),
    Guard = start("spawn_link(timer, sleep, [infinity])", 60000, 1000000, []),
    ?assertMatch({ok, Pid} when is_pid(Pid), reply()),
    ?assertEqual(ended, ended(Guard)),
    asking:eventually(fun() -> processes() -- Before =:= [] end).

heap_limit_test() ->
    Log = log(),
    ?assert(is_killed(ended(start("length(lists:seq(1, 10000000))", 20000, 100000, [])))),
    ?assertEqual(nothing, reply(0)),
    ?assertEqual([], logged(Log)).

%% What the emulator makes of it if a native function is what exceeds the limit is not `killed` on every release.
is_killed(Reason) -> Reason =:= killed orelse Reason =:= {normal, []}.

killed_worker_test() -> ?assertEqual(other, ended(start("exit(self(), other), receive after infinity -> ok end", 5000, 1000000, []))).

%% The link to beamgauge goes down.
lost_link_test() ->
    Self = self(),
    Log = log(),
    Before = processes(),
    Asker = spawn(fun() ->
        {Guard, _} = start("receive never -> ok end", 60000, 1000000, [link]),
        asking:eventually(fun() -> {links, Links} = process_info(Guard, links), length(Links) =:= 2 end),
        Self ! {guard, Guard},
        receive stop -> exit(noconnection) end
    end),
    Guard = receive {guard, Pid} -> Pid end,
    {links, Links} = process_info(Guard, links),
    [Worker] = Links -- [Asker],
    asking:eventually(fun() -> lists:member(process_info(Worker, priority), [{priority, low}, {priority, high}]) end), %% high where the machine is busy
    Asker ! stop,
    asking:eventually(fun() -> not is_process_alive(Guard) andalso not is_process_alive(Worker) end),
    asking:eventually(fun() -> processes() -- Before =:= [] end),
    ?assertEqual([], logged(Log)).

%% A kill of the guard, which it cannot trap, takes the worker along too.
killed_guard_test() ->
    Before = processes(),
    {Guard, _} = Started = start("receive never -> ok end", 60000, 1000000, []),
    asking:eventually(fun() -> {links, Links} = process_info(Guard, links), length(Links) =:= 1 end),
    exit(Guard, kill),
    ?assertEqual(killed, ended(Started)),
    asking:eventually(fun() -> processes() -- Before =:= [] end).

%% What a question raises comes as a class and a bounded reason, and nothing is logged on the node.
failing_question_test() ->
    Log = log(),
    Tables = fun(Sort) -> #{<<"sort">> => Sort, <<"limit">> => 1, <<"window_ms">> => 0} end,
    ?assertEqual({error, {error, {case_clause, <<"xxxx">>}}}, asking:ask_for(forms, tables, Tables(<<"xxxx">>), 5000, 10000000)),
    ?assertEqual({error, {error, case_clause}}, asking:ask_for(forms, tables, Tables(binary:copy(<<"x">>, 100000)), 5000, 10000000)),
    {error, {error, {function_clause, _}}} = case asking:ask_for(forms, scan, #{}, 5000, 10000000) of
        {error, {error, function_clause}} -> {error, {error, {function_clause, []}}};
        Other -> Other
    end,
    ?assertEqual([], logged(Log)).

question_heap_limit_test() ->
    Many = asking:planted(3000, fun() -> ok end),
    Arguments = #{<<"limit">> => 1000, <<"order">> => <<"desc">>, <<"binary">> => false, <<"list_entries_max">> => 200000},
    {ended, Reason} = asking:ask_for(forms, scan, Arguments, 5000, 30000),
    ?assert(is_killed(Reason)),
    asking:uproot(Many).

%% Events are sent to the process that called log/0.
log() ->
    Name = list_to_atom("guard_tests_" ++ integer_to_list(erlang:unique_integer([positive]) rem 8)),
    _ = logger:remove_handler(Name),
    ok = logger:add_handler(Name, ?MODULE, #{config => #{to => self()}}),
    Name.

log(#{level := Level, msg := Message}, #{config := #{to := To}}) -> To ! {logged, Level, Message}.

logged(Name) ->
    timer:sleep(100),
    ok = logger:remove_handler(Name),
    receive {logged, Level, Message} when Level =:= error; Level =:= critical -> [{Level, Message}] after 0 -> [] end.
