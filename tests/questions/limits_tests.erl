%% Maximum numbers in answers to questions: see LIMITS.md.
-module(limits_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

%% Who does not answer: all are counted, 2,048 are kept to be asked again, and 20 are named.
silent_test() ->
    Pids = [list_to_pid(lists:concat(["<0.", N, ".0>"])) || N <- lists:seq(1000, 4000)],
    Progress = lists:foldl(fun(Pid, Before) -> progress:silent([Pid], 1, Before) end, progress:none(), Pids),
    ?assertMatch({Again, _} when length(Again) =:= 2048, progress:again(Progress)),
    #{<<"skipped_count">> := Count, <<"skipped">> := Named} = progress:answer(Progress, erlang:monotonic_time(microsecond)),
    ?assertEqual({3001, 20}, {Count, length(Named)}).

%% Each with a list that is too long to be copied, of which 50 are counted the first time.
long_lists_test_() -> asking:each("of many long lists fifty are looked at, the longest first", fun(Mode) ->
    Watched = asking:plant(fun() -> ok end),
    [Longest | _] = Watchers = [asking:plant(fun() -> [monitor(process, Watched) || _ <- lists:seq(1, Entries)] end) || Entries <- lists:seq(1060, 1001, -1)],
    Arguments = #{<<"limit">> => 200, <<"order">> => <<"desc">>, <<"binary">> => false, <<"list_entries_max">> => 500,
                  <<"may_count">> => true, <<"timeout_ms">> => 30000, <<"known">> => []},
    #{<<"counted">> := Counted} = asking:ask(Mode, scan, Arguments),
    Ours = [Pid || #{<<"pid">> := Pid} <- Counted, lists:member(Pid, Watchers)],
    ?assert(length(Counted) =< 50 andalso length(Ours) >= 45),
    ?assert(lists:member(Longest, Ours)),
    asking:uproot([Watched | Watchers])
end).

applications_test_() -> asking:each("five thousand applications are reported", fun(Mode) ->
    Before = length(application:loaded_applications()),
    Names = [list_to_atom(lists:concat([limits_test_, N])) || N <- lists:seq(1, 5001)],
    [ok = application:load({application, Name, [{vsn, "1"}]}) || Name <- Names],
    Answer = asking:ask(Mode, applications, #{<<"sort">> => <<"memory">>, <<"limit">> => 20000}),
    [ok = application:unload(Name) || Name <- Names],
    ?assert(Before + length(Names) > 5000),
    ?assertEqual(5001, maps:get(<<"application_count">>, Answer)) %% with what is of none
end).

tree(Mode, Limit) ->
    asking:ask(Mode, tree, #{<<"application">> => <<"kernel">>, <<"limit">> => Limit, <<"depth">> => 50}).

%% Before OTP 25 the parent is what a process started by proc_lib noted in its dictionary, all of which is copied to be read.
large_member_test_() -> asking:each("whose heap is small is asked for its parent, and no other", fun(Mode) ->
    Leader = application_controller:get_master(kernel),
    Above = asking:plant(fun() -> group_leader(Leader, self()) end),
    ParentOf = fun(Words) ->
        Pid = asking:plant(fun() -> group_leader(Leader, self()), put('$ancestors', [Above]), put(held, lists:seq(1, Words div 2)) end),
        [Row] = [Row || #{<<"pid">> := Found} = Row <- maps:get(<<"rows">>, tree(Mode, 1000)), Found =:= Pid],
        maps:get(<<"parent">>, Row)
    end,
    case try process_info(self(), parent) of _ -> reported catch error:badarg -> noted end of
        reported -> ?assertEqual(ParentOf(1000), ParentOf(400000));
        noted -> ?assertEqual([Above, undefined], [ParentOf(1000), ParentOf(400000)])
    end
end).

many_members_test_() -> asking:each("ten thousand processes have a place in a tree, and more are counted", fun(Mode) ->
    Leader = application_controller:get_master(kernel),
    asking:planted(10001, fun() -> group_leader(Leader, self()) end),
    #{<<"rows">> := Rows, <<"member_count">> := Count} = tree(Mode, 20000),
    ?assert(Count > 10001),
    ?assert(length(Rows) =< 10000)
end).
