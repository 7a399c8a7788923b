%% Who a process is, for people: its registered name and what it was started to run.
-module(identity).
-export([items/0, started_as/3, label/1, application/1]).

-define(DICTIONARY_HEAP_MAX, 1048576).

%% What to ask process_info for. One key of a process's dictionary can be asked for since OTP 26.2.
items() ->
    try process_info(self(), {dictionary, '$initial_call'}) of
        _ -> [registered_name, initial_call, {dictionary, '$initial_call'}, {dictionary, '$process_label'}]
    catch
        error:badarg -> [registered_name, initial_call]
    end.

%% What proc_lib noted, of a living process whose items were asked for. Older releases copy the whole dictionary to tell, which is done
%% only where the heap that it lives on is small.
started_as(Pid, Info, HeapBytes) ->
    case noted(Pid, Info, HeapBytes) of
        {M, F, A} = Mfa when is_atom(M), is_atom(F), is_integer(A), A >= 0, A =< 255 -> Mfa;
        _ -> undefined %% a process may write there what it likes
    end.

noted(_, #{{dictionary, '$initial_call'} := Noted}, _) -> Noted;
noted(Pid, _, HeapBytes) when HeapBytes =< ?DICTIONARY_HEAP_MAX ->
    case process_info(Pid, dictionary) of
        {dictionary, Dictionary} -> proplists:get_value('$initial_call', Dictionary);
        undefined -> undefined
    end;
noted(_, _, _) -> undefined.

%% The label that a process gave itself, whatever term it is, as a short text.
label(#{{dictionary, '$process_label'} := Label}) when Label =/= undefined ->
    Text = case is_binary(Label) andalso is_list(unicode:characters_to_list(Label)) of
        true -> Label;
        false -> io_lib:format("~0tp", [Label], [{chars_limit, 100}])
    end,
    unicode:characters_to_binary(string:slice(Text, 0, 200));
label(_) -> undefined.

%% The application of the process's group leader.
application(Pid) ->
    try application:get_application(Pid) of
        {ok, Name} -> Name;
        undefined -> undefined
    catch
        _:_ -> undefined
    end.
