%% Askers: disposable processes that ask others for figures. An asker runs only native code, so thousands of them are cheap: they wait
%% for their turns in parallel, while a single one would wait for one turn after the other.
-module(askers).
-export([job/2, job/3, job/4, options/0, one/3, wave/5, stop/1]).

-define(POLL_MS, 2).

%% What to ask of a process, what to make of lists of pids and of their replies, and the compiled match specification that filters those.
%% A fun with a third list is timed: the list has the time of each reply, in microseconds, by the asker's own clock. That is the time
%% when the asker had finished all its requests, so a timed asker asks only one process if processes must answer themselves. Grain is how
%% many processes each of many askers takes, if there are enough: one if they must answer themselves, since each must be scheduled; more
%% if the emulator reads the items without them.
job(Items, Spec) -> job(Items, fun lists:zip/2, Spec).
job(Items, Zip, Spec) -> job(Items, Zip, Spec, 1).
job(Items, Zip, Spec, Grain) -> {Items, Zip, Spec, Grain, template({Items, Zip, Spec}, self())}.

%% A program of native calls for a new process: calls (zipwith3) make each list of arguments, which goes to the next function (foldl). It
%% asks, filters, and sends [Asker, Rows]. It is part of a match specification, where a tuple is a call: so items such as {dictionary,
%% Key} are constants.
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
    Send = [fun erlang:apply/3, [erlang, lists], [self, foldl], [[], Filtered]],
    [fun erlang:apply/2, [fun erlang:apply/3, [erlang, lists], [hd, zipwith3], [[[To]], Send]],
     [fun lists:zipwith3/4, fun erlang:send/2]].

%% Of a process that helps its starter: it is linked to it, so it ends with the question, however that ends, and has its priority and
%% its heap limit.
options() ->
    [Priority, {_, Settings}] = process_info(self(), [priority, garbage_collection]),
    [link, Priority, lists:keyfind(max_heap_size, 1, Settings)].

%% Turns lists of pids into the arguments of spawn_opt/4.
template(What, To) ->
    Options = options(),
    ets:match_spec_compile([{'$1', [], [[lists, foldl, program('$1', {length, '$1'}, What, To), {const, Options}]]}]).

launch(Groups, Count, Template) ->
    lists:zipwith(fun erlang:apply/2, lists:duplicate(Count, fun erlang:spawn_opt/4), ets:match_spec_run(Groups, Template)).

%% {ok, Rows} of one asker, or {none, Asker} if it stalls; its rows may still come then.
one(Pids, {_, _, _, _, Template}, Pause) ->
    [Asker] = launch([Pids], 1, Template),
    await(Asker, Pause, none).

%% An asker that has done nothing between two looks is stalled; one that was not scheduled is not, as long as there is time.
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

%% {Rows, SilentPids}: at most so many askers in parallel, until all have replied, or none does for a pause, or time is up. A process
%% that never reads them collects their messages, which are then fetched all at once.
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

%% Doubles the size of groups as long as there are more groups than wanted.
grouped(Groups, Count, Wanted) when Count > Wanted ->
    {Some, Others} = lists:split((Count + 1) div 2, Groups),
    grouped(lists:zipwith(fun erlang:'++'/2, Some, Others ++ lists:duplicate(Count rem 2, [])), (Count + 1) div 2, Wanted);
grouped(Groups, _, _) -> Groups.

%% Looks less often if it takes long.
wait(Holder, Count, {PollMs, Pause, Until} = Patience, {Before, Since}, Started) ->
    receive after PollMs -> ok end,
    {message_queue_len, Queued} = process_info(Holder, message_queue_len),
    Now = erlang:monotonic_time(millisecond),
    case Queued >= Count orelse (Queued =:= Before andalso Now - Since >= Pause) orelse Now >= Until of
        true -> ok;
        false -> wait(Holder, Count, setelement(1, Patience, max(?POLL_MS, (Now - Started) div 10)),
                      {Queued, case Queued of Before -> Since; _ -> Now end}, Started)
    end.
