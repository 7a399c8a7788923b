%% The processes of one application as a tree of who started whom. No supervisor is asked, since one that is stuck would not answer: since
%% OTP 25 the emulator knows each process's parent; before, proc_lib's note `$ancestors` tells, and who has none stands by itself.
-module(tree).
-export([answer/1]).

-define(PROCESSES_MAX, 10000). %% placed in the tree, the oldest; more are only counted
-define(DICTIONARY_HEAP_WORDS_MAX, 131072).

answer(#{<<"application">> := Text, <<"limit">> := Limit, <<"depth">> := Depth}) ->
    case [application_controller:get_master(Name) || {Name, _, _} <- application:loaded_applications(), atom_to_binary(Name, utf8) =:= Text] of
        [] -> #{<<"found">> => <<"unknown">>};
        [undefined] -> #{<<"found">> => <<"stopped">>};
        [Master] -> tree(Master, Limit, Depth)
    end.

tree(Master, Limit, Depth) ->
    {Members, Count} = members(chunks:all(), ets:match_spec_compile([{{'$1', {group_leader, Master}}, [], ['$1']}]), [], 0),
    Parents = lists:zip(parents(Members), Members),
    Known = maps:from_list(lists:zip(Members, Members)),
    Children = lists:foldl(fun({Parent, Pid}, Map) -> maps:put(Parent, [Pid | maps:get(Parent, Map, [])], Map) end, #{}, Parents),
    Roots = lists:sort([{Pid, Parent} || {Parent, Pid} <- Parents, not maps:is_key(Parent, Known)]),
    Places = walk([{[I], Pid, Parent} || {I, {Pid, Parent}} <- numbered(Roots)], 1, Depth, Limit, Children, []),
    Rows = [row(Place, Children, process_info(element(2, Place), items())) || Place <- lists:sort(Places)],
    #{<<"found">> => <<"running">>,
      <<"rows">> => [Row || Row <- Rows, is_map(Row)],
      <<"member_count">> => Count,
      <<"word_bytes">> => erlang:system_info(wordsize)}.

members(Source, Spec, Members, Count) ->
    case chunks:next(Source) of
        none -> {Members, Count};
        {Pids, Length, Rest} ->
            Leaders = lists:zipwith(fun erlang:process_info/2, Pids, lists:duplicate(Length, group_leader)),
            Found = ets:match_spec_run(lists:zip(Pids, Leaders), Spec),
            members(Rest, Spec, Members ++ lists:sublist(Found, max(0, ?PROCESSES_MAX - Count)), Count + length(Found))
    end.

parents(Members) ->
    try process_info(self(), parent) of
        _ -> [case process_info(Pid, parent) of {parent, Parent} -> Parent; undefined -> undefined end || Pid <- Members]
    catch
        error:badarg -> [ancestor(Pid, process_info(Pid, total_heap_size)) || Pid <- Members]
    end.

%% The whole dictionary is copied to tell, so only where it is small. A process may have written there what it likes.
ancestor(Pid, {_, Words}) when Words =< ?DICTIONARY_HEAP_WORDS_MAX ->
    Dictionary = case process_info(Pid, dictionary) of {dictionary, Pairs} -> Pairs; undefined -> [] end,
    case lists:keyfind('$ancestors', 1, Dictionary) of
        {_, [Parent | _]} when is_pid(Parent) -> Parent;
        {_, [Name | _]} when is_atom(Name) -> whereis(Name);
        _ -> undefined
    end;
ancestor(_, _) -> undefined.

numbered(List) -> lists:zip(lists:seq(1, length(List)), List).

%% Level by level, so that one with very many children hides nobody nearer to the root. A place is {Path, Pid, Parent}; paths sort places
%% into the order of a tree.
walk(Level, Depth, DepthMax, Left, Children, Places) ->
    Taken = lists:sublist(Level, Left),
    case Depth < DepthMax andalso Left > length(Taken) andalso Taken =/= [] of
        true ->
            Next = [{Path ++ [I], Child, Pid} || {Path, Pid, _} <- Taken, {I, Child} <- numbered(lists:sort(maps:get(Pid, Children, [])))],
            walk(Next, Depth + 1, DepthMax, Left - length(Taken), Children, Taken ++ Places);
        false ->
            Taken ++ Places
    end.

items() -> [memory, total_heap_size, message_queue_len, current_function | identity:items()].

row(_, _, undefined) -> dead;
row({Path, Pid, Parent}, Children, Info) ->
    #{total_heap_size := Words} = Known = maps:from_list(Info),
    #{<<"started_as">> := StartedAs} = Notes = identity:notes(Pid, Known, Words * erlang:system_info(wordsize)),
    maps:merge(maps:merge(maps:with([registered_name, initial_call, current_function, memory, total_heap_size, message_queue_len], Known), Notes),
               #{<<"pid">> => Pid,
                 <<"parent">> => case is_pid(Parent) of true -> Parent; false -> undefined end,
                 <<"depth">> => length(Path),
                 <<"children_count">> => length(maps:get(Pid, Children, [])),
                 <<"supervisor">> => case StartedAs of {supervisor, _, 1} -> true; _ -> false end}).
