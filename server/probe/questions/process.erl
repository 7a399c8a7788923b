%% Everything about one process that can be told without disturbing it. People ask this often and it is small: no calibration, few funs.
-module(process).
-export([answer/1]).

-define(LIST_ENTRIES_MAX, 200000).
-define(ENTRY_WORDS_MIN, 5). %% no monitor or link takes less, on any release: a local link does take so many

answer(#{<<"pid">> := Text}) ->
    try list_to_pid(binary_to_list(Text)) of
        Pid when node(Pid) =:= node() -> process(Pid, information(Pid, identity:items() ++ items()));
        _ -> #{<<"dead">> => true}
    catch
        error:badarg -> #{<<"dead">> => true} %% a text that is no pid names nothing alive
    end.

items() ->
    [current_function, status, memory, total_heap_size, stack_size, message_queue_len, reductions, garbage_collection_info, group_leader,
     trap_exit, priority, message_queue_data, suspending, current_stacktrace].

%% The parent is known since OTP 25.
information(Pid, Items) ->
    try process_info(Pid, [parent | Items])
    catch error:badarg -> process_info(Pid, Items)
    end.

process(_, undefined) -> #{<<"dead">> => true};
process(Pid, Found) ->
    #{memory := Memory, total_heap_size := Heap, suspending := Suspending, current_stacktrace := Stack, garbage_collection_info := Collection} =
        Info = maps:from_list(Found),
    WordBytes = erlang:system_info(wordsize),
    OffHeap = Memory - Heap * WordBytes,
    maps:merge(
        maps:merge(maps:with([registered_name, initial_call, current_function, status, memory, total_heap_size, stack_size, message_queue_len,
                              reductions, group_leader, trap_exit, priority, message_queue_data], Info),
                   counts(Pid, OffHeap div (?ENTRY_WORDS_MIN * WordBytes))),
        #{garbage_collection_info => maps:from_list(Collection),
          current_stacktrace => [frame(Frame) || Frame <- Stack],
          parent => maps:get(parent, Info, undefined),
          <<"pid">> => Pid,
          <<"started_as">> => identity:started_as(Pid, Info, Heap * WordBytes),
          <<"label">> => identity:label(Info),
          <<"application">> => identity:application(Pid),
          <<"off_heap_bytes">> => OffHeap,
          <<"suspending_count">> => length(Suspending),
          <<"word_bytes">> => WordBytes,
          <<"entry_bytes">> => entry_bytes(WordBytes)}).

%% Lists that may be too long are not copied.
counts(Pid, Most) when Most =< ?LIST_ENTRIES_MAX ->
    case process_info(Pid, [monitors, monitored_by, links]) of
        [{_, Monitors}, {_, MonitoredBy}, {_, Links}] ->
            #{<<"monitors_count">> => length(Monitors), <<"monitored_by_count">> => length(MonitoredBy), <<"links_count">> => length(Links),
              <<"exact">> => true};
        undefined ->
            #{<<"monitors_count">> => 0, <<"monitored_by_count">> => 0, <<"links_count">> => 0, <<"exact">> => true}
    end;
counts(_, Most) ->
    Estimate = Most div 2,
    #{<<"monitors_count">> => Estimate, <<"monitored_by_count">> => Estimate, <<"links_count">> => Estimate, <<"exact">> => false,
      <<"entries_min">> => 0, <<"entries_max">> => Most}.

%% What one local monitor takes here: our own, of the guard, for a moment.
entry_bytes(WordBytes) ->
    case process_info(self(), links) of
        {links, [Guard | _]} -> entry_bytes(Guard, WordBytes);
        {links, []} -> undefined
    end.

entry_bytes(Guard, WordBytes) ->
    [{memory, Before}, {total_heap_size, HeapBefore}] = process_info(self(), [memory, total_heap_size]),
    Monitor = erlang:monitor(process, Guard),
    [{memory, After}, {total_heap_size, HeapAfter}] = process_info(self(), [memory, total_heap_size]),
    erlang:demonitor(Monitor, [flush]),
    case (After - HeapAfter * WordBytes) - (Before - HeapBefore * WordBytes) of
        Bytes when Bytes > 0 -> Bytes;
        _ -> undefined
    end.

frame({M, F, A, Location}) ->
    {M, F, A,
     case lists:keyfind(file, 1, Location) of
         {_, File} -> unicode:characters_to_binary(File);
         false -> undefined
     end,
     proplists:get_value(line, Location)}.
