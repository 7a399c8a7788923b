%% Until when a question may go on. Every step has a patience of its own, and no more of it than is left by then: so the last ones come to their end
%% in time however long the first ones took, and what is known by then is told.
-module(deadline).
-export([left/0, is_over/0, bound/1, patience/1, part/2, keep/1]).

-define(UNBOUNDED_MS, 60000). %% where nobody said until when
-define(TIMEOUT_MS, 5000). %% where the guard tells no other
-define(KEPT_SHARE, 3). %% of the time, no more than a part of this many

%% Milliseconds. Before it does anything else the worker notes when its guard ends it, and how much of the time is kept for putting together what
%% is known, and for the way back: embed.escript has a tenth of it.
left() ->
    case get(timeout) of
        undefined -> ?UNBOUNDED_MS;
        {End, Kept} -> max(0, End - Kept - erlang:monotonic_time(millisecond))
    end.

is_over() -> left() =:= 0.

%% How long a step may take that has so much patience.
bound(Milliseconds) -> min(Milliseconds, left()).

%% The same of one that has it from its arguments.
patience(Arguments) -> bound(maps:get(<<"timeout_ms">>, Arguments, ?TIMEOUT_MS)).

%% Arguments for a step that gets a part of what is left, one of so many.
part(Arguments, Share) -> Arguments#{<<"timeout_ms">> => left() div Share}.

%% Who sees that all takes long here keeps more.
keep(Milliseconds) ->
    case get(timeout) of
        {End, Kept} when Milliseconds > Kept -> put(timeout, {End, max(Kept, min(Milliseconds, (End - erlang:monotonic_time(millisecond)) div ?KEPT_SHARE))});
        _ -> ok
    end.
