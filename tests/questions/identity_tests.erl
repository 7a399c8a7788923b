%% Who a process is: what proc_lib started it as and what it says of itself, however large its heap, and never a large dictionary.
-module(identity_tests).
-include_lib("stdlib/include/assert.hrl").
-export([heavy/2]).
-compile([nowarn_missing_spec, export_all, nowarn_export_all]).

%% Started as a gen_server is, with a heap that a state takes.
heavy(Owner, Elements) ->
    put('$initial_call', {fat_server, init, 1}),
    State = lists:seq(1, Elements),
    Owner ! {ready, self()},
    receive stop -> length(State) end.

start(Elements) -> start(heavy, Elements).

start(Function, Argument) ->
    Pid = proc_lib:spawn(?MODULE, Function, [self(), Argument]),
    receive {ready, Pid} -> Pid end.

row(Mode, Pid) ->
    #{<<"rows">> := Rows} = asking:ask(Mode, scan, #{<<"limit">> => 1000, <<"order">> => <<"desc">>, <<"binary">> => false, <<"list_entries_max">> => 200000}),
    hd([Row || #{<<"pid">> := Each} = Row <- Rows, Each =:= Pid]).

heavy_test_() -> asking:each("a process with a large heap is reported as what proc_lib started, in rows, groups and by itself", fun(Mode) ->
    Pid = start(2000000),
    try
        ?assert(element(2, process_info(Pid, total_heap_size)) * erlang:system_info(wordsize) > 16 * 1024 * 1024),
        ?assertMatch(#{<<"started_as">> := {fat_server, init, 1}}, row(Mode, Pid)),
        ?assertMatch(#{<<"started_as">> := {fat_server, init, 1}}, asking:ask(Mode, notes, #{<<"pid">> => asking:text(Pid), <<"heap_bytes">> => 268435456})),
        #{<<"groups">> := Groups} = asking:ask(Mode, groups, #{<<"by">> => <<"initial_call">>, <<"sort">> => <<"memory">>, <<"limit">> => 50,
                                                              <<"entries">> => false, <<"list_entries_max">> => 200000}),
        ?assertMatch([_], [Group || #{<<"key">> := {fat_server, init, 1}} = Group <- Groups])
    after
        asking:uproot([Pid])
    end
end).

said_test_() -> asking:each("what a process notes under process_name is its label, unless it has one", fun(Mode) ->
    Said = asking:plant(fun() -> put(process_name, {rabbit_reader, <<"127.0.0.1:1 -> 127.0.0.1:5672">>}), monitors() end),
    Labelled = asking:plant(fun() -> put(process_name, other), put('$process_label', <<"cart 7">>), monitors() end),
    ?assertMatch(#{<<"label">> := <<"{rabbit_reader,<<\"127.0.0.1:1 -> 127.0.0.1:5672\">>}">>}, row(Mode, Said)),
    ?assertMatch(#{<<"label">> := <<"cart 7">>}, row(Mode, Labelled)),
    asking:uproot([Said, Labelled])
end).

monitors() -> [erlang:monitor(process, whereis(init)) || _ <- lists:seq(1, 3)].

%% A dictionary of 300 MB, on a heap of as much, is not read on any release: since OTP 26.2 one key is asked for.
large_test_() -> asking:each("a dictionary that may be large is not copied", fun(Mode) ->
    Pid = start(hoard, 20000000),
    try
        ?assert(element(2, process_info(Pid, total_heap_size)) * erlang:system_info(wordsize) > 256 * 1024 * 1024),
        {Reported, Copied} = received_by_asker(fun() -> row(Mode, Pid) end),
        Expected = case erlang:system_info(otp_release) >= "27" of true -> {fat_server, init, 1}; false -> undefined end,
        ?assertEqual(Expected, maps:get(<<"started_as">>, Reported)),
        ?assert(Copied < 64 * 1024 * 1024)
    after
        asking:uproot([Pid])
    end
end).

hoard(Owner, Elements) ->
    put('$initial_call', {fat_server, init, 1}),
    put(hoard, lists:seq(1, Elements)),
    Owner ! {ready, self()},
    receive stop -> ok end.

%% {Value, by how much the memory of all processes rose at most meanwhile}.
received_by_asker(Ask) ->
    Before = erlang:memory(processes),
    Self = self(),
    Watcher = spawn_link(fun() -> watch(Self, 0) end),
    Value = Ask(),
    Watcher ! {stop, self()},
    receive {Watcher, Most} -> {Value, Most - Before} end.

watch(Owner, Most) ->
    receive {stop, Owner} -> Owner ! {self(), Most}
    after 1 -> watch(Owner, max(Most, erlang:memory(processes)))
    end.
