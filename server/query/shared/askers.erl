%% Askers: disposable processes that ask others for figures. An asker runs native code alone, so thousands of them are cheap: they wait for
%% their turns beside each other where one would wait for one turn after the other.
-module(askers).
-export([job/2, job/3, job/4, one/3, wave/5, stop/1]).

-define(POLL_MS, 2).

%% What to ask of a process, what to make of lists of pids and of what they told, and the compiled match specification that filters those.
%% What takes a third list is timed: that has of each when it had told, in microseconds, by the asker's own clock. It is when the asker was through
%% with all that it asks, so a timed asker asks one alone where processes have to answer themselves.
%% Grain is how many processes each of many askers takes, if there are enough: one, where they have to answer themselves, which takes a turn
%% each; and more where the emulator reads the items without them.
job(Items, Spec) -> job(Items, fun lists:zip/2, Spec).
job(Items, Zip, Spec) -> job(Items, Zip, Spec, 1).
job(Items, Zip, Spec, Grain) -> {Items, Zip, Spec, Grain, template({Items, Zip, Spec}, self())}.

%% A program of native calls that a process can be started with: each list of arguments is made by calls of its own, beside each other
%% (zipwith3), and handed to the next function (foldl). It asks, filters, and sends [Asker, Rows]. It stands in a match specification, where
%% a tuple is a call: items such as {dictionary, Key} are constants.
program(Pids, Count, {Items, Zip, Spec}, To) ->
    Ask = [fun erlang:apply/3, [erlang, erlang, lists], [hd, hd, duplicate], [[[fun erlang:process_info/2]], [[Pids]], [Count, {const, Items}]]],
    Infos = [fun erlang:apply/2, Ask, [fun lists:zipwith3/4, fun lists:zipwith/3]],
    Now = [fun erlang:apply/3, [erlang, erlang], [hd, monotonic_time], [[[Count]], [microsecond]]],
    Lists = case is_function(Zip, 3) of
        false -> [fun erlang:apply/3, [erlang, lists], [hd, foldl], [[[Pids]], Infos]];
        true -> [fun erlang:apply/3, [erlang, lists, lists], [hd, foldl, foldl],
                 [[[Pids]], Infos, [fun erlang:apply/2, Now, [fun lists:zipwith3/4, fun lists:duplicate/2]]]]
    end,
    Rows = [fun erlang:apply/2, Lists, [fun lists:zipwith3/4, Zip]],
    Filtered = [fun erlang:apply/2, [fun erlang:apply/3, [lists, erlang], [foldl, hd], [Rows, [[Spec]]]],
                [fun lists:zipwith3/4, fun ets:match_spec_run/2]],
    Told = [fun erlang:apply/3, [erlang, lists], [self, foldl], [[], Filtered]],
    [fun erlang:apply/2, [fun erlang:apply/3, [erlang, lists], [hd, zipwith3], [[[To]], Told]],
     [fun lists:zipwith3/4, fun erlang:send/2]].

%% Turns lists of pids into the arguments of spawn_opt/4. An asker is linked to who starts it: it ends with the question in whatever way
%% that ends, under its heap limit and at its priority.
template(What, To) ->
    [Priority, {_, Settings}] = process_info(self(), [priority, garbage_collection]),
    Options = [link, Priority, lists:keyfind(max_heap_size, 1, Settings)],
    ets:match_spec_compile([{'$1', [], [[lists, foldl, program('$1', {length, '$1'}, What, To), {const, Options}]]}]).

launch(Groups, Count, Template) ->
    lists:zipwith(fun erlang:apply/2, lists:duplicate(Count, fun erlang:spawn_opt/4), ets:match_spec_run(Groups, Template)).

%% {ok, Rows} of one asker, or {none, Asker} where it stalls; its rows may still come then.
one(Pids, {_, _, _, _, Template}, Pause) ->
    [Asker] = launch([Pids], 1, Template),
    await(Asker, Pause, none).

%% One that has done nothing between two looks is stalled; one that was not let run is not, as long as there is time.
await(Asker, Pause, Look) ->
    receive
        [Asker, Rows] -> {ok, Rows}
    after Pause ->
        case process_info(Asker, [status, reductions]) of
            [{status, waiting}, _] = Look -> {none, Asker};
            Other -> case deadline:is_over() of true -> {none, Asker}; false -> await(Asker, Pause, Other) end
        end
    end.

stop(Askers) ->
    lists:map(fun erlang:unlink/1, Askers),
    lists:zipwith(fun erlang:exit/2, Askers, lists:duplicate(length(Askers), kill)).

%% {Rows, SilentPids}: at most so many askers beside each other, until all have told, or none does for a pause, or time is up. What they
%% send waits with a process that never looks at it, and is fetched from there at once.
wave(Pids, AskersMax, {Items, Zip, Spec, Grain, _}, Pause, Until) ->
    Each = ets:match_spec_run(Pids, ets:match_spec_compile([{'$1', [], [['$1']]}])),
    Groups = grouped(Each, length(Each), min(AskersMax, (length(Each) + Grain - 1) div Grain)),
    Count = length(Groups),
    Holder = spawn_opt(timer, sleep, [infinity], [link, {message_queue_data, off_heap}]),
    Askers = launch(Groups, Count, template({Items, Zip, Spec}, Holder)),
    Now = erlang:monotonic_time(millisecond),
    wait(Holder, Count, {?POLL_MS, Pause, Until}, {0, Now}, Now),
    {messages, Messages} = process_info(Holder, messages),
    stop([Holder]),
    Silent = maps:without(lists:map(fun erlang:hd/1, Messages), maps:from_list(lists:zip(Askers, Groups))),
    stop(maps:keys(Silent)),
    {lists:append(lists:map(fun lists:last/1, Messages)), lists:append(maps:values(Silent))}.

%% Twice as many in each group as long as there are more groups than wanted.
grouped(Groups, Count, Wanted) when Count > Wanted ->
    {Some, Others} = lists:split((Count + 1) div 2, Groups),
    grouped(lists:zipwith(fun erlang:'++'/2, Some, Others ++ lists:duplicate(Count rem 2, [])), (Count + 1) div 2, Wanted);
grouped(Groups, _, _) -> Groups.

%% Looks rarely where it takes long.
wait(Holder, Count, {PollMs, Pause, Until} = Patience, {Told, Since}, Started) ->
    receive after PollMs -> ok end,
    {message_queue_len, Queued} = process_info(Holder, message_queue_len),
    Now = erlang:monotonic_time(millisecond),
    case Queued >= Count orelse (Queued =:= Told andalso Now - Since >= Pause) orelse Now >= Until of
        true -> ok;
        false -> wait(Holder, Count, setelement(1, Patience, max(?POLL_MS, (Now - Started) div 10)),
                      {Queued, case Queued of Told -> Since; _ -> Now end}, Started)
    end.
