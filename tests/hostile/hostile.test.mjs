// A node that joins rightly and then answers wrongly, and a network that drops, delays, cuts and drips: each request ends with an answer
// that says so, and the service goes on.
import assert from 'node:assert/strict';
import { framed, random, startBetween } from '../integration/lib/between.mjs';
import { freePort } from '../integration/lib/net.mjs';
import { suite } from '../integration/lib/suite.mjs';
import { until } from '../integration/lib/wait.mjs';

const SEED = Number(process.env.BG_SEED ?? 1);
const ROUNDS = Number(process.env.BG_ROUNDS ?? 1);
const PATHS = ['memory', 'system', 'allocators', 'schedulers?window_ms=100', 'processes?sort=memory', 'processes?sort=binary', 'processes?group=application',
  'processes?sort=reductions&window_ms=100', 'monitors?by=monitors', 'monitors/pairs', 'monitors/pairs?exact=true', 'processes/0.0.0', 'processes/0.0.0/relations',
  'applications', 'applications/kernel/tree', 'ets', 'ports', 'sockets', 'distribution', 'binaries', 'check?assert=pair_count_max:lt:1k&assert=process_ratio:lt:0.9'];
const FAILURES = [404, 409, 410, 422, 429, 502, 503, 504];

// Terms in the external format that are whole, and hard to take: deep, wide, large, or of kinds that nobody expects.
const many = (count, bytes) => Buffer.concat(Array(count).fill(Buffer.from(bytes)));
const u32 = (number) => [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];
const TERMS = {
  'an empty tuple': Buffer.from([104, 0]),
  'an empty list': Buffer.from([106]),
  'an empty map': Buffer.from([116, 0, 0, 0, 0]),
  'a list 100,000 deep': Buffer.concat([many(100_000, [108, 0, 0, 0, 1]), Buffer.from([106]), many(100_000, [106])]),
  'a list without an end of its own': Buffer.from([108, 0, 0, 0, 1, 97, 1, 97, 2]),
  'a tuple that says it has 4 billion elements': Buffer.from([105, 255, 255, 255, 255, 97, 1]),
  'a map that says it has 4 billion pairs': Buffer.from([116, 255, 255, 255, 255, 97, 1, 97, 1]),
  'a binary that says it has 4 GB': Buffer.from([109, 255, 255, 255, 255, 1]),
  'an atom of 255 characters': Buffer.from([118, 3, 252, ...many(255, [0xf0, 0x9f, 0x98, 0x80]).subarray(0, 1020)]),
  'an atom that is no UTF-8': Buffer.from([119, 3, 0xff, 0xfe, 0x80]),
  'not a number': Buffer.from([70, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]),
  'infinity': Buffer.from([70, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0]),
  'an integer of 60,000 digits': Buffer.from([111, ...u32(25_000), 1, ...many(25_000, [255])]),
  'a million small integers': Buffer.from([108, ...u32(1_000_000), ...many(1_000_000, [97, 7]), 106]),
  'a map with the same key twice': Buffer.from([116, 0, 0, 0, 2, 97, 1, 97, 1, 97, 1, 97, 2]),
  'bits that end within a byte': Buffer.from([77, 0, 0, 0, 1, 3, 160]),
  'a reference, too long': Buffer.from([90, 0, 9, 119, 1, 97, 0, 0, 0, 1, ...many(9, [0, 0, 0, 1])]),
  'nothing': Buffer.alloc(0),
  'bytes of no meaning': Buffer.from([1, 2, 3, 4, 5]),
};

// How many bytes the first term takes (of the kinds that control messages have), or -1.
function termLength(bytes, at) {
  const sized = (length) => (at + length <= bytes.length ? length : -1);
  const each = (head, count) => {
    let end = at + head;
    for (let i = 0; i < count; i++) {
      const length = termLength(bytes, end);
      if (length < 0) return -1;
      end += length;
    }
    return end - at;
  };
  switch (bytes[at]) {
    case 97: return sized(2);
    case 98: return sized(5);
    case 106: return 1;
    case 110: return sized(3 + bytes[at + 1]);
    case 100: case 118: return sized(3 + bytes.readUInt16BE(at + 1));
    case 115: case 119: return sized(2 + bytes[at + 1]);
    case 109: return sized(5 + bytes.readUInt32BE(at + 1));
    case 88: return each(1, 1) < 0 ? -1 : each(1, 1) + 12;
    case 90: { const node = termLength(bytes, at + 3); return node < 0 ? -1 : 3 + node + 4 + 4 * bytes.readUInt16BE(at + 1); }
    case 104: return each(2, bytes[at + 1]);
    case 108: { const length = each(5, bytes.readUInt32BE(at + 1)); const tail = length < 0 ? -1 : termLength(bytes, at + length); return tail < 0 ? -1 : length + tail; }
    default: return -1;
  }
}

