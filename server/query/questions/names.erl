%% The names of the given processes: for other nodes, where they are at the end of monitors and links.
-module(names).
-export([answer/1]).

%% Reported in the order of the pids. A process that does not answer in time is reported without `alive`.
answer(#{<<"pids">> := Texts} = Arguments) ->
    Pids = [{Text, Pid} || Text <- Texts, {ok, Pid} <- [who:pid(Text)]],
    Described = who:described(lists:usort([Pid || {_, Pid} <- Pids]), Arguments),
    Known = maps:map(fun(_, Pid) -> maps:get(Pid, Described) end, maps:from_list(Pids)),
    #{<<"names">> => [maps:get(Text, Known, #{<<"alive">> => false}) || Text <- Texts]}.
