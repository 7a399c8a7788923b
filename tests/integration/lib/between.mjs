// Somebody between beamgauge and a real node, who lets the handshake through and changes what the node sends after it. So a node that joins
// rightly and then answers wrongly in any way can be had, and a bad network.
import net from 'node:net';

const HANDSHAKE_ENDS = 'a'.charCodeAt(0); // the node's last message: its digest

// A sequence of numbers below 1 that a seed gives again (mulberry32).
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function framed(body, length = body.length) {
  const frame = Buffer.alloc(4 + body.length);
  frame.writeUInt32BE(length);
  body.copy(frame, 4);
  return frame;
}

function handshake(body) {
  const message = Buffer.alloc(2 + body.length);
  message.writeUInt16BE(body.length);
  body.copy(message, 2);
  return message;
}

// Cuts a stream into messages behind a length of 2 bytes, and of 4 once the handshake is over. Calls take(message, isHandshake).
class Messages {
  #held = Buffer.alloc(0);
  #width = 2;

  push(data, take) {
    this.#held = Buffer.concat([this.#held, data]);
    for (;;) {
      const width = this.#width;
      if (this.#held.length < width) return;
      const end = width + this.#held.readUIntBE(0, width);
      if (this.#held.length < end) return;
      const body = this.#held.subarray(width, end);
      this.#held = this.#held.subarray(end);
      if (width === 2 && body[0] === HANDSHAKE_ENDS) this.#width = 4;
      take(body, width === 2);
    }
  }
}

const asIs = (socket, bytes) => socket.write(bytes);

// `change(body, number)` gives what is sent in the place of a node's frame: bytes, an array of them, or 'cut'; while it is null all goes
// through as it is. `send(socket, bytes)` is how it is written to beamgauge.
class Between {
  change = null;
  send = asIs;
  frames = 0; // that were given to `change`
  #sockets = new Set();

  constructor(port) {
    this.server = net.createServer((gauge) => this.#join(gauge, net.connect(port, '127.0.0.1')));
  }

  #join(gauge, node) {
    const messages = new Messages();
    const end = () => {
      this.#sockets.delete(gauge);
      gauge.destroy();
      node.destroy();
    };
    this.#sockets.add(gauge);
    for (const socket of [gauge, node]) socket.on('error', end).on('close', end);
    gauge.on('data', (data) => node.write(data));
    node.on('data', (data) => messages.push(data, (body, isHandshake) => {
      const instead = isHandshake ? handshake(body) : body.length > 0 && this.change ? this.change(body, this.frames++) : framed(body);
      if (instead === 'cut') end();
      else for (const bytes of [instead].flat()) this.send(gauge, bytes);
    }));
  }

  // Ends the connections that there are; new ones are taken.
  cut() {
    for (const socket of this.#sockets) socket.destroy();
  }

  restore() {
    this.change = null;
    this.send = asIs;
    this.cut();
  }

  stop() {
    this.cut();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

export async function startBetween(port) {
  const between = new Between(port);
  await new Promise((resolve) => between.server.listen(0, '127.0.0.1', resolve));
  between.port = between.server.address().port;
  return between;
}
