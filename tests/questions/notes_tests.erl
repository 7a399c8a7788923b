%% notes: what one process noted of itself, on any release.
-module(notes_tests).
-compile([export_all, nowarn_export_all]).
-include_lib("stdlib/include/assert.hrl").

ask(Mode, Text) -> asking:ask(Mode, notes, #{<<"pid">> => Text, <<"heap_bytes">> => 1048576}).

noted_test_() -> asking:each("a process says what it is, or does not", fun(Mode) ->
    Said = asking:plant(fun() -> put('$process_label', <<"cart 7">>), put('$initial_call', {cart, init, 1}) end),
    Silent = asking:plant(fun() -> ok end),
    ?assertEqual(#{<<"started_as">> => {cart, init, 1}, <<"label">> => <<"cart 7">>}, ask(Mode, asking:text(Said))),
    ?assertEqual(#{<<"started_as">> => undefined, <<"label">> => undefined}, ask(Mode, asking:text(Silent))),
    asking:uproot([Said, Silent])
end).

dead_test_() -> asking:each("who is dead, or no pid of this node, is dead", fun(Mode) ->
    Pid = asking:plant(fun() -> ok end),
    asking:uproot([Pid]),
    [?assertEqual(#{<<"dead">> => true}, ask(Mode, Text)) || Text <- [asking:text(Pid), <<"<0.1">>, <<>>, <<"0.1.0">>, <<255, 0>>]]
end).
