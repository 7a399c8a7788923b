%% Who is at the other end of a process's monitors and links, and how many times.
-module(peers).
-export([answer/1]).

answer(#{<<"pids">> := Texts, <<"directions">> := Directions, <<"limit">> := Limit, <<"list_entries_max">> := EntriesMax, <<"exact">> := Exact}) ->
    Started = erlang:monotonic_time(microsecond),
    Calibration = entries:calibrate(),
    BytesMax = case Exact of true -> infinity; false -> entries:unexplained_max(EntriesMax, Calibration) end,
    Processes = [process(Text, Directions, Limit, BytesMax, Calibration) || Text <- Texts],
    #{<<"processes">> => Processes, <<"duration_us">> => erlang:monotonic_time(microsecond) - Started}.

process(Text, Directions, Limit, BytesMax, Calibration) ->
    case [Figures || {ok, Pid} <- [who:pid(Text)], Figures <- figures:of_pids([Pid], Calibration, false)] of
        [Figures] ->
            #{<<"pid">> => Text,
              <<"dead">> => false,
              <<"row">> => who:described(element(1, Figures)),
              <<"lists">> => maps:from_list([{Name, list(Name, Figures, Limit, BytesMax, Calibration)} || Name <- Directions])};
        [] ->
            #{<<"pid">> => Text, <<"dead">> => true}
    end.

%% A number is below any atom, `infinity` too.
list(Name, Figures, Limit, BytesMax, _) when element(8, Figures) =< BytesMax ->
    Peers = tally:peers(process_info(element(1, Figures), item(Name))),
    {Distinct, Top} = tally:top(Peers, Limit),
    #{<<"count">> => length(Peers),
      <<"distinct_count">> => Distinct,
      <<"exact">> => true,
      <<"top">> => [maps:merge(who:described(Peer), #{<<"peer">> => shown(Peer), <<"count">> => Count}) || {Peer, Count} <- Top]};
list(Name, Figures, _, _, Calibration) ->
    At = case item(Name) of monitors -> 2; monitored_by -> 3; links -> 4 end,
    #{<<"count">> => element(At, entries:estimate(element(1, Figures), element(8, Figures), Calibration)),
      <<"distinct_count">> => undefined,
      <<"exact">> => false,
      <<"top">> => []}.

item(<<"monitors">>) -> monitors;
item(<<"monitored_by">>) -> monitored_by;
item(<<"links">>) -> links.

shown({Name, Node}) when is_atom(Name), is_atom(Node) -> {Name, Node};
shown(Peer) when is_pid(Peer); is_port(Peer); is_reference(Peer) -> Peer;
shown(_) -> #{<<"reference">> => <<"other">>}.
