%% Everything about one process that can be told without disturbing it. People ask this often, so little is interpreted: what native
%% functions tell is sent as they tell it, and api/ makes the rest of it.
-module(process).
-export([answer/1]).

-define(LIST_ENTRIES_MAX, 200000).
-define(ENTRY_WORDS_MIN, 5). %% no monitor or link takes less, on any release: a local link does take so many
-define(TOLD, [registered_name, initial_call, current_function, status, memory, total_heap_size, stack_size, message_queue_len, reductions,
               garbage_collection_info, group_leader, trap_exit, priority, message_queue_data, suspending, current_stacktrace]).

answer(#{<<"pid">> := Text}) ->
    try list_to_pid(binary_to_list(Text)) of
        Pid when node(Pid) =:= node() -> process(Pid, ?TOLD);
        _ -> #{<<"dead">> => true}
    catch
        error:badarg -> #{<<"dead">> => true} %% a text that is no pid names nothing alive
    end.

%% One key of a process's dictionary can be asked for since OTP 26.2, the parent since OTP 25.
information(Pid, Items) ->
    try process_info(Pid, [{dictionary, '$initial_call'}, {dictionary, '$process_label'}, {dictionary, process_name}, parent | Items])
    catch
        error:badarg ->
            try process_info(Pid, [parent | Items])
            catch error:badarg -> process_info(Pid, Items)
            end
    end.

process(Pid, Items) ->
    case information(Pid, Items) of
        undefined -> #{<<"dead">> => true};
        Found -> described(Pid, Items, maps:from_list(Found), erlang:system_info(wordsize))
    end.

described(Pid, Items, #{memory := Memory, total_heap_size := Heap} = Info, WordBytes) ->
    maps:merge(
        maps:merge(maps:with([parent | Items], Info), identity:notes(Pid, Info, Heap * WordBytes)),
        maps:from_list(lists:zip(
            [<<"pid">>, <<"word_bytes">>, <<"application">>, <<"counts">>, <<"entry">>],
            [Pid, WordBytes, identity:application(Pid),
             counts(Pid, (Memory - Heap * WordBytes) div WordBytes), entry()]))).

%% Of monitors, monitored_by, links. Lists that may be too long are not copied.
counts(Pid, OffHeapWords) when OffHeapWords =< ?LIST_ENTRIES_MAX * ?ENTRY_WORDS_MIN ->
    case process_info(Pid, [monitors, monitored_by, links]) of
        undefined -> [0, 0, 0];
        Lists -> lists:map(fun erlang:length/1, element(2, lists:unzip(Lists)))
    end;
counts(_, _) -> undefined.

%% What one local monitor takes here is the difference that our own makes, of the guard, until we end.
entry() ->
    lists:zipwith3(fun erlang:apply/3, [erlang, erlang, erlang], [process_info, monitor, process_info],
                   [[self(), [memory, total_heap_size]], [process | element(2, process_info(self(), links))], [self(), [memory, total_heap_size]]]).
