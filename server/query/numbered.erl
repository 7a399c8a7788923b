%% Part of embed.escript: terms as bytes, with numbers instead of atoms.
%%
%% A node looks up each atom that comes as text in its table of atoms. That takes 0.1 us each, nine tenths of the time to read a
%% question. So atoms are sent as numbers of the link's atom cache (server/nodes/atom_cache.h).
-module(numbered).
-export([bytes/1, slots/1, c_table/3, c_bytes/2]).

-define(NAMED_MAX, 200). %% BG_ATOMS_NAMED_MAX
-define(SLOTS, 1024). %% BG_ATOM_SLOTS

%% A term as bytes, and the list of atoms that are numbers in it: indexes into this list. These are the most frequent atoms. '$pid' stays as it is.
bytes(Term) ->
    Counts = lists:foldl(fun(Atom, Sums) -> maps:update_with(Atom, fun(Sum) -> Sum + 1 end, 1, Sums) end, #{}, [Atom || Atom <- mentioned(Term), Atom =/= '$pid']),
    Atoms = lists:sublist([Atom || {_, Atom} <- lists:sort([{-Count, Atom} || {Atom, Count} <- maps:to_list(Counts)])], ?NAMED_MAX),
    Places = maps:from_list(lists:zip([atom_to_binary(Atom, utf8) || Atom <- Atoms], lists:seq(0, length(Atoms) - 1))),
    {iolist_to_binary(walk(plain(Term), Places)), Atoms}.

mentioned(Atom) when is_atom(Atom) -> [Atom];
mentioned(Term) when is_tuple(Term) -> mentioned(tuple_to_list(Term));
mentioned(Term) when is_map(Term) -> mentioned(maps:to_list(Term));
mentioned(Fun) when is_function(Fun) -> [Atom || Key <- [module, name], {_, Atom} <- [erlang:fun_info(Fun, Key)]];
mentioned([Head | Tail]) -> lists:append(mentioned(Head), mentioned(Tail));
mentioned(_) -> [].

%% From one tag to the next (erl_ext_dist).
walk(<<$w, Length, Text:Length/binary, Rest/binary>>, Places) ->
    [case Places of #{Text := Place} -> <<$R, Place>>; _ -> <<$w, Length, Text/binary>> end | walk(Rest, Places)];
walk(<<>>, _) -> [];
walk(<<Tag, Rest/binary>> = Bytes, Places) ->
    Size = case Rest of
        <<Length:16, _/binary>> when Tag =:= $k -> 2 + Length;
        <<Length:32, _/binary>> when Tag =:= $m -> 4 + Length;
        <<Length, _/binary>> when Tag =:= $n -> 2 + Length;
        _ -> proplists:get_value(Tag, [{$a, 1}, {$b, 4}, {$F, 8}, {$h, 1}, {$i, 4}, {$j, 0}, {$l, 4}, {$t, 4}, {$q, 0}])
    end,
    <<Head:(1 + Size)/binary, Behind/binary>> = Bytes,
    [Head | walk(Behind, Places)].

plain(Term) ->
    <<131, Bytes/binary>> = term_to_binary(Term, [{minor_version, 2}]),
    Bytes.

%% Each atom that is a number anywhere has its own slot.
slots(Terms) ->
    Atoms = lists:usort(lists:append([element(2, bytes(Term)) || Term <- Terms])),
    length(Atoms) =< ?SLOTS orelse throw({"questions", none, "more than ~b atoms have numbers", [?SLOTS]}),
    maps:from_list(lists:zip(Atoms, lists:seq(0, length(Atoms) - 1))).

%% The atoms of one question in C: slot, length and text.
c_table(Name, Atoms, Slots) ->
    ["static const struct bg_atom_named atoms_", Name, "[] = {",
     [io_lib:format("{~b, ~b, \"~s\"}, ", [maps:get(Atom, Slots), byte_size(atom_to_binary(Atom, utf8)), c_text(atom_to_binary(Atom, utf8))]) || Atom <- Atoms], "};\n\n"].

%% Octal: a following digit cannot become part of it.
c_text(Text) -> [io_lib:format("\\~3.8.0b", [Byte]) || <<Byte>> <= Text].

c_bytes(Name, Bytes) -> ["static const uint8_t ", Name, "[] = {\n", c_lines(Bytes), "};\n\n"].

c_lines(<<Line:32/binary, Rest/binary>>) -> [c_line(Line) | c_lines(Rest)];
c_lines(<<>>) -> [];
c_lines(Line) -> [c_line(Line)].

c_line(Line) -> ["    ", [[integer_to_list(Byte), ","] || <<Byte>> <= Line], "\n"].
