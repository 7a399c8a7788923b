%% The progress of a pass over the processes: how many were counted, how many of them were dead, which do not answer, and how many were
%% not asked for everything since their mailboxes are long.
-module(progress).
-export([none/0, some/3, silent/3, again/1, unasked/3, long/1, scanned/1, is_all/1, named/1, answer/2]).

-define(KEPT_MAX, 2048). %% of those that do not answer; so many are kept by pid
-define(NAMED_MAX, 20).

none() -> {0, 0, 0, [], 0}.

some(Count, Dead, {Seen, Gone, Silent, Named, Long}) -> {Seen + Count, Gone + Dead, Silent, Named, Long}.

silent(Pids, Count, {Seen, Dead, Silent, Named, Long}) -> {Seen + Count, Dead, Silent + Count, lists:sublist(Pids ++ Named, ?KEPT_MAX), Long}.

%% {Pids, Progress}: the kept processes that did not answer, which will be asked again, and Progress without them.
again({Seen, Dead, Silent, Named, Long}) ->
    Count = length(Named),
    {Named, {Seen - Count, Dead, Silent - Count, [], Long}}.

%% So many of the counted processes will be asked again, and so many will not, since their mailboxes are long.
unasked(Again, Long, {Seen, Dead, Silent, Named, _}) -> {Seen - Again, Dead, Silent, Named, Long}.

long({_, _, _, _, Long}) -> Long.

%% A process that died is counted, and is not skipped.
scanned({Seen, Dead, Silent, _, _}) -> Seen - Dead - Silent.

is_all({_, _, Silent, _, _}) -> Silent =:= 0.

%% The processes that do not answer, if they are few.
named({_, _, Silent, Named, _}) when Silent =:= length(Named), Silent =< ?NAMED_MAX -> Named;
named(_) -> [].

%% The members about this in every answer to such a question.
answer({Seen, _, Silent, Named, Long} = Progress, Started) ->
    #{<<"process_count">> => Seen,
      <<"scanned_count">> => scanned(Progress),
      <<"skipped_count">> => Silent,
      <<"skipped">> => lists:sublist(Named, ?NAMED_MAX),
      <<"long_mailbox_count">> => Long,
      <<"run_queue_count">> => erlang:statistics(total_run_queue_lengths),
      <<"schedulers_online_count">> => erlang:system_info(schedulers_online),
      <<"duration_us">> => erlang:monotonic_time(microsecond) - Started}.
