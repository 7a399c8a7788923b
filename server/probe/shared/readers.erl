%% Readers: disposable processes that ask others for figures, so that one which never answers costs neither the question nor the rest.
-module(readers).
-export([new/1, read/3, late/1]).

-define(ASIDE_MAX, 64). %% chunks that are waited for while the others are read
-define(PARTS, 256).    %% readers at a time that look for who does not answer
-define(PAUSE_MS_MIN, 5).
-define(WAIT_MS_MAX, 10000).
-define(TIMEOUT_MS, 5000). %% where the guard tells no other

%% The readers of one pass: {Reader, Aside, Room, PauseMs, Until}. A job is {Pids, Count, Items, Binary, Spec}, as figures:read/4 and then
%% ets:match_spec_run/2 take it.
new(Arguments) ->
    Timeout = maps:get(<<"timeout_ms">>, Arguments, ?TIMEOUT_MS),
    {start(), [], ?ASIDE_MAX, min(1000, max(4 * ?PAUSE_MS_MIN, Timeout div 20)), now_ms() + min(?WAIT_MS_MAX, Timeout div 2)}.

now_ms() -> erlang:monotonic_time(millisecond).

%% Linked and watching, it ends with the question in whatever way that ends, and under its heap limit.
start() ->
    Keeper = self(),
    {_, Settings} = process_info(Keeper, garbage_collection),
    spawn_opt(fun() -> serve(Keeper, erlang:monitor(process, Keeper)) end,
              [link, {priority, low}, lists:keyfind(max_heap_size, 1, Settings)]).

serve(Keeper, Monitor) ->
    receive
        {Keeper, {Pids, Count, Items, Binary, Spec}} ->
            Keeper ! {self(), ets:match_spec_run(figures:read(Pids, Count, Items, Binary), Spec)},
            serve(Keeper, Monitor);
        {'DOWN', Monitor, process, Keeper, _} ->
            ok
    end.

stop(Reader) ->
    unlink(Reader),
    exit(Reader, kill).

%% {Answer, Readers}. A chunk that stalls is set aside, for late/1 to tell: its answer is `suspended` then. Waiting for it goes on meanwhile, so
%% patience is short, and shorter each time. Where there is no room for that, its answer is `timeout`, and it is lost.
read(Job, Tag, {Reader, Aside, Room, Pause, Until} = Readers) ->
    Reader ! {self(), Job},
    case await(Reader, patience(Room, Pause), none) of
        {ok, Answer} ->
            {Answer, Readers};
        timeout when Room > 0 ->
            {suspended, {start(), [{Reader, Job, Tag} | Aside], Room - 1, Pause, Until}};
        timeout ->
            stop(Reader),
            {timeout, {start(), Aside, Room, Pause, Until}}
    end.

patience(0, Pause) -> Pause;
patience(Room, Pause) -> max(?PAUSE_MS_MIN, (Pause div 4) bsr (?ASIDE_MAX - Room)).

%% One that has done nothing between two looks is stalled; one that was not let run is not.
await(Reader, Pause, Look) ->
    receive
        {Reader, Answer} -> {ok, Answer}
    after Pause ->
        case look(Reader) of
            Look -> timeout;
            Other -> await(Reader, Pause, Other)
        end
    end.

look(Reader) ->
    case process_info(Reader, [status, reductions]) of
        [{status, waiting}, {reductions, Reductions}] -> {Reader, Reductions};
        _ -> make_ref()
    end.

%% [{Tag, Job, Answer}] of what was set aside, in parts; ends the readers. Counting the memory of a process with millions of monitors takes
%% it a second, and again for everyone who asks: so nobody is asked again before half of the time is gone. What still stalls then is
%% asked again in parts until who does not answer is alone, who is waited for until time runs short: the answer is `timeout` then.
late({Reader, Aside, _, Pause, Until}) ->
    stop(Reader),
    Now = now_ms(),
    settle(Aside, Pause, Now + (Until - Now) div 2, Until, []).

settle([], _, _, _, Settled) -> Settled;
settle(Asked, Pause, Patient, Until, Settled) ->
    {Answered, Silent} = gather(Asked, [], Pause, Patient, []),
    case now_ms() > Until of
        true ->
            [stop(Reader) || {Reader, _, _} <- Asked],
            [{Tag, Job, timeout} || {_, Job, Tag} <- Silent] ++ Answered ++ Settled;
        false ->
            {Alone, Divisible} = lists:partition(fun({_, Job, _}) -> element(2, Job) =:= 1 end, Silent),
            [stop(Reader) || {Reader, _, _} <- Asked -- Alone],
            Parts = [{Part, Tag} || {_, Job, Tag} <- Divisible, Part <- parts(Job, max(2, ?PARTS div length(Divisible)))],
            settle([{ask(Part), Part, Tag} || {Part, Tag} <- Parts] ++ Alone, Pause, Patient, Until, Answered ++ Settled)
    end.

ask(Job) ->
    Reader = start(),
    Reader ! {self(), Job},
    Reader.

parts({Pids, Count, Items, Binary, Spec}, Parts) ->
    Size = (Count + Parts - 1) div Parts,
    [{Part, length(Part), Items, Binary, Spec} || Part <- split(Pids, Count, Size)].

split(Pids, Count, Size) when Count =< Size -> [Pids];
split(Pids, Count, Size) ->
    {Part, Rest} = lists:split(Size, Pids),
    [Part | split(Rest, Count - Size, Size)].

%% {Answered, Silent}, when no one of the silent has moved between two looks, and patience is over.
gather(Asked, Looks, Pause, Patient, Answered) ->
    receive after Pause -> ok end,
    Heard = [{One, receive {Reader, Answer} -> {ok, Answer} after 0 -> none end} || {Reader, _, _} = One <- Asked],
    Told = [{Tag, Job, Answer} || {{_, Job, Tag}, {ok, Answer}} <- Heard] ++ Answered,
    Silent = [One || {One, none} <- Heard],
    Moved = [look(Reader) || {Reader, _, _} <- Silent],
    case Moved -- Looks =:= [] andalso (Silent =:= [] orelse now_ms() >= Patient) of
        true -> {Told, Silent};
        false -> gather(Silent, Moved, Pause, Patient, Told)
    end.
