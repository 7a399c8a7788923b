%% How many monitors and links a node may hold, by its allocators' own counts: no process is touched, however many there are.
-module(blocks).
-export([sections/0, count/2, entries_max/0]).

-define(PATIENCE_MS, 250).

%% [{Allocator, [[{blocks, [{Type, [Count, Bytes]}]} | Figures]]}]: the carriers of each, in sections. A figure is {Name, Now} or
%% {Name, Now, MaxSinceAsked, Max}.
sections() ->
    Infos = erlang:system_info({allocator, erlang:system_info(alloc_util_allocators)}),
    [{Name, [Section || {instance, _, Parts} <- Instances, {_, [{blocks, _} | _] = Section} <- Parts]} || {Name, Instances} <- Infos, is_list(Instances)].

%% Blocks of one type, in whosever carriers they are: allocators take over each other's abandoned ones. Undefined where there is no such
%% allocator, as the node was started without it.
count(Type, Sections) ->
    case lists:keymember(Type, 1, Sections) of
        true -> lists:sum([element(2, Count) || {_, Each} <- Sections, [{blocks, Types} | _] <- Each, {Of, [Count, _]} <- Types, Of =:= Type]);
        false -> undefined
    end.

%% A local monitor or link is a block of fix_alloc, where processes are too, and a remote one a block of std_alloc; each is one entry of a
%% process at most. Every scheduler has to answer for its own: where one is held up, nothing is known, and nobody waits for it.
entries_max() ->
    Self = self(),
    Asker = spawn_opt(fun() -> Self ! {self(), most(erlang:system_info(process_count), sections())} end, [link, {priority, low}]),
    receive
        {Asker, Most} -> Most
    after ?PATIENCE_MS ->
        unlink(Asker),
        exit(Asker, kill),
        infinity
    end.

%% Processes come and go meanwhile.
most(Processes, Sections) ->
    case {count(fix_alloc, Sections), count(std_alloc, Sections)} of
        {Fix, Std} when is_integer(Fix), is_integer(Std) -> max(0, Fix - min(Processes, erlang:system_info(process_count))) + Std;
        _ -> infinity
    end.
