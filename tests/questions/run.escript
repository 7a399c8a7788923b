#!/usr/bin/env escript
%%! +S 2:2
%% Runs the tests of the questions: as modules, and as the forms that nodes are sent. Exits 1 if one fails.
%%
%%   run.escript [--term FILE] [MODULE...]
%%
%% Two schedulers, whatever the machine has: some tests hold one of them.
%% FILE holds questions embedded elsewhere (embed.escript --term), to test on a release other than the one that embeds.
-mode(compile).

main(["--term", File | Names]) -> finish(run(File, Names));
main(Names) ->
    File = filename:join(os:getenv("TMPDIR", "/tmp"), "beamgauge-forms-" ++ os:getpid()),
    Passed = try
        {0, _} = command(room("embed.escript"), ["--term", File]),
        run(File, Names)
    after
        file:delete(File)
    end,
    finish(Passed).

finish(true) -> halt(0);
finish(false) -> halt(1).

run(File, Names) ->
    {ok, Term} = file:read_file(File),
    #{forms := Forms, calls := Calls} = binary_to_term(Term),
    persistent_term:put(forms, maps:from_list(Forms)),
    persistent_term:put(calls, Calls),
    persistent_term:put(room, room("")),
    [load(room(Name)) || Name <- sources() ++ filelib:wildcard("shared/*.erl", room(""))],
    Modules = [load(Path) || Path <- filelib:wildcard(filename:join(here(), "*.erl"))],
    Tests = [M || M <- Modules, lists:suffix("_tests", atom_to_list(M)), Names =:= [] orelse lists:member(atom_to_list(M), Names)],
    passed(Tests).

here() -> filename:dirname(filename:absname(escript:script_name())).

room(Name) -> filename:join([here(), "../../server/query", Name]).

sources() -> filelib:wildcard("questions/*.erl", room("")).

load(Path) ->
    {ok, Module, Code} = compile:file(Path, [binary, debug_info, report, nowarn_deprecated_catch]),
    {module, Module} = code:load_binary(Module, Path, Code),
    Module.

command(Program, Arguments) ->
    Port = open_port({spawn_executable, Program}, [{args, Arguments}, exit_status, stderr_to_stdout, binary]),
    output(Port, <<>>).

output(Port, Text) ->
    receive
        {Port, {data, More}} -> output(Port, <<Text/binary, More/binary>>);
        {Port, {exit_status, Status}} -> {Status, Text}
    end.

%% EUnit is not everywhere that Erlang is; what these tests need of it is little.
passed(Modules) ->
    case code:ensure_loaded(eunit) of
        {module, eunit} -> eunit:test(Modules, [verbose || os:getenv("VERBOSE") =/= false]) =:= ok;
        _ -> plainly_passed([Test || Module <- Modules, Test <- tests(Module)])
    end.

tests(Module) ->
    lists:append([tests(Module, Name, lists:reverse(atom_to_list(Name))) || {Name, 0} <- Module:module_info(exports)]).

tests(Module, Name, "tset_" ++ _) -> [{{Module, Name}, fun Module:Name/0}];
tests(Module, Name, "_tset_" ++ _) -> [{{Module, Name, Title}, Test} || {timeout, _, {Title, Test}} <- Module:Name()];
tests(_, _, _) -> [].

plainly_passed(Tests) ->
    Failed = lists:sum([failures(Name, Test) || {Name, Test} <- Tests]),
    io:format("~p of ~p tests failed on OTP ~s~n", [Failed, length(Tests), erlang:system_info(otp_release)]),
    Failed =:= 0.

failures(Name, Test) ->
    {Pid, Monitor} = spawn_monitor(fun() -> Test(), exit(passed) end),
    receive
        {'DOWN', Monitor, process, Pid, passed} -> 0;
        {'DOWN', Monitor, process, Pid, Reason} -> io:format("~p failed: ~p~n", [Name, Reason]), 1
    end.
