%% Sums over the processes of each application: one pass over all processes, summed natively by group leader. No process gets a message.
-module(applications).
-export([answer/1]).

-define(APPLICATIONS_MAX, 5000).

answer(#{<<"sort">> := Sort, <<"limit">> := Limit} = Arguments) ->
    Started = erlang:monotonic_time(microsecond),
    Loaded = lists:sublist(application:loaded_applications(), ?APPLICATIONS_MAX),
    Masters = [{application_controller:get_master(Name), Name} || {Name, _, _} <- Loaded],
    Sums = ets:new(ets, [private]),
    ets:insert(Sums, [{Master, 0, 0, 0, 0, 0} || Master <- [none | [Master || {Master, _} <- Masters, is_pid(Master)]]]),
    Progress = add_everyone(entries:calibrate(), Arguments, Sums),
    Versions = maps:from_list([{Name, Version} || {Name, _, Version} <- Loaded]),
    All = [sum(Master, Name, maps:get(Name, Versions), Sums) || {Master, Name} <- Masters] ++ [sum(none, undefined, undefined, Sums)],
    ets:delete(Sums),
    Place = case Sort of <<"memory">> -> 4; <<"processes">> -> 5; <<"total_heap">> -> 6; <<"message_queue_len">> -> 7; <<"reductions">> -> 8 end,
    (progress:answer(Progress, Started))#{
      <<"rows">> => [row(Sum) || Sum <- lists:sublist(lists:reverse(lists:keysort(Place, All)), Limit)],
      <<"application_count">> => length(All),
      <<"word_bytes">> => erlang:system_info(wordsize)}.

items() -> [group_leader, memory, total_heap_size, message_queue_len, reductions].

%% {Leader, what to add to which counters}. A process whose leader is on beamgauge's node belongs to another question that runs in parallel.
spec() ->
    Info = [{group_leader, '$1'}, {memory, '$2'}, {total_heap_size, '$3'}, {message_queue_len, '$4'}, {reductions, '$5'}],
    [{{'_', Info}, [{'=:=', {node, '$1'}, asker()}], [dead]},
     {{'_', Info}, [], [{{'$1', [{{2, '$2'}}, {{3, 1}}, {{4, '$3'}}, {{5, '$4'}}, {{6, '$5'}}]}}]}, {'_', [], [dead]}].

%% A question asked from its own node, as in tests, cannot recognise such processes.
asker() -> case node(group_leader()) =:= node() of true -> none; false -> node(group_leader()) end.

%% For a process with a long mailbox a quick look gives a minimum.
add_everyone(Calibration, Arguments, Sums) ->
    Job = readers:job(items(), ets:match_spec_compile(spec())),
    case quick:is_wanted(Calibration) of
        false ->
            add_all(Job, readers:new(chunks:all(), Arguments), Sums);
        true ->
            {Readers, Long, _, _} = quick:look([], Calibration, Arguments),
            Rows = with_leaders(Long, Arguments),
            add(Rows, length(Rows), Sums),
            add_all(Job, Readers, Sums)
    end.

with_leaders(Figures, Arguments) ->
    Infos = readers:infos([element(1, Row) || Row <- Figures], group_leader, Arguments),
    [{Leader, [{2, Memory}, {3, 1}, {4, Heap}, {5, Queue}, {6, Reductions}]}
     || {Pid, Memory, Heap, Queue, Reductions, _, _, _, _} <- Figures, {group_leader, Leader} <- [maps:get(Pid, Infos, dead)], node(Leader) =/= asker()].

add_all(Job, Readers, Sums) ->
    case readers:next(Job, Readers) of
        {none, Progress} -> Progress;
        {ok, Alive, Left} ->
            add(Alive, length(Alive), Sums),
            add_all(Job, Left, Sums)
    end.

%% Leaders that are not the master of an application are summed together, so the table cannot grow.
add(Alive, Count, Sums) ->
    Tables = lists:duplicate(Count, Sums),
    {Leaders, _} = lists:unzip(Alive),
    Known = lists:zip(lists:zipwith(fun ets:member/2, Tables, Leaders), Alive),
    Spec = ets:match_spec_compile([{{true, '$1'}, [], ['$1']}, {{false, {'_', '$1'}}, [], [{{none, '$1'}}]}]),
    {Keys, Additions} = lists:unzip(ets:match_spec_run(Known, Spec)),
    lists:zipwith3(fun ets:update_counter/3, Tables, Keys, Additions).

sum(Master, Name, Version, Sums) ->
    case ets:lookup(Sums, Master) of
        [{_, Memory, Count, Heap, Queue, Reductions}] -> {Name, Version, true, Memory, Count, Heap, Queue, Reductions};
        [] -> {Name, Version, false, 0, 0, 0, 0, 0}
    end.

row({Name, Version, Running, Memory, Count, Heap, Queue, Reductions}) ->
    #{<<"name">> => Name,
      <<"version">> => version(Version),
      <<"running">> => Running,
      <<"memory_bytes">> => Memory,
      <<"process_count">> => Count,
      <<"total_heap_words">> => Heap,
      <<"message_queue_len">> => Queue,
      <<"reductions_count">> => Reductions}.

version(Text) when is_list(Text) -> unicode:characters_to_binary(Text);
version(_) -> undefined.
