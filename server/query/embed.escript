#!/usr/bin/env escript
%% Turns the Erlang questions into abstract expressions, and those and the lists of native calls into the C tables that are sent to nodes.
%%
%%   embed.escript OUT.c questions/*.erl natives/*.calls     the C tables of question.h
%%   embed.escript --term OUT                                all of them as one Erlang term, for the tests
%%   embed.escript --term OUT FILE.erl                       one question as an Erlang term, for the tests
%%   embed.escript --atoms                                   every atom that questions bring to a node, sorted
%%
%% A question's calls to modules under shared/ (beside this file) become local functions of that question.
-mode(compile).

-define(INLINE_ENTRY_FUNCTIONS_MAX, 4).
-define(IN_SIGHT_MAX, 8). %% functions
-define(REASON_BYTES_MAX, 1000).
%% The worker starts at normal priority: at low it would wait for eight turns on a busy node, where it hurries (readers:hurry/0).
-define(PRELUDE, "erlang:process_flag(priority, case erlang:statistics(total_run_queue_lengths) >= erlang:system_info(schedulers_online) of true -> high; false -> low end), "
        "erlang:put(timeout, {erlang:monotonic_time(millisecond) + maps:get(<<\"timeout_ms\">>, Args, 5000), maps:get(<<\"timeout_ms\">>, Args, 5000) div 10}).").

main(["--atoms"]) -> run(fun() -> [io:format("~tp~n", [Atom]) || Atom <- brought(embed(sources("questions/*.erl")), natives(sources("natives/*.calls")))] end);
main(["--term", Out]) ->
    run(fun() -> ok = file:write_file(Out, term_to_binary(#{forms => embed(sources("questions/*.erl")), calls => natives(sources("natives/*.calls"))})) end);
main(["--term", Out, Source]) -> run(fun() -> ok = file:write_file(Out, term_to_binary(embed([Source]))) end);
main([Out | [_ | _] = Sources]) ->
    {Calls, Modules} = lists:partition(fun(Source) -> filename:extension(Source) =:= ".calls" end, Sources),
    run(fun() -> ok = file:write_file(Out, c_tables(embed(Modules), natives(Calls))) end);
main(_) -> io:format(standard_error, "usage: embed.escript OUT.c SOURCE...|--term OUT [SOURCE]|--atoms~n", []), halt(2).

run(Fun) ->
    [begin
        {ok, Part, Code} = compile:file(filename:join(here(), Part), [binary]),
        {module, Part} = code:load_binary(Part, atom_to_list(Part), Code)
    end || Part <- [waits, numbered]],
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

sources(Pattern) -> lists:sort(filelib:wildcard(filename:join(here(), Pattern))).

%% [{Name, Expressions}], sorted by name.
embed(Sources) ->
    Shared = maps:from_list([{maps:get(name, M), M} || M <- lists:map(fun module_read/1, filelib:wildcard(filename:join(here(), "shared/*.erl")))]),
    lists:sort([question(module_read(Source), Shared) || Source <- Sources]).

%%% Reading

%% A module as #{name, file, functions => #{{Name, Arity} => {Anno, Clauses}}, exports}. The compiler checks it; its code is not used.
module_read(File) ->
    {ok, Forms} = epp:parse_file(File, []),
    case compile:forms(Forms, [warnings_as_errors, nowarn_deprecated_catch, return, {source, File}]) of
        {ok, Name, _, []} -> module_of(Name, File, Forms);
        {error, Errors, Warnings} -> throw(first_message(File, Errors ++ Warnings))
    end.

module_of(Name, File, Forms) ->
    Module = #{name => Name, file => File, exports => lists:append([Es || {attribute, _, export, Es} <- Forms]),
               functions => maps:from_list([{{F, A}, {Anno, waits:limited(Clauses)}} || {function, Anno, F, A, Clauses} <- Forms])},
    [fail(Module, Anno, "~p is not supported in a question", [What]) || {attribute, Anno, What, _} <- Forms, What =:= record orelse What =:= import],
    Module.

first_message(File, [{_, [{Location, Where, What} | _]} | _]) -> {File, anno(Location), "~ts", [Where:format_error(What)]};
first_message(File, [_ | Rest]) -> first_message(File, Rest);
first_message(File, []) -> {File, none, "does not compile", []}.
anno(none) -> none;
anno(Location) -> erl_anno:new(Location).

%%% One question

%% A question exports answer/1.
question(#{name := Name, exports := [{answer, 1}]} = Module, Shared) ->
    Plan = plan({Name, answer, 1}, Shared#{Name => Module}),
    Reply = reply(inline({Name, answer, 1}, [{var, 1, 'Args'}], Plan), Plan),
    {Name, literals(parsed(?PRELUDE)) ++ assembled(functions(Plan), Reply, Plan)};
question(Module, _) ->
    fail(Module, none, "must export answer/1, and nothing else", []).

%% How the functions are put together. Most become named funs, with the names in `names`. But making a fun costs more than most functions
%% do. So a function with only one call replaces that call, as a `case` on the arguments, and `bases` has the first number for its
%% variables, which must differ from other visible ones. With recursion only the entry may be replaced, and not even that among many
%% functions: a loop is cheaper if fewer variables are visible to it, since erl_eval merges all at each step.
plan(Root, Modules) ->
    Functions = visit(Root, [], [], Modules),
    Calls = [Callee || Function <- Functions, Callee <- calls(Function, Modules)],
    Inlined = case [F || F <- Functions, lists:member(F, calls(F, Modules))] of
        [] -> [F || F <- Functions, F =:= Root orelse length([Callee || Callee <- Calls, Callee =:= F]) =:= 1];
        _ -> [Root || length(Functions) =< ?INLINE_ENTRY_FUNCTIONS_MAX]
    end,
    Named = lists:reverse(Functions -- Inlined),
    Own = length(Named) + lists:max([0 | [variables_max(F, Modules) || F <- Named]]),
    {Bases, _} = lists:mapfoldl(fun(F, Base) -> {{F, Base}, Base + variables_max(F, Modules)} end, Own + 1, Inlined),
    #{modules => Modules, root => Root, order => Named, names => maps:from_list(lists:zip(Named, [variable(I) || I <- lists:seq(1, length(Named))])),
      bases => maps:from_list(Bases)}.

variables_max(F, Modules) ->
    {_, _, Clauses} = find(F, Modules),
    lists:max([length(kept(Clause)) || Clause <- Clauses]).

functions(#{order := Named} = Plan) -> [function(F, Plan) || F <- Named].

inline(F, Arguments, #{bases := Bases, modules := Modules} = Plan) when is_map_key(F, Bases) ->
    {_, _, Sources} = find(F, Modules),
    Same = [At || {At, {var, 1, _}} <- numbered(Arguments), lists:all(fun(Clause) -> is_new(At, Clause) end, Sources)],
    Clauses = [{clause, 1, [one(without(Same, Patterns))], Guards, Body} || {clause, 1, Patterns, Guards, Body} <- clauses(F, Arguments, Same, Plan)],
    selected(one(without(Same, Arguments)), Clauses);
inline(F, Arguments, #{names := Names}) -> {call, 1, {var, 1, maps:get(F, Names)}, Arguments}.

%% True if the clause only gives its argument another name there.
is_new(At, {clause, _, Patterns, _, _}) ->
    case lists:nth(At, Patterns) of
        {var, _, Name} -> length([V || V <- variables(Patterns), V =:= Name, V =/= '_']) =< 1;
        _ -> false
    end.

without(Places, List) -> [Element || {At, Element} <- numbered(List), not lists:member(At, Places)].

numbered(List) -> lists:zip(lists:seq(1, length(List)), List).

one([Single]) -> Single;
one(Several) -> {tuple, 1, Several}.

selected({tuple, 1, []}, [{clause, 1, _, [], [Single]}]) -> Single;
selected({tuple, 1, []}, [{clause, 1, _, [], Body}]) -> {block, 1, Body};
selected(Argument, Clauses) -> {'case', 1, Argument, Clauses}.

%% The exception is bound to unused names, so that the pattern does not compare. It is reported as it is, or, if large, by its first
%% element, natively. The node does not connect to us for it: it would prove its cookie to the process that has our name by then.
reply(Expression, Plan) ->
    template("try erlang:send(Reply, {ok, here}, [noconnect]) catch V1:V2 -> erlang:send(Reply, {error, {V1, erlang:hd("
             "[V3 || V3 <- [V2] ++ [erlang:element(1, V2) || erlang:is_tuple(V2)] ++ [error], erlang:external_size(V3) < ~b])}}, [noconnect]) end.", [?REASON_BYTES_MAX], Expression, Plan).

%% When erl_eval makes a fun, it checks all visible variables for each expression in it. So if there are more than a few, [{Name, Needs,
%% Forms}] is sent as a term, and each fun is made with only its own variables, the reply last. OTP 23 and 24 use a list of them.
assembled(Functions, Reply, _) when length(Functions) =< ?IN_SIGHT_MAX -> literals([{match, 1, {var, 1, Name}, Fun} || {named_fun, 1, Name, _} = Fun <- Functions] ++ [Reply]);
assembled(Functions, Reply, #{names := Names} = Plan) ->
    Made = [{Name, [V || V <- unique(variables(Fun)), V =/= Name, lists:member(V, maps:values(Names))], [literals(Fun)]} || {named_fun, 1, Name, _} = Fun <- Functions],
    Last = {'Reply', ['Args', 'Reply' | [V || V <- unique(variables(Reply)), lists:member(V, maps:values(Names))]], [literals(Reply)]},
    [template("lists:foldl(fun({V1, V2, V3}, V4) -> V4#{V1 => erlang:element(2, erl_eval:exprs(V3, case erlang:system_info(otp_release) >= \"25\" of "
              "true -> maps:with(V2, V4); false -> lists:sort(maps:to_list(maps:with(V2, V4))) end, none))} end, #{'Args' => Args, 'Reply' => Reply}, here).",
              [], {string, 1, Made ++ [Last]}, Plan)].

%% Text as an expression, with the replacement for `here`, and with unused names for V1 to V4.
template(Text, Arguments, Here, #{names := Names}) ->
    [Parsed] = parsed(lists:flatten(io_lib:format(Text, Arguments))),
    Named = lists:foldl(fun({N, V}, Form) -> replace({var, 1, V}, {var, 1, variable(map_size(Names) + N)}, Form) end, Parsed, numbered(['V1', 'V2', 'V3', 'V4'])),
    replace({atom, 1, here}, Here, Named).

parsed(Text) ->
    {ok, Tokens, _} = erl_scan:string(Text),
    {ok, Expressions} = erl_parse:parse_exprs(Tokens),
    [erl_parse:map_anno(fun(_) -> 1 end, Expression) || Expression <- Expressions].

replace(Old, New, Old) -> New;
replace(Old, New, Term) when is_tuple(Term) -> list_to_tuple(replace(Old, New, tuple_to_list(Term)));
replace(Old, New, [Head | Tail]) -> [replace(Old, New, Head) | replace(Old, New, Tail)];
replace(_, _, Term) -> Term.

function({_, _, Arity} = F, #{modules := Modules, names := Names} = Plan) ->
    {Module, Anno, _} = find(F, Modules),
    Arity =< 20 orelse fail(Module, Anno, "a function may have at most 20 arguments", []),
    Variable = maps:get(F, Names),
    {named_fun, 1, Variable, clauses(F, Plan)}.

find({M, F, A}, Modules) ->
    Module = maps:get(M, Modules),
    {Anno, Clauses} = maps:get({F, A}, maps:get(functions, Module)),
    {Module, Anno, Clauses}.

clauses(F, Plan) -> clauses(F, [], [], Plan).

%% Variables of one clause are numbered after the functions', or from the number that is its own. In some places its arguments are
%% variables that it can use further.
clauses(F, Arguments, Same, #{modules := Modules, names := Names, bases := Bases} = Plan) ->
    {Module, _, Clauses} = find(F, Modules),
    Base = maps:get(F, Bases, map_size(Names) + 1),
    [clause(Clause, Base, [{At, element(3, lists:nth(At, Arguments))} || At <- Same], #{module => Module, modules => Modules, plan => Plan})
     || Clause <- Clauses].

clause({clause, _, Patterns, _, _} = Clause, Base, Same, Context) ->
    Given = maps:from_list([{element(3, lists:nth(At, Patterns)), Variable} || {At, Variable} <- Same]),
    Kept = kept(Clause) -- maps:keys(Given),
    Renamed = maps:from_list(lists:zip(Kept, [variable(I) || I <- lists:seq(Base, Base + length(Kept) - 1)])),
    walk(Clause, Context#{variables => maps:remove('_', maps:merge(Renamed, Given))}).

%% A variable that occurs once is never used, so it becomes `_`.
kept(Clause) ->
    Uses = variables(Clause),
    unique([V || V <- Uses, V =/= '_', length([U || U <- Uses, U =:= V]) > 1]).

variables({var, _, Name}) -> [Name];
variables({named_fun, _, Name, Clauses}) -> [Name, Name | variables(Clauses)];
variables(Term) when is_tuple(Term) -> variables(tuple_to_list(Term));
variables([Head | Tail]) -> variables(Head) ++ variables(Tail);
variables(_) -> [].

unique(List) -> [V || {V, I} <- lists:zip(List, lists:seq(1, length(List))), not lists:member(V, lists:sublist(List, I - 1))].

variable(I) -> case variables() of Names when I =< tuple_size(Names) -> element(I, Names); _ -> list_to_atom("V" ++ integer_to_list(I)) end.

variables() ->
    case get(variables) of
        undefined -> {ok, [Names]} = file:consult(filename:join(here(), "variables.terms")), put(variables, Names), Names;
        Names -> Names
    end.

%%% Order of the functions: each after those that it calls

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

called(F, Modules) -> unique(calls(F, Modules)).

%% Each as many times as it occurs; a function as a value counts as called more than once.
calls({_, _, _} = F, Modules) ->
    {Module, _, Clauses} = find(F, Modules),
    in(Clauses, #{module => Module, modules => Modules}).

in({call, _, Callee, Arguments} = Call, Context) ->
    case target(Call, Context) of
        {local, F} -> [F | in(Arguments, Context)];
        _ -> in(Callee, Context) ++ in(Arguments, Context)
    end;
in({'fun', _, {function, _, _}} = Fun, Context) -> [F || {local, F} <- [target(Fun, Context)], _ <- [1, 2]];
in({'fun', _, {function, _, _, _}} = Fun, Context) -> [F || {local, F} <- [target(Fun, Context)], _ <- [1, 2]];
in(Term, Context) when is_tuple(Term) -> in(tuple_to_list(Term), Context);
in([Head | Tail], Context) -> in(Head, Context) ++ in(Tail, Context);
in(_, _) -> [].

%% The meaning of a call or a fun: {local, {M, F, A}}, which becomes a variable, {remote, M, F, A}, or value for a computed one.
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
walk({call, _, Callee, Arguments} = Call, #{plan := Plan} = Context) ->
    case target(Call, Context) of
        {local, F} -> inline(F, walk(Arguments, Context), Plan);
        {remote, erlang, process_flag, _} when element(3, hd(Arguments)) =/= priority ->
            fail(maps:get(module, Context), element(2, Call), "a question that traps exits could not be ended", []);
        {remote, M, F, _} -> {call, 1, remote(M, F, Callee), walk(Arguments, Context)};
        value -> {call, 1, walk_callee(Callee, Context), walk(Arguments, Context)}
    end;
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

%% Guards have only BIFs, which need no rewriting.
guards(Guards, #{variables := Variables}) -> plain_guard(Guards, Variables).

plain_guard({var, _, Name}, Variables) -> {var, 1, maps:get(Name, Variables)};
plain_guard({Leaf, _, Value}, _) when Leaf =:= atom; Leaf =:= integer; Leaf =:= float; Leaf =:= char; Leaf =:= string -> {Leaf, 1, Value};
plain_guard([Head | Tail], Variables) -> [plain_guard(Head, Variables) | plain_guard(Tail, Variables)];
plain_guard(Form, Variables) when is_tuple(Form) ->
    [Tag, _ | Parts] = tuple_to_list(Form),
    list_to_tuple([Tag, 1 | [plain_guard(Part, Variables) || Part <- Parts]]);
plain_guard(Other, _) -> Other.

%% A function that a question calls without its module, erl_eval also knows without it.
remote(erlang, F, {atom, _, F}) -> {atom, 1, F};
remote(M, F, _) -> {remote, 1, {atom, 1, M}, {atom, 1, F}}.

walk_callee({remote, _, M, F}, Context) -> {remote, 1, walk(M, Context), walk(F, Context)};
walk_callee(Callee, Context) -> walk(Callee, Context).

function_value({local, F}, _, #{plan := #{names := Names}}) -> {var, 1, maps:get(F, Names)};
function_value({remote, M, F, A}, _, _) -> {'fun', 1, {function, {atom, 1, M}, {atom, 1, F}, {integer, 1, A}}};
function_value(value, {_, Anno, _}, #{module := Module}) -> fail(Module, Anno, "a fun of a computed name is not supported", []).

%%% Literals

%% Constant terms are sent as terms: erl_eval uses the value of a string as it is, whatever it is, and a term is smaller than its
%% expressions and need not be evaluated. Patterns do not change: as a key of a map such a term would match nothing. Within a fun such
%% terms have no tuples: OTP 23 reads those as expressions when it looks for the variables that the fun needs.
literals(Form) -> literals(Form, true).

literals(Forms, Tuples) when is_list(Forms) -> [literals(Form, Tuples) || Form <- Forms];
literals({clause, 1, Patterns, Guards, Body}, Tuples) -> {clause, 1, Patterns, Guards, literals(Body, Tuples)};
literals({match, 1, Pattern, Value}, Tuples) -> {match, 1, Pattern, literals(Value, Tuples)};
literals({generate, 1, Pattern, Value}, Tuples) -> {generate, 1, Pattern, literals(Value, Tuples)};
literals({b_generate, 1, Pattern, Value}, Tuples) -> {b_generate, 1, Pattern, literals(Value, Tuples)};
literals({named_fun, 1, Name, Clauses}, _) -> {named_fun, 1, Name, literals(Clauses, false)};
literals({'fun', 1, {clauses, Clauses}}, _) -> {'fun', 1, {clauses, literals(Clauses, false)}};
literals(Form, Tuples) when is_tuple(Form) ->
    case literal(Form) of
        {literal, Term} when Tuples -> {string, 1, Term};
        {literal, Term} -> case has_tuple(Term) of true -> literals_within(Form, Tuples); false -> {string, 1, Term} end;
        no -> literals_within(Form, Tuples)
    end;
literals(Other, _) -> Other.

literals_within({bin, 1, _} = Form, _) -> Form;
literals_within(Form, Tuples) -> list_to_tuple(literals(tuple_to_list(Form), Tuples)).

literal({'fun', 1, {function, {atom, 1, M}, {atom, 1, F}, {integer, 1, A}}}) -> {literal, fun M:F/A};
literal(Form) when element(1, Form) =:= cons; element(1, Form) =:= tuple; element(1, Form) =:= map; element(1, Form) =:= bin ->
    try {literal, erl_parse:normalise(Form)}
    catch error:_ -> no
    end;
literal(_) -> no.

has_tuple([Head | Tail]) -> has_tuple(Head) orelse has_tuple(Tail);
has_tuple(Term) -> is_tuple(Term) orelse is_map(Term).

%%% Native calls

%% [{Name, [{ErtsVersion, [{Key, {M, F, Arguments}}]}]}], sorted by name, the newest emulator first. A file has terms {Key, {M, F,
%% Arguments}}, or {Key, {M, F, Arguments}, {since, ErtsVersion}} for emulators of that version, {Major, Minor}, and later: an emulator
%% gets the last term of a key that is for its version. '$pid' means the process of the question, and an argument {'$call', {M, F,
%% Arguments}} means the result of that call. {define, Name, {M, F, Arguments}} names a call for {'$call', Name}.
natives(Sources) -> lists:sort([native(Source) || Source <- Sources]).

native(File) ->
    Terms = terms(File),
    Definitions = maps:from_list([{Name, Call} || {define, Name, Call} <- Terms]),
    Calls = [call(Term, Definitions, File) || Term <- Terms, element(1, Term) =/= define],
    Versions = lists:usort([{0, 0} | [Since || {_, _, Since} <- Calls]]),
    {list_to_atom(filename:basename(File, ".calls")), [{Version, calls_for(Version, Calls)} || Version <- lists:reverse(Versions)]}.

%% {include, Name} stands for the terms of another file.
terms(File) ->
    case file:consult(File) of
        {ok, Terms} -> lists:append([case Term of {include, Name} -> terms(filename:join(filename:dirname(File), Name)); _ -> [Term] end || Term <- Terms]);
        {error, {Line, Module, Reason}} -> throw({File, erl_anno:new(Line), "~ts", [Module:format_error(Reason)]})
    end.

call({Key, {M, F, Arguments}}, Definitions, File) -> call({Key, {M, F, Arguments}, {since, {0, 0}}}, Definitions, File);
call({Key, {M, F, Arguments}, {since, {_, _} = Since}}, Definitions, File) when is_atom(Key), is_atom(M), is_atom(F), is_list(Arguments) ->
    _ = code:ensure_loaded(M),
    Arity = length(Arguments),
    Since > erts_version() orelse erlang:function_exported(M, F, Arity) orelse erlang:is_builtin(M, F, Arity)
        orelse throw({File, none, "no function ~p:~p/~p", [M, F, Arity]}),
    {Key, flat({M, F, Arguments}, Definitions), Since};
call(Term, _, File) -> throw({File, none, "~p is no {Key, {M, F, Arguments}} or {Key, {M, F, Arguments}, {since, {Major, Minor}}}", [Term]}).

%% A call with calls among its arguments becomes a call that makes those first: lists:foldl(fun erlang:apply/2, Arguments, Functions)
%% calls each function with the result of the previous one.
flat(Name, Definitions) when is_atom(Name) -> flat(maps:get(Name, Definitions), Definitions);
flat({M, F, Arguments}, Definitions) ->
    case [Call || {'$call', Call} <- Arguments] of
        [] -> {M, F, Arguments};
        _ ->
            {Ms, Fs, As} = lists:unzip3([case Argument of {'$call', Call} -> flat(Call, Definitions); Same -> {erlang, hd, [[Same]]} end || Argument <- Arguments]),
            {lists, foldl, [fun erlang:apply/2, [fun erlang:apply/3, Ms, Fs, As], [fun lists:zipwith3/4, erlang:make_fun(M, F, length(Arguments))]]}
    end.

erts_version() -> list_to_tuple([list_to_integer(Part) || Part <- lists:sublist(string:lexemes(erlang:system_info(version), "."), 2)]).

calls_for(Version, Calls) ->
    Known = [{Key, Mfa} || {Key, Mfa, Since} <- Calls, Since =< Version],
    [{Key, proplists:get_value(Key, lists:reverse(Known))} || Key <- unique([Key || {Key, _} <- Known])].

%% The arguments of lists:zipwith3/4, as bytes, and the offsets of pids.
program(Calls) ->
    {Ms, Fs, As} = lists:unzip3(Calls),
    {Mark, []} = numbered:bytes('$pid'),
    {Bytes, Atoms} = numbered:bytes([fun erlang:apply/3, Ms, Fs, As]),
    Places = [At || {At, _} <- binary:matches(Bytes, Mark)],
    {binary:replace(Bytes, Mark, <<>>, [global]), [At - N * byte_size(Mark) || {N, At} <- lists:zip(lists:seq(0, length(Places) - 1), Places)], Atoms}.

%%% Modules

%% Modules that every node has loaded from its start, on each release: questions need not load them. (Modules that io_lib loads in turn
%% are not among them, but they are only used if a process has a label that is not text, which OTP 27 and later have.)
always_loaded() -> [erlang, lists, maps, erl_eval, ets, binary, unicode, string, application, application_controller, code, proplists,
                    erts_debug, net_kernel, inet, io_lib].

%% The modules that forms call, and those that these call in turn.
modules_of(Forms) -> lists:usort(needed(Forms)) -- always_loaded().

needed({remote, 1, {atom, 1, M}, {atom, 1, _}}) -> [M];
needed({call, 1, {atom, 1, spawn_opt}, [{atom, 1, M}, {atom, 1, _} | Rest]}) -> [M | needed(Rest)];
needed({bin, 1, _}) -> [eval_bits, erl_bits];
needed({bc, 1, _, _} = Form) -> [eval_bits, erl_bits | needed(tuple_to_list(Form))];
needed(Fun) when is_function(Fun) -> [M || {module, M} <- [erlang:fun_info(Fun, module)]];
needed(Term) when is_tuple(Term) -> needed(tuple_to_list(Term));
needed(Term) when is_map(Term) -> needed(maps:to_list(Term));
needed([Head | Tail]) -> needed(Head) ++ needed(Tail);
needed(_) -> [].

%%% Output
atoms(Term) when is_atom(Term) -> [Term];
atoms(Term) when is_tuple(Term) -> atoms(tuple_to_list(Term));
atoms(Term) when is_map(Term) -> atoms(maps:to_list(Term));
atoms(Term) when is_function(Term) -> atoms([Atom || Key <- [module, name], {_, Atom} <- [erlang:fun_info(Term, Key)]]);
atoms([Head | Tail]) -> lists:umerge(atoms(Head), atoms(Tail));
atoms(_) -> [].

brought(Questions, Natives) ->
    lists:umerge([atoms([F || {_, F} <- Questions]), atoms(lists:usort(lists:append([modules_of(F) || {_, F} <- Questions]))),
                  atoms([Mfa || {_, Variants} <- Natives, {_, Calls} <- Variants, {_, Mfa} <- Calls])]) -- ['$pid'].

c_tables(Questions, Natives) ->
    Needed = [{Name, modules_of(Forms)} || {Name, Forms} <- Questions],
    Modules = lists:usort(lists:append([Ms || {_, Ms} <- Needed])),
    All = lists:sort([{modules, [{{0, 0}, [{loaded, {lists, map, [fun erlang:module_loaded/1, Modules]}}]}]} | Natives]),
    Entries = [{Name, c_question(Name, maps:get(Name, mask(Needed, Modules)))} || {Name, _} <- Questions] ++ [{Name, c_native_question(Name, Variants)} || {Name, Variants} <- All],
    length(Modules) =< 64 orelse throw({"questions", none, "more than 64 modules are needed", []}),
    Slots = numbered:slots([Forms || {_, Forms} <- Questions] ++ [program_term(Calls) || {_, Variants} <- All, {_, Calls} <- Variants]
        ++ [program_term([{loaded, {code, ensure_loaded, [M]}}]) || M <- Modules]),
    ["/* The questions as abstract forms, and as native calls; written by embed.escript. */\n#include \"question.h\"\n\n",
     [c_forms(atom_to_list(Name), Forms, Slots) || {Name, Forms} <- Questions],
     [c_native(Name, Variants, Slots) || {Name, Variants} <- All],
     [c_calls(["load_", atom_to_list(M)], [{code, ensure_loaded, [M]}], Slots) || M <- Modules],
     "const struct bg_question bg_questions[] = {\n", [["    ", Entry, ",\n"] || {_, Entry} <- lists:sort(Entries)], "};\n",
     "const size_t bg_questions_count = sizeof bg_questions / sizeof bg_questions[0];\n\n",
     "const struct bg_module bg_modules[] = {\n", [io_lib:format("    {\"~s\", ~ts},\n", [M, c_calls_value(["load_", atom_to_list(M)], [])]) || M <- Modules], "};\n",
     "const size_t bg_modules_count = sizeof bg_modules / sizeof bg_modules[0];\n"].

