%% Monitors and links of processes: the size of an entry on this node, bounds on a process's entries, and exact counts.
-module(entries).
-export([calibrate/0, agreed/3, entry_bytes/1, unexplained_max/2, monitors_max/2, monitors_likely/2, grown/2, links_max/2, range/3, estimate/3, count_best/4, count_all/4, batch/2]).

-define(BATCH_ENTRIES, 20000).
-define(BATCH_PROCESSES, 256).
-define(BATCH_MS, 1000). %% a batch takes the same part of it as readers do
-define(HEAVY_BYTES, 40000000). %% a process with more may need a second or more to report its memory,
-define(HEAVY_MS, 300). %% and is waited for at most a part of this
-define(ENTRY_BYTES_MIN, 40). %% a local link
-define(MEASURES_MAX, 5).
-define(DOUBTFUL_BYTES, 65536). %% fewer need no separate question

%% A calibration is {WordBytes, BaseBytes, MonitorBytes, LinkBytes, MessageBytes, EntriesMax}: the memory of a process outside its heap
%% when it has no entries, the bytes that each local monitor, link and queued message adds, and the maximum of entries on the whole node.
%% Remote entries and messages with content take more, so the results are upper bounds. Measured on a process made for it, and on
%% ourselves.
calibrate() ->
    readers:hurry(),
    EntriesMax = blocks:entries_max(),
    WordBytes = erlang:system_info(wordsize),
    {Base, Monitor, Link, Message} = agreed(fun() -> measured(WordBytes) end, ?MEASURES_MAX, []),
    {WordBytes, Base, entry_bytes(Monitor), entry_bytes(Link), Message, EntriesMax}.

%% A process has a few more bytes while it is not waiting, for the signal of the question; so a value that was measured twice is used.
agreed(Measure, Left, Before) ->
    Now = Measure(),
    case Left =:= 1 orelse lists:member(Now, Before) of
        true -> Now;
        false -> agreed(Measure, Left - 1, [Now | Before])
    end.

%% After a reply the process has run, and since its code is native, it waits now.
measured(WordBytes) ->
    {priority, Priority} = process_info(self(), priority),
    Alone = outside(self(), WordBytes),
    Pid = spawn_opt(timer, sleep, [infinity], [link, {priority, Priority}]),
    LinkBytes = outside(self(), WordBytes) - Alone,
    outside(Pid, WordBytes),
    Linked = outside(Pid, WordBytes),
    Monitor = erlang:monitor(process, Pid),
    Monitored = outside(Pid, WordBytes),
    Pid ! go,
    Messaged = outside(Pid, WordBytes),
    unlink(Pid),
    exit(Pid, kill),
    receive {'DOWN', Monitor, _, _, _} -> ok end,
    {Linked - LinkBytes, Monitored - Linked, LinkBytes, Messaged - Monitored}.

%% If something else of the process changed during the measurement, the result is not the size of an entry, which is used as a divisor:
%% then the least size on any release is used, so that the results stay upper bounds.
entry_bytes(Measured) when Measured >= ?ENTRY_BYTES_MIN -> Measured;
entry_bytes(_) -> ?ENTRY_BYTES_MIN.

%% The memory of a living process outside its heap, in bytes.
outside(Pid, WordBytes) ->
    [{memory, Memory}, {total_heap_size, Heap}] = process_info(Pid, [memory, total_heap_size]),
    Memory - Heap * WordBytes.

%% A process is judged by its unexplained bytes: those that are not heap, base or messages. The maximum of entries of any kind:
links_max(Unexplained, {_, _, MonitorBytes, LinkBytes, _, EntriesMax}) -> min(EntriesMax, max(0, Unexplained) div min(MonitorBytes, LinkBytes)).

%% The maximum of monitors, or of entries of monitored_by.
monitors_max(Unexplained, {_, _, MonitorBytes, _, _, EntriesMax}) -> min(EntriesMax, max(0, Unexplained) div MonitorBytes).

%% An estimate, with half of them remote. If the node's count of all entries is nearly as low, the process has about all of them.
monitors_likely(Unexplained, {_, _, MonitorBytes, _, _, EntriesMax} = Calibration) ->
    Most = max(0, Unexplained) div MonitorBytes,
    case is_integer(EntriesMax) andalso 10 * Most >= 9 * EntriesMax of
        true -> monitors_max(Unexplained, Calibration);
        false -> Most * 4 div 5
    end.

%% An estimate of the new entries for so many new bytes (negative: removed ones), with half of them remote. It is at most a quarter too
%% low, whatever else the node holds.
grown(Bytes, {_, _, MonitorBytes, _, _, _}) -> Bytes * 4 div (5 * MonitorBytes).

%% The maximum unexplained bytes of so many entries; no limit if the whole node holds no more entries.
unexplained_max(Entries, {_, _, _, _, _, EntriesMax}) when EntriesMax =< Entries -> infinity;
unexplained_max(Entries, {_, _, MonitorBytes, LinkBytes, _, _}) -> (Entries + 1) * min(MonitorBytes, LinkBytes) - 1.

