%% A process's notes in its own dictionary, if they are not available natively: the function it was started with, and its label.
-module(notes).
-export([answer/1]).

%% The size of its heap is an argument: the process may need long to report it.
answer(#{<<"pid">> := Text, <<"heap_bytes">> := HeapBytes}) ->
    case who:pid(Text) of
        {ok, Pid} -> notes(Pid, HeapBytes);
        _ -> #{<<"dead">> => true} %% a text that is not a pid names nothing alive
    end.

notes(Pid, HeapBytes) ->
    case process_info(Pid, identity:items()) of
        undefined -> #{<<"dead">> => true};
        Info -> identity:notes(Pid, maps:from_list(Info), HeapBytes)
    end.
