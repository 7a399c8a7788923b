%% Lists that are too long to be copied each time. A separate process counts each once; beamgauge keeps the result and sends it with
%% later questions, as `known`, so that the list is not copied again until it has grown by half.
-module(long).
-export([new/1, look/4, guess/4, answer/2]).

-define(HEAP_BYTES_MIN, (64 bsl 20)). %% any node may use this much
-define(HEAP_BYTES_MAX, (2 bsl 30)). %% and none more
-define(MEMORY_SHARE, 50). %% of the node's memory, a part of this many
-define(ROOM_BYTES_MIN, (4 bsl 20)). %% any node has this much
-define(PATIENCE_MS, 250).
-define(ENTRY_BYTES, 64). %% of a monitor; if a release uses more for one, the copied list is not longer
-define(WHO_MS, 1000). %% for their names

%% {Known, Size, Until}. Known has earlier counts: #{Pid => {Unexplained, Monitors, MonitoredBy, Links}}, the counts are -1 if counting
%% was too much. Size is the heap for counting: with an explicit request, for any question, or none. A patient question only counts, and
%% nobody waits for it.
new(Arguments) ->
    Known = [{Pid, {Unexplained, Monitors, MonitoredBy, Links}}
             || [Text, Unexplained, Monitors, MonitoredBy, Links, _, _] <- maps:get(<<"known">>, Arguments, []), {ok, Pid} <- [who:pid(Text)]],
    Timeout = deadline:left(),
    case Arguments of
        #{<<"exact">> := true} -> {maps:from_list(Known), max, now_ms() + Timeout * 9 div 10};
        #{<<"may_count">> := true, <<"patient">> := true} -> {maps:from_list(Known), min, now_ms() + Timeout * 4 div 5};
        #{<<"may_count">> := true} -> {maps:from_list(Known), min, now_ms() + Timeout div 3};
        _ -> {maps:from_list(Known), none, 0}
    end.

now_ms() -> erlang:monotonic_time(millisecond).

%% The result for a process with so many unexplained bytes: {last, Counts}, {new, Counts, Lists}, none, many if no list could be copied
%% within the heap, {size, Needed, Room} if the node has no room to count, or timeout: nothing is known. Counts is {Pid, Monitors,
%% MonitoredBy, Links}, Lists has {Count, Distinct, Top} of each; Distinct is undefined if the list was too long.
look(Pid, Unexplained, {Known, Size, Until}, {Limit, Calibration}) ->
    case maps:get(Pid, Known, none) of
        {Then, Monitors, MonitoredBy, Links} when Size =/= max, Unexplained =< Then + Then div 2, Unexplained >= Then div 2 ->
            grown(Pid, [Monitors, MonitoredBy, Links], Unexplained, Then, Calibration);
        _ when Size =:= none -> none;
        _ ->
            case now_ms() < Until of
                true -> counted(Pid, lists(Pid, Unexplained, heap_bytes(Size, Unexplained), Until, Limit, Calibration));
                false -> timeout
            end
    end.

%% {Pid, Monitors, MonitoredBy, Links} of a process that is not counted now: from what is known, else an estimate, or none if there is no estimate.
guess(Pid, Unexplained, {Known, _, _}, Calibration) ->
    case look(Pid, Unexplained, {Known, none, 0}, {0, Calibration}) of
        {last, Counts} -> Counts;
        none -> entries:estimate(Pid, Unexplained, Calibration)
    end.

%% New entries are assumed to be of the same kinds and sizes. Their peers are not decided here.
grown(_, [-1 | _], _, _, _) -> none;
grown(Pid, Counts, Unexplained, Then, {_, _, MonitorBytes, _, _, _}) ->
    Total = max(1, lists:sum(Counts)),
    Each = max(MonitorBytes, min(2 * MonitorBytes, Then div Total)),
    Grown = max(0, Total + (Unexplained - Then) div Each),
    {last, list_to_tuple([Pid | [Count * Grown div Total || Count <- Counts]])}.

counted(_, timeout) -> timeout;
counted(_, {size, _, _} = Full) -> Full;
counted(_, [{_, undefined, _}, {_, undefined, _}, {_, undefined, _}]) -> many;
counted(Pid, Lists) -> {new, list_to_tuple([Pid | [Count || {Count, _, _} <- Lists]]), Lists}.

%% The node's memory is read only if the minimum is not enough: that asks every scheduler.
heap_bytes(max, _) -> ?HEAP_BYTES_MAX;
heap_bytes(min, Unexplained) when 2 * Unexplained =< ?HEAP_BYTES_MIN -> ?HEAP_BYTES_MIN;
heap_bytes(min, _) ->
    Self = self(),
    Asker = spawn_opt(fun() -> Self ! {self(), erlang:memory(total)} end, [link, {priority, low}]),
    receive
        {Asker, Bytes} -> min(?HEAP_BYTES_MAX, max(?HEAP_BYTES_MIN, Bytes div ?MEMORY_SHARE))
    after deadline:bound(?PATIENCE_MS) ->
        unlink(Asker),
        exit(Asker, kill),
        ?HEAP_BYTES_MIN
    end.

