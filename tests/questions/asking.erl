%% Asks a question either as the module that it is, or as the forms that nodes are sent.
-module(asking).
-export([each/2, ask/3, ask_for/5, question/5, plant/1, planted/2, uproot/1, text/1, ranked/2, blocks/0, eventually/1]).

%% A test in both ways. What it plants does not outlive it, even if it fails.
each(Title, Test) -> [{timeout, 300, {lists:concat([Title, ", ", Mode]), fun() -> try Test(Mode) after uproot(erase_planted()) end end}} || Mode <- [module, forms]].

erase_planted() -> case erase(planted) of undefined -> []; Pids -> Pids end.

ask(Mode, Question, Arguments) ->
    {ok, Answer} = ask_for(Mode, Question, Arguments, 30000, 50000000),
    Answer.

%% As a module it is asked by a worker too, which is linked to one that waits.
ask_for(module, Question, Arguments, Timeout, _) ->
    {Pid, Monitor} = spawn_monitor(fun() ->
        spawn_link(fun() -> put(timeout, {erlang:monotonic_time(millisecond) + Timeout, Timeout div 10}), exit({ok, Question:answer(Arguments)}) end),
        receive never -> ok end
    end),
    receive {'DOWN', Monitor, process, Pid, Result} -> Result end;
ask_for(forms, Question, Arguments, Timeout, MaxHeapWords) ->
    #{Question := Forms} = persistent_term:get(forms),
    {_, Monitor} = question(Forms, Arguments#{<<"timeout_ms">> => Timeout}, Timeout, MaxHeapWords, []),
    Reason = receive {'DOWN', Monitor, process, _, Why} -> Why end,
    receive {Tag, _} = Result when Tag =:= ok; Tag =:= error -> Result after 0 -> {ended, Reason} end.

%% A guard with a worker, as a node is asked to spawn it: server/nodes/control.c has the same.
question(Forms, Arguments, Timeout, MaxHeapWords, Options) ->
    Bindings = case erlang:system_info(otp_release) >= "25" of
        true -> #{'Args' => Arguments, 'Reply' => self()};
        false -> [{'Args', Arguments}, {'Reply', self()}]
    end,
    Limits = [link, {priority, normal}, {max_heap_size, #{size => MaxHeapWords, kill => true, error_logger => false}}],
    Worker = program([{erl_eval, exprs, [Forms, Bindings, none]}, {erlang, exit, [ended]}]),
    Guard = program([{erlang, spawn_opt, [lists, zipwith3, Worker, Limits]}, {prim_eval, 'receive', [fun erlang:is_atom/1, Timeout]}, {erlang, exit, [deadline]}]),
    spawn_opt(lists, zipwith3, Guard, [monitor | Options]).

program(Calls) ->
    {Modules, Functions, Arguments} = lists:unzip3(Calls),
    [fun erlang:apply/3, Modules, Functions, Arguments].

%% A process that has run Setup and waits.
plant(Setup) ->
    Self = self(),
    Pid = spawn(fun() -> Setup(), Self ! {planted, self()}, receive stop -> ok end end),
    receive {planted, Pid} -> put(planted, [Pid | case get(planted) of undefined -> []; Pids -> Pids end]) end,
    Pid.

planted(Count, Setup) -> [plant(Setup) || _ <- lists:seq(1, Count)].

uproot(Pids) ->
    Monitors = [monitor(process, Pid) || Pid <- Pids],
    [exit(Pid, kill) || Pid <- Pids],
    [receive {'DOWN', Monitor, process, _, _} -> ok end || Monitor <- Monitors],
    ok.

text(Pid) -> list_to_binary(pid_to_list(Pid)).

%% The rows of one ranking, best first.
ranked(Key, #{<<"rows">> := Rows, <<"rankings">> := Rankings}) -> [lists:nth(1 + Place, Rows) || Place <- maps:get(Key, Rankings)].

%% The end is for what hangs.
eventually(Check) -> eventually(Check, 3000).

eventually(Check, 0) -> true = Check();
eventually(Check, Left) -> Check() orelse begin timer:sleep(10), eventually(Check, Left - 1) end.

%% The allocators' own counts. On a busy machine a scheduler may be blocked for longer than their timeout.
blocks() -> blocks(100).

blocks(Tries) ->
    timer:sleep(100), %% what was freed elsewhere arrives little by little
    Counts = blocks:counts(),
    case lists:member(infinity, tuple_to_list(Counts)) of
        true when Tries > 1 -> blocks(Tries - 1);
        _ -> Counts
    end.
