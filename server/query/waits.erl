%% Part of embed.escript: `receive` with a time limit becomes one that waits for a timer's message.
%%
%% erl_eval takes messages with prim_eval:'receive'/2, which calls a fun with each. Where a process is set aside within that fun as the time limit
%% ends, the emulator goes on behind the `receive` with the stack of the fun: that ends the whole node (SIGSEGV on OTP 25, 27 and 29;
%% tests/questions/waits_tests.erl). On a busy node processes are set aside for long. A timer's message is one like any other.
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
