%% How many bytes of large binaries each process refers to, by the emulator's count: in words of a virtual heap, kept for every process.
%% That costs one signal each and copies no list of binaries.
-module(referred).
-export([best/2, bytes/1, memory/0]).

-define(PATIENCE_MS, 500).

%% {[{Pid, Words}], Progress, Sum}, most first, without ourselves and the guard; and the sum of the words of all.
best(Limit, Arguments) ->
    best(quick:whom(entries:calibrate(), Arguments), figures:ranking(none, 2, <<"desc">>, Limit), pattern(), 0).

best(Readers, {_, {_, _, Threshold}, _, Best} = Ranking, Pattern, Sum) ->
    Spec = [{{'$1', {garbage_collection_info, Pattern}}, [], [{{'$1', {'+', '$2', '$3'}}}]}, {{'_', undefined}, [], [dead]}],
    case readers:next(readers:job(garbage_collection_info, ets:match_spec_compile(Spec)), Readers) of
        {ok, Rows, Left} ->
            {_, Words} = lists:unzip(Rows),
            More = ets:match_spec_run(Rows, ets:match_spec_compile([{{'_', '$1'}, [{'>', '$1', Threshold}], ['$_']}])),
            best(Left, figures:offer(Ranking, More), Pattern, Sum + lists:sum(Words));
        {none, Progress} -> {Best, Progress, Sum}
    end.

%% The order of the figures depends on the release.
pattern() ->
    {_, Figures} = process_info(self(), garbage_collection_info),
    [{Name, case Name of bin_vheap_size -> '$2'; bin_old_vheap_size -> '$3'; _ -> '_' end} || {Name, _} <- Figures].

%% From one process's garbage_collection_info.
bytes(Figures) ->
    #{bin_vheap_size := Young, bin_old_vheap_size := Old} = maps:from_list(Figures),
    (Young + Old) * erlang:system_info(wordsize).

%% The bytes of all large binaries. Every scheduler reports its own: if one is blocked, the sum is not known.
memory() ->
    Self = self(),
    Asker = spawn_opt(fun() -> Self ! {self(), erlang:memory(binary)} end, [link]),
    receive
        {Asker, Bytes} -> Bytes
    after deadline:bound(?PATIENCE_MS) ->
        unlink(Asker),
        exit(Asker, kill),
        undefined
    end.
