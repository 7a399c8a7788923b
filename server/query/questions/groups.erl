%% All processes of the node in groups, with sums and maxima: one native pass, with a limited number of groups.
-module(groups).
-export([answer/1]).

-define(GROUPS_MAX, 10000). %% distinct groups; processes of all further ones are together in one more, the rest
-define(LEADERS_MAX, 10000).
-define(KEY_BYTES_MAX, 300).
-define(SMALL_HEAP_WORDS, 131072).
-define(LARGE_HEAP_WORDS, 33554432). %% as for identity:notes/3
-define(BUDGET_LISTS, 10). %% entries copied in all, in times the longest list that is,
-define(BUDGET_EACH, 8).   %% and so many more for each process

%% A row of the table is {Key, Processes, six sums of figures, their maxima, three sums of entries, their maxima, Estimated}.
-define(ROW_COUNTERS, 20).

answer(#{<<"by">> := By, <<"sort">> := Sort, <<"limit">> := Limit, <<"entries">> := Entries, <<"list_entries_max">> := EntriesMax} = Arguments) ->
    Started = erlang:monotonic_time(microsecond),
    case is_known(By) of
        false -> #{<<"unsupported">> => true};
        true ->
            Calibration = entries:calibrate(),
            Table = ets:new(ets, [private]),
            Budget = ?BUDGET_LISTS * EntriesMax + ?BUDGET_EACH * erlang:system_info(process_count),
            Bounds = case Entries of true -> {entries:unexplained_max(EntriesMax, Calibration), Budget}; false -> none end,
            Long = long:new(Arguments),
            Sum = fun(Figures, State) -> sum(Figures, By, Table, {Long, Calibration}, State) end,
            {_, Progress} = living:fold(Sum, {Bounds, #{}}, Calibration, Arguments),
            (progress:answer(Progress, Started))#{
              <<"word_bytes">> => element(1, Calibration),
              <<"groups">> => best(By, Table, place(Sort), Limit)}
    end.

%% A single key of a process's dictionary can be read since OTP 26.2; older releases have no labels.
is_known(<<"label">>) -> length(identity:items()) > 2;
is_known(_) -> true.

place(<<"process_count">>) -> 2;
place(<<"memory">>) -> 3;
place(<<"total_heap">>) -> 4;
place(<<"message_queue_len">>) -> 5;
place(<<"reductions">>) -> 6;
place(<<"stack">>) -> 7;
place(<<"off_heap">>) -> 8;
place(<<"monitors">>) -> 15;
place(<<"monitored_by">>) -> 16;
place(<<"links">>) -> 17.

%% The state is {Bounds, Leaders}: how many entries may still be copied, and the leaders whose application is known.
sum(Figures, By, Table, Calibration, {Bounds, Leaders}) ->
    Pids = ets:match_spec_run(Figures, ets:match_spec_compile([{list_to_tuple(['$1' | lists:duplicate(8, '_')]), [], ['$1']}])),
    Count = length(Pids),
    {Raw, Known} = keys(By, Pids, Count, Figures, Leaders),
    Living = lists:zip(kept(Raw, Count, Table), Figures),
    add(Living, figure_counters(), Table),
    {add_entries(Living, Bounds, Calibration, Table), Known}.

%%% The key of each process, in their order

keys(<<"registered_name">>, Pids, Count, _, Known) -> {reported(lists:zipwith(fun erlang:process_info/2, Pids, lists:duplicate(Count, registered_name))), Known};
keys(<<"application">>, Pids, Count, _, Known) ->
    Leaders = reported(lists:zipwith(fun erlang:process_info/2, Pids, lists:duplicate(Count, group_leader))),
    Learnt = case map_size(Known) < ?LEADERS_MAX of
        true -> maps:merge(Known, maps:from_list([{Leader, identity:application(Leader)} || Leader <- lists:usort(Leaders), not maps:is_key(Leader, Known)]));
        false -> Known
    end,
    {lists:zipwith3(fun maps:get/3, Leaders, lists:duplicate(Count, Learnt), lists:duplicate(Count, undefined)), Learnt};
keys(<<"label">>, Pids, Count, _, Known) ->
    Labels = reported(asked(Pids, Count, {dictionary, '$process_label'})),
    Sized = lists:zip(Labels, lists:map(fun erlang:external_size/1, Labels)),
    Spec = [{{'$1', '$2'}, [{'=<', '$2', ?KEY_BYTES_MAX}], ['$1']}, {'_', [], [{const, rest()}]}],
    {ets:match_spec_run(Sized, ets:match_spec_compile(Spec)), Known};
keys(<<"initial_call">>, Pids, Count, Figures, Known) ->
    Calls = reported(lists:zipwith(fun erlang:process_info/2, Pids, lists:duplicate(Count, initial_call))),
    {Asked, Noted} = case length(identity:items()) > 2 of
        true -> {Pids, asked(Pids, Count, {dictionary, '$initial_call'})};
        false -> noted(Calls, Figures)
    end,
    Mfa = {{'$1', {'_', {'$2', '$3', '$4'}}}, [{is_atom, '$2'}, {is_atom, '$3'}, {is_integer, '$4'}], [{{'$1', {{'$2', '$3', '$4'}}}}]},
    ByPid = maps:from_list(ets:match_spec_run(lists:zip(Asked, Noted), ets:match_spec_compile([Mfa]))),
    {lists:zipwith3(fun maps:get/3, Pids, lists:duplicate(Count, ByPid), Calls), Known}.

%% Older releases copy a whole dictionary to read what proc_lib noted: so only for processes of proc_lib, and one by one for those with large heaps.
noted(Calls, Figures) ->
    Called = lists:zip(Calls, Figures),
    Pids = own(Called, [{'=<', '$3', ?SMALL_HEAP_WORDS}]),
    Count = length(Pids),
    Dictionaries = ets:match_spec_run(asked(Pids, Count, dictionary),
                                      ets:match_spec_compile([{{dictionary, '$1'}, [], ['$1']}, {'_', [], [[]]}])),
    Large = own(Called, [{'>', '$3', ?SMALL_HEAP_WORDS}, {'=<', '$3', ?LARGE_HEAP_WORDS}]),
    {Large ++ Pids, [{Pid, element(1, identity:apart(Pid))} || Pid <- Large] ++
        lists:zipwith3(fun lists:keyfind/3, lists:duplicate(Count, '$initial_call'), lists:duplicate(Count, 1), Dictionaries)}.

%% The reply of each, in their order, and undefined if a process does not reply in time: the process itself must do it, when it is scheduled.
asked(Pids, Count, Item) ->
    Reported = readers:infos(Pids, Item, #{}),
    lists:zipwith3(fun maps:get/3, Pids, lists:duplicate(Count, Reported), lists:duplicate(Count, undefined)).

%% The pids of processes of proc_lib whose heap passes the tests.
own(Called, Tests) ->
    Row = {'$2', '_', '$3', '_', '_', '_', '_', '_', '_'},
    ets:match_spec_run(Called, ets:match_spec_compile([{{{proc_lib, init_p, '_'}, Row}, Tests, ['$2']}])).

%% The values of {Item, Value}; `undefined` for those without, including dead ones.
reported(Infos) -> ets:match_spec_run(Infos, ets:match_spec_compile([{{'_', '$1'}, [], ['$1']}, {'_', [], [undefined]}])).

%% No name, call or application equals this key, and an equal label would only be counted with the rest.
rest() -> {ets, other, other, other}.

%% Adds new groups while there is room, and returns the keys; keys without a group are replaced by the rest.
kept(Keys, Count, Table) ->
    Room = ?GROUPS_MAX - ets:info(Table, size),
    New = case Room > 0 of
        true -> [Key || Key <- lists:usort(Keys), not ets:member(Table, Key)];
        false -> []
    end,
    Zeros = lists:duplicate(?ROW_COUNTERS, 0),
    ets:insert_new(Table, [list_to_tuple([Key | Zeros]) || Key <- [rest() | lists:sublist(New, max(0, Room))], not ets:member(Table, Key)]),
    Members = lists:zip(Keys, lists:zipwith(fun ets:member/2, lists:duplicate(Count, Table), Keys)),
    ets:match_spec_run(Members, ets:match_spec_compile([{{'$1', true}, [], ['$1']}, {'_', [], [{const, rest()}]}])).

%%% Adding up

%% From [{Key, Something}] and a pattern of that with the operations on the key's counters.
add(Keyed, {Pattern, Operations}, Table) ->
    {Keys, Updates} = lists:unzip(ets:match_spec_run(Keyed, ets:match_spec_compile([{{'$1', Pattern}, [], [{{'$1', Operations}}]}]))),
    lists:zipwith3(fun ets:update_counter/3, lists:duplicate(length(Keys), Table), Keys, Updates),
    ok.

figure_counters() ->
    Values = ['$2', '$3', '$4', '$5', '$6', '$7'],
    {{'_', '$2', '$3', '$4', '$5', '$6', '$7', '_', '_'},
     [{{2, 1}}] ++ [{{At, Value}} || {At, Value} <- lists:zip(lists:seq(3, 8), Values)] ++ maxima(lists:zip(lists:seq(9, 14), Values))}.

%% Two steps that raise a counter to a value if it is lower: one less, or the value less one; and one more.
maxima(Places) -> lists:append([[{{At, -1, Value, {'-', Value, 1}}}, {{At, 1}}] || {At, Value} <- Places]).

entry_counters(Estimated) ->
    Values = ['$2', '$3', '$4'],
    {{'_', '$2', '$3', '$4'},
     [{{21, Estimated}}] ++ [{{At, Value}} || {At, Value} <- lists:zip([15, 16, 17], Values)] ++ maxima(lists:zip([18, 19, 20], Values))}.

%% Counts the entries of processes that may have any, while the budget lasts, and estimates the others.
add_entries(_, none, _, _) -> none;
add_entries(Living, {BytesMax, Budget}, {Long, Calibration}, Table) ->
    Some = min(element(3, Calibration), element(4, Calibration)),
    Pattern = {'_', {'$1', '_', '_', '_', '_', '_', '_', '$2', '_'}},
    Candidates = ets:match_spec_run(Living, ets:match_spec_compile([{Pattern, [{'>=', '$2', Some}], [{{'$2', '$1'}}]}])),
    {Counted, Left} = counted([Candidate || Candidate <- lists:reverse(lists:sort(Candidates)), element(1, Candidate) =< BytesMax], Calibration, Budget),
    Keys = maps:from_list(ets:match_spec_run(Living, ets:match_spec_compile([{{'$1', {'$2', '_', '_', '_', '_', '_', '_', '_', '_'}}, [], [{{'$2', '$1'}}]}]))),
    add(keyed(Counted, Keys), entry_counters(0), Table),
    case length(Candidates) - length(Counted) of
        0 -> ok;
        _ ->
            Known = maps:from_list([{element(1, Count), true} || Count <- Counted]),
            Guesses = [case long:guess(Pid, Unexplained, Long, Calibration) of none -> {Pid, 0, 0, 0}; Estimate -> Estimate end
                       || {Unexplained, Pid} <- Candidates, not maps:is_key(Pid, Known)],
            add(keyed(Guesses, Keys), entry_counters(1), Table)
    end,
    {BytesMax, Left}.

counted(Candidates, Calibration, Budget) ->
    Counted = entries:count_all(Candidates, Calibration, Budget, []),
    Copied = ets:match_spec_run(Counted, ets:match_spec_compile([{{'_', '$1', '$2', '$3'}, [], [{'+', 1, {'+', '$1', {'+', '$2', '$3'}}}]}])),
    {Counted, Budget - lists:sum(Copied)}.

keyed(Counts, Keys) ->
    Pids = ets:match_spec_run(Counts, ets:match_spec_compile([{{'$1', '_', '_', '_'}, [], ['$1']}])),
    lists:zip(lists:zipwith(fun maps:get/2, Pids, lists:duplicate(length(Pids), Keys)), Counts).

%%% The answer

%% The rest is reported in addition to the best, whatever its rank. A key whose processes all died meanwhile has none.
best(By, Table, At, Limit) ->
    Rest = ets:lookup(Table, rest()),
    ets:delete(Table, rest()),
    All = [Row || Row <- ets:tab2list(Table), element(2, Row) > 0],
    ets:delete(Table),
    Best = lists:sublist(lists:reverse(lists:keysort(At, All)), Limit),
    [(row(Row))#{<<"key">> => shown(By, element(1, Row))} || Row <- Best] ++ [(row(Row))#{<<"rest">> => true} || Row <- Rest, element(2, Row) > 0].

shown(<<"label">>, Label) -> case Label of undefined -> undefined; _ -> identity:label(Label) end;
shown(_, Key) -> Key.

row(Row) ->
    [_, Processes | Counters] = tuple_to_list(Row),
    {Sums, Others} = lists:split(6, Counters),
    {Maxima, Entries} = lists:split(6, Others),
    {EntrySums, [Monitors, MonitoredBy, Links, Estimated]} = lists:split(3, Entries),
    #{<<"process_count">> => Processes,
      <<"key">> => undefined,
      <<"rest">> => false,
      <<"sums">> => Sums ++ EntrySums,
      <<"maxima">> => Maxima ++ [Monitors, MonitoredBy, Links],
      <<"exact">> => Estimated =:= 0}.
