%% Whose a pid is that does not begin with <0.: as the node's own shell prints it, its first number stands for another node.
-module(owner).
-export([answer/1]).

answer(#{<<"pid">> := Text}) -> #{<<"node">> => owner(Text)}.

%% Undefined where the number stands for no node that is known here.
owner(Text) ->
    try node(list_to_pid(binary_to_list(Text))) of
        Node -> atom_to_binary(Node, utf8)
    catch
        error:badarg -> undefined
    end.
