%% The owners of tables, ports or sockets: an entry as for peers, with the application.
-module(holder).
-export([named/1]).

-define(PATIENCE_MS, 500). %% for their names

%% The rows; if `owner` is a pid, it is replaced by its entry, otherwise by `undefined`.
named(Rows) ->
    Pids = lists:usort([Pid || #{<<"owner">> := Pid} <- Rows, is_pid(Pid)]),
    Arguments = #{<<"timeout_ms">> => ?PATIENCE_MS},
    Described = who:described(Pids, Arguments),
    Leaders = readers:infos([Pid || Pid <- Pids, node(Pid) =:= node()], group_leader, Arguments),
    Entries = maps:map(fun(Pid, Known) -> Known#{<<"peer">> => Pid, <<"application">> => application(maps:get(Pid, Leaders, none))} end, Described),
    [Row#{<<"owner">> => maps:get(Owner, Entries, undefined)} || #{<<"owner">> := Owner} = Row <- Rows].

application({group_leader, Leader}) -> identity:application(Leader);
application(_) -> undefined.
