%% The identity of a process for people: its registered name, its own label, and the function it was started with.
-module(identity).
-export([items/0, infos/3, notes/3, plain_notes/1, heap_bytes/1, apart/1, label/1, application/1]).

-define(SMALL_BYTES, 1048576).
-define(LARGE_BYTES, 268435456).
-define(PATIENCE_MS, 250).

%% What to ask process_info for. A single key of a process's dictionary can be read since OTP 26.2. Many systems, such as RabbitMQ, note
%% a process's name under process_name.
items() ->
    try process_info(self(), {dictionary, '$initial_call'}) of
        _ -> [registered_name, initial_call, {dictionary, '$initial_call'}, {dictionary, '$process_label'}, {dictionary, process_name}]
    catch
        error:badarg -> [registered_name, initial_call]
    end.

%% Many processes' items by pid, as in readers:infos/3, with these items last. Before OTP 26.2 small dictionaries are read separately,
%% and their notes are reported as `dictionary`.
infos(Pids, Items, Arguments) ->
    Reported = quick:infos(Pids, [total_heap_size | items()] ++ Items, Arguments),
    case length(items()) > 2 of
        true -> Reported;
        false -> %% a process that does not answer now is not asked again
            Words = ?SMALL_BYTES div erlang:system_info(wordsize),
            Small = [Pid || {Pid, [{total_heap_size, Heap} | _]} <- maps:to_list(Reported), Heap =< Words],
            Job = readers:job(dictionary, fun all_noted/2, ets:match_spec_compile([{'_', [], ['$_']}])),
            lists:foldl(fun({Pid, Noted}, Infos) -> Infos#{Pid := [{dictionary, Noted} | maps:get(Pid, Infos)]} end, Reported,
                        maps:to_list(maps:merge(maps:from_list([{Pid, {undefined, undefined}} || Pid <- Small]),
                                                maps:from_list(readers:all(Job, readers:new(chunks:things(Small), Arguments))))))
    end.

all_noted(Pids, Infos) -> lists:zipwith(fun(Pid, Info) -> {Pid, noted(Info)} end, Pids, Infos).

%% The notes of a living process in its dictionary, if the items were requested: the function that proc_lib started it with, and its
%% label. A process may write there anything.
notes(Pid, Info, HeapBytes) ->
    {Call, Label} = case Info of
        #{{dictionary, '$initial_call'} := Noted} ->
            {Noted, label(maps:get({dictionary, '$process_label'}, Info, undefined), maps:get({dictionary, process_name}, Info, undefined))};
        #{dictionary := Notes} ->
            Notes;
        #{initial_call := InitialCall} ->
            read(Pid, InitialCall, HeapBytes)
    end,
    StartedAs = case Call of
        {M, F, A} when is_atom(M), is_atom(F), is_integer(A), A >= 0, A =< 255 -> Call;
        _ -> undefined
    end,
    #{<<"started_as">> => StartedAs, <<"label">> => Label}.

%% The same for many processes natively; none if it is not that simple.
plain_notes(Infos) ->
    Call = [{is_atom, '$1'}, {is_atom, '$2'}, {is_integer, '$3'}, {'>=', '$3', 0}, {'=<', '$3', 255}],
    Started = {{'$1', '$2', '$3'}},
    Asked = fun(InitialCall) -> #{{dictionary, '$initial_call'} => InitialCall, {dictionary, '$process_label'} => undefined, {dictionary, process_name} => undefined} end,
    ets:match_spec_run(Infos, ets:match_spec_compile(
        [{#{dictionary => {{'$1', '$2', '$3'}, '$4'}}, Call, [#{<<"started_as">> => Started, <<"label">> => '$4'}]},
         {#{dictionary => {undefined, '$4'}}, [], [#{<<"started_as">> => undefined, <<"label">> => '$4'}]},
         {Asked({'$1', '$2', '$3'}), Call, [#{<<"started_as">> => Started, <<"label">> => undefined}]},
         {Asked(undefined), [], [#{<<"started_as">> => undefined, <<"label">> => undefined}]},
         {'_', [], [none]}])).

%% The words of a heap whose size was not requested: so many that its dictionary is not read either.
heap_bytes(undefined) -> infinity;
heap_bytes(Words) -> Words * erlang:system_info(wordsize).

%% Older releases copy the whole dictionary. It is on the heap, and copying it takes microseconds if it is small, whatever the size of
%% the heap. If it is large, the copy takes the process as long as a garbage collection. So it is read if the heap is small; and for
%% processes of proc_lib, which have notes there, up to a heap size whose collection does not harm a node.
read(Pid, _, HeapBytes) when HeapBytes =< ?SMALL_BYTES -> apart(Pid);
read(Pid, {proc_lib, init_p, _}, HeapBytes) when HeapBytes =< ?LARGE_BYTES -> apart(Pid);
read(_, _, _) -> {undefined, undefined}.

%% A separate process reads it: a large dictionary ends only that process, and only that one waits for a process that does not answer.
apart(Pid) ->
    Self = self(),
    Reader = spawn_opt(fun() -> Self ! {self(), noted(process_info(Pid, dictionary))} end, [link, process_info(Self, priority)]),
    receive
        {Reader, Noted} -> Noted
    after deadline:bound(?PATIENCE_MS) ->
        unlink(Reader),
        exit(Reader, kill),
        {undefined, undefined}
    end.

%% {Call, Label}.
noted({dictionary, Dictionary}) ->
    [Call, Label, Name] = [proplists:get_value(Key, Dictionary) || Key <- ['$initial_call', '$process_label', process_name]],
    {case Call of {_, _, _} -> Call; _ -> undefined end, label(Label, Name)};
noted(undefined) -> {undefined, undefined}.

label(undefined, undefined) -> undefined;
label(undefined, Name) -> label(Name);
label(Label, _) -> label(Label).

%% A process's label, any term, as a short text.
label(Label) ->
    Text = case is_binary(Label) andalso is_list(unicode:characters_to_list(Label)) of
        true -> Label;
        false -> io_lib:format("~0tp", [Label], [{chars_limit, 100}])
    end,
    unicode:characters_to_binary(string:slice(Text, 0, 200)).

%% The application of a group leader, which is its master. No process is asked for it.
application(Leader) ->
    try application_controller:get_application(Leader) of
        {ok, Name} -> Name;
        undefined -> undefined
    catch
        _:_ -> undefined
    end.
