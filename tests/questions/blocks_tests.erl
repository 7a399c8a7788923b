%% The allocators' own counts of monitors, links and messages.
-module(blocks_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

-define(MANY, 20000).

many(Fun) -> [Fun(I) || I <- lists:seq(1, ?MANY)].

%% What Setup adds to {Monitors, Links, Others, Messages}: the VM does little else meanwhile.
added(Setup) ->
    Before = asking:blocks(),
    Planted = asking:plant(Setup),
    After = asking:blocks(),
    asking:uproot([Planted]),
    lists:zipwith(fun erlang:'-'/2, tuple_to_list(After), tuple_to_list(Before)).

near(Expected, Actual) -> ?assertMatch({true, _}, {lists:all(fun({E, A}) -> E =:= any orelse abs(E - A) < 200 end, lists:zip(Expected, Actual)), Actual}).

local_monitors_and_links_test_() -> [{timeout, 60, {"local monitors and links are counted exactly", fun() ->
    Watched = asking:plant(fun() -> ok end),
    near([?MANY, 0, 0, any], added(fun() -> many(fun(_) -> erlang:monitor(process, Watched) end) end)),
    near([0, ?MANY, any, any], added(fun() -> many(fun(_) -> spawn_link(timer, sleep, [infinity]) end) end)),
    asking:uproot([Watched])
end}}].

%% While a link is made or removed, only one of its two blocks exists. Bytes that do not fit a number of blocks give no count.
one_sided_link_test() ->
    {MonitorWords, LinkWords, Sides} = blocks:words(list_to_integer(erlang:system_info(otp_release))),
    Links = fun(Bytes) ->
        Types = [{monitor, 0, 30 * MonitorWords * 8}, {link, 0, Bytes}],
        {30, Count, _, _} = blocks:counts([{fix_alloc, 1, [{fix_types, Types}]}], [], 8),
        Count
    end,
    ?assertEqual(case Sides of 1 -> 67; 2 -> 34 end, Links(67 * LinkWords * 8)),
    ?assertEqual(infinity, Links(67 * LinkWords * 8 + 8)).

%% Those are in std_alloc: they are no part of the exact count.
named_and_tagged_monitors_test_() -> [{timeout, 60, {"monitors by name and with a tag are not in the exact count", fun() ->
    Watched = asking:plant(fun() -> register(watched_by_name, self()) end),
    near([0, 0, ?MANY, any], added(fun() -> many(fun(_) -> erlang:monitor(process, watched_by_name) end) end)),
    case erlang:function_exported(erlang, monitor, 3) of
        true -> near([0, 0, ?MANY, any], added(fun() -> many(fun(I) -> erlang:monitor(process, Watched, [{tag, {tag, I}}]) end) end));
        false -> ok
    end,
    asking:uproot([Watched])
end}}].

%% Neither is a monitor or a link.
messages_and_timers_test_() -> [{timeout, 60, {"messages and timers are neither monitors nor links", fun() ->
    Self = fun(I) -> self() ! {message, I} end,
    [begin
         [Monitors, Links, Others, Messages] = added(fun() -> process_flag(message_queue_data, Where), many(Self) end),
         near([0, 0, 0], [Monitors, Links, Others]),
         ?assertMatch({true, _}, {Messages > ?MANY * 9 div 10, {Where, Messages}})
     end || Where <- [on_heap, off_heap]],
    near([0, 0, 0, any], added(fun() -> many(fun(I) -> erlang:send_after(600000, self(), I) end) end)),
    near([0, 0, 0, any], added(fun() -> many(fun(I) -> erlang:start_timer(600000, self(), I) end) end))
end}}].

%% An idle node has hardly any, with any other processes on it.
nothing_is_claimed_test() ->
    {Monitors, Links, Others, Messages} = asking:blocks(),
    ?assertMatch({true, _}, {Monitors < 100 andalso Links < 1000 andalso Others < 5000 andalso Messages < 10000, {Monitors, Links, Others, Messages}}),
    ?assert(blocks:entries_max() >= Monitors + Links).

%% Each may be the bound of a process's own.
no_process_has_more_test_() -> [{timeout, 60, {"no process has more entries or messages than the node", fun() ->
    Watched = asking:plant(fun() -> ok end),
    Watcher = asking:plant(fun() -> many(fun(_) -> erlang:monitor(process, Watched) end), process_flag(message_queue_data, off_heap), many(fun(I) -> self() ! {I} end) end),
    [?assert(blocks:entries_max() >= length(element(2, process_info(Pid, Item)))) || Pid <- [Watched, Watcher], Item <- [monitors, monitored_by]],
    ?assert(blocks:messages() >= element(2, process_info(Watcher, message_queue_len))),
    asking:uproot([Watcher, Watched])
end}}].
