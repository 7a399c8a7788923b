%% A quick look at all processes for what the emulator tells without their help: on a busy node it is known in a moment, whatever comes.
-module(quick).
-export([is_wanted/1, look/3]).

-define(MAILBOX_MAX, 100000). %% messages; memory of a process with more is not asked for by the way, as telling it walks them all

%% Where there are not so many messages in all, no mailbox is long. Where the calibration got no counts, nobody waits for them again.
is_wanted(Calibration) -> readers:is_busy() orelse element(6, Calibration) =:= infinity orelse blocks:messages() > ?MAILBOX_MAX.

%% {Readers, Long, Rankings, All}: of whom to ask for the rest, the first of each ranking first, and who is in the midst of something last
%% and alone; figures of those with long mailboxes; and whether all were looked at.
look(Rankings, Calibration, Arguments) ->
    Started = erlang:monotonic_time(microsecond),
    {Pids, Long, Best, Met} = gather(figures:free_job(Calibration), readers:new(chunks:all(), Arguments), {Rankings, [], []}),
    {Silent, Others} = met:again(met:unasked(length(Pids), length(Long), Met)),
    {readers:new(chunks:things(Pids), readers:left(Arguments, Started), Silent, Others), Long, Best, met:is_all(Met)}.

gather(Job, Readers, {Rankings, Pids, Long}) ->
    case readers:next(Job, Readers) of
        {ok, Rows, Left} ->
            Best = case figures:hits(Rows, Rankings) of
                [] -> Rankings;
                Hits -> [figures:offer(Ranking, Hits) || Ranking <- Rankings]
            end,
            gather(Job, Left, {Best, [short(Rows) | Pids], long(Rows) ++ Long});
        {none, Met} ->
            First = lists:usort([element(1, Row) || {_, _, _, Best} <- Rankings, Row <- Best, element(4, Row) =< ?MAILBOX_MAX]),
            {First ++ (lists:append(Pids) -- First), Long, Rankings, Met}
    end.

short(Rows) -> ets:match_spec_run(Rows, ets:match_spec_compile([{pattern(), [{'=<', '$4', ?MAILBOX_MAX}], ['$1']}])).

long(Rows) -> ets:match_spec_run(Rows, ets:match_spec_compile([{pattern(), [{'>', '$4', ?MAILBOX_MAX}], ['$_']}])).

pattern() -> {'$1', '_', '_', '$4', '_', '_', '_', '_', '_'}.
