%% What one process noted of itself in its dictionary, where that is not told natively: what it was started as, and its label.
-module(notes).
-export([answer/1]).

%% How large its heap is, is known: telling that may take it long.
answer(#{<<"pid">> := Text, <<"heap_bytes">> := HeapBytes}) ->
    case who:pid(Text) of
        {ok, Pid} -> notes(Pid, HeapBytes);
        _ -> #{<<"dead">> => true} %% a text that is no pid names nothing alive
    end.

notes(Pid, HeapBytes) ->
    case process_info(Pid, identity:items()) of
        undefined -> #{<<"dead">> => true};
        Info -> identity:notes(Pid, maps:from_list(Info), HeapBytes)
    end.
