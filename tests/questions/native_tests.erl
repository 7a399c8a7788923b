%% The lists of native calls: each can be made here, in a process that is started as nodes are asked to start one.
-module(native_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

calls_test_() -> [{timeout, 60, {lists:concat([Name, ", for erts ", Major, ".", Minor]), fun() -> made(Calls) end}}
                  || {Name, Variants} <- persistent_term:get(calls), {{Major, Minor}, Calls} <- [applicable(Variants)]].

%% The newest that this emulator is new enough for.
applicable([{Version, Calls} | Older]) ->
    Own = list_to_tuple([list_to_integer(Part) || Part <- lists:sublist(string:lexemes(erlang:system_info(version), "."), 2)]),
    case Version =< Own of
        true -> {Version, Calls};
        false -> applicable(Older)
    end.

made(Calls) ->
    Results = run([{M, F, with_pid(Arguments, self())} || {_, {M, F, Arguments}} <- Calls]),
    ?assertMatch({[_ | _], _}, {Results, Calls}),
    ?assertEqual(length(Calls), length(Results)).

%% server/nodes/control.c has the same.
run(Calls) ->
    Program = fun(Called) -> {Ms, Fs, As} = lists:unzip3(Called), [fun erlang:apply/3, Ms, Fs, As] end,
    {Pid, Monitor} = spawn_opt(lists, foldl, [fun erlang:apply/2, Program([{lists, zipwith3, Program(Calls)}]), [fun lists:zipwith3/4, fun erlang:exit/1]],
                               [monitor, {max_heap_size, #{size => 10000000, kill => true, error_logger => false}}]),
    receive {'DOWN', Monitor, process, Pid, Reason} -> Reason after 30000 -> timeout end.

%% The native report on a process.
report(Pid) ->
    {_, Calls} = applicable(proplists:get_value(process_info, persistent_term:get(calls))),
    {Keys, Mine} = lists:unzip([{Key, {M, F, with_pid(Arguments, Pid)}} || {Key, {M, F, Arguments}} <- Calls, Key =/= application]),
    maps:from_list(lists:zip(Keys, run(Mine))).

with_pid('$pid', Pid) -> Pid;
with_pid([Head | Tail], Pid) -> [with_pid(Head, Pid) | with_pid(Tail, Pid)];
with_pid(Term, Pid) when is_tuple(Term) -> list_to_tuple(with_pid(tuple_to_list(Term), Pid));
with_pid(Term, Pid) when is_map(Term) -> maps:map(fun(_, Value) -> with_pid(Value, Pid) end, Term);
with_pid(Term, _) -> Term.

process_test() ->
    Self = self(),
    Pid = spawn_link(fun() -> [monitor(process, Self) || _ <- lists:seq(1, 3)], receive stop -> ok end end),
    asking:eventually(fun() -> {monitors, Monitors} = process_info(Pid, monitors), length(Monitors) =:= 3 end),
    #{info := Info, sizes := {ok, {{Sizes}, {3, 0, 1}}, [], []}, word_bytes := WordBytes} = report(Pid),
    ?assertMatch(#{registered_name := [], trap_exit := false, priority := normal, message_queue_data := on_heap, message_queue_len := 0, status := waiting,
                   suspending := [], garbage_collection_info := [_ | _], current_stacktrace := [_ | _], stack_size := _}, maps:from_list(Info ++ Sizes)),
    ?assertEqual(case erlang:system_info(otp_release) >= "25" of true -> {parent, Self}; false -> false end, lists:keyfind(parent, 1, Info)),
    ?assertEqual(erlang:system_info(wordsize), WordBytes),
    unlink(Pid),
    asking:uproot([Pid]),
    ?assertMatch(#{info := undefined, sizes := {ok, {{undefined}}, [], []}}, report(Pid)).

many_test() ->
    Other = asking:plant(fun() -> ok end),
    Pid = asking:plant(fun() -> [erlang:monitor(process, Other) || _ <- lists:seq(1, 200000)] end),
    ?assertMatch(#{sizes := {ok, {{[_ | _]}}, [], []}}, report(Pid)),
    asking:uproot([Pid, Other]).

%% What walks a mailbox is asked for where it is short; a long one is walked for memory and heap, by calls of their own.
mailbox_test() ->
    Pid = asking:plant(fun() -> [self() ! {message, I} || I <- lists:seq(1, 150000)] end),
    #{info := Info, sizes := {ok, {{[{memory, Memory}], [{total_heap_size, _}]}}, [], []}} = report(Pid),
    ?assert(Memory > 150000 * 32),
    ?assertEqual([], [Item || {Item, _} <- Info, lists:member(Item, [memory, total_heap_size, garbage_collection_info])]),
    ?assertEqual({message_queue_len, 150000}, lists:keyfind(message_queue_len, 1, Info)),
    asking:uproot([Pid]).

%% What one key of a native question is.
asked(Question, Key) ->
    {_, Calls} = applicable(proplists:get_value(Question, persistent_term:get(calls))),
    proplists:get_value(Key, lists:zip([K || {K, _} <- Calls], run([Call || {_, Call} <- Calls]))).

instances() -> [Instances || [_, Scheduler, Instances] <- asked(memory, replies), is_integer(Scheduler)].

memory_test() ->
    Schedulers = erlang:system_info(schedulers),
    Reported = instances(),
    ?assertEqual(2 * Schedulers, length(Reported)),
    {Counts, Sizes} = lists:partition(fun(Instances) -> lists:all(fun({Name, _, _}) -> Name =:= std_alloc end, Instances) end, Reported),
    ?assertEqual({Schedulers, Schedulers}, {length(Counts), length(Sizes)}),
    ?assertEqual(lists:sort(erlang:system_info(alloc_util_allocators)), lists:usort([Name || Each <- Sizes, {Name, _, _} <- Each])),
    ?assertMatch([_ | _], [Parts || Each <- Counts, {std_alloc, _, Parts} <- Each, {mbcs, [{blocks, [{std_alloc, [{count, _, _, _}, _]}]} | _]} <- Parts]),
    ?assertMatch([[{_, _} | _], _, _], asked(memory, areas)),
    ?assertEqual(filelib:is_file("/proc/self/status"), element(1, asked(memory, status)) =:= ok).

%% As many limits as uses, and the top of the hierarchy among them.
cgroups_test() ->
    Files = asked(memory, cgroups),
    ?assertEqual(0, length(Files) rem 2),
    case file:read_file("/proc/self/cgroup") of
        {ok, _} -> ?assert(length(Files) >= 2);
        {error, _} -> ?assertEqual([], Files)
    end.

%% Who was started by proc_lib has messages of its own, which nobody may take: rex, where the process table is full.
messages_of_a_server_stay_test() ->
    {_, Calls} = applicable(proplists:get_value(memory, persistent_term:get(calls))),
    Self = self(),
    Server = proc_lib:spawn_link(fun() ->
        self() ! precious,
        Reported = [{Key, apply(M, F, As)} || {Key, {M, F, As}} <- Calls],
        ?assertEqual({monitors, []}, process_info(self(), monitors)), %% it would keep one that it made to see what that takes
        Self ! {reported, Reported},
        receive precious -> Self ! kept end
    end),
    receive {reported, Reported} -> ?assertEqual({[], []}, {proplists:get_value(areas, Reported), proplists:get_value(replies, Reported)}) end,
    receive kept -> ok after 1000 -> error(lost) end,
    unlink(Server).

monitors_by_type_test_() -> [{timeout, 60, {"monitors are reported by type without touching a process", fun() ->
    Watched = asking:plant(fun() -> ok end),
    Before = settled(infinity),
    Watcher = asking:plant(fun() -> [erlang:monitor(process, Watched) || _ <- lists:seq(1, 100000)] end),
    After = monitor_bytes(),
    ?assertMatch({true, _}, {abs((After - Before) div 100000 - 132) =< 12, {Before, After}}),
    asking:uproot([Watcher, Watched])
end}}].

%% What one local monitor takes, by the node's own measure and by its allocators.
entry_test() ->
    Outside = fun([{memory, Memory}, {total_heap_size, Heap}]) -> Memory - Heap * erlang:system_info(wordsize) end,
    End = Outside(asked(entry, entry_after)) - Outside(asked(entry, entry_before)),
    ?assert(lists:member(End, [60, 64, 72])),
    ?assertMatch([_], asked(entry, entry_monitor)),
    ?assertEqual(0, monitor_bytes() rem (2 * End)).

monitor_bytes() ->
    lists:sum([Used || Reported <- instances(), {fix_alloc, _, Parts} <- Reported, Part <- Parts, element(1, Part) =:= fix_types,
                       {monitor, _, Used} <- element(tuple_size(Part), Part)]) band ((1 bsl 64) - 1).

%% The allocator gives back freed blocks little by little.
settled(Last) ->
    Bytes = monitor_bytes(),
    timer:sleep(300),
    case Bytes < Last of
        true -> settled(Bytes);
        false -> Bytes
    end.
