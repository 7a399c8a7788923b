// epmd, the port mapper of Erlang nodes: one of our own on a port of its own, and asking any.
import { Child } from './child.mjs';
import { connect, freePort, listens } from './net.mjs';
import { sleep, until, within } from './wait.mjs';

export async function startEpmd(port, options = {}) {
  for (let attempt = 0; ; attempt++) {
    const chosen = port ?? (await freePort());
    const child = new Child('epmd', ['-port', String(chosen)], { name: 'epmd', ...options });
    try {
      await until('epmd to listen', async () => {
        if (child.end) throw new Error(`epmd ended: ${JSON.stringify(child.end)} ${child.text('stderr')}`);
        return listens(chosen);
      });
      await sleep(50); // one that found its port taken listens nowhere and ends now
      if (child.end) throw new Error('epmd ended at once');
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
  await within('epmd to answer', done, 5000).finally(() => socket.destroy());
  const text = Buffer.concat(chunks).subarray(4).toString('latin1');
  return new Map([...text.matchAll(/^name (.*) at port (\d+)$/gm)].map((match) => [match[1], Number(match[2])]));
}
