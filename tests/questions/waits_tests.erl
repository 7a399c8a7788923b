%% No question waits with a time limit of receive's own: evaluated, that may end the node.
-module(waits_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

%% A message takes it about as long to match as a process may run before it is set aside.
question() ->
    Alternatives = lists:join("; ", [["M =:= ", integer_to_list(N)] || N <- lists:seq(1, 60)]),
    ["answer(_) -> process_flag(priority, normal), wait(10).\nwait(0) -> ended;\nwait(N) -> receive M when ", Alternatives, " -> {M} after 20 -> wait(N - 1) end."].

none_has_a_limit_test() ->
    Forms = persistent_term:get(forms),
    ?assertEqual([], [{Name, Limit} || {Name, Question} <- maps:to_list(Forms), Limit <- limits(Question), element(3, Limit) =/= 0]),
    ?assertMatch([_ | _], lists:append([limits(Question) || Question <- maps:values(Forms)])).

limits({'receive', _, _, Limit, _} = Form) -> [Limit | limits(tuple_to_list(Form))];
limits(Form) when is_tuple(Form) -> limits(tuple_to_list(Form));
limits([Head | Tail]) -> limits(Head) ++ limits(Tail);
limits(_) -> [].

what_matches_after_a_limit_test_() -> [{timeout, 300, {Title, fun() -> ?assertEqual({ok, Expected}, embed_tests:answer(Text, self())) end}} || {Title, Text, Expected} <- [
    {"a message that is there", "answer(A) -> A ! {here, 1}, receive {here, B} -> {B} after 60000 -> late end.", {1}},
    {"a message that comes", "answer(A) -> erlang:send_after(50, A, {here, 1}), receive {here, B} -> {B} after f(A) -> late end.\nf(_) -> 60000.", {1}},
    {"none", "answer(A) -> A ! there, {receive {here, B} -> {B} after 20 -> late end, receive there -> there end}.", {late, there}},
    {"nothing is waited for", "answer(_) -> receive {here, _} -> here after 0 -> late end.", late},
    {"a limit within a clause", "answer(A) -> A ! here, receive here -> receive there -> there after 1 -> late end after 60000 -> none end.", late},
    {"no message at all", "answer(_) -> {receive after 20 -> late end, receive after 20 -> late end}.", {late, late}},
    {"what is known after it", "answer(A) -> A ! {here, 1}, receive {here, B} -> ok after 60000 -> B = 2 end, B.", 1}]].

%% On one scheduler with others at work a process is set aside for longer than its limit.
the_node_lives_test_() -> [{timeout, 300, {"messages that take long to match, and a limit that ends meanwhile", fun lives/0}}].

lives() ->
    {0, Forms} = embed_tests:embedded(question()),
    File = filename:join(os:getenv("TMPDIR", "/tmp"), "waits-" ++ os:getpid()),
    ok = file:write_file(File, term_to_binary(Forms)),
    Evaluated = lists:flatten(io_lib:format(
        "{ok, B} = file:read_file(~p), Self = self(), Busy = fun Busy() -> Busy() end, [spawn(Busy) || _ <- [1, 2, 3, 4]], "
        "Waiter = spawn_link(fun() -> erl_eval:exprs(binary_to_term(B), [{'Args', #{}}, {'Reply', Self}], none) end), "
        "[erlang:send_after(3 * N, Waiter, none) || N <- lists:seq(1, 100)], erlang:send_after(120000, Self, hangs), "
        "receive {ok, ended} -> io:format(\"lives\"), halt(); hangs -> halt(1) end", [File])),
    Port = open_port({spawn_executable, os:find_executable("erl")},
                     [{args, ["+S", "1:1", "-noinput", "-boot", "start_clean", "-eval", Evaluated ++ "."]}, exit_status, stderr_to_stdout, binary]),
    ?assertEqual({0, <<"lives">>}, embed_tests:output(Port, <<>>)),
    file:delete(File).
