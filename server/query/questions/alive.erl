%% Which of the given processes (pids or names) are alive, asked natively.
-module(alive).
-export([answer/1]).

answer(#{<<"processes">> := Processes}) -> #{<<"alive">> => [lives(who:find(Process)) || Process <- Processes]}.

lives({ok, Pid}) -> is_process_alive(Pid);
lives(none) -> false.
