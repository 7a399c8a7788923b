// Ports and raw connections.
import { randomInt } from 'node:crypto';
import net from 'node:net';
import { LIMIT_MS, within } from './wait.mjs';

// A port that nobody listens on, of those that the system gives to nobody by itself: it stays free until it is used.
export async function freePort(host = '127.0.0.1') {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const server = net.createServer();
    const isFree = await new Promise((resolve) => server.once('error', () => resolve(false)).listen(port, host, () => resolve(true)));
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

export function listens(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const socket = net.connect(port, host);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.on('close', () => {});
    socket.once('connect', () => socket.destroy());
  });
}

export function connect(port, host = '127.0.0.1', localAddress = undefined) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host, localAddress });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

// Collects what a socket says until it holds `enough(text)` or the other side closes.
export function collect(socket, enough, timeout = LIMIT_MS) {
  let text = '';
  const done = new Promise((resolve) => {
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (enough(text)) resolve({ text, closed: false });
    });
    socket.on('close', () => resolve({ text, closed: true }));
  });
  return within('an answer on a raw connection', done, timeout);
}

// One HTTP/1.1 answer with a Content-Length, or what came before the connection was closed.
export function answerComplete(text) {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /^content-length: *(\d+)/im.exec(text.slice(0, end));
  return length ? text.length >= end + 4 + Number(length[1]) : false;
}

export function parseAnswer(text) {
  const end = text.indexOf('\r\n\r\n');
  const [first, ...lines] = text.slice(0, end).split('\r\n');
  const headers = {};
  for (const line of lines) headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 1).trim();
  const body = Buffer.from(text.slice(end + 4), 'latin1').toString('utf8');
  return { status: Number(first.split(' ')[1]), headers, body };
}

// Sends bytes as they are, and returns the first answer, or null if the connection closed without one.
export async function rawRequest(port, bytes, { timeout = LIMIT_MS } = {}) {
  const socket = await connect(port);
  try {
    const answer = collect(socket, answerComplete, timeout);
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    const { text } = await answer;
    return text.includes('\r\n\r\n') ? parseAnswer(text) : null;
  } finally {
    socket.destroy();
  }
}
