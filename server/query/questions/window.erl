%% The processes whose attribute changed most over a window: two samples, of which only the numbers are kept.
-module(window).
-export([answer/1]).

-define(BUDGET_LISTS, 10). %% entries copied at a time, in times the longest list that is
-define(OWN_MAX, 16). %% ourselves, the guard, and other processes linked to us
-define(LEADING_SHARE, 4). %% of the time, a part of this many, for the leaders alone
-define(NAMED_MAX, 20).

answer(#{<<"sort">> := Key, <<"limit">> := Limit, <<"order">> := Order} = Arguments) ->
    Started = now_us(),
    Calibration = entries:calibrate(),
    Ranking = figures:ranking(Key, 2, Order, Limit + ?OWN_MAX),
    {{_, _, _, Changes}, Progress, Exact, Busy, Known} = case relation(Key) of
        none -> values(Key, Ranking, Calibration, Arguments);
        At -> relations(At, Ranking, Calibration, Arguments)
    end,
    Own = [self() | element(2, process_info(self(), links))],
    Best = lists:sublist([Change || Change <- Changes, not lists:member(element(1, Change), Own)], Limit),
    {Rows, Unheard} = rows(Best, Known, Calibration, Arguments),
    Unranked = Busy ++ Unheard,
    Whole = progress:silent(Unheard, length(Unheard), progress:unasked(length(Unheard), progress:long(Progress), Progress)),
    (progress:answer(Whole, Started))#{
      <<"word_bytes">> => element(1, Calibration),
      <<"entry_bytes">> => min(element(3, Calibration), element(4, Calibration)),
      <<"monitor_bytes">> => element(3, Calibration),
      <<"rows">> => Rows,
      <<"unranked">> => lists:sublist(Unranked, ?NAMED_MAX),
      <<"unranked_count">> => length(Unranked),
      <<"rankings">> => #{Key => lists:seq(0, length(Rows) - 1)},
      <<"exact">> => #{Key => Exact andalso progress:is_all(Whole) andalso progress:long(Whole) =:= 0},
      <<"next_bound">> => #{}}.

relation(<<"monitors">>) -> 2;
relation(<<"monitored_by">>) -> 3;
relation(<<"links">>) -> 4;
relation(_) -> none.

%% Processes that are asked twice get half of the time, without the window, for the first answer.
half(Arguments, Milliseconds) -> Arguments#{<<"timeout_ms">> => max(1, (deadline:left() - Milliseconds) div 2)}.

now_us() -> erlang:monotonic_time(microsecond).

now_ms() -> erlang:monotonic_time(millisecond).

%% The longest list that is copied, in unexplained bytes, and the budget of all entries.
limits(#{<<"list_entries_max">> := EntriesMax}, Calibration) -> {entries:unexplained_max(EntriesMax, Calibration), ?BUDGET_LISTS * EntriesMax}.

%% {Rows, Unheard}: the unheard are alive, but have no row, since no figures of them are known.
rows(Best, Known, Calibration, #{<<"binary">> := Binary} = Arguments) ->
    Changes = maps:from_list([{element(1, Change), Change} || Change <- Best]),
    Pids = figures:column(Best, 1),
    {Whole, Partial} = quick:of_pids(Pids, Calibration, Binary, Arguments),
    Earlier = maps:without(figures:column(Whole, 1), maps:with(Pids, Known)),
    Reported = maps:merge(Earlier, figures:by_pid(Whole)),
    Figures = figures:found([Pid || Pid <- Pids, maps:is_key(Pid, Reported)], Reported),
    Incomplete = maps:merge(Partial, Earlier),
    Counts = rows:count([Row || Row <- Figures, not maps:is_key(element(1, Row), Incomplete)], [], Calibration, limits(Arguments, Calibration)),
    {[changed(Raw, maps:get(maps:get(<<"pid">>, Raw), Changes)) || Raw <- rows:make(Figures, Counts, Incomplete, {Calibration, Binary, Arguments})],
     [Pid || Pid <- Pids, not maps:is_key(Pid, Reported), is_process_alive(Pid)]}.

changed(Raw, {_, _, Delta, Microseconds}) -> maps:merge(Raw, #{<<"delta">> => Delta, <<"window_us">> => Microseconds}).

%%% Attributes that every process is asked for

%% {Ranking, Progress, true, Busy, Known}: busy processes that did not report at both ends, and figures of some. A process that does not
%% answer the first time is counted already, and is not asked again.
values(Key, Ranking, Calibration, #{<<"window_ms">> := Milliseconds} = Arguments) ->
    Job = sampler:job(Key, Calibration),
    case readers:is_busy() of
        true -> hurried(Key, Job, Ranking, Calibration, Arguments);
        false ->
            {Samples, First} = samples(Job, whom(Key, Calibration, half(Arguments, Milliseconds)), []),
            readers:sleep(Milliseconds),
            Readers = again(Samples, progress:unasked(length(Samples), progress:long(First), First), Arguments),
            compare(Job, Readers, maps:from_list(Samples), Ranking, {[], #{}})
    end.

whom(Key, Calibration, Arguments) ->
    case sampler:walks(Key) of
        true -> quick:whom(Calibration, Arguments);
        false -> readers:new(chunks:all(), Arguments)
    end.

again(Samples, Progress, Arguments) -> readers:new(chunks:things(figures:column(Samples, 1)), Arguments, [], Progress).

%% On a busy node the leaders are asked first, at both ends of the window, and the others after them as the time allows.
hurried(Key, Job, Ranking, Calibration, #{<<"window_ms">> := Milliseconds, <<"limit">> := Limit} = Arguments) ->
    Leading = sampler:leading(Key, Calibration),
    {Pids, Unheard, Busy, Source, Progress} = leaders:order(Key, Limit, Calibration, half(Arguments, Milliseconds)),
    {Led, Mute} = leaders:ask(Pids, Leading, max(1, (deadline:left() - Milliseconds) div ?LEADING_SHARE)),
    Started = now_ms(),
    Others = Arguments#{<<"timeout_ms">> => max(1, (deadline:left() - Milliseconds) * 3 div 4), <<"reserve_ms">> => 0},
    {Samples, First} = samples(Job, readers:new(Source, Others, [], leaders:heard(Led, Mute, Progress)), []),
    Before = plain(Led),
    readers:sleep(max(0, Started + Milliseconds - now_ms())),
    {LedAgain, MuteAgain} = leaders:ask(figures:column(Before, 1), Leading, max(1, deadline:left() div ?LEADING_SHARE)),
    Then = maps:from_list(Before ++ Samples),
    Once = leaders:heard(LedAgain, MuteAgain, progress:unasked(map_size(Then), progress:long(First), First)),
    Unreported = Unheard ++ Mute ++ MuteAgain,
    compare(Job, again(Samples, Once, Arguments#{<<"reserve_ms">> => 0}), Then, offer(plain(LedAgain), Then, Ranking),
            {Unreported -- (Unreported -- Busy), maps:from_list([{Pid, Row} || {Pid, _, Row} <- LedAgain])}).

plain(Rows) -> [{element(1, Row), element(2, Row)} || Row <- Rows, is_tuple(Row)].

%% {[{Pid, {When, Number}}], Progress}.
samples(Job, Readers, Samples) ->
    case readers:next(Job, Readers) of
        {ok, Rows, Left} -> samples(Job, Left, [Rows | Samples]);
        {none, Progress} -> {lists:append(Samples), Progress}
    end.

%% Like values/4. Called last: a list of all samples is garbage by then.
compare(Job, Readers, Before, Ranking, {Busy, Known} = More) ->
    case readers:next(Job, Readers) of
        {ok, Rows, Left} -> compare(Job, Left, Before, offer(Rows, Before, Ranking), More);
        {none, Progress} -> {Ranking, Progress, true, Busy, Known}
    end.

offer(Rows, Before, {_, Test, _, _} = Ranking) ->
    Then = figures:found(figures:column(Rows, 1), Before),
    case sampler:changes(Test, lists:zip(Rows, Then)) of
        [] -> Ranking;
        Changes -> figures:offer(Ranking, Changes)
    end.

%%% Monitors and links: only processes that may have many are asked

relations(At, Ranking, Calibration, #{<<"window_ms">> := Milliseconds, <<"limit">> := Limit} = Arguments) ->
    Candidates = pass:candidates(erlang:system_info(process_count), Limit),
    Limits = limits(Arguments, Calibration),
    Long = long:new(Arguments),
    Unknowing = maps:remove(<<"known">>, half(Arguments, Milliseconds)), %% the heavy ones must report their present memory too
    {[{_, _, Kept, First}], Progress, _} = pass:run([Candidates], Calibration, false, Unknowing),
    {Then, Before, FirstAll} = counted(First, At, Long, Calibration, Limits),
    readers:sleep(Milliseconds),
    Second = figures:of_pids(figures:column(First, 1), Calibration, false, Arguments),
    {Now, After, SecondAll} = counted(Second, At, Long, Calibration, Limits),
    Deltas = [{Pid, Delta * 1000000000 div (Now - Then), Delta, Now - Then}
              || {Pid, Old} <- maps:to_list(Before), {_, _, _} = New <- [maps:get(Pid, After, none)], Delta <- [grown(Old, New, Calibration)]],
    Silent = [Pid || Pid <- figures:column(First, 1) -- figures:column(Second, 1), is_process_alive(Pid)],
    {figures:offer(Ranking, Deltas), progress:silent(Silent, length(Silent), progress:unasked(length(Silent), progress:long(Progress), Progress)),
     progress:scanned(Progress) =< Kept andalso FirstAll andalso SecondAll, [], #{}}.

%% Two estimates are not compared, since the node's total limits both: for a process that is not counted, the growth of its memory is used.
grown({false, _, Then}, {_, _, Now}, Calibration) -> entries:grown(Now - Then, Calibration);
grown({_, _, Then}, {false, _, Now}, Calibration) -> entries:grown(Now - Then, Calibration);
grown({_, Old, _}, {_, New, _}, _) -> New - Old.

%% {When, #{Pid => {How, Count, Unexplained}}, AllCounted}. How is true for counted processes; last for the last known counts; false for estimates.
counted(Figures, At, Long, Calibration, Limits) ->
    Unexplained = maps:from_list(lists:zip(figures:column(Figures, 1), figures:column(Figures, 8))),
    Counts = [{Count, true} || Count <- rows:count(Figures, [], Calibration, Limits)],
    Reported = maps:from_list([{element(1, Count), true} || {Count, _} <- Counts]),
    Others = [Row || Row <- Figures, not maps:is_key(element(1, Row), Reported)],
    Guesses = [guess(element(1, Row), element(8, Row), Long, Calibration) || Row <- Others],
    {now_us(),
     maps:from_list([{Pid, {How, element(At, Count), maps:get(Pid, Unexplained)}} || {Count, How} <- Guesses ++ Counts, Pid <- [element(1, Count)], Pid =/= none]),
     Others =:= []}.

%% {{none}, none} if there is no estimate.
guess(Pid, Unexplained, {Known, _, _}, Calibration) ->
    case long:look(Pid, Unexplained, {Known, none, 0}, {0, Calibration}) of
        {last, Counts} -> {Counts, last};
        none ->
            case entries:estimate(Pid, Unexplained, Calibration) of
                none -> {{none}, none};
                Counts -> {Counts, false}
            end
    end.
