%% The processes of which one attribute changed most over a window: two samples, of which only the numbers are kept.
-module(window).
-export([answer/1]).

-define(LIST_ENTRIES_MAX, 200000).
-define(BUDGET_ENTRIES, 2000000).
-define(OWN_MAX, 16). %% ourselves, the guard, and who else is linked to us

answer(#{<<"sort">> := Key, <<"limit">> := Limit, <<"order">> := Order, <<"window_ms">> := Milliseconds, <<"binary">> := Binary} = Arguments) ->
    Started = erlang:monotonic_time(microsecond),
    Calibration = entries:calibrate(),
    Ranking = figures:ranking(Key, 2, Order, Limit + ?OWN_MAX),
    {{_, _, _, Changes}, Seen, Dead, Unanswered, Exact} = case relation(Key) of
        none -> values(Key, Milliseconds, Ranking, Calibration, Arguments);
        At -> relations(At, Milliseconds, Limit, Ranking, Calibration, Arguments)
    end,
    Own = [self() | element(2, process_info(self(), links))],
    Best = lists:sublist([Change || Change <- Changes, not lists:member(element(1, Change), Own)], Limit),
    Rows = rows(Best, Calibration, Binary),
    #{<<"process_count">> => Seen,
      <<"scanned_count">> => Seen - Dead - Unanswered,
      <<"skipped_count">> => Unanswered,
      <<"duration_us">> => erlang:monotonic_time(microsecond) - Started,
      <<"word_bytes">> => element(1, Calibration),
      <<"entry_bytes">> => min(element(3, Calibration), element(4, Calibration)),
      <<"monitor_bytes">> => element(3, Calibration),
      <<"rows">> => Rows,
      <<"rankings">> => #{Key => lists:seq(0, length(Rows) - 1)},
      <<"exact">> => #{Key => Exact andalso Unanswered =:= 0},
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

values(Key, Milliseconds, Ranking, Calibration, Arguments) ->
    Sampler = sampler(Key, element(1, Calibration)),
    {Samples, Silent} = samples(chunks:all(), Sampler, [], readers:new(Arguments)),
    wait(Milliseconds),
    compare(Samples, Sampler, Ranking, {Silent, 0, Silent}, readers:new(Arguments)).

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

%% {[{When, Pids, Count, Numbers}], HowManyDidNotAnswer}, who are not asked again.
samples(Source, Sampler, Samples, Readers) ->
    case chunks:next(Source) of
        none ->
            Late = [{At, element(1, Job), element(2, Job), Numbers} || {At, Job, Numbers} <- readers:late(Readers)],
            without_silent(Late ++ Samples);
        {Pids, Count, Rest} ->
            At = now_us(),
            case readers:read(job(Pids, Count, Sampler), At, Readers) of
                {suspended, Left} -> samples(Rest, Sampler, Samples, Left);
                {Numbers, Left} -> samples(Rest, Sampler, [{At, Pids, Count, Numbers} | Samples], Left)
            end
    end.

without_silent(Samples) ->
    case lists:partition(fun({_, _, _, Numbers}) -> lists:member(timeout, Numbers) end, Samples) of
        {[], All} ->
            {All, 0};
        {Some, Others} ->
            Answered = [{At, [Sample || {_, Number} = Sample <- lists:zip(Pids, Numbers), Number =/= timeout], Count} || {At, Pids, Count, Numbers} <- Some],
            {[{At, [Pid || {Pid, _} <- Known], length(Known), [Number || {_, Number} <- Known]} || {At, Known, _} <- Answered] ++ Others,
             lists:sum([Count - length(Known) || {_, Known, Count} <- Answered])}
    end.

compare([], _, Ranking, Sum, Readers) -> compare_late(readers:late(Readers), Ranking, Sum);
compare([{At, Pids, Count, Before} | Rest], Sampler, Ranking, Sum, Readers) ->
    Now = now_us(),
    case readers:read(job(Pids, Count, Sampler), {Now - At, Pids, Before}, Readers) of
        {suspended, Left} ->
            compare(Rest, Sampler, Ranking, Sum, Left);
        {After, Left} ->
            {Raised, Added} = offered(lists:zip3(Pids, Before, After), Now - At, Ranking, Sum),
            compare(Rest, Sampler, Raised, Added, Left)
    end.

%% What was set aside may come in parts, so each is found by its pid.
compare_late([], Ranking, {Seen, Dead, Unanswered}) -> {Ranking, Seen, Dead, Unanswered, true};
compare_late([{{Microseconds, All, Before}, {Pids, _, _, _, _}, After} | Rest], Ranking, Sum) ->
    Known = maps:from_list(lists:zip(All, Before)),
    {Raised, Added} = offered([{Pid, maps:get(Pid, Known), Number} || {Pid, Number} <- lists:zip(Pids, After)], Microseconds, Ranking, Sum),
    compare_late(Rest, Raised, Added).

offered(Triples, Microseconds, {_, Test, _, _} = Ranking, {Seen, Dead, Unanswered}) ->
    {Missing, Changes} = lists:partition(fun erlang:is_atom/1, ets:match_spec_run(Triples, changes(Test, Microseconds))),
    Gone = length([Atom || Atom <- Missing, Atom =:= dead]),
    {case Changes of [] -> Ranking; _ -> figures:offer(Ranking, Changes) end,
     {Seen + length(Triples), Dead + Gone, Unanswered + length(Missing) - Gone}}.

%% {Pid, Delta, Microseconds} of what beats the threshold; `timeout`, or `dead` of who was not there both times.
changes({_, Operator, Threshold}, Microseconds) ->
    Delta = {'-', '$3', '$2'},
    Both = [{is_integer, '$2'}, {is_integer, '$3'}],
    ets:match_spec_compile([{{'_', '_', timeout}, [], [timeout]},
                            {{'$1', '$2', '$3'}, Both ++ [{Operator, Delta, Threshold}], [{{'$1', Delta, Microseconds}}]},
                            {{'_', '$2', '$3'}, [{'not', {'andalso', {is_integer, '$2'}, {is_integer, '$3'}}}], [dead]}]).

%%% Monitors and links, which only those are asked for that may have many

relations(At, Milliseconds, Limit, Ranking, Calibration, Arguments) ->
    Candidates = pass:candidates(erlang:system_info(process_count), Limit),
    {[{_, _, Kept, First}], Seen, Dead, Unanswered} = pass:run(chunks:all(), [Candidates], Calibration, false, readers:new(Arguments)),
    {Then, Before, FirstLarge} = counted(First, At, Calibration),
    wait(Milliseconds),
    Second = figures:of_pids([element(1, Row) || Row <- First], Calibration, false),
    {Now, After, SecondLarge} = counted(Second, At, Calibration),
    Deltas = [{Pid, maps:get(Pid, After) - Old, Now - Then} || {Pid, Old} <- maps:to_list(Before), maps:is_key(Pid, After)],
    All = Seen - Dead - Unanswered =< Kept andalso not FirstLarge andalso not SecondLarge,
    {figures:offer(Ranking, Deltas), Seen, Dead, Unanswered, All}.

%% {When, #{Pid => Count}, AnyEstimated}.
counted(Figures, At, Calibration) ->
    Limits = {entries:unexplained_max(?LIST_ENTRIES_MAX, Calibration), ?BUDGET_ENTRIES},
    Counts = rows:count(Figures, [], Calibration, Limits),
    Known = maps:from_list([{element(1, Count), element(At, Count)} || Count <- Counts]),
    Estimates = [{element(1, Row), element(At, entries:estimate(element(1, Row), element(8, Row), Calibration))}
                 || Row <- Figures, not maps:is_key(element(1, Row), Known)],
    {now_us(), maps:merge(maps:from_list(Estimates), Known), Estimates =/= []}.
