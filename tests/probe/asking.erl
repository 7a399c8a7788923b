%% Asks a question either as the module that it is, or as the forms that nodes are sent.
-module(asking).
-export([each/2, ask/3, ask_for/5, plant/1, planted/2, uproot/1, text/1, ranked/2, eventually/1]).

%% A test in both ways. What it plants does not outlive it, even if it fails.
each(Title, Test) -> [{timeout, 60, {lists:concat([Title, ", ", Mode]), fun() -> try Test(Mode) after uproot(erase_planted()) end end}} || Mode <- [module, forms]].

erase_planted() -> case erase(planted) of undefined -> []; Pids -> Pids end.

ask(Mode, Question, Arguments) ->
    {ok, Answer} = ask_for(Mode, Question, Arguments, 30000, 50000000),
    Answer.

ask_for(module, Question, Arguments, _, _) ->
    {Pid, Monitor} = spawn_monitor(fun() -> exit({ok, Question:answer(Arguments)}) end),
    receive {'DOWN', Monitor, process, Pid, Result} -> Result end;
ask_for(forms, Question, Arguments, Timeout, MaxHeapWords) ->
    #{guard := Guard, Question := Forms} = persistent_term:get(forms),
    Bindings = [{'Args', {Forms, Arguments, Timeout, MaxHeapWords}}, {'Reply', self()}],
    {_, Monitor} = spawn_monitor(erl_eval, exprs, [Guard, Bindings]),
    receive {'DOWN', Monitor, process, _, _} -> ok end,
    receive {Tag, _} = Result when Tag =:= ok; Tag =:= error -> Result end.

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

eventually(Check) -> eventually(Check, 200).

eventually(Check, 0) -> true = Check();
eventually(Check, Left) -> Check() orelse begin timer:sleep(10), eventually(Check, Left - 1) end.
