%% How much memory the node can use before its host or one of its cgroups has none left.
-module(room).
-export([bytes/0]).

%% Infinity if it is not known, as on systems other than Linux.
bytes() -> lists:min([infinity | available() ++ [Left || {Folder, Limit, Use, Cache} <- groups(), Left <- left(Folder, Limit, Use, Cache)]]).

available() -> [Kilobytes * 1024 || Kilobytes <- named(<<"MemAvailable:">>, text("/proc/meminfo"))].

%% The rest below the limit of a cgroup. Its use includes unused file pages, which are freed first.
left(Folder, Limit, Use, Cache) ->
    [Most - Used + lists:sum(named(Cache, text([Folder, "/memory.stat"]))) || Most <- number(text([Folder, Limit])), Used <- number(text([Folder, Use]))].

%% The node's cgroups and all their parents. A line is ID:CONTROLLERS:PATH; version 2 has no controllers. In a container the path may be that
%% of the host, and the container's own cgroup is at the top.
groups() ->
    Lines = [binary:split(Line, <<":">>, [global]) || Line <- binary:split(text("/proc/self/cgroup"), <<"\n">>, [global])],
    lists:append([[{[Top, Part], Limit, Use, Cache} || Part <- paths(binary:split(Path, <<"/">>, [global, trim_all]))]
                  || [_, Controllers, Path] <- Lines, {Controller, Top, Limit, Use, Cache} <- versions(), Controllers =:= Controller]).

versions() ->
    [{<<"memory">>, "/sys/fs/cgroup/memory", "/memory.limit_in_bytes", "/memory.usage_in_bytes", <<"total_inactive_file">>},
     {<<>>, "/sys/fs/cgroup", "/memory.max", "/memory.current", <<"inactive_file">>}].

paths(Names) -> [[["/", Name] || Name <- lists:sublist(Names, Depth)] || Depth <- lists:seq(0, length(Names))].

text(Path) ->
    case prim_file:read_file(iolist_to_binary(Path)) of
        {ok, Text} -> Text;
        _ -> <<>>
    end.

number(Text) ->
    try [binary_to_integer(hd(binary:split(Text, <<"\n">>)))] catch error:badarg -> [] end.

%% The numbers of lines that begin with this word.
named(Word, Text) ->
    [Number || Line <- binary:split(Text, <<"\n">>, [global]), [Name, Digits | _] <- [binary:split(Line, <<" ">>, [global, trim_all])], Name =:= Word,
               Number <- number(Digits)].
