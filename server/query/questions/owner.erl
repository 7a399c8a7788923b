%% The node of a pid that does not begin with <0.: as the node's own shell prints it, its first number means another node.
-module(owner).
-export([answer/1]).

answer(#{<<"pid">> := Text}) -> #{<<"node">> => owner(Text)}.

%% Undefined if the number does not mean a node that is known here.
owner(Text) ->
    try node(list_to_pid(binary_to_list(Text))) of
        Node -> atom_to_binary(Node, utf8)
    catch
        error:badarg -> undefined
    end.
