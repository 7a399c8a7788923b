%% The processes of which one attribute changed most over a window: two samples, of which only the numbers are kept.
-module(window).
-export([answer/1]).

-define(BUDGET_LISTS, 10). %% entries copied at a time, in times the longest list that is
-define(OWN_MAX, 16). %% ourselves, the guard, and who else is linked to us

answer(#{<<"sort">> := Key, <<"limit">> := Limit, <<"order">> := Order, <<"binary">> := Binary} = Arguments) ->
    Started = erlang:monotonic_time(microsecond),
    Calibration = entries:calibrate(),
    Ranking = figures:ranking(Key, 2, Order, Limit + ?OWN_MAX),
    {{_, _, _, Changes}, Met, Exact} = case relation(Key) of
        none -> values(Key, Ranking, Calibration, Arguments);
        At -> relations(At, Ranking, Calibration, Arguments)
    end,
    Own = [self() | element(2, process_info(self(), links))],
    Best = lists:sublist([Change || Change <- Changes, not lists:member(element(1, Change), Own)], Limit),
    Rows = rows(Best, Binary, {Calibration, limits(Arguments, Calibration), Arguments}),
    (met:answer(Met, Started))#{
      <<"word_bytes">> => element(1, Calibration),
      <<"entry_bytes">> => min(element(3, Calibration), element(4, Calibration)),
      <<"monitor_bytes">> => element(3, Calibration),
      <<"rows">> => Rows,
      <<"rankings">> => #{Key => lists:seq(0, length(Rows) - 1)},
      <<"exact">> => #{Key => Exact andalso met:is_all(Met) andalso met:long(Met) =:= 0},
      <<"next_bound">> => #{}}.

relation(<<"monitors">>) -> 2;
relation(<<"monitored_by">>) -> 3;
relation(<<"links">>) -> 4;
relation(_) -> none.

%% Whoever hurried on a busy node does so no longer than it asks: see readers:hurry/0.
wait(Milliseconds) ->
    process_flag(priority, low),
    receive after Milliseconds -> ok end.

%% Who is asked twice is given half of the time, but for the window, the first time.
half(Arguments, Milliseconds) -> Arguments#{<<"timeout_ms">> => max(1, (deadline:left() - Milliseconds) div 2)}.

now_us() -> erlang:monotonic_time(microsecond).

%% How long a list is copied, in bytes unexplained, and how many entries in all.
limits(#{<<"list_entries_max">> := EntriesMax}, Calibration) -> {entries:unexplained_max(EntriesMax, Calibration), ?BUDGET_LISTS * EntriesMax}.

rows(Best, Binary, {Calibration, Limits, Arguments}) ->
    Changes = maps:from_list([{element(1, Change), Change} || Change <- Best]),
    {Figures, Partial} = quick:of_pids([element(1, Change) || Change <- Best], Calibration, Binary, Arguments),
    Counts = rows:count([Row || Row <- Figures, not maps:is_key(element(1, Row), Partial)], [], Calibration, Limits),
    [changed(Raw, maps:get(maps:get(<<"pid">>, Raw), Changes)) || Raw <- rows:make(Figures, Counts, Partial, {Calibration, Binary, Arguments})].

changed(Raw, {_, Delta, Microseconds}) -> maps:merge(Raw, #{<<"delta">> => Delta, <<"window_us">> => Microseconds}).

%%% Attributes that every process is asked for

%% Who does not answer the first time is met already, and is not asked again.
values(Key, Ranking, Calibration, #{<<"window_ms">> := Milliseconds} = Arguments) ->
    Job = sampler(Key, element(1, Calibration)),
    {Samples, First} = samples(Job, whom(Key, Calibration, half(Arguments, Milliseconds)), []),
    wait(Milliseconds),
    {Pids, _} = lists:unzip(Samples),
    Readers = readers:new(chunks:things(Pids), Arguments, [], met:unasked(length(Pids), met:long(First), First)),
    compare(Job, Readers, maps:from_list(Samples), Ranking).

whom(Key, Calibration, Arguments) ->
    case lists:member(Key, [<<"memory">>, <<"total_heap">>, <<"off_heap">>]) of
        true -> quick:whom(Calibration, Arguments);
        false -> readers:new(chunks:all(), Arguments)
    end.

%% What to ask for, and the match specification that makes one number of it.
sampler(Key, WordBytes) ->
    {Items, Zip, Number} = case Key of
        <<"memory">> -> {[memory], fun lists:zip/2, '$2'};
        <<"total_heap">> -> {[total_heap_size], fun lists:zip/2, '$2'};
        <<"message_queue_len">> -> {[message_queue_len], fun lists:zip/2, '$2'};
        <<"reductions">> -> {[reductions], fun lists:zip/2, '$2'};
        <<"stack">> -> {[stack_size], fun lists:zip/2, '$2'};
        <<"off_heap">> -> {[memory, total_heap_size], fun lists:zip/2, {'-', '$2', {'*', '$3', WordBytes}}};
        <<"binary">> -> {[binary], fun binaries/2, '$2'}
    end,
    Info = lists:zip(Items, lists:sublist(['$2', '$3'], length(Items))),
    readers:job(Items, Zip, ets:match_spec_compile([{{'$1', Info}, [], [{{'$1', Number}}]}, {{'_', undefined}, [], [dead]}])).

binaries(Pids, Infos) ->
    [{Pid, case Info of undefined -> undefined; [{binary, Told}] -> [{binary, lists:sum([Bytes || {_, Bytes, _} <- Told])}] end}
     || {Pid, Info} <- lists:zip(Pids, Infos)].

%% {[{Pid, {When, Number}}], Met}.
samples(Job, Readers, Samples) ->
    At = now_us(),
    case readers:next(Job, Readers) of
        {ok, Rows, Left} ->
            Stamp = ets:match_spec_compile([{{'$1', '$2'}, [], [{{'$1', {{At, '$2'}}}}]}]),
            samples(Job, Left, [ets:match_spec_run(Rows, Stamp) | Samples]);
        {none, Met} ->
            {lists:append(Samples), Met}
    end.

%% {Ranking, Met, true}.
compare(Job, Readers, Before, {_, Test, _, _} = Ranking) ->
    At = now_us(),
    case readers:next(Job, Readers) of
        {ok, Rows, Left} ->
            {Pids, _} = lists:unzip(Rows),
            Count = length(Pids),
            Then = lists:zipwith3(fun maps:get/3, Pids, lists:duplicate(Count, Before), lists:duplicate(Count, undefined)),
            Changes = ets:match_spec_run(lists:zip(Rows, Then), changes(Test, At)),
            compare(Job, Left, Before, case Changes of [] -> Ranking; _ -> figures:offer(Ranking, Changes) end);
        {none, Met} ->
            {Ranking, Met, true}
    end.

%% {Pid, Delta, Microseconds} of what beats the threshold.
changes({_, Operator, Threshold}, At) ->
    Delta = {'-', '$3', '$2'},
    ets:match_spec_compile([{{{'$1', '$3'}, {'$4', '$2'}}, [{Operator, Delta, Threshold}], [{{'$1', Delta, {'-', At, '$4'}}}]}]).

%%% Monitors and links, which only those are asked for that may have many

relations(At, Ranking, Calibration, #{<<"window_ms">> := Milliseconds, <<"limit">> := Limit} = Arguments) ->
    Candidates = pass:candidates(erlang:system_info(process_count), Limit),
    Limits = limits(Arguments, Calibration),
    Long = long:new(Arguments),
    Unknowing = maps:remove(<<"known">>, half(Arguments, Milliseconds)), %% also the heavy ones are to tell what they have now
    {[{_, _, Kept, First}], Met, _} = pass:run([Candidates], Calibration, false, Unknowing),
    {Then, Before, FirstAll} = counted(First, At, Long, Calibration, Limits),
    wait(Milliseconds),
    Second = figures:of_pids([element(1, Row) || Row <- First], Calibration, false, Arguments),
    {Now, After, SecondAll} = counted(Second, At, Long, Calibration, Limits),
    Deltas = [{Pid, New - Old, Now - Then} || {Pid, {Counted, Old}} <- maps:to_list(Before), {Again, New} <- [maps:get(Pid, After, none)], Again =:= Counted],
    {figures:offer(Ranking, Deltas), Met, met:scanned(Met) =< Kept andalso FirstAll andalso SecondAll}.

%% {When, #{Pid => {Counted, Count}}, AllCounted}. Who is not counted is as far as is known, or estimated where that can be; the one is not
%% compared with the other.
counted(Figures, At, Long, Calibration, Limits) ->
    Known = maps:from_list([{element(1, Count), {true, element(At, Count)}} || Count <- rows:count(Figures, [], Calibration, Limits)]),
    Others = [Row || Row <- Figures, not maps:is_key(element(1, Row), Known)],
    Estimates = [long:guess(element(1, Row), element(8, Row), Long, Calibration) || Row <- Others],
    Guessed = maps:from_list([{element(1, Estimate), {false, element(At, Estimate)}} || Estimate <- Estimates, Estimate =/= none]),
    {now_us(), maps:merge(Guessed, Known), Others =:= []}.
