%% Who is at the other end of a process's monitors and links, and how many times.
-module(peers).
-export([answer/1]).

-define(COUNTER_HEAP_WORDS, 1048576). %% what a counter takes before it has counted any
-define(ENTRY_HEAP_WORDS, 32). %% what counting takes for each entry of a long list, while garbage is collected too
-define(EXACT_HEAP_BYTES_MAX, (2 bsl 30)).

answer(#{<<"pids">> := Texts, <<"directions">> := Directions, <<"limit">> := Limit, <<"list_entries_max">> := EntriesMax, <<"exact">> := Exact}) ->
    Started = erlang:monotonic_time(microsecond),
    Calibration = entries:calibrate(),
    Long = {entries:unexplained_max(EntriesMax, Calibration), Exact},
    Processes = [process(Text, Directions, Limit, Long, Calibration) || Text <- Texts],
    #{<<"processes">> => Processes, <<"duration_us">> => erlang:monotonic_time(microsecond) - Started}.

process(Text, Directions, Limit, Long, Calibration) ->
    case [Figures || {ok, Pid} <- [who:pid(Text)], Figures <- figures:of_pids([Pid], Calibration, false)] of
        [Figures] ->
            #{<<"pid">> => Text,
              <<"dead">> => false,
              <<"row">> => who:described(element(1, Figures)),
              <<"lists">> => maps:from_list([{Name, list(Name, Figures, Limit, Long, Calibration)} || Name <- Directions])};
        [] ->
            #{<<"pid">> => Text, <<"dead">> => true}
    end.

%% A list that may be long is counted by a process of its own, with a heap for that, or estimated.
list(Name, Figures, Limit, {BytesMax, _}, _) when element(8, Figures) =< BytesMax ->
    counted(tally(element(1, Figures), item(Name), Limit));
list(Name, Figures, Limit, {_, true}, Calibration) ->
    Self = self(),
    Words = entries:links_max(element(8, Figures), Calibration) * ?ENTRY_HEAP_WORDS + ?COUNTER_HEAP_WORDS,
    HeapMax = #{size => min(Words, ?EXACT_HEAP_BYTES_MAX div element(1, Calibration)), kill => true, error_logger => false},
    Counter = spawn_opt(fun() -> Self ! {self(), tally(element(1, Figures), item(Name), Limit)} end,
                        [link, {priority, low}, {max_heap_size, HeapMax}]),
    receive {Counter, Tally} -> counted(Tally) end;
list(Name, Figures, _, _, Calibration) ->
    At = case item(Name) of monitors -> 2; monitored_by -> 3; links -> 4 end,
    #{<<"count">> => case entries:estimate(element(1, Figures), element(8, Figures), Calibration) of none -> undefined; Estimate -> element(At, Estimate) end,
      <<"distinct_count">> => undefined,
      <<"exact">> => false,
      <<"top">> => []}.

%% {Count, Distinct, Top}.
tally(Pid, Item, Limit) ->
    Peers = tally:peers(process_info(Pid, Item)),
    {Distinct, Top} = tally:top(Peers, Limit),
    {length(Peers), Distinct, Top}.

counted({Count, Distinct, Top}) ->
    #{<<"count">> => Count,
      <<"distinct_count">> => Distinct,
      <<"exact">> => true,
      <<"top">> => [maps:merge(who:described(Peer), #{<<"peer">> => shown(Peer), <<"count">> => Times}) || {Peer, Times} <- Top]}.

item(<<"monitors">>) -> monitors;
item(<<"monitored_by">>) -> monitored_by;
item(<<"links">>) -> links.

shown({Name, Node}) when is_atom(Name), is_atom(Node) -> {Name, Node};
shown(Peer) when is_pid(Peer); is_port(Peer); is_reference(Peer) -> Peer;
shown(_) -> #{<<"reference">> => <<"other">>}.
