%% Who owns a table, a port or a socket: an entry as for peers, with the application.
-module(holder).
-export([entry/1]).

entry(Pid) when is_pid(Pid) -> maps:merge(who:described(Pid), #{<<"peer">> => Pid, <<"application">> => application(Pid)});
entry(_) -> undefined.

application(Pid) when node(Pid) =:= node() -> identity:application(Pid);
application(_) -> undefined.
