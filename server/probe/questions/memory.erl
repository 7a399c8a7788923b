%% Memory by kind and by allocator, and how many monitors the allocators' block counts imply, without touching a process.
-module(memory).
-export([answer/1]).

answer(_) ->
    Infos = erlang:system_info({allocator, erlang:system_info(alloc_util_allocators)}),
    Owned = [{Name, [Section || {instance, _, Parts} <- Instances, {_, [{blocks, _} | _] = Section} <- Parts]}
             || {Name, Instances} <- Infos, is_list(Instances)],
    All = [Blocks || {_, Sections} <- Owned, [{blocks, Types} | _] <- Sections, Blocks <- Types],
    {Fix, Std} = {blocks(All, fix_alloc), blocks(All, std_alloc)},
    Processes = erlang:system_info(process_count),
    #{<<"memory">> => maps:from_list(erlang:memory()),
      <<"allocators">> => [allocator(Name, Sections) || {Name, Sections} <- Owned],
      <<"process_count">> => Processes,
      <<"fix_blocks_count">> => Fix,
      <<"std_blocks_count">> => Std,
      <<"monitors_estimate">> => estimate(max(0, Fix - Processes), Std, erlang:system_info(wordsize))}.

%% What an allocator's own carriers hold. A section is [{blocks, [{Type, [Count, Bytes]}]} | Figures]; a figure is {Name, Now} or
%% {Name, Now, MaxSinceAsked, Max}.
allocator(Name, Sections) ->
    Held = [Held || [{blocks, Types} | _] <- Sections, {_, Held} <- Types],
    #{<<"name">> => Name,
      <<"used_bytes">> => lists:sum([element(2, Bytes) || [_, Bytes] <- Held]),
      <<"allocated_bytes">> => lists:sum([element(2, lists:keyfind(carriers_size, 1, Section)) || Section <- Sections]),
      <<"blocks_count">> => lists:sum([element(2, Count) || [Count, _] <- Held])}.

%% Blocks of one type, in whosever carriers they are: allocators take over each other's abandoned ones.
blocks(All, Type) -> lists:sum([element(2, Count) || {Of, [Count, _]} <- All, Of =:= Type]).

%% A local monitor is one block of fix_alloc, of about 17 words, a remote one a block of std_alloc of about 24. Links and some timers
%% live there too.
estimate(Local, Remote, WordBytes) ->
    #{<<"local_count">> => Local, <<"remote_count">> => Remote, <<"bytes">> => (17 * Local + 24 * Remote) * WordBytes}.
