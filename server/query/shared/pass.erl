%% One pass over all processes: native code filters, interpreted code merges what little gets through.
-module(pass).
-export([run/4, candidates/2, is_exact/3]).

-define(ALL_CANDIDATES_PROCESSES, 4096). %% up to this number of processes, all are candidates
-define(FREE, [<<"message_queue_len">>, <<"reductions">>, <<"stack">>]). %% rankings of figures that the emulator reports without the process
-define(AT_LEAST, [<<"memory">>, <<"total_heap">>]). %% rankings for which a minimum is known

%% The ranking of processes that may have the most monitors or links.
candidates(Alive, Limit) when Alive =< ?ALL_CANDIDATES_PROCESSES ->
    figures:ranking(candidates, 8, <<"desc">>, 2 * ?ALL_CANDIDATES_PROCESSES + 4 * Limit);
candidates(_, Limit) ->
    figures:ranking(candidates, 8, <<"desc">>, 4 * Limit + 100).

%% {Rankings, Progress, {Partial, Free, Heavy}}: all living processes except our own are offered. For those in the map Partial only a quick
%% look's figures are known. Free: whether that look was at all of them. Heavy are the rows of processes whose weight was known before.
%% For one that is too slow to report it now, an earlier one is used.
run(Rankings, Calibration, Binary, Arguments) ->
    Weights = heavy:known(Arguments),
    {Ranked, Progress, {Partial, Free, _}} = run(Rankings, Calibration, Binary, Arguments, maps:keys(Weights)),
    Heavy = heavy:rows(Weights, Calibration, Arguments),
    Stale = heavy:rows(heavy:earlier(progress:named(Progress), Arguments), Calibration, Arguments),
    {case Heavy ++ Stale of [] -> Ranked; Known -> [figures:offer(Ranking, Known) || Ranking <- Ranked] end,
     progress:some(map_size(Weights), map_size(Weights) - length(Heavy), Progress),
     {Partial, Free, Heavy}}.

run(Rankings, Calibration, Binary, Arguments, Heavy) ->
    case quick:is_wanted(Calibration) of
        false ->
            {Ranked, Progress} = sift(readers:new(chunks:all_but(Heavy), Arguments), Rankings, Calibration, Binary, none),
            {Ranked, Progress, {#{}, progress:is_all(Progress), []}};
        true ->
            Free = [Ranking || {Key, _, _, _} = Ranking <- Rankings, lists:member(Key, ?FREE ++ ?AT_LEAST)],
            {Readers, Long, Quick, All} = quick:look(Free, Calibration, Arguments),
            {Ranked, Progress} = sift(Readers, Rankings, Calibration, Binary, none),
            completed(Ranked, Quick, Long, Progress, All)
    end.

%% If something got through, thresholds have risen, and the filter is made again.
sift(Readers, Rankings, Calibration, Binary, none) ->
    sift(Readers, Rankings, Calibration, Binary, figures:job([Test || {_, Test, _, _} <- Rankings], Calibration, Binary));
sift(Readers, Rankings, Calibration, Binary, Job) ->
    case readers:next(Job, Readers) of
        {none, Progress} -> {Rankings, Progress};
        {ok, [], Left} -> sift(Left, Rankings, Calibration, Binary, Job);
        {ok, Rows, Left} -> sift(Left, [figures:offer(Ranking, Rows) || Ranking <- Rankings], Calibration, Binary, none)
    end.

%% Adds the processes that had only a quick look: those with long mailboxes, and, if time ran out, all in the rankings.
completed(Rankings, Quick, Long, Progress, Free) ->
    Known = maps:from_list([{element(1, Row), true} || {_, _, _, Best} <- Rankings, Row <- Best]),
    Ranked = [Row || not progress:is_all(Progress), {Key, _, _, Best} <- Quick, lists:member(Key, ?FREE), Row <- Best],
    Others = [Row || Row <- lists:usort(Long ++ Ranked), not maps:is_key(element(1, Row), Known)],
    Put = [case {lists:member(Key, ?FREE), lists:member(Key, ?AT_LEAST)} of
               {true, _} -> figures:offer(Ranking, Others);
               {_, true} -> figures:offer(Ranking, Long);
               _ -> Ranking
           end || {Key, _, _, _} = Ranking <- Rankings],
    {Put, Progress, {maps:from_list([{element(1, Row), true} || Row <- Others]), Free, []}}.

%% True if the ranking is the same as if all processes were asked for everything.
is_exact(Key, Progress, {Partial, Free, Heavy}) ->
    progress:is_all(Progress) andalso map_size(Partial) =:= 0 andalso Heavy =:= [] orelse Free andalso lists:member(Key, ?FREE).
