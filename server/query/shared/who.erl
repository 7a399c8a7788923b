%% The process that a text names, and the identities of peers.
-module(who).
-export([pid/1, find/1, described/2, list/1]).

%% A text that is not a pid of this node names nothing alive.
pid(Text) ->
    try list_to_pid(binary_to_list(Text)) of
        Pid when node(Pid) =:= node() -> {ok, Pid};
        _ -> none
    catch
        error:badarg -> none
    end.

%% The same for a pid or a registered name. A name never becomes a new atom.
find(#{<<"pid">> := Text}) -> pid(Text);
find(#{<<"name">> := Name}) ->
    try whereis(binary_to_existing_atom(Name, utf8)) of
        Pid when is_pid(Pid) -> {ok, Pid};
        _ -> none
    catch
        error:badarg -> none
    end.

reported(Pid, Known) ->
    maps:merge(maps:with([registered_name, initial_call, current_function], Known),
               (identity:notes(Pid, Known, identity:heap_bytes(maps:get(total_heap_size, Known, undefined))))#{<<"alive">> => true}).

%% #{Peer => WhoItIs} of many peers, also of those that do not answer in time.
described(Peers, Arguments) ->
    Infos = identity:infos([Pid || Pid <- Peers, is_pid(Pid), node(Pid) =:= node()], [current_function], Arguments),
    maps:from_list([{Peer, case Infos of
                               #{Peer := dead} -> unknown(false);
                               #{Peer := Info} -> reported(Peer, maps:from_list(Info));
                               _ -> unknown(undefined)
                           end} || Peer <- Peers]).

unknown(Alive) -> #{registered_name => [], initial_call => undefined, <<"started_as">> => undefined, <<"label">> => undefined, <<"alive">> => Alive}.

%% A counted list, {Count, Distinct, [{Peer, Times}]}, in the form of an answer: Distinct is undefined if it was not copied.
list({Count, Distinct, Top}) ->
    Described = described([Peer || {Peer, _} <- Top], #{}),
    #{<<"count">> => Count,
      <<"distinct_count">> => Distinct,
      <<"exact">> => is_integer(Distinct),
      <<"top">> => [maps:merge(maps:get(Peer, Described), #{<<"peer">> => shown(Peer), <<"count">> => Times}) || {Peer, Times} <- Top]}.

shown({Name, Node}) when is_atom(Name), is_atom(Node) -> {Name, Node};
shown(Peer) when is_pid(Peer); is_port(Peer); is_reference(Peer) -> Peer;
shown(_) -> #{<<"reference">> => <<"other">>}.
