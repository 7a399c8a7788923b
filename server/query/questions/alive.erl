%% Which of given processes live: told by pid or by name, asked natively.
-module(alive).
-export([answer/1]).

answer(#{<<"processes">> := Processes}) -> #{<<"alive">> => [lives(who:find(Process)) || Process <- Processes]}.

lives({ok, Pid}) -> is_process_alive(Pid);
lives(none) -> false.
