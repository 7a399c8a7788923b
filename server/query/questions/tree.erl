%% The processes of one application as a tree: each below the process that started it. No supervisor is asked, since a blocked one would
%% not answer: since OTP 25 the emulator knows each process's parent; before, proc_lib's note `$ancestors` has it, and a process without
%% this note is a root.
-module(tree).
-export([answer/1]).

-define(PROCESSES_MAX, 10000). %% placed in the tree, the oldest; more are only counted
-define(DICTIONARY_HEAP_WORDS_MAX, 131072).

answer(#{<<"application">> := Text, <<"limit">> := Limit, <<"depth">> := Depth} = Arguments) ->
    case [application_controller:get_master(Name) || {Name, _, _} <- application:loaded_applications(), atom_to_binary(Name, utf8) =:= Text] of
        [] -> #{<<"found">> => <<"unknown">>};
        [undefined] -> #{<<"found">> => <<"stopped">>};
        [Master] -> tree(Master, Limit, Depth, Arguments)
    end.

tree(Master, Limit, Depth, Arguments) ->
    Started = erlang:monotonic_time(microsecond),
    {All, Progress} = members(Master, Arguments),
    Members = lists:sublist(lists:sort(All), ?PROCESSES_MAX),
    Parents = parents(Members, Arguments),
    Known = maps:from_list(lists:zip(Members, Members)),
    Children = lists:foldl(fun({Parent, Pid}, Map) -> maps:put(Parent, [Pid | maps:get(Parent, Map, [])], Map) end, #{}, Parents),
    Roots = lists:sort([{Pid, Parent} || {Parent, Pid} <- Parents, not maps:is_key(Parent, Known)]),
    Places = walk([{[I], Pid, Parent} || {I, {Pid, Parent}} <- numbered(Roots)], 1, Depth, Limit, Children, []),
    Infos = quick:infos([Pid || {_, Pid, _} <- Places], items(), Arguments),
    Rows = [row(Place, Children, maps:get(element(2, Place), Infos, none)) || Place <- lists:sort(Places)],
    (progress:answer(Progress, Started))#{
      <<"found">> => <<"running">>,
      <<"rows">> => [Row || Row <- Rows, is_map(Row)],
      <<"member_count">> => length(All),
      <<"word_bytes">> => erlang:system_info(wordsize)}.

%% {Pids, Progress}.
members(Master, Arguments) ->
    Spec = ets:match_spec_compile([{{'$1', {group_leader, Master}}, [], [{{'$1'}}]}, {{'_', undefined}, [], [dead]}]),
    members(readers:job(group_leader, Spec), readers:new(chunks:all(), Arguments), []).

members(Job, Readers, Found) ->
    case readers:next(Job, Readers) of
        {ok, Rows, Left} -> members(Job, Left, [Pid || {Pid} <- Rows] ++ Found);
        {none, Progress} -> {Found, Progress}
    end.

%% [{Parent, Pid}].
parents(Members, Arguments) ->
    case is_parent_known() of
        true ->
            Reported = readers:infos(Members, parent, Arguments),
            [{case maps:get(Pid, Reported, undefined) of {parent, Parent} -> Parent; _ -> undefined end, Pid} || Pid <- Members];
        false ->
            Noted = maps:from_list(readers:all(ancestors(), readers:new(chunks:things(quick:short(Members, Arguments)), Arguments))),
            [{case maps:get(Pid, Noted, undefined) of Name when is_atom(Name) -> whereis(Name); Parent -> Parent end, Pid} || Pid <- Members]
    end.

is_parent_known() ->
    try process_info(self(), parent) of
        _ -> true
    catch
        error:badarg -> false
    end.

%% {Pid, Parent} from the key where proc_lib notes the ancestors, which the process may have changed: a pid, or a name. The whole
%% dictionary is copied for it, so only if it is small.
ancestors() ->
    Spec = [{{'_', '$1'}, [{'orelse', {is_pid, '$1'}, {is_atom, '$1'}}], ['$_']}],
    readers:job(total_heap_size, fun noted/2, ets:match_spec_compile(Spec)).

noted(Pids, Sizes) ->
    [{Pid, case Size =/= undefined andalso element(2, Size) =< ?DICTIONARY_HEAP_WORDS_MAX andalso process_info(Pid, dictionary) of
               {dictionary, Dictionary} -> first(lists:keyfind('$ancestors', 1, Dictionary));
               _ -> undefined
           end} || {Pid, Size} <- lists:zip(Pids, Sizes)].

first({_, [Parent | _]}) -> Parent;
first(_) -> undefined.

numbered(List) -> lists:zip(lists:seq(1, length(List)), List).

%% Level by level, so that a process with very many children hides none nearer to the root. A place is {Path, Pid, Parent}; paths sort places
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

row(_, _, None) when is_atom(None) -> None;
row({Path, Pid, Parent}, Children, Info) ->
    #{total_heap_size := Words} = Known = maps:from_list(Info),
    #{<<"started_as">> := StartedAs} = Notes = identity:notes(Pid, Known, identity:heap_bytes(Words)),
    maps:merge(maps:merge(maps:with([registered_name, initial_call, current_function, memory, total_heap_size, message_queue_len], Known), Notes),
               #{<<"pid">> => Pid,
                 <<"parent">> => case is_pid(Parent) of true -> Parent; false -> undefined end,
                 <<"depth">> => length(Path),
                 <<"children_count">> => length(maps:get(Pid, Children, [])),
                 <<"supervisor">> => case StartedAs of {supervisor, _, 1} -> true; _ -> false end}).