mask(Needed, Modules) ->
    Bits = maps:from_list(lists:zip(Modules, [1 bsl N || N <- lists:seq(0, length(Modules) - 1)])),
    maps:from_list([{Name, lists:sum([maps:get(M, Bits) || M <- Ms])} || {Name, Ms} <- Needed]).

c_native(Name, Variants, Slots) ->
    Numbered = numbered(Variants),
    [[[c_calls([atom_to_list(Name), integer_to_list(N)], [Mfa || {_, Mfa} <- Calls], Slots),
       "static const char *const keys_", atom_to_list(Name), integer_to_list(N), "[] = {", lists:join(", ", [["\"", atom_to_list(Key), "\""] || {Key, _} <- Calls]), "};\n\n"]
      || {N, {_, Calls}} <- Numbered],
     "static const struct bg_native natives_", atom_to_list(Name), "[] = {\n",
     [io_lib:format("    {~b, ~b, ~ts, keys_~s~b, ~b},\n", [Major, Minor, c_calls_value([atom_to_list(Name), integer_to_list(N)], pids(Calls)), Name, N, length(Calls)])
      || {N, {{Major, Minor}, Calls}} <- Numbered],
     "};\n\n"].

pids(Calls) -> element(2, program([Mfa || {_, Mfa} <- Calls])).

