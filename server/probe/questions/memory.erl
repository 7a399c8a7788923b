%% Memory by kind and by allocator, and how many monitors the allocators' block counts imply, without touching a process.
-module(memory).
-export([answer/1]).

answer(_) ->
    All = blocks:sections(),
    {Fix, Std} = {blocks:count(fix_alloc, All), blocks:count(std_alloc, All)},
    Processes = erlang:system_info(process_count),
    Memory = maps:from_list(erlang:memory()),
    #{<<"memory">> => Memory#{system := max(0, maps:get(system, Memory))}, %% a difference of figures of two instants: it may be below 0
      <<"allocators">> => [allocator(Name, Sections) || {Name, Sections} <- All],
      <<"process_count">> => Processes,
      <<"fix_blocks_count">> => Fix,
      <<"std_blocks_count">> => Std,
      <<"monitors_estimate">> => estimate(Fix, Processes, Std, erlang:system_info(wordsize))}.

%% What an allocator's own carriers hold.
allocator(Name, Sections) ->
    Held = [Held || [{blocks, Types} | _] <- Sections, {_, Held} <- Types],
    #{<<"name">> => Name,
      <<"used_bytes">> => lists:sum([element(2, Bytes) || [_, Bytes] <- Held]),
      <<"allocated_bytes">> => lists:sum([element(2, lists:keyfind(carriers_size, 1, Section)) || Section <- Sections]),
      <<"blocks_count">> => lists:sum([element(2, Count) || [Count, _] <- Held])}.

%% A local monitor is one block of fix_alloc, of about 17 words, a remote one a block of std_alloc of about 24. Links and some timers
%% live there too.
estimate(Fix, Processes, Std, WordBytes) when is_integer(Fix), is_integer(Std) ->
    {Local, Remote} = {max(0, Fix - Processes), Std},
    #{<<"local_count">> => Local, <<"remote_count">> => Remote, <<"bytes">> => (17 * Local + 24 * Remote) * WordBytes};
estimate(_, _, _, _) -> #{<<"local_count">> => undefined, <<"remote_count">> => undefined, <<"bytes">> => undefined}.
