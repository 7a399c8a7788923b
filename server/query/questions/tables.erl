%% The ETS tables with most memory or entries, or with most growth over a window. Reading a table's figures needs no message to its owner.
-module(tables).
-export([answer/1]).

-define(PATIENCE_MS, 250).

answer(#{<<"sort">> := Sort, <<"limit">> := Limit, <<"window_ms">> := Milliseconds}) ->
    WordBytes = erlang:system_info(wordsize),
    Item = case Sort of <<"memory">> -> memory; <<"size">> -> size end,
    Column = fun(Tables, Count) -> lists:zipwith(fun ets:info/2, Tables, lists:duplicate(Count, Item)) end,
    {Tables, Silent} = all(ets:internal_request_all(), erlang:system_info(schedulers), [], deadline:bound(?PATIENCE_MS)),
    {Best, Seen, Gone} = top:ranked(top:things(Tables), Column, Milliseconds, Limit),
    Rows = [row(Table, Number, Elapsed, ets:info(Table), WordBytes) || {Table, Number, Elapsed} <- Best],
    Whole = [Row || Row <- Rows, is_map(Row)],
    #{<<"rows">> => holder:named(Whole), <<"seen_count">> => Seen, <<"gone_count">> => Gone + length(Rows) - length(Whole), <<"word_bytes">> => WordBytes,
      <<"silent_count">> => Silent}.

%% Like ets:all/0: each scheduler reports the tables that were made there. Nobody waits for a blocked scheduler, which reports none.
all(_, 0, Tables, _) -> {Tables, 0};
all(Ref, Schedulers, Tables, Patience) ->
    receive
        {Ref, More} -> all(Ref, Schedulers - 1, More ++ Tables, Patience)
    after Patience -> {Tables, Schedulers}
    end.

row(_, _, _, undefined, _) -> dead;
row(Table, Number, Elapsed, Information, WordBytes) ->
    #{name := Name, named_table := Named, owner := Owner, type := Type, protection := Protection, size := Size, memory := Words} =
        Known = maps:from_list(Information),
    #{<<"table">> => Table,
      <<"name">> => Name,
      <<"named">> => Named,
      <<"owner">> => Owner,
      <<"type">> => Type,
      <<"protection">> => Protection,
      <<"compressed">> => maps:get(compressed, Known, false),
      <<"size_count">> => Size,
      <<"memory_bytes">> => Words * WordBytes,
      <<"delta">> => Number,
      <<"window_us">> => Elapsed}.
