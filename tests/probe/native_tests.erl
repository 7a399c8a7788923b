%% The lists of native calls: each can be made here, in a process that is started as nodes are asked to start one.
-module(native_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

calls_test_() -> [{timeout, 60, {lists:concat([Name, ", for erts ", Major, ".", Minor]), fun() -> made(Calls) end}}
                  || {Name, Variants} <- persistent_term:get(calls), {{Major, Minor}, Calls} <- [applicable(Variants)]].

%% The newest that this emulator is new enough for.
applicable([{Version, Calls} | Older]) ->
    Own = list_to_tuple([list_to_integer(Part) || Part <- lists:sublist(string:lexemes(erlang:system_info(version), "."), 2)]),
    case Version =< Own of
        true -> {Version, Calls};
        false -> applicable(Older)
    end.

made(Calls) ->
    Results = run([{M, F, with_pid(Arguments, self())} || {_, {M, F, Arguments}} <- Calls]),
    ?assertMatch({[_ | _], _}, {Results, Calls}),
    ?assertEqual(length(Calls), length(Results)).

%% server/nodes/control.c has the same.
run(Calls) ->
    Program = fun(Called) -> {Ms, Fs, As} = lists:unzip3(Called), [fun erlang:apply/3, Ms, Fs, As] end,
    {Pid, Monitor} = spawn_opt(lists, foldl, [fun erlang:apply/2, Program([{lists, zipwith3, Program(Calls)}]), [fun lists:zipwith3/4, fun erlang:exit/1]],
                               [monitor, {max_heap_size, #{size => 10000000, kill => true, error_logger => false}}]),
    receive {'DOWN', Monitor, process, Pid, Reason} -> Reason after 30000 -> timeout end.

%% What process_info.calls counts natively.
counted(Pid) ->
    {_, Calls} = applicable(proplists:get_value(process_info, persistent_term:get(calls))),
    Mine = [{M, F, with_pid(Arguments, Pid)} || {Key, {M, F, Arguments}} <- Calls, Key =:= counts orelse Key =:= noted],
    run(Mine).

with_pid('$pid', Pid) -> Pid;
with_pid([Head | Tail], Pid) -> [with_pid(Head, Pid) | with_pid(Tail, Pid)];
with_pid(Term, Pid) when is_tuple(Term) -> list_to_tuple(with_pid(tuple_to_list(Term), Pid));
with_pid(Term, _) -> Term.

process_test() ->
    Self = self(),
    Pid = spawn_link(fun() -> [monitor(process, Self) || _ <- lists:seq(1, 3)], receive stop -> ok end end),
    asking:eventually(fun() -> {monitors, Monitors} = process_info(Pid, monitors), length(Monitors) =:= 3 end),
    ?assertMatch([{ok, {3, 0, 1}, [], []}, _], counted(Pid)),
    unlink(Pid),
    asking:uproot([Pid]),
    ?assertMatch([{ok, false, [], []}, _], counted(Pid)).
