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

%% Blocks of one type, in carriers of any allocator: allocators reuse each other's abandoned ones. Undefined if the node was started
%% without this allocator.
count(Type, Sections) ->
    case lists:keymember(Type, 1, Sections) of
        true -> lists:sum([element(2, Count) || {_, Each} <- Sections, [{blocks, Types} | _] <- Each, {Of, [Count, _]} <- Types, Of =:= Type]);
        false -> undefined
    end.

%% {Monitors, Links, Others, Messages}. fix_alloc holds one block, of a type of its own, for each local monitor and link: these two counts
%% are exact. A monitor of a remote process, by name or with a tag is a block of std_alloc, which has many other blocks: Others are all
%% of its blocks. A message is a block of fix_alloc, or of eheap_alloc if it has content and its receiver keeps messages off its heap:
%% Messages is the maximum in all mailboxes together. Each is infinity if the node does not report it.
counts() ->
    case reported(memory_internal, [fix_alloc]) of
        [] -> {infinity, infinity, infinity, infinity}; %% a scheduler is blocked, and would be so again
        Fixed -> counts(Fixed, reported(allocator, erlang:system_info(alloc_util_allocators)), erlang:system_info(wordsize))
    end.

counts(Fixed, Reported, WordBytes) ->
    Sections = [{Name, [Section || {_, [{blocks, _} | _] = Section} <- Parts]} || {Name, _, Parts} <- Reported],
    {Monitors, Links, Sides} = words(list_to_integer(erlang:system_info(otp_release))),
    {fixed(monitor, Monitors, WordBytes, Fixed), pairs(fixed(link, Links, WordBytes, Fixed), Sides), known(count(std_alloc, Sections)),
     messages(fixed(msg_ref, ?MESSAGE_WORDS, WordBytes, Fixed), known(count(eheap_alloc, Sections)))}.

%% Every process has a heap: that many blocks of eheap_alloc are not messages.
messages(Fixed, Heaps) when is_integer(Fixed), is_integer(Heaps) ->
    Fixed + ?MESSAGES_READY * erlang:system_info(schedulers) + max(0, Heaps - erlang:system_info(process_count));
messages(_, _) -> infinity.

known(undefined) -> infinity;
known(Count) -> Count.

%% The words of the block of a monitor, and of a link, by release, and the number of blocks of a link. Since OTP 24 each side has its own
%% block; only one exists for a moment while a link is made or removed.
words(Release) when Release >= 27 -> {18, 7, 2};
words(Release) when Release >= 24 -> {16, 6, 2};
words(_) -> {15, 11, 1}.

pairs(infinity, _) -> infinity;
pairs(Blocks, Sides) -> (Blocks + Sides - 1) div Sides.

%% Blocks of a type of fix_alloc: each instance reports its types as [{Type, AllocatedBytes, UsedBytes}]. Infinity if the bytes do not
%% fit blocks of that size. An instance may be below 0, as it may free blocks that another one allocated, and then reports an unsigned
%% word.
fixed(Type, Words, WordBytes, Reported) ->
    Types = [element(tuple_size(Part), Part) || {_, _, Parts} <- Reported, Part <- lists:flatten(Parts), element(1, Part) =:= fix_types],
    case lists:sum([Used || Each <- Types, {Of, _, Used} <- Each, Of =:= Type]) band ((1 bsl (8 * WordBytes)) - 1) of
        Used when Types =/= [], Used rem (Words * WordBytes) =:= 0 -> Used div (Words * WordBytes);
        _ -> infinity
    end.

%% [{Allocator, Instance, Parts}], requested like erlang:system_info/1 does. Every scheduler reports its own: if one is blocked, nothing
%% is known, and nobody waits for it.
reported(Item, Allocators) ->
    Ref = make_ref(),
    erlang:system_info({Item, Ref, Allocators}),
    reported(Ref, erlang:system_info(schedulers), [], deadline:bound(?PATIENCE_MS)).

reported(_, 0, Reported, _) -> Reported;
reported(Ref, Schedulers, Reported, Patience) ->
    receive
        {Ref, _, More} -> reported(Ref, Schedulers - 1, More ++ Reported, Patience)
    after Patience -> []
    end.

%% The maximum entries of one process: a block is one entry of it.
entries_max() ->
    case counts() of
        {Monitors, Links, Others, _} when is_integer(Monitors), is_integer(Links), is_integer(Others) -> Monitors + Links + Others;
        _ -> infinity
    end.

%% The maximum messages in all mailboxes.
messages() -> element(4, counts()).