// The frame with another payload: what stands behind its control message, or its last element where there is none.
function withPayload(body, term) {
  const length = termLength(body, 2);
  if (length < 0) return framed(body);
  const hasPayload = 2 + length < body.length;
  return framed(hasPayload ? Buffer.concat([body.subarray(0, 2 + length), Buffer.from([131]), term]) : body);
}

const WAYS = {
  'one byte is another': (next) => (body) => {
    const changed = Buffer.from(body);
    changed[Math.floor(next() * body.length)] ^= 1 << Math.floor(next() * 8);
    return framed(changed);
  },
  'frames are cut short': (next) => (body) => framed(body.subarray(0, Math.floor(next() * body.length))),
  'bytes are missing in the midst': (next) => (body) => {
    const at = Math.floor(next() * body.length);
    return framed(Buffer.concat([body.subarray(0, at), body.subarray(at + 1 + Math.floor(next() * 8))]));
  },
  'a length that is wrong': (next) => (body) => framed(body, Math.max(1, body.length + Math.floor(next() * 64) - 32)),
  'a length of 4 GB': () => (body) => framed(body, 0xffffffff),
  'a length just below what is taken': () => (body) => framed(body, 0x3ffffff),
  'each frame twice': () => (body) => [framed(body), framed(body)],
  'every third frame is lost': () => (body, number) => (number % 3 === 0 ? [] : framed(body)),
  'nothing comes': () => () => [],
  'the connection ends in the midst of a frame': (next) => (body, number) => (number % 4 === 3 ? 'cut' : framed(body.subarray(0, Math.floor(next() * body.length)), body.length)),
  'bytes of no meaning': (next) => () => framed(Buffer.from(Array.from({ length: 1 + Math.floor(next() * 300) }, () => Math.floor(next() * 256)))),
  'only ticks': () => () => Array(1000).fill(framed(Buffer.alloc(0))),
};

let node, between, gauge;

async function prepare(world) {
  const distPort = await freePort();
  node = await world.node({ distPort });
  await node.eval('plant:idle(200), plant:watcher([{plant:idle(), 300}]), ok');
  between = world.keep(await startBetween(distPort));
  gauge = await world.beamgauge({ sections: { limits: { connect_timeout_ms: 2000 } } });
  await gauge.register(node, { cookie: node.cookie, address: '127.0.0.1', port: between.port });
}

suite('hostile', { prepare }, (world, test) => {
  const ask = (path) => gauge.ask(node, `${path}${path.includes('?') ? '&' : '?'}max_age_ms=0`);

  // Every request ends with data, or with a problem that has a code and says what happened.
  async function askAll() {
    await Promise.all(PATHS.map(async (path) => {
      const { status, body, text } = await ask(`${path}${path.includes('?') ? '&' : '?'}timeout_ms=400`);
      if (status === 200) assert.ok(body.data !== undefined && body.meta !== undefined, `${path}: ${text}`);
      else assert.ok(FAILURES.includes(status) && (path.startsWith('check') || (body.code && body.detail)), `${path}: ${status} ${text}`);
    }));
    assert.equal((await gauge.api('/livez')).status, 200);
  }

  // As soon as the node is what it was, so are its answers.
  async function recovered() {
    between.restore();
    await until('the node to answer as ever', async () => {
      const answer = await ask('memory');
      assert.equal(answer.status, 200, `${answer.text} ${node.child.end ? `The node has ended: ${JSON.stringify(node.child.end)}` : ''}`);
      return true;
    });
    assert.deepEqual(await ask('monitors/pairs?min=300').then(({ body }) => body.data.map((pair) => pair.count)), [300]);
  }

  for (const [name, way] of Object.entries(WAYS)) {
    test(`${name} (seed ${SEED})`, async () => {
      between.change = way(random(SEED));
      for (let round = 0; round < ROUNDS; round++) await askAll();
      assert.ok(between.frames > 0, 'nothing was changed');
      await recovered();
    });
  }

  test('answers of every wrong kind', async () => {
    for (const [name, term] of Object.entries(TERMS)) {
      between.change = (body) => withPayload(body, term);
      await askAll().catch((error) => { throw new Error(`${name}: ${error.message}`, { cause: error }); });
    }
    await recovered();
  });

  test('one byte at a time: slow, and right', async () => {
    between.send = (socket, bytes) => {
      for (const byte of bytes) socket.write(Buffer.from([byte]));
    };
    between.cut();
    await gauge.up(node);
    for (const path of ['memory', 'system', 'monitors/pairs']) assert.equal((await ask(path)).status, 200, path);
    await recovered();
  });

  test('each frame late: right, or 504 in time', async () => {
    between.send = (socket, bytes) => setTimeout(() => socket.destroyed || socket.write(bytes), 150);
    between.cut();
    await gauge.up(node);
    assert.equal((await ask('memory')).status, 200);
    const { status, body } = await ask('memory?timeout_ms=100');
    assert.equal(status, 504, JSON.stringify(body));
    await recovered();
  });
});
