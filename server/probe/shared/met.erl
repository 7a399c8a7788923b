%% Whom a question has met on its way through all processes: how many, how many of them were dead, and who does not answer.
-module(met).
-export([none/0, some/3, silent/3, scanned/1, is_all/1, answer/2]).

-define(NAMED_MAX, 20).

none() -> {0, 0, 0, []}.

some(Count, Dead, {Seen, Gone, Silent, Named}) -> {Seen + Count, Gone + Dead, Silent, Named}.

silent(Pids, Count, {Seen, Dead, Silent, Named}) -> {Seen + Count, Dead, Silent + Count, lists:sublist(Pids ++ Named, ?NAMED_MAX)}.

%% Who merely died was there to be met, and is not skipped.
scanned({Seen, Dead, Silent, _}) -> Seen - Dead - Silent.

is_all({_, _, Silent, _}) -> Silent =:= 0.

%% What every answer to such a question tells of it.
answer({Seen, _, Silent, Named} = Met, Started) ->
    #{<<"process_count">> => Seen,
      <<"scanned_count">> => scanned(Met),
      <<"skipped_count">> => Silent,
      <<"skipped">> => Named,
      <<"duration_us">> => erlang:monotonic_time(microsecond) - Started}.
