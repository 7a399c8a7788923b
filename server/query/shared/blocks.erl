%% How many monitors, links and messages a node holds, by its allocators' own counts: no process is touched, however many there are.
-module(blocks).
-export([sections/0, count/2, counts/0, counts/3, words/1, entries_max/0, messages/0]).

-define(PATIENCE_MS, 250).
-define(MESSAGE_WORDS, 5).
-define(MESSAGES_READY, 500). %% messages that each scheduler has blocks for from the start

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

%% {Monitors, Links, Others, Messages}. fix_alloc holds one block, of a type of its own, for each local monitor and link: these two counts
%% are exact. A monitor of a remote process, by name or with a tag is a block of std_alloc, where much else lives: Others are all of its
%% blocks. A message is a block of fix_alloc, or of eheap_alloc where it has content and its receiver keeps messages off its heap: Messages
%% is what all mailboxes together hold at most. Each is infinity where the node does not tell.
counts() ->
    case told(memory_internal, [fix_alloc]) of
        [] -> {infinity, infinity, infinity, infinity}; %% a scheduler is held up: it would be so again
        Fixed -> counts(Fixed, told(allocator, erlang:system_info(alloc_util_allocators)), erlang:system_info(wordsize))
    end.

counts(Fixed, Told, WordBytes) ->
    Sections = [{Name, [Section || {_, [{blocks, _} | _] = Section} <- Parts]} || {Name, _, Parts} <- Told],
    {Monitors, Links, Sides} = words(list_to_integer(erlang:system_info(otp_release))),
    {fixed(monitor, Monitors, WordBytes, Fixed), pairs(fixed(link, Links, WordBytes, Fixed), Sides), known(count(std_alloc, Sections)),
     messages(fixed(msg_ref, ?MESSAGE_WORDS, WordBytes, Fixed), known(count(eheap_alloc, Sections)))}.

%% Every process has a heap: that many blocks of eheap_alloc are no messages.
messages(Fixed, Heaps) when is_integer(Fixed), is_integer(Heaps) ->
    Fixed + ?MESSAGES_READY * erlang:system_info(schedulers) + max(0, Heaps - erlang:system_info(process_count));
messages(_, _) -> infinity.

known(undefined) -> infinity;
known(Count) -> Count.

%% Words that the block of a monitor, and of a link, takes by release, and how many blocks a link is. Since OTP 24 either side of it has its
%% own, which is alone for a moment while a link is made or taken away.
words(Release) when Release >= 27 -> {18, 7, 2};
words(Release) when Release >= 24 -> {16, 6, 2};
words(_) -> {15, 11, 1}.

pairs(infinity, _) -> infinity;
pairs(Blocks, Sides) -> (Blocks + Sides - 1) div Sides.

%% Blocks of a type of fix_alloc: each instance tells its types as [{Type, AllocatedBytes, UsedBytes}]. Infinity where that is not what
%% blocks of that size make. An instance may be below 0, as it may free what another one allocated, and then tells an unsigned word.
fixed(Type, Words, WordBytes, Told) ->
    Types = [element(tuple_size(Part), Part) || {_, _, Parts} <- Told, Part <- lists:flatten(Parts), element(1, Part) =:= fix_types],
    case lists:sum([Used || Each <- Types, {Of, _, Used} <- Each, Of =:= Type]) band ((1 bsl (8 * WordBytes)) - 1) of
        Used when Types =/= [], Used rem (Words * WordBytes) =:= 0 -> Used div (Words * WordBytes);
        _ -> infinity
    end.

%% [{Allocator, Instance, Parts}], as erlang:system_info/1 itself asks for it. Every scheduler tells of its own: where one is held up,
%% nothing is known, and nobody waits for it.
told(Item, Allocators) ->
    Ref = make_ref(),
    erlang:system_info({Item, Ref, Allocators}),
    told(Ref, erlang:system_info(schedulers), [], deadline:bound(?PATIENCE_MS)).

told(_, 0, Told, _) -> Told;
told(Ref, Schedulers, Told, Patience) ->
    receive
        {Ref, _, More} -> told(Ref, Schedulers - 1, More ++ Told, Patience)
    after Patience -> []
    end.

%% Entries that one process may have at most: a block is one entry of it.
entries_max() ->
    case counts() of
        {Monitors, Links, Others, _} when is_integer(Monitors), is_integer(Links), is_integer(Others) -> Monitors + Links + Others;
        _ -> infinity
    end.

%% Messages that all mailboxes hold at most.
messages() -> element(4, counts()).
