#!/usr/bin/env escript
%% Turns the Erlang questions into abstract expressions, and those into the C table that is sent to nodes.
%%
%%   embed.escript OUT.c guard.erl questions/*.erl    the C table of question.h
%%   embed.escript --term OUT guard.erl questions/*   the same as one Erlang term, for the tests
%%   embed.escript --atoms [guard.erl questions/*]    every atom that the forms bring to a node, sorted
%%
%% A question's calls to modules under shared/ (beside this file) become local functions of that question.
-mode(compile).

-define(INLINE_FUNCTIONS_MAX, 3).

main(["--atoms"]) -> main(["--atoms" | default_sources()]);
main(["--atoms" | Sources]) -> run(fun() -> [io:format("~tp~n", [Atom]) || Atom <- atoms([F || {_, F} <- embed(Sources)])] end);
main(["--term", Out | Sources]) -> run(fun() -> ok = file:write_file(Out, term_to_binary(embed(Sources))) end);
main([Out | [_ | _] = Sources]) -> run(fun() -> ok = file:write_file(Out, c_table(embed(Sources))) end);
main(_) -> io:format(standard_error, "usage: embed.escript OUT.c|--term OUT|--atoms guard.erl questions/*.erl~n", []), halt(2).

run(Fun) ->
    try Fun() of
        _ -> halt(0)
    catch
        throw:{File, Anno, Format, Arguments} ->
            io:format(standard_error, "~ts:~w: " ++ Format ++ "~n", [File, line(Anno) | Arguments]),
            halt(1)
    end.

fail(Module, Anno, Format, Arguments) -> throw({maps:get(file, Module), Anno, Format, Arguments}).

line(none) -> 0;
line(Anno) -> erl_anno:line(Anno).

here() -> filename:dirname(filename:absname(escript:script_name())).

default_sources() -> [filename:join(here(), "guard.erl") | lists:sort(filelib:wildcard(filename:join(here(), "questions/*.erl")))].

%% [{Name, Expressions}], sorted by name, the guard among them.
embed(Sources) ->
    Shared = maps:from_list([{maps:get(name, M), M} || M <- lists:map(fun module_read/1, filelib:wildcard(filename:join(here(), "shared/*.erl")))]),
    lists:sort([question(module_read(Source), Shared) || Source <- Sources]).

%%% Reading

%% A module as #{name, file, functions => #{{Name, Arity} => {Anno, Clauses}}, exports}. The compiler checks it; its code is thrown away.
module_read(File) ->
    {ok, Forms} = epp:parse_file(File, []),
    case compile:forms(Forms, [warnings_as_errors, return, {source, File}]) of
        {ok, Name, _, []} -> module_of(Name, File, Forms);
        {error, Errors, Warnings} -> throw(first_message(File, Errors ++ Warnings))
    end.

module_of(Name, File, Forms) ->
    Module = #{name => Name, file => File, exports => lists:append([Es || {attribute, _, export, Es} <- Forms]),
               functions => maps:from_list([{{F, A}, {Anno, Clauses}} || {function, Anno, F, A, Clauses} <- Forms])},
    [fail(Module, Anno, "~p is not supported in a question", [What]) || {attribute, Anno, What, _} <- Forms, What =:= record orelse What =:= import],
    Module.

first_message(File, [{_, [{Location, Where, What} | _]} | _]) -> {File, anno(Location), "~ts", [Where:format_error(What)]};
first_message(File, [_ | Rest]) -> first_message(File, Rest);
first_message(File, []) -> {File, none, "does not compile", []}.

anno(none) -> none;
anno(Location) -> erl_anno:new(Location).

%%% One question

%% A question exports answer/1, the guard guard/2. In a small one the entry becomes a `case` on the bindings that a node is given; in
%% others a function too, so that few variables are in sight of it: erl_eval merges all in sight at each step.
question(#{name := Name, exports := [{Entry, Arity}]} = Module, Shared) when {Entry, Arity} =:= {answer, 1}; {Entry, Arity} =:= {guard, 2} ->
    Modules = Shared#{Name => Module},
    Root = {Name, Entry, Arity},
    [Root | Others] = visit(Root, [], [], Modules),
    Given = [{var, 1, Variable} || Variable <- lists:sublist(['Args', 'Reply'], Arity)],
    case length(Others) =< ?INLINE_FUNCTIONS_MAX of
        true ->
            Names = names(Others),
            Clauses = [{clause, 1, [{tuple, 1, Patterns}], Guards, Body} || {clause, 1, Patterns, Guards, Body} <- clauses(Root, Names, Modules)],
            {Name, functions(Others, Names, Modules) ++ entry(Entry, {'case', 1, {tuple, 1, Given}, Clauses}, Names)};
        false ->
            Names = names([Root | Others]),
            {Name, functions([Root | Others], Names, Modules) ++ entry(Entry, {call, 1, {var, 1, maps:get(Root, Names)}, Given}, Names)}
    end;
question(Module, _) ->
    fail(Module, none, "must export answer/1, or guard/2, and nothing else", []).

%% Both take functions in the order of their visit, callers first.
names(Functions) -> maps:from_list(lists:zip(lists:reverse(Functions), [variable(I) || I <- lists:seq(1, length(Functions))])).

functions(Functions, Names, Modules) -> [function(F, Names, Modules) || F <- lists:reverse(Functions)].

%% What was raised gets names that nothing is bound to yet, lest the pattern compare.
entry(guard, Expression, _) -> [Expression];
entry(answer, Expression, Names) ->
    Class = variable(map_size(Names) + 1),
    Reason = variable(map_size(Names) + 2),
    Reply = io_lib:format("try erlang:send(Reply, {ok, answer}) catch ~s:~s -> erlang:send(Reply, {error, {~s, unicode:characters_to_binary("
                          "string:slice(io_lib:format(\"~~0tp\", [~s], [{chars_limit, 400}]), 0, 400))}}) end.", [Class, Reason, Class, Reason]),
    {ok, Tokens, _} = erl_scan:string(lists:flatten(Reply)),
    {ok, Template} = erl_parse:parse_exprs(Tokens),
    replace({atom, 1, answer}, Expression, plain(Template)).

replace(Old, New, Old) -> New;
replace(Old, New, Term) when is_tuple(Term) -> list_to_tuple(replace(Old, New, tuple_to_list(Term)));
replace(Old, New, [Head | Tail]) -> [replace(Old, New, Head) | replace(Old, New, Tail)];
replace(_, _, Term) -> Term.

function({_, _, Arity} = F, Names, Modules) ->
    {Module, Anno, _} = find(F, Modules),
    Arity =< 20 orelse fail(Module, Anno, "a function may have at most 20 arguments", []),
    Variable = maps:get(F, Names),
    {match, 1, {var, 1, Variable}, {named_fun, 1, Variable, clauses(F, Names, Modules)}}.

find({M, F, A}, Modules) ->
    Module = maps:get(M, Modules),
    {Anno, Clauses} = maps:get({F, A}, maps:get(functions, Module)),
    {Module, Anno, Clauses}.

clauses(F, Names, Modules) ->
    {Module, _, Clauses} = find(F, Modules),
    [clause(Clause, Names, #{module => Module, modules => Modules, names => Names, self => F}) || Clause <- Clauses].

%% Variables of one clause are numbered after the functions'; what is named once is never looked at, so it becomes `_`.
clause(Clause, Names, Context) ->
    Uses = variables(Clause),
    Kept = unique([V || V <- Uses, V =/= '_', length([U || U <- Uses, U =:= V]) > 1]),
    Numbers = lists:seq(map_size(Names) + 1, map_size(Names) + length(Kept)),
    Renamed = maps:from_list(lists:zip(Kept, [variable(I) || I <- Numbers])),
    walk(Clause, Context#{variables => Renamed}).

variables({var, _, Name}) -> [Name];
variables({named_fun, _, Name, Clauses}) -> [Name, Name | variables(Clauses)];
variables(Term) when is_tuple(Term) -> variables(tuple_to_list(Term));
variables([Head | Tail]) -> variables(Head) ++ variables(Tail);
variables(_) -> [].

unique(List) -> [V || {V, I} <- lists:zip(List, lists:seq(1, length(List))), not lists:member(V, lists:sublist(List, I - 1))].

variable(I) -> list_to_atom("V" ++ integer_to_list(I)).

plain(Forms) -> [erl_parse:map_anno(fun(_) -> 1 end, Form) || Form <- Forms].

%%% Order of the functions: each after those it calls

visit(F, Path, Done, Modules) ->
    case lists:member(F, Done) of
        true -> Done;
        false -> [F | lists:foldl(fun(G, Seen) -> visit_called(G, [F | Path], Seen, Modules) end, Done, called(F, Modules))]
    end.

visit_called(F, [F, _ | _], Done, _) ->
    Done;
visit_called({_, Name, Arity} = F, Path, Done, Modules) ->
    {Module, Anno, _} = find(hd(Path), Modules),
    lists:member(F, Path) andalso fail(Module, Anno, "mutual recursion, or a call of the entry: ~p/~p", [Name, Arity]),
    visit(F, Path, Done, Modules).

called(F, Modules) ->
    {Module, _, Clauses} = find(F, Modules),
    unique(calls(Clauses, #{module => Module, modules => Modules})).

calls({call, _, Callee, Arguments} = Call, Context) ->
    case target(Call, Context) of
        {local, F} -> [F | calls(Arguments, Context)];
        _ -> calls(Callee, Context) ++ calls(Arguments, Context)
    end;
calls({'fun', _, {function, _, _}} = Fun, Context) -> [F || {local, F} <- [target(Fun, Context)]];
calls({'fun', _, {function, _, _, _}} = Fun, Context) -> [F || {local, F} <- [target(Fun, Context)]];
calls(Term, Context) when is_tuple(Term) -> calls(tuple_to_list(Term), Context);
calls([Head | Tail], Context) -> calls(Head, Context) ++ calls(Tail, Context);
calls(_, _) -> [].

%% What a call or a fun means: {local, {M, F, A}} to be made a variable, {remote, M, F, A}, or value for a computed one.
target({call, _, {atom, Anno, F}, Arguments}, Context) -> named(F, length(Arguments), Anno, Context);
target({call, Anno, {remote, _, {atom, _, M}, {atom, _, F}}, Arguments}, Context) -> qualified(M, F, length(Arguments), Anno, Context);
target({'fun', Anno, {function, F, A}}, Context) -> named(F, A, Anno, Context);
target({'fun', Anno, {function, {atom, _, M}, {atom, _, F}, {integer, _, A}}}, Context) -> qualified(M, F, A, Anno, Context);
target(_, _) -> value.

named(F, A, Anno, #{module := #{name := M, functions := Functions} = Module}) ->
    case {maps:is_key({F, A}, Functions), erl_internal:bif(F, A)} of
        {true, _} -> {local, {M, F, A}};
        {false, true} -> {remote, erlang, F, A};
        {false, false} -> fail(Module, Anno, "no function ~p/~p", [F, A])
    end.

qualified(M, F, A, Anno, #{module := Module, modules := Modules}) ->
    case Modules of
        #{M := #{exports := Exports}} ->
            lists:member({F, A}, Exports) orelse fail(Module, Anno, "~p:~p/~p is not exported", [M, F, A]),
            {local, {M, F, A}};
        _ ->
            _ = code:ensure_loaded(M),
            erlang:function_exported(M, F, A) orelse erlang:is_builtin(M, F, A) orelse fail(Module, Anno, "no function ~p:~p/~p", [M, F, A]),
            {remote, M, F, A}
    end.

%%% Rewriting

walk({var, _, Name}, #{variables := Variables}) -> {var, 1, maps:get(Name, Variables, '_')};
walk({call, _, Callee, Arguments} = Call, Context) -> {call, 1, callee(target(Call, Context), Callee, Context), walk(Arguments, Context)};
walk({'fun', _, {clauses, Clauses}}, Context) -> {'fun', 1, {clauses, walk(Clauses, Context)}};
walk({'fun', _, _} = Fun, Context) -> function_value(target(Fun, Context), Fun, Context);
walk({named_fun, _, Name, Clauses}, #{variables := Variables} = Context) -> {named_fun, 1, maps:get(Name, Variables), walk(Clauses, Context)};
walk({clause, _, Patterns, Guards, Body}, Context) -> {clause, 1, walk(Patterns, Context), guards(Guards, Context), walk(Body, Context)};
walk({op, _, Name, Right}, Context) -> {op, 1, Name, walk(Right, Context)};
walk({op, _, Name, Left, Right}, Context) -> {op, 1, Name, walk(Left, Context), walk(Right, Context)};
walk({bin_element, _, Value, Size, Types}, Context) -> {bin_element, 1, walk(Value, Context), walk(Size, Context), Types};
walk({Leaf, _, Value}, _) when Leaf =:= atom; Leaf =:= integer; Leaf =:= float; Leaf =:= char; Leaf =:= string -> {Leaf, 1, Value};
walk([Head | Tail], Context) -> [walk(Head, Context) | walk(Tail, Context)];
walk([], _) -> [];
walk(default, _) -> default;
walk(Form, Context) ->
    [Tag, Anno | Parts] = tuple_to_list(Form),
    lists:member(Tag, supported()) orelse fail(maps:get(module, Context), Anno, "~p is not supported in a question", [Tag]),
    list_to_tuple([Tag, 1 | walk(Parts, Context)]).

supported() ->
    [nil, cons, tuple, map, map_field_assoc, map_field_exact, bin, match, block, 'if', 'case', 'receive', 'try', 'catch', lc, bc,
     generate, b_generate].

%% Guards know only BIFs, which need no rewriting.
guards(Guards, #{variables := Variables}) -> plain_guard(Guards, Variables).

plain_guard({var, _, Name}, Variables) -> {var, 1, maps:get(Name, Variables)};
plain_guard({Leaf, _, Value}, _) when Leaf =:= atom; Leaf =:= integer; Leaf =:= float; Leaf =:= char; Leaf =:= string -> {Leaf, 1, Value};
plain_guard([Head | Tail], Variables) -> [plain_guard(Head, Variables) | plain_guard(Tail, Variables)];
plain_guard(Form, Variables) when is_tuple(Form) ->
    [Tag, _ | Parts] = tuple_to_list(Form),
    list_to_tuple([Tag, 1 | [plain_guard(Part, Variables) || Part <- Parts]]);
plain_guard(Other, _) -> Other.

callee({local, F}, _, #{names := Names}) -> {var, 1, maps:get(F, Names)};
callee({remote, M, F, _}, _, _) -> {remote, 1, {atom, 1, M}, {atom, 1, F}};
callee(value, Callee, Context) -> walk_callee(Callee, Context).

walk_callee({remote, _, M, F}, Context) -> {remote, 1, walk(M, Context), walk(F, Context)};
walk_callee(Callee, Context) -> walk(Callee, Context).

function_value({local, F}, _, #{names := Names}) -> {var, 1, maps:get(F, Names)};
function_value({remote, M, F, A}, _, _) -> {'fun', 1, {function, {atom, 1, M}, {atom, 1, F}, {integer, 1, A}}};
function_value(value, {_, Anno, _}, #{module := Module}) -> fail(Module, Anno, "a fun of a computed name is not supported", []).

%%% Output

atoms(Term) when is_atom(Term) -> [Term];
atoms(Term) when is_tuple(Term) -> atoms(tuple_to_list(Term));
atoms(Term) when is_map(Term) -> atoms(maps:to_list(Term));
atoms([Head | Tail]) -> lists:umerge(atoms(Head), atoms(Tail));
atoms(_) -> [].

c_table(Embedded) ->
    {[{_, Guard}], Questions} = lists:partition(fun({Name, _}) -> Name =:= guard end, Embedded),
    ["/* The questions as abstract forms; written by embed.escript. */\n#include \"question.h\"\n\n",
     c_forms(guard, Guard), [c_forms(Name, Forms) || {Name, Forms} <- Questions],
     "const struct bg_question bg_questions[] = {\n", [["    ", c_entry(Name), ",\n"] || {Name, _} <- Questions], "};\n",
     "const size_t bg_questions_count = sizeof bg_questions / sizeof bg_questions[0];\n",
     "const struct bg_question bg_question_guard = ", c_entry(guard), ";\n"].

c_forms(Name, Forms) ->
    <<131, Bytes/binary>> = term_to_binary(Forms),
    ["static const uint8_t forms_", atom_to_list(Name), "[] = {\n", c_lines(Bytes), "};\n\n"].

c_lines(<<Line:32/binary, Rest/binary>>) -> [c_line(Line) | c_lines(Rest)];
c_lines(<<>>) -> [];
c_lines(Line) -> [c_line(Line)].

c_line(Line) -> ["    ", [[integer_to_list(Byte), ","] || <<Byte>> <= Line], "\n"].

c_entry(Name) -> io_lib:format("{\"~s\", forms_~s, sizeof forms_~s}", [Name, Name, Name]).
