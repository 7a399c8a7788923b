%% A quick look at all processes for what the emulator tells without their help: on a busy node it is known in a moment, whatever comes.
-module(quick).
-export([is_wanted/1, look/3]).

-define(MAILBOX_MAX, 100000). %% messages; memory of a process with more is not asked for by the way, as telling it walks them all

%% Where there are not so many messages in all, no mailbox is long. Where the calibration got no counts, nobody waits for them again.
is_wanted(Calibration) -> readers:is_busy() orelse element(6, Calibration) =:= infinity orelse blocks:messages() > ?MAILBOX_MAX.

%% {Pids, Long, Rankings, Met}: whom to ask for the rest, in what order, and figures of those with long mailboxes; Met knows only of those
%% that are not to be asked again. The first of each ranking are asked first.
look(Rankings, Calibration, Arguments) ->
    gather(figures:free_job(Calibration), readers:new(chunks:all(), Arguments), {Rankings, [], []}).

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
            Short = First ++ (lists:append(Pids) -- First),
            {Short, Long, Rankings, met:unasked(length(Short), length(Long), Met)}
    end.

short(Rows) -> ets:match_spec_run(Rows, ets:match_spec_compile([{pattern(), [{'=<', '$4', ?MAILBOX_MAX}], ['$1']}])).

long(Rows) -> ets:match_spec_run(Rows, ets:match_spec_compile([{pattern(), [{'>', '$4', ?MAILBOX_MAX}], ['$_']}])).

pattern() -> {'$1', '_', '_', '$4', '_', '_', '_', '_', '_'}.
