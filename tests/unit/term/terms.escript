#!/usr/bin/env escript
%% terms.escript: the other side of test_erlang.c.
%%   samples      prints terms, a line each: HEX, a tab, and what the shell prints for the part that JSON shows as text
%%   read HEX...  prints each term, given without its version byte, as ~p does, a line each

main(["samples"]) ->
    [sample(Term, Text) || {Term, Text} <- identities()],
    [sample(N, integer_to_list(N)) || N <- [-(1 bsl 64), 1 bsl 63, -(1 bsl 63) - 1, 1 bsl 2047, -(1 bsl 2000) + 12345678901]];
main(["read" | Terms]) ->
    [io:format("~0p~n", [binary_to_term(<<131, (unhex(Term))/binary>>)]) || Term <- Terms].

identities() ->
    Pids = [self(), spawn(fun() -> ok end), list_to_pid("<0.123.7>"), list_to_pid("<0.32767.8191>")],
    Ports = [hd(erlang:ports()), list_to_port("#Port<0.12345>")],
    References = [make_ref(), erlang:alias(), list_to_ref("#Ref<0.1.2.3>")],
    [{Pid, pid_to_list(Pid)} || Pid <- Pids] ++ [{Port, port_to_list(Port)} || Port <- Ports] ++
        [{Reference, ref_to_list(Reference)} || Reference <- References] ++
        [{fun lists:map/2, "lists:map/2"}, {fun(X) -> {X, References} end, fun_name()}].

%% A fun that erl_eval made: its index is of erl_eval.
fun_name() ->
    F = fun(X) -> X end,
    "#Fun<" ++ Rest = erlang:fun_to_list(F),
    [Module, Index | _] = string:lexemes(Rest, "."),
    Module ++ ":fun-" ++ Index ++ "/1".

sample(Term, Text) ->
    io:format("~s\t~s~n", [[io_lib:format("~2.16.0b", [B]) || <<B>> <= term_to_binary(Term)], Text]).

unhex(Text) ->
    << <<(list_to_integer([A, B], 16))>> || <<A, B>> <= list_to_binary(Text) >>.
