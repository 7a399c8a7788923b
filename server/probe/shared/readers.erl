%% Readers: disposable processes that ask others for figures, so that one which never answers costs neither the question nor the rest.
-module(readers).
-export([new/1, read/3, late/1]).

-define(ASIDE_MAX, 64). %% chunks that are waited for while the others are read
-define(PARTS, 256).    %% readers at a time that look for who does not answer
-define(PAUSE_MS_MIN, 5).
-define(TIMEOUT_MS, 5000). %% where the guard tells no other

%% The readers of one pass: {Reader, Aside, Room, PauseMs, Until}. A job is {Pids, Count, Items, Binary, Spec}, as figures:read/4 and then
%% ets:match_spec_run/2 take it.
new(Arguments) ->
    Timeout = maps:get(<<"timeout_ms">>, Arguments, ?TIMEOUT_MS),
    {start(), [], ?ASIDE_MAX, min(1000, max(4 * ?PAUSE_MS_MIN, Timeout div 20)), now_ms() + Timeout * 3 div 4}.

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
%% patience is short, and shorter each time. Who has not answered where there is no room for that counts as `timeout`, each.
read(Job, Tag, {Reader, Aside, Room, Pause, Until} = Readers) ->
    Reader ! {self(), Job},
    case await(Reader, patience(Room, Pause), none) of
        {ok, Answer} ->
            {Answer, Readers};
        timeout when Room > 0 ->
            {suspended, {start(), [{Reader, Job, Tag} | Aside], Room - 1, Pause, Until}};
        timeout ->
            stop(Reader),
            {unanswered(Job), {start(), Aside, Room, Pause, Until}}
    end.

patience(0, Pause) -> Pause;
patience(Room, Pause) -> max(?PAUSE_MS_MIN, (Pause div 4) bsr (?ASIDE_MAX - Room)).

unanswered({_, Count, _, _, _}) -> lists:duplicate(Count, timeout).

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

%% [{Tag, Job, Answer}] of what was set aside, in parts; ends the readers. What still stalls is asked again in parts until who does not
%% answer is alone, or time runs short.
late({Reader, Aside, _, Pause, Until}) ->
    stop(Reader),
    settle(Aside, Pause, Until, []).

settle([], _, _, Settled) -> Settled;
settle(Asked, Pause, Until, Settled) ->
    {Answered, Silent} = gather(Asked, [], Pause, []),
    [stop(Reader) || {Reader, _, _} <- Asked],
    {Lost, Divisible} = lists:partition(fun({_, Job, _}) -> element(2, Job) =:= 1 end, Silent),
    {GivenUp, Again} = case now_ms() > Until of true -> {Silent, []}; false -> {Lost, Divisible} end,
    Parts = [{Part, Tag} || {_, Job, Tag} <- Again, Part <- parts(Job, max(2, ?PARTS div length(Again)))],
    settle([{ask(Part), Part, Tag} || {Part, Tag} <- Parts], Pause, Until,
           [{Tag, Job, unanswered(Job)} || {_, Job, Tag} <- GivenUp] ++ Answered ++ Settled).

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

%% {Answered, Silent}, when no one of the silent has moved between two looks.
gather(Asked, Looks, Pause, Answered) ->
    receive after Pause -> ok end,
    Heard = [{One, receive {Reader, Answer} -> {ok, Answer} after 0 -> none end} || {Reader, _, _} = One <- Asked],
    Told = [{Tag, Job, Answer} || {{_, Job, Tag}, {ok, Answer}} <- Heard] ++ Answered,
    Silent = [One || {One, none} <- Heard],
    Moved = [look(Reader) || {Reader, _, _} <- Silent],
    case Moved -- Looks of
        [] -> {Told, Silent};
        _ -> gather(Silent, Moved, Pause, Told)
    end.
