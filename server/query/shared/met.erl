%% Whom a question has met on its way through all processes: how many, how many of them were dead, who does not answer, and how many were
%% not asked for all as their mailboxes are long.
-module(met).
-export([none/0, some/3, silent/3, again/1, unasked/3, long/1, scanned/1, is_all/1, named/1, answer/2]).

-define(KEPT_MAX, 2048). %% of those who do not answer; of so many it may matter who they are
-define(NAMED_MAX, 20).

none() -> {0, 0, 0, [], 0}.

some(Count, Dead, {Seen, Gone, Silent, Named, Long}) -> {Seen + Count, Gone + Dead, Silent, Named, Long}.

silent(Pids, Count, {Seen, Dead, Silent, Named, Long}) -> {Seen + Count, Dead, Silent + Count, lists:sublist(Pids ++ Named, ?KEPT_MAX), Long}.

%% {Pids, Met}: who did not answer, as far as they are kept, and the rest without them, who are going to be asked again.
again({Seen, Dead, Silent, Named, Long}) ->
    Count = length(Named),
    {Named, {Seen - Count, Dead, Silent - Count, [], Long}}.

%% So many that were met are going to be asked again, and so many are not, since their mailboxes are long.
unasked(Again, Long, {Seen, Dead, Silent, Named, _}) -> {Seen - Again, Dead, Silent, Named, Long}.

long({_, _, _, _, Long}) -> Long.

%% Who merely died was there to be met, and is not skipped.
scanned({Seen, Dead, Silent, _, _}) -> Seen - Dead - Silent.

is_all({_, _, Silent, _, _}) -> Silent =:= 0.

%% Those who do not answer, where they are few.
named({_, _, Silent, Named, _}) when Silent =:= length(Named), Silent =< ?NAMED_MAX -> Named;
named(_) -> [].

%% What every answer to such a question tells of it.
answer({Seen, _, Silent, Named, Long} = Met, Started) ->
    #{<<"process_count">> => Seen,
      <<"scanned_count">> => scanned(Met),
      <<"skipped_count">> => Silent,
      <<"skipped">> => lists:sublist(Named, ?NAMED_MAX),
      <<"long_mailbox_count">> => Long,
      <<"run_queue_count">> => erlang:statistics(total_run_queue_lengths),
      <<"schedulers_online_count">> => erlang:system_info(schedulers_online),
      <<"duration_us">> => erlang:monotonic_time(microsecond) - Started}.
