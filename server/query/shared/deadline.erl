%% The deadline of a question. Every step has its own timeout, limited by the time that is left: so the last steps end in time even if
%% the first ones took long, and what is known by then is reported.
-module(deadline).
-export([left/0, is_over/0, bound/1, patience/1, part/2, keep/1]).

-define(UNBOUNDED_MS, 60000). %% if no deadline is set
-define(TIMEOUT_MS, 5000). %% if the guard sets no other
-define(KEPT_SHARE, 3). %% of the time, at most a part of this many

%% Milliseconds. First of all the worker stores when its guard will end it, and how much of the time is kept for the answer: a tenth, in
%% embed.escript.
left() ->
    case get(timeout) of
        undefined -> ?UNBOUNDED_MS;
        {End, Kept} -> max(0, End - Kept - erlang:monotonic_time(millisecond))
    end.

is_over() -> left() =:= 0.

%% The time that a step with this timeout may take.
bound(Milliseconds) -> min(Milliseconds, left()).

%% The same for a step with its timeout in its arguments.
patience(Arguments) -> bound(maps:get(<<"timeout_ms">>, Arguments, ?TIMEOUT_MS)).

%% Arguments for a step that gets a part of the time that is left, one of so many.
part(Arguments, Share) -> Arguments#{<<"timeout_ms">> => left() div Share}.

%% Keeps more time for the answer if everything takes long on this node.
keep(Milliseconds) ->
    case get(timeout) of
        {End, Kept} when Milliseconds > Kept -> put(timeout, {End, max(Kept, min(Milliseconds, (End - erlang:monotonic_time(millisecond)) div ?KEPT_SHARE))});
        _ -> ok
    end.
