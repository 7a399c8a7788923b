%% The processes of which one attribute changed most over a window: two samples, of which only the numbers are kept.
-module(window).
-export([answer/1]).

-define(LIST_ENTRIES_MAX, 200000).
-define(BUDGET_ENTRIES, 2000000).
-define(OWN_MAX, 16). %% ourselves, the guard, and who else is linked to us

answer(#{<<"sort">> := Key, <<"limit">> := Limit, <<"order">> := Order, <<"window_ms">> := Milliseconds, <<"binary">> := Binary}) ->
    Started = erlang:monotonic_time(microsecond),
    Calibration = entries:calibrate(),
    Ranking = figures:ranking(Key, 2, Order, Limit + ?OWN_MAX),
    {{_, _, _, Changes}, Seen, Skipped, Exact} = case relation(Key) of
        none -> values(Key, Milliseconds, Ranking, Calibration);
        At -> relations(At, Milliseconds, Limit, Ranking, Calibration)
    end,
    Own = [self() | element(2, process_info(self(), links))],
    Best = lists:sublist([Change || Change <- Changes, not lists:member(element(1, Change), Own)], Limit),
    Rows = rows(Best, Calibration, Binary),
    #{<<"process_count">> => Seen,
      <<"scanned_count">> => Seen - Skipped,
      <<"skipped_count">> => Skipped,
      <<"duration_us">> => erlang:monotonic_time(microsecond) - Started,
      <<"word_bytes">> => element(1, Calibration),
      <<"entry_bytes">> => min(element(3, Calibration), element(4, Calibration)),
      <<"monitor_bytes">> => element(3, Calibration),
      <<"rows">> => Rows,
      <<"rankings">> => #{Key => lists:seq(0, length(Rows) - 1)},
      <<"exact">> => #{Key => Exact},
      <<"next_bound">> => #{}}.

relation(<<"monitors">>) -> 2;
relation(<<"monitored_by">>) -> 3;
relation(<<"links">>) -> 4;
relation(_) -> none.

wait(Milliseconds) -> receive after Milliseconds -> ok end.

now_us() -> erlang:monotonic_time(microsecond).

rows(Best, Calibration, Binary) ->
    Changes = maps:from_list([{element(1, Change), Change} || Change <- Best]),
    Figures = figures:of_pids([element(1, Change) || Change <- Best], Calibration, Binary),
    Limits = {entries:unexplained_max(?LIST_ENTRIES_MAX, Calibration), ?BUDGET_ENTRIES},
    [changed(Raw, maps:get(maps:get(<<"pid">>, Raw), Changes))
     || Raw <- rows:make(Figures, rows:count(Figures, [], Calibration, Limits), Calibration, Binary)].

changed(Raw, {_, Delta, Microseconds}) -> maps:merge(Raw, #{<<"delta">> => Delta, <<"window_us">> => Microseconds}).

%%% Attributes that every process is asked for

values(Key, Milliseconds, Ranking, Calibration) ->
    Sampler = sampler(Key, element(1, Calibration)),
    Samples = samples(chunks:all(), Sampler, []),
    wait(Milliseconds),
    compare(Samples, Sampler, Ranking, 0, 0).

%% What to ask for, and the match specification that makes one number of it, or undefined for the dead.
sampler(<<"binary">>, _) -> binary;
sampler(Key, WordBytes) ->
    {Items, Number} = case Key of
        <<"memory">> -> {[memory], '$1'};
        <<"total_heap">> -> {[total_heap_size], '$1'};
        <<"message_queue_len">> -> {[message_queue_len], '$1'};
        <<"reductions">> -> {[reductions], '$1'};
        <<"stack">> -> {[stack_size], '$1'};
        <<"off_heap">> -> {[memory, total_heap_size], {'-', '$1', {'*', '$2', WordBytes}}}
    end,
    Info = lists:zip(Items, lists:sublist(['$1', '$2'], length(Items))),
    {Items, ets:match_spec_compile([{Info, [], [Number]}, {'_', [], [undefined]}])}.

sample(Pids, _, binary) -> [binary_bytes(process_info(Pid, binary)) || Pid <- Pids];
sample(Pids, Count, {Items, Spec}) ->
    ets:match_spec_run(lists:zipwith(fun erlang:process_info/2, Pids, lists:duplicate(Count, Items)), Spec).

binary_bytes({binary, [_ | _] = Binaries}) -> lists:sum(element(2, lists:unzip3(Binaries)));
binary_bytes({binary, []}) -> 0;
binary_bytes(undefined) -> undefined.

samples(Source, Sampler, Samples) ->
    case chunks:next(Source) of
        none -> lists:reverse(Samples);
        {Pids, Count, Rest} ->
            At = now_us(),
            samples(Rest, Sampler, [{At, Pids, Count, sample(Pids, Count, Sampler)} | Samples])
    end.

compare([], _, Ranking, Seen, Skipped) -> {Ranking, Seen, Skipped, true};
compare([{At, Pids, Count, Before} | Rest], Sampler, {_, Test, _, _} = Ranking, Seen, Skipped) ->
    Now = now_us(),
    Triples = lists:zip3(Pids, Before, sample(Pids, Count, Sampler)),
    {Gone, Changes} = lists:partition(fun erlang:is_atom/1, ets:match_spec_run(Triples, changes(Test, Now - At))),
    Raised = case Changes of [] -> Ranking; _ -> figures:offer(Ranking, Changes) end,
    compare(Rest, Sampler, Raised, Seen + Count, Skipped + length(Gone)).

%% {Pid, Delta, Microseconds} of what beats the threshold; `dead` of who was not there both times.
changes({_, Operator, Threshold}, Microseconds) ->
    Delta = {'-', '$3', '$2'},
    Both = [{is_integer, '$2'}, {is_integer, '$3'}],
    ets:match_spec_compile([{{'$1', '$2', '$3'}, Both ++ [{Operator, Delta, Threshold}], [{{'$1', Delta, Microseconds}}]},
                            {{'_', '$2', '$3'}, [{'not', {'andalso', {is_integer, '$2'}, {is_integer, '$3'}}}], [dead]}]).

%%% Monitors and links, which only those are asked for that may have many

relations(At, Milliseconds, Limit, Ranking, Calibration) ->
    Candidates = pass:candidates(erlang:system_info(process_count), Limit),
    {[{_, _, Kept, First}], Seen, Dead} = pass:run(chunks:all(), [Candidates], Calibration, false),
    {Then, Before, FirstLarge} = counted(First, At, Calibration),
    wait(Milliseconds),
    Second = figures:of_pids([element(1, Row) || Row <- First], Calibration, false),
    {Now, After, SecondLarge} = counted(Second, At, Calibration),
    Deltas = [{Pid, maps:get(Pid, After) - Old, Now - Then} || {Pid, Old} <- maps:to_list(Before), maps:is_key(Pid, After)],
    All = Seen - Dead =< Kept andalso not FirstLarge andalso not SecondLarge,
    {figures:offer(Ranking, Deltas), Seen, Dead, All}.

%% {When, #{Pid => Count}, AnyEstimated}.
counted(Figures, At, Calibration) ->
    Limits = {entries:unexplained_max(?LIST_ENTRIES_MAX, Calibration), ?BUDGET_ENTRIES},
    Counts = rows:count(Figures, [], Calibration, Limits),
    Known = maps:from_list([{element(1, Count), element(At, Count)} || Count <- Counts]),
    Estimates = [{element(1, Row), element(At, entries:estimate(element(1, Row), element(8, Row), Calibration))}
                 || Row <- Figures, not maps:is_key(element(1, Row), Known)],
    {now_us(), maps:merge(maps:from_list(Estimates), Known), Estimates =/= []}.
