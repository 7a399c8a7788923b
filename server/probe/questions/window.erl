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
    Rows = rows(Best, Calibration, Binary, limits(Arguments, Calibration)),
    (met:answer(Met, Started))#{
      <<"word_bytes">> => element(1, Calibration),
      <<"entry_bytes">> => min(element(3, Calibration), element(4, Calibration)),
      <<"monitor_bytes">> => element(3, Calibration),
      <<"rows">> => Rows,
      <<"rankings">> => #{Key => lists:seq(0, length(Rows) - 1)},
      <<"exact">> => #{Key => Exact andalso met:is_all(Met)},
      <<"next_bound">> => #{}}.

relation(<<"monitors">>) -> 2;
relation(<<"monitored_by">>) -> 3;
relation(<<"links">>) -> 4;
relation(_) -> none.

wait(Milliseconds) -> receive after Milliseconds -> ok end.

now_us() -> erlang:monotonic_time(microsecond).

%% How long a list is copied, in bytes unexplained, and how many entries in all.
limits(#{<<"list_entries_max">> := EntriesMax}, Calibration) -> {entries:unexplained_max(EntriesMax, Calibration), ?BUDGET_LISTS * EntriesMax}.

rows(Best, Calibration, Binary, Limits) ->
    Changes = maps:from_list([{element(1, Change), Change} || Change <- Best]),
    Figures = figures:of_pids([element(1, Change) || Change <- Best], Calibration, Binary),
    [changed(Raw, maps:get(maps:get(<<"pid">>, Raw), Changes))
     || Raw <- rows:make(Figures, rows:count(Figures, [], Calibration, Limits), Calibration, Binary)].

changed(Raw, {_, Delta, Microseconds}) -> maps:merge(Raw, #{<<"delta">> => Delta, <<"window_us">> => Microseconds}).

%%% Attributes that every process is asked for

values(Key, Ranking, Calibration, #{<<"window_ms">> := Milliseconds} = Arguments) ->
    Sampler = sampler(Key, element(1, Calibration)),
    {Samples, Met} = samples(chunks:all(), Sampler, {[], met:none()}, readers:new(Arguments)),
    wait(Milliseconds),
    compare(Samples, Sampler, {Ranking, Met}, readers:new(Arguments)).

%% What to ask for, and the match specification that makes one number of it, or undefined for the dead.
sampler(Key, WordBytes) ->
    {Items, Number} = case Key of
        <<"memory">> -> {[memory], '$1'};
        <<"total_heap">> -> {[total_heap_size], '$1'};
        <<"message_queue_len">> -> {[message_queue_len], '$1'};
        <<"reductions">> -> {[reductions], '$1'};
        <<"stack">> -> {[stack_size], '$1'};
        <<"off_heap">> -> {[memory, total_heap_size], {'-', '$1', {'*', '$2', WordBytes}}};
        <<"binary">> -> {[reductions], '$3'} %% any, to tell the dead
    end,
    Info = lists:zip(Items, lists:sublist(['$1', '$2'], length(Items))),
    {Items, Key =:= <<"binary">>, ets:match_spec_compile([{{'_', Info, '$3'}, [], [Number]}, {'_', [], [undefined]}])}.

job(Pids, Count, {Items, Binary, Spec}) -> {Pids, Count, Items, Binary, Spec}.

%% {[{When, Pids, Count, Numbers}], Met}: who does not answer is met already, and is not asked again.
samples(Source, Sampler, Sampled, Readers) ->
    case chunks:next(Source) of
        none ->
            samples_late(readers:late(Readers), Sampled);
        {Pids, Count, Rest} ->
            At = now_us(),
            case readers:read(job(Pids, Count, Sampler), At, Readers) of
                {suspended, Left} -> samples(Rest, Sampler, Sampled, Left);
                {Numbers, Left} -> samples(Rest, Sampler, sampled(At, Pids, Count, Numbers, Sampled), Left)
            end
    end.

samples_late([], Sampled) -> Sampled;
samples_late([{At, {Pids, Count, _, _, _}, Numbers} | Rest], Sampled) -> samples_late(Rest, sampled(At, Pids, Count, Numbers, Sampled)).

sampled(_, Pids, Count, timeout, {Samples, Met}) -> {Samples, met:silent(Pids, Count, Met)};
sampled(At, Pids, Count, Numbers, {Samples, Met}) -> {[{At, Pids, Count, Numbers} | Samples], Met}.

%% {Ranking, Met, true}.
compare([], _, Compared, Readers) -> compare_late(readers:late(Readers), Compared);
compare([{At, Pids, Count, Before} | Rest], Sampler, Compared, Readers) ->
    Elapsed = now_us() - At,
    case readers:read(job(Pids, Count, Sampler), {Elapsed, Pids, Before}, Readers) of
        {suspended, Left} -> compare(Rest, Sampler, Compared, Left);
        {After, Left} -> compare(Rest, Sampler, compared(Elapsed, Pids, Count, Before, After, Compared), Left)
    end.

%% What was set aside may come in parts, so each is found by its pid.
compare_late([], {Ranking, Met}) -> {Ranking, Met, true};
compare_late([{{Elapsed, All, Before}, {Pids, Count, _, _, _}, After} | Rest], Compared) ->
    Known = maps:from_list(lists:zip(All, Before)),
    compare_late(Rest, compared(Elapsed, Pids, Count, [maps:get(Pid, Known) || Pid <- Pids], After, Compared)).

compared(_, Pids, Count, _, timeout, {Ranking, Met}) -> {Ranking, met:silent(Pids, Count, Met)};
compared(Elapsed, Pids, Count, Before, After, {{_, Test, _, _} = Ranking, Met}) ->
    {Gone, Changes} = lists:partition(fun erlang:is_atom/1, ets:match_spec_run(lists:zip3(Pids, Before, After), changes(Test, Elapsed))),
    {case Changes of [] -> Ranking; _ -> figures:offer(Ranking, Changes) end, met:some(Count, length(Gone), Met)}.

%% {Pid, Delta, Microseconds} of what beats the threshold, and `dead` of who was not there both times.
changes({_, Operator, Threshold}, Elapsed) ->
    Delta = {'-', '$3', '$2'},
    Both = [{is_integer, '$2'}, {is_integer, '$3'}],
    ets:match_spec_compile([{{'$1', '$2', '$3'}, Both ++ [{Operator, Delta, Threshold}], [{{'$1', Delta, Elapsed}}]},
                            {{'_', '$2', '$3'}, [{'not', list_to_tuple(['andalso' | Both])}], [dead]}]).

%%% Monitors and links, which only those are asked for that may have many

relations(At, Ranking, Calibration, #{<<"window_ms">> := Milliseconds, <<"limit">> := Limit} = Arguments) ->
    Candidates = pass:candidates(erlang:system_info(process_count), Limit),
    Limits = limits(Arguments, Calibration),
    {[{_, _, Kept, First}], Met} = pass:run(chunks:all(), [Candidates], Calibration, false, readers:new(Arguments)),
    {Then, Before, FirstAll} = counted(First, At, Calibration, Limits),
    wait(Milliseconds),
    Second = figures:of_pids([element(1, Row) || Row <- First], Calibration, false),
    {Now, After, SecondAll} = counted(Second, At, Calibration, Limits),
    Deltas = [{Pid, New - Old, Now - Then} || {Pid, {Counted, Old}} <- maps:to_list(Before), {Again, New} <- [maps:get(Pid, After, none)], Again =:= Counted],
    {figures:offer(Ranking, Deltas), Met, met:scanned(Met) =< Kept andalso FirstAll andalso SecondAll}.

%% {When, #{Pid => {Counted, Count}}, AllCounted}. Who is not counted is estimated where that can be; the one is not compared with the other.
counted(Figures, At, Calibration, Limits) ->
    Known = maps:from_list([{element(1, Count), {true, element(At, Count)}} || Count <- rows:count(Figures, [], Calibration, Limits)]),
    Others = [Row || Row <- Figures, not maps:is_key(element(1, Row), Known)],
    Estimates = [entries:estimate(element(1, Row), element(8, Row), Calibration) || Row <- Others],
    Guessed = maps:from_list([{element(1, Estimate), {false, element(At, Estimate)}} || Estimate <- Estimates, Estimate =/= none]),
    {now_us(), maps:merge(Guessed, Known), Others =:= []}.
