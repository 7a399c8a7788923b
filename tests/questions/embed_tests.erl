%% embed.escript: what it refuses, and what forms look like.
-module(embed_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

embed() -> filename:join(persistent_term:get(room), "embed.escript").

%% {Status, Output} of embedding a module of this text, which begins at its third line.
embedded(Text) ->
    Folder = filename:join(os:getenv("TMPDIR", "/tmp"), "embed-" ++ os:getpid() ++ "-" ++ integer_to_list(erlang:unique_integer([positive]))),
    Source = filename:join(Folder, "sample.erl"),
    Out = filename:join(Folder, "out"),
    ok = filelib:ensure_dir(Source),
    ok = file:write_file(Source, ["-module(sample).\n-export([answer/1]).\n", Text]),
    Result = run(["--term", Out, Source]),
    Term = file:read_file(Out),
    [file:delete(File) || File <- [Source, Out]],
    file:del_dir(Folder),
    case {Result, Term} of
        {{0, _}, {ok, Binary}} -> {0, proplists:get_value(sample, binary_to_term(Binary))};
        {{Status, Output}, _} -> {Status, Output}
    end.

run(Arguments) ->
    Port = open_port({spawn_executable, embed()}, [{args, Arguments}, exit_status, stderr_to_stdout, binary]),
    output(Port, <<>>).

output(Port, Text) ->
    receive
        {Port, {data, More}} -> output(Port, <<Text/binary, More/binary>>);
        {Port, {exit_status, Status}} -> {Status, Text}
    end.

refused(Text, Reason) ->
    {Status, Output} = embedded(Text),
    ?assertEqual({1, Output}, {Status, Output}),
    ?assertMatch({Output, {_, _}}, {Output, binary:match(Output, Reason)}).

answer(Text, Arguments) ->
    {0, Forms} = embedded(Text),
    {value, _, _} = erl_eval:exprs(Forms -- guard_tests:prelude(), [{'Args', Arguments}, {'Reply', self()}], none),
    receive {Tag, _} = Reply when Tag =:= ok; Tag =:= error -> Reply after 60000 -> nothing end.

refusals_test_() -> [{timeout, 300, {Title, fun() -> refused(Text, Reason) end}} || {Title, Text, Reason} <- [
    {"records", "-record(r, {a}).\nanswer(A) -> #r{a = A}.", <<"sample.erl:3: record is not supported">>},
    {"imports", "-import(lists, [map/2]).\nanswer(A) -> map(fun(X) -> X end, A).", <<"sample.erl:3: import is not supported">>},
    {"mutual recursion", "answer(A) -> odd(A).\nodd(0) -> no;\nodd(N) -> even(N - 1).\neven(0) -> yes;\neven(N) -> odd(N - 1).", <<"mutual recursion">>},
    {"a call of the entry", "answer(0) -> 0;\nanswer(N) -> answer(N - 1).", <<"call of the entry">>},
    {"21 arguments", "answer(A) -> {f(A,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A), fun f/21}.\nf(A,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A) -> A.", <<"sample.erl:4: a function may have at most 20 arguments">>},
    {"exits that are trapped", "answer(A) -> process_flag(trap_exit, A).", <<"sample.erl:3: a question that traps exits could not be ended">>},
    {"warnings", "answer(A) -> B = 1, A.", <<"sample.erl:3:">>},
    {"syntax errors", "answer(A) -> .", <<"sample.erl:3:">>},
    {"unknown remote functions", "answer(A) -> lists:mapp(A).", <<"sample.erl:3: no function lists:mapp/1">>},
    {"functions that a shared module does not export", "answer(A) -> chunks:list(A).", <<"chunks:list/1 is not exported">>},
    {"more exports", "-export([f/0]).\nanswer(A) -> A.\nf() -> 1.", <<"must export answer/1">>}]].

calls_test_() -> [{timeout, 300, {Title, fun() -> ?assertEqual(Expected, answer(Text, Arguments)) end}} || {Title, Text, Arguments, Expected} <- [
    {"functions, in the order that they need", "answer(A) -> f(A) + g(A).\nf(A) -> g(A) * 2.\ng(A) -> A + 1.", 4, {ok, 15}},
    {"recursion", "answer(A) -> sum(A, 0).\nsum([], S) -> S;\nsum([H | T], S) -> sum(T, S + H).", [1, 2, 3], {ok, 6}},
    {"functions that are called once, and have clauses, guards and names of their own",
     "answer({A, B}) -> [f(A, B, A), h(g(B))].\nf(A, A, C) -> {same, C};\nf(B, A, _) when A > B -> {less, A, B};\nf(_, _, C) -> {more, C}.\n"
     "g(A) -> B = A + 1, B * 2.\nh(0) -> zero;\nh(A) -> A.", {3, 2}, {ok, [{more, 3}, 6]}},
    {"a function that is called once, for each of a list", "answer(A) -> [f(X, Y) || {X, Y} <- A].\nf(A, A) -> same;\nf(A, B) -> {A, B}.",
     [{1, 2}, {3, 3}, {2, 1}], {ok, [{1, 2}, same, {2, 1}]}},
    {"terms that are always the same, in funs and out of them",
     "answer(A) -> F = fun(#{{k, 1} := V}) -> [{a, none}, #{{k, 2} => V}, \"text\", [x, <<\"b\">>]] end, {F(A), [{a, none}, fun lists:sort/1, #{k => {v, none}}]}.",
     #{{k, 1} => one}, {ok, {[{a, none}, #{{k, 2} => one}, "text", [x, <<"b">>]], [{a, none}, fun lists:sort/1, #{k => {v, none}}]}}},
    {"keys in patterns that are always the same", "answer(A) -> f(A).\nf(#{{k, l} := V, [l] := W}) -> {V, W};\nf(_) -> none.",
     #{{k, l} => one, [l] => two}, {ok, {one, two}}},
    {"functions of one name and several arities", "answer(A) -> f(A) + f(A, 1).\nf(A) -> A.\nf(A, B) -> A * 10 + B.", 2, {ok, 23}},
    {"local funs by name", "answer(A) -> lists:map(fun f/1, A).\nf(A) -> A * A.", [2, 3], {ok, [4, 9]}},
    {"so many functions that each is made with what it needs in sight: recursion, funs by name, and both within funs",
     "answer(A) -> [a(A), lists:map(fun c/1, A), (fun(X) -> d(X) + sum(X) end)(A)].\n" ++ lists:append([[N, "(A) -> ", N + 1, "(A) + ", N + 1, "(A).\n"] || N <- lists:seq($a, $j)])
     ++ "k(A) when is_list(A) -> sum(A);\nk(A) -> A.\nsum([]) -> 0;\nsum([H | T]) -> H + sum(T).", [1, 2], {ok, [3072, [256, 512], 387]}},
    {"remote funs", "answer(A) -> lists:map(fun erlang:abs/1, A).", [-2], {ok, [2]}},
    {"variables of one name in different clauses", "answer([A]) -> A;\nanswer({A, B}) -> {B, A}.", {1, 2}, {ok, {2, 1}}},
    {"a name in a fun that hides none", "answer(A) -> B = 5, (fun(C) -> C + B end)(A).", 1, {ok, 6}},
    {"variables called Args and Reply", "answer(Args) -> Reply = f(Args), {Reply}.\nf(Reply) -> Reply.", 7, {ok, {7}}},
    {"guards, strings, binaries and maps", "answer(#{<<\"k\">> := V}) when is_list(V), length(V) > 1 -> {\"text\", <<1:16>>, #{<<\"v\">> => hd(V)}}.",
     #{<<"k">> => [a, b]}, {ok, {"text", <<0, 1>>, #{<<"v">> => a}}}},
    {"receive, try and comprehensions", "answer(A) -> self() ! A, receive A -> ok after 0 -> no end, try error(oops) catch error:R -> [{R, X} || X <- A, X > 1] end.",
     [1, 2], {ok, [{oops, 2}]}},
    {"exceptions, where functions have names too", "answer(A) -> f(g(A)).\nf(A) -> h(A).\ng(A) -> A.\nh(A) -> i(A).\ni(A) -> hd(A).", x, {error, {error, badarg}}},
    {"exceptions, as class and reason", "answer(A) -> throw({A, 1}).", x, {error, {throw, {x, 1}}}},
    {"a reason that is too large, by its first element", "answer(A) -> throw({A, lists:seq(1, 1000)}).", x, {error, {throw, x}}},
    {"a reason that is too large, and no tuple", "answer(A) -> throw(lists:seq(A, 1000)).", 1, {error, {throw, error}}}]].

%% A node that connected to answer us would prove its cookie to the process that has our name by then.
replies_test() ->
    Sent = lists:append([sent(Forms) || Forms <- maps:values(persistent_term:get(forms))]),
    ?assert(length(Sent) >= 2 * map_size(persistent_term:get(forms))),
    ?assertEqual([], [Options || Options <- Sent, Options =/= [{string, 1, [noconnect]}], Options =/= [{cons, 1, {atom, 1, noconnect}, {nil, 1}}]]).

sent({call, _, Callee, [{var, _, 'Reply'}, _ | Options]}) when element(tuple_size(Callee), Callee) =:= {atom, 1, send}; Callee =:= {atom, 1, send} -> [Options];
sent(Term) when is_tuple(Term) -> sent(tuple_to_list(Term));
sent([Head | Tail]) -> sent(Head) ++ sent(Tail);
sent(_) -> [].

%% Atoms that a node would keep for ever: only names of ours that are in the list, and it is looked at when it grows.
atoms_test_() -> [{timeout, 300, {"the atoms that questions bring are those listed", fun() ->
    {0, Output} = run(["--atoms"]),
    {ok, Listed} = file:read_file(filename:join(filename:dirname(code:which(?MODULE)), "atoms.txt")),
    ?assertEqual(binary:split(Listed, <<"\n">>, [global]), binary:split(Output, <<"\n">>, [global]))
end}}].

%% Variables are called what is an atom on every node.
names_test() ->
    Names = lists:usort(lists:append([names(Forms) || Forms <- maps:values(persistent_term:get(forms))])),
    ?assertEqual([], [Name || Name <- Names, Name =/= 'Args', Name =/= 'Reply', Name =/= '_', not lists:keymember(Name, 1, erlang:module_info(exports))]).

names({var, _, Name}) -> [Name];
names(Term) when is_tuple(Term) -> names(tuple_to_list(Term));
names([Head | Tail]) -> names(Head) ++ names(Tail);
names(_) -> [].
