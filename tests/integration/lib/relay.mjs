// An attacker on the same host: another user, who takes a name in epmd, listens, and writes down whatever is proved to him.
import { Child } from './child.mjs';

export const NOBODY = 65534;

// Answers a handshake as a node would up to its challenge, and prints each message that comes after the first one's name.
const SCRIPT = `
  const net = require('node:net');
  const [name, host, epmdPort, silent] = process.argv.slice(1);
  const framed = (body) => { const head = Buffer.alloc(2); head.writeUInt16BE(body.length); return Buffer.concat([head, body]); };
  const challenge = () => {
    const full = Buffer.from(name + '@' + host), body = Buffer.alloc(19);
    body.write('N', 0); body.writeBigUInt64BE(0x1504000000n + 0x3df6f9cn, 1); body.writeUInt32BE(4711, 9); body.writeUInt32BE(1, 13); body.writeUInt16BE(full.length, 17);
    return framed(Buffer.concat([body, full]));
  };
  const server = net.createServer((socket) => {
    let held = Buffer.alloc(0);
    console.log('connected');
    socket.on('error', () => {}).on('close', () => console.log('closed')).on('data', (data) => {
      held = Buffer.concat([held, data]);
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const message = held.subarray(2, 2 + held.readUInt16BE(0));
        held = held.subarray(2 + message.length);
        console.log('message ' + String.fromCharCode(message[0]) + ' ' + message.toString('hex'));
        if (message[0] === 78 && !silent) socket.write(Buffer.concat([framed(Buffer.from('sok')), challenge()]));
      }
    });
  }).listen(0, '127.0.0.1', () => {
    const epmd = net.connect(Number(epmdPort), '127.0.0.1', () => {
      const body = Buffer.alloc(13 + name.length + 2);
      body[0] = 120; body.writeUInt16BE(server.address().port, 1); body[3] = 77; body[4] = 0; body.writeUInt16BE(6, 5); body.writeUInt16BE(5, 7);
      body.writeUInt16BE(name.length, 9); body.write(name, 11);
      epmd.write(framed(body));
      epmd.once('data', () => console.log('ready'));
    });
    epmd.on('error', (error) => console.log('epmd ' + error));
  });
`;

export async function startRelay(epmd, name, { uid = NOBODY, silent = false } = {}) {
  const [alive, host] = name.split('@');
  const child = new Child(process.execPath, ['-e', SCRIPT, alive, host, String(epmd.port), ...(silent ? ['silent'] : [])], { name: 'relay', cwd: '/', uid, gid: uid, env: {} });
  await child.line('stdout', /^ready$/);
  return {
    child,
    connections: () => child.lines('stdout').filter((line) => line === 'connected').length,
    proofs: () => child.lines('stdout').filter((line) => line.startsWith('message r')), // 'r': the digest, and a challenge back
    stop: () => child.stop(),
  };
}