%% [Monitors, MonitoredBy, Links], or timeout. The cheaper ones first: the bytes that they explain are not monitors. A copied list takes
%% at most two, three and four fifths of the memory of its entries on releases with the smallest monitors, and counting it twice that.
lists(Pid, Unexplained, HeapBytes, Until, Limit, {_, _, MonitorBytes, LinkBytes, _, _} = Calibration) ->
    Links = list(Pid, links, Unexplained * 2 div 5, HeapBytes, Until, Limit),
    Left = Unexplained - explained(Links, LinkBytes),
    MonitoredBy = list(Pid, monitored_by, Left * 3 div 5, HeapBytes, Until, Limit),
    Last = Left - explained(MonitoredBy, MonitorBytes),
    Monitors = list(Pid, monitors, Last * 8 div 5 * ?ENTRY_BYTES div max(?ENTRY_BYTES, MonitorBytes), HeapBytes, Until, Limit),
    case {[Full || {size, _, _} = Full <- [Monitors, MonitoredBy, Links]], lists:member(timeout, [Monitors, MonitoredBy, Links])} of
        {[Full | _], _} -> Full;
        {[], true} -> timeout;
        {[], false} -> [told(Monitors, Last, Calibration), told(MonitoredBy, Left, Calibration), told(Links, 0, Calibration)]
    end.

explained(Untold, _) when is_atom(Untold) -> 0;
explained({size, _, _}, _) -> 0;
explained({Count, _, [{Peer, _} | _]}, EntryBytes) when is_pid(Peer), node(Peer) =/= node() -> Count * EntryBytes * 3 div 2;
explained({Count, _, _}, EntryBytes) -> Count * EntryBytes.

%% As in an estimate of an unknown list, with half as much again for remote entries.
told(none, Unexplained, Calibration) -> {entries:monitors_likely(Unexplained, Calibration), undefined, []};
told(Counted, _, _) -> Counted.

%% None if the heap is not enough. A list exists twice for a moment, as a message and on the heap; if the node has no room for that, the
%% result is {size, Needed, Room}.
list(_, _, Bytes, HeapBytes, _, _) when Bytes > HeapBytes -> none;
list(Pid, Item, Bytes, HeapBytes, Until, Limit) when Bytes < ?ROOM_BYTES_MIN -> counted_list(Pid, Item, HeapBytes, Until, Limit);
list(Pid, Item, Bytes, HeapBytes, Until, Limit) ->
    Needed = 2 * Bytes + ?ROOM_BYTES_MIN,
    case room:bytes() of
        Room when Room < Needed -> {size, Needed, max(0, Room)};
        _ -> counted_list(Pid, Item, HeapBytes, Until, Limit)
    end.

counted_list(Pid, Item, HeapBytes, Until, Limit) ->
    Worker = self(),
    HeapMax = #{size => HeapBytes div erlang:system_info(wordsize), kill => true, error_logger => false},
    {Counter, Monitor} = spawn_opt(fun() -> Worker ! {self(), tally:counted(tally:taken(process_info(Pid, Item), []), Limit)} end,
                                   [monitor, {priority, low}, {fullsweep_after, 0}, {max_heap_size, HeapMax}]),
    spawn_opt(fun() -> attend(Worker, Counter) end, [{priority, low}]),
    receive
        {Counter, Counted} ->
            erlang:demonitor(Monitor, [flush]),
            Counted;
        {'DOWN', Monitor, process, _, _} ->
            none
    after max(0, Until - now_ms()) ->
        exit(Counter, kill),
        receive {'DOWN', Monitor, process, _, _} -> receive {Counter, Counted} -> Counted after 0 -> timeout end end
    end.

%% The counter is not linked to the worker, which must survive the counter's heap limit; so it is ended here when the worker ends.
attend(Worker, Counter) ->
    Monitors = [erlang:monitor(process, Pid) || Pid <- [Worker, Counter]],
    receive {'DOWN', Monitor, process, _, _} -> Monitor =:= hd(Monitors) andalso exit(Counter, kill) end.

%% From [{Pid, Unexplained, Looked}]: what was counted, or could not be counted, for the ledger.
answer(Looks, Arguments) ->
    New = [Look || {_, _, Looked} = Look <- Looks, is_new(Looked)],
    Described = who:described([Pid || {Pid, _, _} <- New], Arguments#{<<"timeout_ms">> => ?WHO_MS}),
    [#{<<"pid">> => Pid, <<"unexplained">> => Unexplained, <<"row">> => maps:get(Pid, Described), <<"lists">> => kept(Looked), <<"late">> => Looked =:= timeout}
     || {Pid, Unexplained, Looked} <- New].

is_new({new, _, _}) -> true;
is_new({size, _, _}) -> true;
is_new(Looked) -> Looked =:= many orelse Looked =:= timeout.

kept({new, _, Lists}) -> maps:from_list(lists:zip([<<"monitors">>, <<"monitored_by">>, <<"links">>], [who:list(List) || List <- Lists]));
kept(_) -> undefined.
