%% One pass over all processes that answers every ranking; monitors and links are then counted where they may matter.
-module(scan).
-export([answer/1]).

-define(BUDGET_LISTS, 10). %% entries copied in all, in times the longest list that is
-define(LOOKS_MAX, 50). %% processes with lists too long for that, which are looked up among what is known, or counted
-define(LONG_PEERS, 50).
-define(ALWAYS_HELD, 50000). %% blocks of std_alloc and links that a node may have without a leak
-define(LOST_MIN, 100000). %% entries

answer(#{<<"limit">> := Limit, <<"order">> := Order, <<"binary">> := Binary, <<"list_entries_max">> := EntriesMax} = Arguments) ->
    Started = erlang:monotonic_time(microsecond),
    Calibration = entries:calibrate(),
    {[{_, _, Kept, Candidates} | Rankings], Progress, {Partial, _, _} = Seen} = pass:run(rankings(Limit, Order, Binary), Calibration, Binary, Arguments),
    Limits = {entries:unexplained_max(EntriesMax, Calibration), ?BUDGET_LISTS * EntriesMax},
    Silent = progress:named(Progress),
    Looks = looks(Candidates, element(1, Limits), long:new(Arguments), Silent, Calibration),
    {Counts, Explained, Lost, Late, Relations} = relations(Candidates, Kept, progress:scanned(Progress), Limit, Calibration, Limits, {Looks, Silent}),
    Ranked = Relations ++ [{Key, Best, true, none} || {Key, _, _, Best} <- Rankings],
    Held = case element(6, Calibration) of infinity -> {infinity, infinity, infinity, infinity}; _ -> blocks:counts() end,
    {Rows, Places} = table(Ranked, Counts, Partial, Lost, {Calibration, Limits, Binary, Arguments#{<<"silent">> => Silent}}),
    (progress:answer(Progress, Started))#{
      <<"word_bytes">> => element(1, Calibration),
      <<"entry_bytes">> => min(element(3, Calibration), element(4, Calibration)),
      <<"monitor_bytes">> => element(3, Calibration),
      <<"rows">> => Rows,
      <<"counted">> => long:answer(Looks ++ [{Pid, Entries * element(3, Calibration), timeout} || {Pid, Entries, _, _} <- Lost], Arguments),
      <<"weighed">> => heavy:weighed(Candidates, Arguments),
      <<"unexplained_monitors">> => unexplained(element(1, Held), Explained),
      <<"census">> => case progress:is_all(Progress) andalso Late ++ [Pid || {Pid, _, Looked} <- Looks, known(Looked) =:= []] of
          [] -> [element(1, Held), element(3, Held) | [lists:sum(figures:column(Counts, At)) || At <- [2, 3]]];
          _ -> undefined %% one that was not counted may have them all
      end,
      <<"rankings">> => maps:from_list([{Key, figures:found(figures:column(Best, 1), Places)} || {Key, Best, _, _} <- Ranked]),
      <<"exact">> => maps:from_list([{Key, Exact andalso pass:is_exact(Key, Progress, Seen)} || {Key, _, Exact, _} <- Ranked]),
      <<"next_bound">> => maps:from_list([{Key, Bound} || {Key, _, _, Bound} <- Ranked, is_integer(Bound)])}.

rankings(Limit, Order, Binary) ->
    Keys = [{<<"memory">>, 2}, {<<"total_heap">>, 3}, {<<"message_queue_len">>, 4}, {<<"reductions">>, 5}, {<<"stack">>, 6}, {<<"off_heap">>, 7}]
        ++ [{<<"binary">>, 9} || Binary],
    [pass:candidates(erlang:system_info(process_count), Limit) | [figures:ranking(Key, At, Order, Limit) || {Key, At} <- Keys]].

%% [{Pid, Unexplained, Looked}] of processes with long lists, the longest first. A process that did not answer is not asked for lists.
looks(Candidates, BytesMax, {Known, _, _} = Long, Silent, Calibration) ->
    Large = lists:sublist(lists:reverse(lists:keysort(8, figures:over(Candidates, BytesMax))), ?LOOKS_MAX),
    [{Pid, Unexplained, long:look(Pid, Unexplained, case lists:member(Pid, Silent) of true -> {Known, none, 0}; false -> Long end, {?LONG_PEERS, Calibration})}
     || Row <- Large, {Pid, Unexplained} <- [{element(1, Row), element(8, Row)}]].

%% Monitors in the allocators' own count of the node beyond those of processes that were counted or estimated.
unexplained(infinity, _) -> undefined;
unexplained(Held, Explained) -> max(0, Held - Explained).

%% At the start a process that counts its entries may have blocked its scheduler, so that the allocators were not reported.
held([_ | _], infinity) -> blocks:entries_max();
held(_, Held) -> Held.

%% Processes that do not report their memory in time (one with millions of entries may not) have at most what the node's allocators held
%% at the start, minus the entries that were counted. A small rest is not reported.
lost([], _, _) -> [];
lost(_, infinity, _) -> [];
lost(Silent, Held, Counts) ->
    Unexplained = Held - ?ALWAYS_HELD - lists:sum([max(element(2, Count), element(3, Count)) || Count <- Counts]),
    [{Pid, Unexplained div length(Silent), Unexplained div length(Silent), 0} || Pid <- Silent, Unexplained >= ?LOST_MIN].

%% [{Key, Figures best first, Exact, NextBound}] of the three kinds of entries, after all their counts; the number of monitors that these
%% and the estimates explain; counts of lost processes; and rows of late ones.
relations(Candidates, Kept, Alive, Limit, Calibration, {BytesMax, Budget}, {Looks, Silent}) ->
    Countable = figures:unexplained(Candidates, BytesMax),
    {Counted, Left, _} = entries:count_best(Countable, Limit, Calibration, Budget),
    Counts = [Known || {_, _, Looked} <- Looks, Known <- known(Looked)] ++ Counted,
    Late = late(lists:sublist(Countable, length(Countable) - length(Left)), Counted, Candidates),
    Large = Late ++ [Row || Row <- figures:over(Candidates, BytesMax), not is_exact(lists:keyfind(element(1, Row), 1, Counts))],
    Beyond = case Left of
        [{Unexplained, _} | _] -> Unexplained;
        [] when Alive > Kept -> element(8, lists:last(Candidates));
        [] -> none
    end,
    Guessed = [Guess || Row <- Large, not lists:keymember(element(1, Row), 1, Counts), Guess <- guess(Row, Calibration)],
    Unheard = Silent -- figures:column(Candidates, 1),
    Lost = lost(Unheard, held(Unheard, element(6, Calibration)), Counts),
    ByPid = figures:by_pid([{Pid, 0, 0, 0, 0, 0, 0, 0, 0} || {Pid, _, _, _} <- Lost] ++ Candidates),
    {Counts, lists:sum(figures:column(Counts ++ Guessed, 2)), Lost, Late,
     [relation(Key, At, Counts ++ Guessed ++ Lost, Limit, ByPid, Large, bound(At, Beyond, Calibration), Calibration)
      || {Key, At} <- [{<<"monitors">>, 2}, {<<"monitored_by">>, 3}, {<<"links">>, 4}]]}.

%% The rows of processes that are alive and were asked for their lists, but did not report them in time: on a busy machine a list of
%% 100,000 takes long.
late(Asked, Counted, Candidates) ->
    Late = [Pid || Pid <- figures:column(Asked, 2) -- figures:column(Counted, 1), is_process_alive(Pid)],
    [Row || Late =/= [], Row <- Candidates, lists:member(element(1, Row), Late)].

%% What was not counted just now has a fifth element.
is_exact(Count) -> is_tuple(Count) andalso tuple_size(Count) =:= 4.

known({new, Counts, Lists}) -> [case [Distinct || {_, Distinct, _} <- Lists, Distinct =:= undefined] of [] -> Counts; _ -> erlang:append_element(Counts, last) end];
known({last, Counts}) -> [erlang:append_element(Counts, last)];
known(_) -> [].

%% A process that was never counted ranks by its estimate, or last if there is none.
guess(Row, Calibration) ->
    case entries:estimate(element(1, Row), element(8, Row), Calibration) of
        none -> [{element(1, Row), 0, 0, 0}];
        Estimate -> [Estimate]
    end.

bound(_, none, _) -> none;
bound(4, Unexplained, Calibration) -> entries:links_max(Unexplained, Calibration);
bound(_, Unexplained, Calibration) -> entries:monitors_max(Unexplained, Calibration).

%% The place of a process that is too large to be counted is not exact, and neither are those that may be behind it.
relation(Key, At, Counts, Limit, ByPid, Large, Beyond, Calibration) ->
    Sorted = lists:reverse(lists:keysort(At, Counts)),
    Best = lists:sublist(Sorted, Limit),
    Pids = figures:column(Best, 1),
    Behind = [element(At, Count) || Count <- lists:sublist(lists:nthtail(length(Best), Sorted), 1)]
        ++ [bound(At, element(8, Row), Calibration) || Row <- Large, not lists:member(element(1, Row), Pids)]
        ++ [Beyond || is_integer(Beyond)],
    Exact = Large =:= [] andalso (Beyond =:= none orelse length(Best) =:= Limit andalso element(At, lists:last(Best)) >= Beyond),
    {Key, figures:found(Pids, ByPid), Exact, case Behind of [] -> none; _ -> lists:max(Behind) end}.

%% One row for each process in any ranking, and its place among them.
table(Ranked, Counts, Estimated, Lost, {Calibration, Limits, Binary, Arguments}) ->
    Figures = lists:usort(lists:append([Best || {_, Best, _, _} <- Ranked])),
    Pids = figures:column(Figures, 1),
    Unanswered = maps:from_list([{Pid, #{<<"monitors_count">> => Entries, <<"monitored_by_count">> => Entries, <<"silent">> => true,
                                       <<"entries_min">> => 0, <<"entries_max">> => Entries}} || {Pid, Entries, _, _} <- Lost]),
    Partial = maps:merge(Estimated, Unanswered),
    Whole = maps:values(maps:without(maps:keys(Partial), maps:from_list(lists:zip(Pids, Figures)))),
    Rows = rows:make(Figures, rows:count(Whole, Counts, Calibration, Limits), Partial, {Calibration, Binary, Arguments}),
    Nothing = lists:duplicate(length(Pids), #{}),
    {lists:zipwith(fun maps:merge/2, Rows, lists:zipwith3(fun maps:get/3, Pids, lists:duplicate(length(Pids), Unanswered), Nothing)),
     maps:from_list(lists:zip(Pids, lists:seq(0, length(Pids) - 1)))}.