%% {Min, Max} of all entries together.
range(Pid, Unexplained, {WordBytes, _, MonitorBytes, _, _, _} = Calibration) ->
    Max = links_max(Unexplained, Calibration),
    {min(Max, (Unexplained - min(Unexplained, other_bytes(Pid, Unexplained, WordBytes))) div (2 * MonitorBytes)), Max}.

%% What else may be unexplained: messages off the heap, of any size; and a dictionary, with at most 16 bytes per key; each key also has
%% 24 bytes on the heap.
other_bytes(Pid, Unexplained, WordBytes) ->
    Patience = case Unexplained > ?HEAVY_BYTES of true -> ?HEAVY_MS; false -> ?BATCH_MS end,
    case maps:get(Pid, readers:infos([Pid], [message_queue_data, garbage_collection_info], #{<<"timeout_ms">> => Patience}), none) of
        [{_, on_heap}, {_, Sizes}] ->
            lists:sum([Words || {Name, Words} <- Sizes, Name =:= heap_size orelse Name =:= old_heap_size orelse Name =:= mbuf_size]) * WordBytes * 2 div 3;
        none -> %% the node's total is still a bound
            0;
        _ ->
            infinity
    end.

%% {Pid, Monitors, MonitoredBy, Links} for a process that is not counted: each as if all entries were of that kind. None if all of it may
%% be something else.
estimate(Pid, Unexplained, Calibration) ->
    case Unexplained > ?DOUBTFUL_BYTES andalso range(Pid, Unexplained, Calibration) of
        {0, _} ->
            none;
        _ ->
            Monitors = monitors_likely(Unexplained, Calibration),
            {Pid, Monitors, Monitors, links_max(Unexplained, Calibration)}
    end.

%% Counts processes in falling order of bound until the Limit-th best of each kind has at least what the next one may have, or Budget
%% entries were copied, or time is up. Candidates are [{Unexplained, Pid}], highest first. {[{Pid, Monitors, MonitoredBy, Links}], Left, BudgetLeft}.
count_best(Candidates, Limit, Calibration, Budget) -> count_best(Candidates, Limit, Calibration, Budget, []).

count_best([], _, _, Budget, Counts) -> {Counts, [], Budget};
count_best([{Unexplained, _} | _] = Candidates, Limit, Calibration, Budget, Counts) ->
    case Budget =< 0 orelse deadline:is_over() orelse settled(Counts, Limit, Unexplained, Calibration) of
        true ->
            {Counts, Candidates, Budget};
        false ->
            {Batch, Rest} = batch(Candidates, Calibration),
            More = count(Batch),
            count_best(Rest, Limit, Calibration, Budget - copied(More), More ++ Counts)
    end.

settled(Counts, Limit, Unexplained, Calibration) ->
    Monitors = monitors_max(Unexplained, Calibration),
    Bounds = [{2, Monitors}, {3, Monitors}, {4, links_max(Unexplained, Calibration)}],
    length(Counts) >= Limit andalso [] =:= [At || {At, Bound} <- Bounds, element(At, nth_best(Limit, At, Counts)) < Bound].

nth_best(Limit, At, Counts) -> lists:nth(length(Counts) - Limit + 1, lists:keysort(At, Counts)).

%% Counts as many of [{Unexplained, Pid}], highest first, as Budget and time allow, and adds them to Counts.
count_all([], _, _, Counts) -> Counts;
count_all(Candidates, Calibration, Budget, Counts) ->
    case Budget =< 0 orelse deadline:is_over() of
        true ->
            Counts;
        false ->
            {Batch, Rest} = batch(Candidates, Calibration),
            More = count(Batch),
            count_all(Rest, Calibration, Budget - copied(More), More ++ Counts)
    end.

%% So many processes that their lists together cannot be too long, by the bound of the first one; at least one.
batch([{Unexplained, _} | _] = Candidates, Calibration) ->
    Fitting = ?BATCH_ENTRIES div max(1, links_max(Unexplained, Calibration)),
    {Batch, Rest} = lists:split(lists:min([length(Candidates), ?BATCH_PROCESSES, max(1, Fitting)]), Candidates),
    {[Pid || {_, Pid} <- Batch], Rest}.

copied(Counts) -> lists:sum([1 + Monitors + MonitoredBy + Links || {_, Monitors, MonitoredBy, Links} <- Counts]).

%% For living processes that answer. The lists stay with the asking process. A process that is asked alone may have a long list.
count(Pids) ->
    Patience = case Pids of [_] -> max(?BATCH_MS, deadline:left() div 3); _ -> ?BATCH_MS end,
    Lengths = {{'$1', {length, '$2'}, {length, '$3'}, {length, '$4'}}},
    Spec = ets:match_spec_compile([{{'$1', [{monitors, '$2'}, {monitored_by, '$3'}, {links, '$4'}]}, [], [Lengths]}]),
    readers:all(readers:job([monitors, monitored_by, links], Spec), readers:new(chunks:things(Pids), #{<<"timeout_ms">> => Patience})).
