%% Part of embed.escript: turns a `receive` with a timeout into one that waits for a timer's message.
%%
%% erl_eval receives messages with prim_eval:'receive'/2, which calls a fun with each. If the process is scheduled out within that fun
%% when the timeout comes, the emulator continues after the `receive` with the stack of the fun: that crashes the whole node (SIGSEGV on
%% OTP 25, 27 and 29; tests/questions/waits_tests.erl). On a busy node processes are scheduled out for long. A timer's message is an
%% ordinary message.
-module(waits).
-export([limited/1]).

%% Any part of a form. `after 0` starts no timer.
limited({'receive', Anno, Clauses, {integer, _, 0} = Limit, Body}) ->
    {'receive', Anno, limited(Clauses), Limit, limited(Body)};
limited({'receive', Anno, Clauses, Limit, Body}) ->
    Timer = {var, Anno, list_to_atom("Timer" ++ integer_to_list(erlang:unique_integer([positive])))},
    Start = call(Anno, start_timer, [limited(Limit), call(Anno, self, []), {nil, Anno}]),
    Ended = {clause, Anno, [{tuple, Anno, [{atom, Anno, timeout}, Timer, {var, Anno, '_'}]}], [], limited(Body)},
    Others = [{clause, At, Patterns, Guards, [call(At, cancel_timer, [Timer]) | Then]} || {clause, At, Patterns, Guards, Then} <- limited(Clauses)],
    {block, Anno, [{match, Anno, Timer, Start}, {'receive', Anno, Others ++ [Ended]}]};
limited(Form) when is_tuple(Form) -> list_to_tuple(limited(tuple_to_list(Form)));
limited([Head | Tail]) -> [limited(Head) | limited(Tail)];
limited(Other) -> Other.

call(Anno, Function, Arguments) -> {call, Anno, {remote, Anno, {atom, Anno, erlang}, {atom, Anno, Function}}, Arguments}.
