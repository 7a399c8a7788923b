%% The lines of code where a process calls monitor, and which of these monitors it demonitors: traced for a limited time.
-module(call_sites).
-export([answer/1]).

-define(SITES_MAX, 200).           %% distinguished; further ones are one site without a name
-define(QUEUE_MAX, 2000).          %% messages that wait for the tracer, until it stops
-define(DRAIN_MAX, 10000).         %% of the messages that wait then, so many are still counted
-define(TRACER_HEAP_WORDS, 8388608).
-define(HELD_MAX_BYTES, 8388608).  %% the maximum of a process's memory off its heap for which its list of monitors is read
-define(KEEPER_SLACK_MS, 10000).

%% Three processes. The tracer counts; when it dies, the emulator clears the trace flags of the traced process. Its waiting messages are
%% off its heap, so they cannot exceed its limit: on a busy machine it is scheduled late, and then checks the length of its queue. Only
%% the keeper sets and clears trace patterns, even after we have died for any reason. We wait for both.
answer(#{<<"pid">> := Text, <<"duration_ms">> := DurationMs, <<"max_calls">> := MaxCalls}) ->
    case own(Text) of
        [Pid] -> traced(Pid, DurationMs, MaxCalls);
        [] -> #{<<"dead">> => true}
    end.

%% A text that is not a pid of this node names nothing alive.
own(Text) ->
    try list_to_pid(binary_to_list(Text)) of
        Pid when node(Pid) =:= node() -> [Pid || is_process_alive(Pid)];
        _ -> []
    catch
        error:badarg -> []
    end.

traced(Pid, DurationMs, MaxCalls) ->
    Worker = self(),
    Release = erlang:system_info(otp_release),
    Specs = specs(Release),
    Tracer = spawn_opt(fun() -> tracer(Worker, Pid, DurationMs, MaxCalls) end,
                       [link, {message_queue_data, off_heap}, {max_heap_size, #{size => ?TRACER_HEAP_WORDS, kill => true, error_logger => false}}]),
    {Keeper, Monitor} = spawn_monitor(fun() -> keeper(Worker, Tracer, Pid, DurationMs + ?KEEPER_SLACK_MS, Release >= "27", Specs) end),
    receive
        {Keeper, tracing} -> answered(Pid, traced(Tracer, Keeper, Monitor, Release >= "27", Specs));
        {Keeper, Refusal} -> refused(Tracer, Refusal);
        {'DOWN', Monitor, _, _, Reason} -> refused(Tracer, Reason), exit(Reason)
    end.

refused(Tracer, Refusal) ->
    unlink(Tracer),
    exit(Tracer, kill),
    case Refusal of
        <<"dead">> -> #{<<"dead">> => true};
        _ -> #{<<"refused">> => Refusal}
    end.

%% If somebody kills the keeper, its session ends with it, and we clear its patterns.
traced(Tracer, Keeper, Monitor, Sessions, Specs) ->
    receive
        {Tracer, Seen} ->
            Keeper ! {stop, self()},
            receive {'DOWN', Monitor, _, _, normal} -> Seen end;
        {'DOWN', Monitor, _, _, Reason} ->
            Sessions orelse clear(Specs),
            exit(Reason)
    end.

clear(Specs) -> [erlang:trace_pattern(Function, false, [local]) || {Function, _} <- Specs].

%%% What is traced

%% [{Function, MatchSpec}]. A call is reported as {What, Caller, Stack}: the monitored process, or the reference to demonitor; no other
%% arguments are sent. If the release has no stacks, the callers of helper functions are traced as well.
specs(Release) ->
    {Caller, Stack, Callers} = if
        Release >= "26" -> {{caller_line}, {current_stacktrace}, []};
        Release >= "25" -> {{caller_line}, [], callers()};
        true -> {{caller}, [], callers()}
    end,
    [{Function, [{lists:sublist(['$1', '$2', '$3', '$4'], Arity), [], actions(What, {message, {{What, Caller, Stack}}})}]}
     || {{Module, Name, Arity} = Function, What} <- functions() ++ Callers, erlang:function_exported(Module, Name, Arity)].

functions() ->
    [{{erlang, monitor, 2}, '$2'}, {{erlang, monitor, 3}, '$2'}, {{erlang, demonitor, 1}, '$1'}, {{erlang, demonitor, 2}, '$1'},
     {{erlang, spawn_opt, 4}, none}].

callers() ->
    [{{erlang, spawn_monitor, 1}, none}, {{erlang, spawn_monitor, 3}, none}, {{erlang, spawn_opt, 2}, none}] ++
        try [{{binary_to_existing_atom(<<"Elixir.Process">>, utf8), monitor, 1}, none}] catch error:badarg -> [] end.

%% The return value is the monitor's reference.
actions('$1', Message) -> [Message];
actions(_, Message) -> [{return_trace}, Message].

%%% The keeper

%% The name is the lock: one tracing at a time.
keeper(Worker, Tracer, Pid, LimitMs, Sessions, Specs) ->
    Monitor = monitor(process, Worker),
    Locked = try register(beamgauge_call_sites, self()) catch error:badarg -> false end,
    case not Locked orelse refusal(Pid, Sessions, Specs) of
        true -> Worker ! {self(), <<"busy">>};
        none when Sessions -> keep_session(Monitor, Worker, Tracer, Pid, LimitMs, Specs);
        none -> keep_patterns(Monitor, Worker, Tracer, Pid, LimitMs, Specs);
        Refusal -> Worker ! {self(), Refusal}
    end.

refusal(Pid, Sessions, Specs) ->
    Traced = erlang:trace_info(Pid, tracer),
    if
        Traced =:= undefined -> <<"dead">>;
        Traced =/= {tracer, []} -> <<"traced">>;
        Sessions -> case apply(trace, session_info, [Pid]) of [] -> none; undefined -> <<"dead">>; _ -> <<"traced">> end;
        true -> case [Function || {Function, _} <- Specs, erlang:trace_info(Function, all) =/= {all, false}] of [] -> none; _ -> <<"patterns">> end
    end.

%% A session is private to its holder, and ends with it.
keep_session(Monitor, Worker, Tracer, Pid, LimitMs, Specs) ->
    Session = apply(trace, session_create, [beamgauge_call_sites, Tracer, []]),
    [apply(trace, function, [Session, Function, Spec, [local]]) || {Function, Spec} <- Specs],
    Worker ! {self(), try apply(trace, process, [Session, Pid, true, [call, arity]]), tracing catch error:badarg -> lost(Pid) end},
    Tracer ! {go, fun() -> apply(trace, process, [Session, Pid, false, [call, arity]]) end},
    wait(Monitor, Tracer, LimitMs),
    apply(trace, session_destroy, [Session]).

%% Patterns are global on the node, so they exist only as long as needed.
keep_patterns(Monitor, Worker, Tracer, Pid, LimitMs, Specs) ->
    try
        [erlang:trace_pattern(Function, Spec, [local]) || {Function, Spec} <- Specs],
        Worker ! {self(), try erlang:trace(Pid, true, [call, arity, {tracer, Tracer}]), tracing catch error:badarg -> lost(Pid) end},
        Tracer ! {go, fun() -> erlang:trace(Pid, false, [call, arity]) end},
        wait(Monitor, Tracer, LimitMs)
    after
        clear(Specs)
    end.

%% Another process was quicker, or has already ended.
lost(Pid) ->
    case is_process_alive(Pid) of
        true -> <<"traced">>;
        false -> <<"dead">>
    end.

%% Until the worker has its result or is gone.
wait(Monitor, Tracer, LimitMs) ->
    receive
        {stop, _} -> ok;
        {'DOWN', Monitor, _, _, _} -> exit(Tracer, kill)
    after LimitMs ->
        exit(Tracer, kill)
    end.

%%% The tracer

tracer(Worker, Pid, DurationMs, MaxCalls) ->
    Watch = monitor(process, Worker),
    monitor(process, Pid),
    receive
        {go, Off} ->
            Began = erlang:monotonic_time(millisecond),
            erlang:send_after(DurationMs, self(), timeout),
            Seen = collect({Watch, Off, Began + DurationMs, MaxCalls}, 0, 0, {#{}, #{}, #{}, #{}}),
            Worker ! {self(), {erlang:monotonic_time(millisecond) - Began, Seen}};
        {'DOWN', Watch, _, _, _} -> ok
    end.

%% {Cut, Calls, Seen}. Seen is {Sites, Tallies, Open, Pending}: Key => Index, a key being {Caller, Stack}; Index => {Monitors, Demonitored,
%% Strange}; Reference => {Index, Watched} of monitors not given back; Function => {Key, Watched} of calls that have not returned.
collect({Watch, Off, Until, MaxCalls} = Bounds, Calls, Messages, Seen) ->
    case cut(Until, MaxCalls, Calls, Messages) of
        <<"message_queue">> ->
            try Off() catch error:badarg -> dead end,
            self() ! drain,
            {_, More, All} = collect({Watch, Off, {drain, Messages + ?DRAIN_MAX}, MaxCalls}, Calls, Messages, Seen),
            {<<"message_queue">>, More, All};
        none ->
            receive
                {trace, _, call, {_, demonitor, _}, {Reference, Caller, Stack}} ->
                    collect(Bounds, Calls + 1, Messages + 1, demonitored(Reference, {Caller, Stack}, Seen));
                {trace, _, call, Function, {Watched, Caller, Stack}} ->
                    {Sites, Tallies, Open, Pending} = Seen,
                    collect(Bounds, Calls, Messages + 1, {Sites, Tallies, Open, Pending#{Function => {{Caller, Stack}, Watched}}});
                {trace, _, return_from, Function, Value} ->
                    {Made, Next} = returned(Function, Value, Seen),
                    collect(Bounds, Calls + Made, Messages + 1, Next);
                {'DOWN', Watch, _, _, _} -> exit(normal);
                {'DOWN', _, _, _, _} -> {<<"process_died">>, Calls, Seen};
                timeout when is_integer(Until) -> {undefined, Calls, Seen};
                drain -> {undefined, Calls, Seen}
            end;
        Cut -> {Cut, Calls, Seen}
    end.

%% Messages are limited too, because of calls that fail or make no monitor.
cut(_, MaxCalls, Calls, Messages) when Calls >= MaxCalls; Messages >= 8 * MaxCalls -> <<"max_calls">>;
cut({drain, Max}, _, _, Messages) -> case Messages < Max of true -> none; false -> <<"drained">> end;
cut(Until, _, _, _) ->
    case process_info(self(), message_queue_len) of
        {_, Length} when Length > ?QUEUE_MAX -> <<"message_queue">>;
        _ -> case erlang:monotonic_time(millisecond) < Until of true -> none; false -> undefined end
    end.

%% A demonitor of a reference that was not made during the tracing is strange.
demonitored(Reference, Key, {Sites, Tallies, Open, Pending}) ->
    case maps:take(Reference, Open) of
        {{Index, _}, Others} -> {Sites, add(Index, 2, 1, Tallies), Others, Pending};
        error ->
            {Index, More} = site(Key, Sites),
            {More, add(Index, 3, 1, Tallies), Open, Pending}
    end.

%% If a reference is known already, a callee made it for its caller: then it belongs to the caller.
returned(Function, Value, {Sites, Tallies, Open, Pending}) ->
    case {maps:take(Function, Pending), Value} of
        {{{Key, _}, Rest}, Reference} when is_map_key(Reference, Open) -> {0, moved(Key, Reference, Sites, Tallies, Open, Rest)};
        {{{Key, _}, Rest}, {_, Reference}} when is_map_key(Reference, Open) -> {0, moved(Key, Reference, Sites, Tallies, Open, Rest)};
        {{{Key, Watched}, Rest}, Reference} when is_reference(Reference) -> {1, made(Key, Reference, Watched, Sites, Tallies, Open, Rest)};
        {{{Key, _}, Rest}, {Pid, Reference}} when is_reference(Reference) -> {1, made(Key, Reference, Pid, Sites, Tallies, Open, Rest)};
        {{_, Rest}, _} -> {0, {Sites, Tallies, Open, Rest}};
        {error, _} -> {0, {Sites, Tallies, Open, Pending}}
    end.

made(Key, Reference, Watched, Sites, Tallies, Open, Pending) ->
    {Index, More} = site(Key, Sites),
    {More, add(Index, 1, 1, Tallies), Open#{Reference => {Index, Watched}}, Pending}.

moved(Key, Reference, Sites, Tallies, Open, Pending) ->
    {From, Watched} = maps:get(Reference, Open),
    made(Key, Reference, Watched, Sites, add(From, 1, -1, Tallies), Open, Pending).

site(Key, Sites) ->
    case Sites of
        #{Key := Index} -> {Index, Sites};
        _ when map_size(Sites) < ?SITES_MAX -> {map_size(Sites) + 1, Sites#{Key => map_size(Sites) + 1}};
        _ -> {0, Sites}
    end.

add(Index, At, Count, Tallies) ->
    Tally = maps:get(Index, Tallies, {0, 0, 0}),
    Tallies#{Index => setelement(At, Tally, element(At, Tally) + Count)}.

%%% The answer

answered(Pid, {TracedMs, {Cut, Calls, {Sites, Tallies, Open, _}}}) ->
    Held = case quick:items(Pid, [memory, total_heap_size]) of
        [] -> unknown; %% its mailbox is long
        Items -> held(process_info(Pid, Items), Pid)
    end,
    Ended = lists:foldl(fun({Index, Watched}, Counts) ->
                            case is_ended(Watched, Held) of
                                true -> Counts#{Index => maps:get(Index, Counts, 0) + 1};
                                false -> Counts
                            end
                        end, #{}, maps:values(Open)),
    #{<<"traced_ms">> => TracedMs,
      <<"calls_count">> => Calls,
      <<"cut">> => Cut,
      <<"sites">> => [site(Key, maps:get(Index, Tallies), maps:get(Index, Ended, 0))
                      || {Key, Index} <- [{{undefined, []}, 0} | maps:to_list(Sites)], maps:get(Index, Tallies, {0, 0, 0}) =/= {0, 0, 0}]}.

site({Caller, Stack}, {Monitors, Demonitored, Strange}, Ended) ->
    #{<<"caller">> => caller(Caller),
      <<"stack">> => [frame(Frame) || Frame <- Stack],
      <<"monitor_count">> => Monitors,
      <<"demonitor_count">> => Demonitored,
      <<"ended_count">> => Ended,
      <<"strange_demonitor_count">> => Strange}.

caller({M, F, A, {File, Line}}) -> {M, F, A, unicode:characters_to_binary(File), Line};
caller({M, F, A, _}) -> {M, F, A, undefined, undefined};
caller({M, F, A}) -> {M, F, A, undefined, undefined};
caller(_) -> undefined.

frame({M, F, A, Location}) ->
    case {lists:keyfind(file, 1, Location), lists:keyfind(line, 1, Location)} of
        {{_, File}, {_, Line}} -> caller({M, F, A, {File, Line}});
        _ -> caller({M, F, A})
    end.

%% What the process still monitors, if the list is not too long. A monitor that is not there has ended by itself: the watched process has
%% died, or has answered.
held(undefined, _) -> dead;
held([{memory, Memory}, {total_heap_size, Heap}], Pid) ->
    case Memory - Heap * erlang:system_info(wordsize) =< ?HELD_MAX_BYTES andalso process_info(Pid, monitors) of
        {monitors, Monitors} -> maps:from_list([{Watched, true} || {_, Watched} <- Monitors]);
        _ -> unknown
    end.

%% If the process died, no monitor is reported as ended before it.
is_ended(_, dead) -> false;
is_ended(Watched, unknown) -> is_pid(Watched) andalso node(Watched) =:= node() andalso not is_process_alive(Watched);
is_ended(Watched, Held) -> not (is_map_key(Watched, Held) orelse is_map_key({Watched, node()}, Held)).
