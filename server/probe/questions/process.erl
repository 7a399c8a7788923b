%% Everything about one process that can be told without disturbing it.
-module(process).
-export([answer/1]).

-define(LIST_ENTRIES_MAX, 200000).

answer(#{<<"pid">> := Text}) ->
    Calibration = entries:calibrate(),
    case [Row || {ok, Pid} <- [pid(Text)], Row <- figures:of_pids([Pid], Calibration, false)] of
        [Row] -> process(Row, process_info(element(1, Row), items()), Calibration);
        [] -> #{<<"dead">> => true}
    end.

%% A text that is no pid of this node names nothing alive.
pid(Text) ->
    try list_to_pid(binary_to_list(Text)) of
        Pid when node(Pid) =:= node() -> {ok, Pid};
        _ -> none
    catch
        error:badarg -> none
    end.

items() ->
    [garbage_collection_info, group_leader, trap_exit, priority, message_queue_data, suspending, current_stacktrace] ++ parent_item().

%% Known since OTP 25.
parent_item() ->
    try process_info(self(), parent) of
        _ -> [parent]
    catch
        error:badarg -> []
    end.

process(_, undefined, _) -> #{<<"dead">> => true};
process(Row, Info, Calibration) ->
    Limits = {entries:unexplained_max(?LIST_ENTRIES_MAX, Calibration), ?LIST_ENTRIES_MAX},
    [Raw] = rows:make([Row], rows:count([Row], [], Calibration, Limits), Calibration, false),
    Told = maps:from_list(Info),
    maps:merge(maps:merge(Raw, maps:with([trap_exit, priority, message_queue_data], Told)),
               #{garbage_collection_info => maps:from_list(maps:get(garbage_collection_info, Told)),
                 group_leader => maps:get(group_leader, Told),
                 parent => maps:get(parent, Told, undefined),
                 current_stacktrace => [frame(Frame) || Frame <- maps:get(current_stacktrace, Told)],
                 <<"suspending_count">> => length(maps:get(suspending, Told)),
                 <<"word_bytes">> => element(1, Calibration),
                 <<"entry_bytes">> => element(3, Calibration)}).

frame({M, F, A, Location}) ->
    File = case lists:keyfind(file, 1, Location) of
        {file, Name} -> unicode:characters_to_binary(Name);
        false -> undefined
    end,
    {M, F, A, File, proplists:get_value(line, Location)}.
