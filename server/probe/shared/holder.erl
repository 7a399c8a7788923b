%% Who owns a table, a port or a socket: an entry as for peers, with the application.
-module(holder).
-export([entry/1]).

entry(Pid) when is_pid(Pid), node(Pid) =:= node() ->
    case process_info(Pid, [total_heap_size | identity:items()]) of
        [{total_heap_size, Words} | _] = Info ->
            Known = maps:from_list(Info),
            maps:merge(maps:with([registered_name, initial_call], Known),
                       #{<<"peer">> => Pid,
                         <<"started_as">> => identity:started_as(Pid, Known, Words * erlang:system_info(wordsize)),
                         <<"application">> => identity:application(Pid),
                         <<"alive">> => true});
        undefined ->
            #{<<"peer">> => Pid, <<"alive">> => false}
    end;
entry(Pid) when is_pid(Pid) -> #{<<"peer">> => Pid, <<"alive">> => undefined};
entry(_) -> undefined.
