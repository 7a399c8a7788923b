%% The processes that refer to most bytes of large binaries outside their heaps, without a garbage collection. All are ranked by the
%% emulator's own count; lists of binaries are copied only for the first ones, and only if they cannot be long.
-module(binaries).
-export([answer/1]).

-define(HEAP_WORDS_MAX, 3000000). %% a reference takes three words of heap at least, and six in the copy of the list
-define(BUDGET_WORDS, 12000000). %% of the heaps of all whose lists are copied

answer(#{<<"limit">> := Limit} = Arguments) ->
    Started = erlang:monotonic_time(microsecond),
    {Best, Progress, Words} = referred:best(Limit, Arguments),
    Items = [memory, total_heap_size, message_queue_len, garbage_collection_info, garbage_collection, group_leader | identity:items()],
    Rows = rows([Pid || {Pid, _} <- Best], readers:infos([Pid || {Pid, _} <- Best], Items, Arguments), ?BUDGET_WORDS, []),
    (progress:answer(Progress, Started))#{
      <<"rows">> => Rows,
      <<"referred_words">> => case progress:is_all(Progress) of true -> Words; false -> undefined end,
      <<"word_bytes">> => erlang:system_info(wordsize),
      <<"binary_memory_bytes">> => referred:memory()}.

%% References are counted before anything else is copied: names may have to be read from a dictionary, and then we would refer to its binaries.
rows([], _, _, Rows) -> lists:reverse(Rows);
rows([Pid | Pids], Infos, Budget, Rows) ->
    case maps:get(Pid, Infos, none) of
        None when is_atom(None) -> rows(Pids, Infos, Budget, Rows);
        Info ->
            #{total_heap_size := Words} = Known = maps:from_list(Info),
            Copied = Words =< min(?HEAP_WORDS_MAX, Budget) andalso not deadline:is_over(),
            References = references(Copied andalso process_info(Pid, binary)),
            Row = maps:merge(row(Pid, Known, Words), References),
            rows(Pids, Infos, case Copied of true -> Budget - Words; false -> Budget end, [Row | Rows])
    end.

row(Pid, #{garbage_collection_info := Figures, garbage_collection := Settings, group_leader := Leader} = Known, Words) ->
    maps:merge(maps:merge(maps:with([registered_name, initial_call, memory, total_heap_size, message_queue_len], Known),
                          identity:notes(Pid, Known, Words * erlang:system_info(wordsize))),
               #{<<"pid">> => Pid,
                 <<"application">> => identity:application(Leader),
                 <<"referred_bytes">> => referred:bytes(Figures),
                 <<"minor_gcs_count">> => proplists:get_value(minor_gcs, Settings),
                 <<"fullsweep_after_count">> => proplists:get_value(fullsweep_after, Settings)}).

%% References, and each binary once; sole are binaries that no other process refers to.
references({binary, Binaries}) ->
    Distinct = lists:ukeysort(1, Binaries),
    Sole = ets:match_spec_run(Distinct, ets:match_spec_compile([{{'_', '$1', 1}, [], ['$1']}])),
    {_, Sizes, _} = lists:unzip3(Distinct),
    #{<<"binary_references_count">> => length(Binaries),
      <<"binary_count">> => length(Distinct),
      <<"binary_bytes">> => lists:sum(Sizes),
      <<"sole_binary_bytes">> => lists:sum(Sole),
      <<"exact">> => true};
references(_) ->
    #{<<"binary_references_count">> => undefined, <<"binary_count">> => undefined, <<"binary_bytes">> => undefined,
      <<"sole_binary_bytes">> => undefined, <<"exact">> => false}.
