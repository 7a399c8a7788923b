// epmd, the port mapper of Erlang nodes: one of our own on a port of its own, and asking any.
import { Child } from './child.mjs';
import { connect, freePort } from './net.mjs';
import { LIMIT_MS, within } from './wait.mjs';

// With -d twice it says when it listens; one that finds its port taken ends.
export async function startEpmd(port, options = {}) {
  for (let attempt = 0; ; attempt++) {
    const chosen = port ?? (await freePort());
    const child = new Child('epmd', ['-d', '-d', '-port', String(chosen)], { name: 'epmd', ...options });
    try {
      await child.line('stderr', /entering the main select\(\) loop/);
      return { port: chosen, child, stop: () => child.stop() };
    } catch (error) {
      await child.stop({ signal: 'SIGKILL' });
      if (port || attempt === 5) throw error;
    }
  }
}

// The names an epmd knows, with their ports; null if there is no epmd.
export async function epmdNames(port = 4369, host = '127.0.0.1') {
  let socket;
  try {
    socket = await connect(port, host);
  } catch {
    return null;
  }
  const chunks = [];
  const done = new Promise((resolve) => socket.on('data', (chunk) => chunks.push(chunk)).on('close', resolve));
  socket.write(Buffer.from([0, 1, 110]));
  await within('epmd to answer', done, LIMIT_MS).finally(() => socket.destroy());
  const text = Buffer.concat(chunks).subarray(4).toString('latin1');
  return new Map([...text.matchAll(/^name (.*) at port (\d+)$/gm)].map((match) => [match[1], Number(match[2])]));
}
