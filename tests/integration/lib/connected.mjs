// Nodes that are connected, with named processes on the one that processes on the other can monitor.

// A node, and one that is connected to it for each name, with a process that has that name: {hub, services: [{node, pid}]}.
export async function connectedNodes(world, names) {
  const hub = await world.node();
  const services = [];
  for (const name of names) {
    const node = await world.node({ cookie: hub.cookie });
    services.push({ node, pid: await node.eval(`net_kernel:connect_node('${hub.name}'), plant:named(<<"${name}">>)`) });
  }
  return { hub, services };
}

// Expressions for a process on another node than the one that evaluates them: by its name there, and by its pid as that node prints it.
export const named = (node, name) => `rpc:call('${node.name}', erlang, whereis, [${name}])`;
export const withPid = (node, pid) => `rpc:call('${node.name}', c, pid, [0, ${pid.replace(/[<>]/g, '').split('.')[1]}, 0])`;
