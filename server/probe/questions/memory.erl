%% Memory by kind, by allocator, by type of block, and as the operating system sees it, without touching a process. What native functions
%% tell is sent as they tell it, and api/ makes the rest of it.
-module(memory).
-export([answer/1]).

-define(FOLDERS_MAX, 16).

answer(_) ->
    Ref = make_ref(),
    erlang:system_info({memory_internal, Ref, erlang:system_info(alloc_util_allocators)}),
    Sizes = told(Ref, erlang:system_info(schedulers), []),
    erlang:system_info({allocator, Ref, [std_alloc]}),
    Standard = told(Ref, length(Sizes), []),
    maps:from_list(lists:zip(
        [<<"sizes">>, <<"standard">>, <<"memory">>, <<"process_count">>, <<"word_bytes">>, <<"otp_release">>, <<"connected_count">>,
         <<"persistent_term">>, <<"status">>, <<"meminfo">>, <<"cgroups">>],
        [Sizes, Standard, memory(Sizes), erlang:system_info(process_count), erlang:system_info(wordsize), erlang:system_info(otp_release),
         length(nodes(connected)), persistent_term:info(), file("/proc/self/status"), file("/proc/meminfo"), cgroups(file("/proc/self/cgroup"))])).

%% What each scheduler tells of its allocators. Where one is held up nobody waits for it, and nothing is known: erlang:memory/0, which would
%% wait, is not asked then.
told(_, 0, Told) -> Told;
told(Ref, Schedulers, Told) ->
    receive
        {Ref, _, More} -> told(Ref, Schedulers - 1, [More | Told])
    after 500 -> []
    end.

memory([]) -> undefined;
memory(_) -> erlang:memory().

file(Path) ->
    case prim_file:read_file(Path) of
        {ok, Text} -> Text;
        {error, _} -> undefined
    end.

%% [[Path, Version, Limit, Use]] of the node's own cgroup and those it is in: the tightest limit counts. In a container the path may be that of
%% the host, and the container's own is at the top. A line is ID:CONTROLLERS:PATH, version 2 has no controllers.
cgroups(undefined) -> [];
cgroups(Text) -> lists:append([folders(binary:split(Line, <<":">>, [global])) || Line <- binary:split(Text, <<"\n">>, [global])]).

folders([_, <<>>, Path]) -> read(2, <<"/sys/fs/cgroup">>, Path, <<"/memory.max">>, <<"/memory.current">>);
folders([_, <<"memory">>, Path]) ->
    read(1, <<"/sys/fs/cgroup/memory">>, Path, <<"/memory.limit_in_bytes">>, <<"/memory.usage_in_bytes">>);
folders(_) -> [].

read(Version, Root, Path, Limit, Use) -> read(Version, Root, binary:split(Path, <<"/">>, [global, trim_all]), Limit, Use, ?FOLDERS_MAX, []).

read(_, _, _, _, _, 0, Read) -> Read;
read(Version, Folder, Below, Limit, Use, Left, Read) ->
    More = [[Folder, Version, file(<<Folder/binary, Limit/binary>>), file(<<Folder/binary, Use/binary>>)] | Read],
    case Below of
        [] -> More;
        [Name | Rest] -> read(Version, <<Folder/binary, "/", Name/binary>>, Rest, Limit, Use, Left - 1, More)
    end.
