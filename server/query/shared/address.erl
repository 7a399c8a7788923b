%% Socket addresses as texts for people.
-module(address).
-export([text/1]).

%% From the result of inet or socket for an address; undefined for any other result.
text({ok, {local, Path}}) -> path(Path);
text({ok, {Ip, Port}}) when is_tuple(Ip), is_integer(Port) -> pair(Ip, Port);
text({ok, #{family := local, path := Path}}) -> path(Path);
text({ok, #{addr := Ip, port := Port}}) when is_tuple(Ip), is_integer(Port) -> pair(Ip, Port);
text(_) -> undefined.

pair(Ip, Port) when tuple_size(Ip) =:= 8 -> list_to_binary(["[", inet:ntoa(Ip), "]:", integer_to_list(Port)]);
pair(Ip, Port) -> list_to_binary([inet:ntoa(Ip), ":", integer_to_list(Port)]).

path(Path) ->
    Bytes = iolist_to_binary(Path),
    binary:part(Bytes, 0, min(byte_size(Bytes), 200)).
