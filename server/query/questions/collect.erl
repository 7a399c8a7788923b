%% Collects the garbage of the few processes that refer to most bytes of large binaries, one after the other, and reports how much that
%% freed. Processes with large heaps are skipped: a collection copies the heap and blocks the process meanwhile.
-module(collect).
-export([answer/1]).

-define(SETTLE_MS, 100). %% schedulers return each other's memory a moment after it was freed
-define(WAIT_MS, 1000). %% for one process, which may be in a long native call; api/ allows as much for each

answer(#{<<"limit">> := Limit, <<"heap_max_bytes">> := HeapMax} = Arguments) ->
    Started = erlang:monotonic_time(microsecond),
    {Best, Progress, _} = referred:best(Limit, Arguments),
    Before = referred:memory(),
    {Pids, _} = lists:unzip(Best),
    Short = quick:short(Pids, Arguments), %% some mailbox may have become long meanwhile
    Rows = lists:append([collected(Pid, HeapMax) || Pid <- Pids, lists:member(Pid, Short)]),
    Long = length([Pid || Pid <- Pids -- Short, is_process_alive(Pid)]),
    readers:sleep(?SETTLE_MS),
    (progress:answer(progress:unasked(0, progress:long(Progress) + Long, Progress), Started))#{
      <<"rows">> => Rows,
      <<"binary_memory_before_bytes">> => Before,
      <<"binary_memory_after_bytes">> => referred:memory()}.

collected(Pid, HeapMax) ->
    WordBytes = erlang:system_info(wordsize),
    case process_info(Pid, [total_heap_size | identity:items()]) of
        undefined -> [];
        [{total_heap_size, Words} | _] = Info ->
            {Memory0, Referred0} = sizes(Pid),
            Outcome = case Words * WordBytes =< HeapMax of true -> collect(Pid); false -> <<"heap_too_large">> end,
            {Memory1, Referred1} = sizes(Pid),
            Known = maps:from_list(Info),
            [maps:merge(maps:merge(maps:with([registered_name, initial_call], Known), identity:notes(Pid, Known, Words * WordBytes)),
                        #{<<"pid">> => Pid,
                          <<"outcome">> => Outcome,
                          <<"memory_before_bytes">> => Memory0,
                          <<"memory_after_bytes">> => Memory1,
                          <<"referred_before_bytes">> => Referred0,
                          <<"referred_after_bytes">> => Referred1})]
    end.

%% Nothing for a process that has died.
sizes(Pid) ->
    case process_info(Pid, [memory, garbage_collection_info]) of
        [{_, Memory}, {_, Figures}] -> {Memory, referred:bytes(Figures)};
        undefined -> {0, 0}
    end.

collect(Pid) ->
    Request = make_ref(),
    _ = erlang:garbage_collect(Pid, [{async, Request}, {type, major}]),
    receive
        {garbage_collect, Request, true} -> <<"collected">>;
        {garbage_collect, Request, false} -> <<"dead">>
    after ?WAIT_MS -> <<"busy">>
    end.