program_term(Calls) ->
    {Ms, Fs, As} = lists:unzip3([Mfa || {_, Mfa} <- Calls]),
    [fun erlang:apply/3, Ms, Fs, As].

c_forms(Name, Forms, Slots) ->
    {Bytes, Atoms} = numbered:bytes(Forms),
    [numbered:c_bytes(["forms_", Name], Bytes), numbered:c_table(["forms_", Name], Atoms, Slots)].

c_calls(Name, Calls, Slots) ->
    {Bytes, Pids, Atoms} = program(Calls),
    [numbered:c_bytes(["calls_", Name], Bytes), numbered:c_table(["calls_", Name], Atoms, Slots),
     [["static const size_t pids_", Name, "[] = {", lists:join(", ", [integer_to_list(At) || At <- Pids]), "};\n\n"] || Pids =/= []]].

c_calls_value(Name, Pids) ->
    ["{calls_", Name, ", sizeof calls_", Name, ", ", case Pids of [] -> "NULL"; _ -> ["pids_", Name] end, ", ", integer_to_list(length(Pids)), ", atoms_calls_", Name, ", sizeof atoms_calls_", Name, " / sizeof atoms_calls_", Name, "[0]}"].

c_question(Name, Mask) -> io_lib:format("{\"~s\", forms_~s, sizeof forms_~s, atoms_forms_~s, sizeof atoms_forms_~s / sizeof atoms_forms_~s[0], UINT64_C(~b), NULL, 0}", [Name, Name, Name, Name, Name, Name, Mask]).

c_native_question(Name, Variants) -> io_lib:format("{\"~s\", NULL, 0, NULL, 0, 0, natives_~s, ~b}", [Name, Name, length(Variants)]).
