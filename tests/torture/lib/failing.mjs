// Which allocation of a program fails: see ../failing.c.
import { openSync, closeSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';

const LIBRARY = resolve(new URL('../../../build/release/tests/torture/failing.so', import.meta.url).pathname);
const NEVER = 2n ** 62n;
const SIZE = 40;

export class Failing {
  constructor(path) {
    writeFileSync(path, Buffer.alloc(SIZE));
    this.file = openSync(path, 'r+');
    this.env = { LD_PRELOAD: LIBRARY, BG_FAILING: path };
  }

  // From now on the allocation number `at` fails, and if it `isLasting` all after it; without it they are only counted. `saysWhere`: says
  // where, on stderr.
  arm(at, { isLasting = false, saysWhere = false } = {}) {
    const bytes = Buffer.alloc(SIZE);
    bytes.writeBigInt64LE(at === undefined ? NEVER : BigInt(at), 0);
    bytes.writeBigInt64LE(saysWhere ? 1n : 0n, 24);
    bytes.writeBigInt64LE(isLasting ? 1n : 0n, 32);
    writeSync(this.file, bytes, 0, SIZE, 0);
  }

  // {count, reached} since then; none fails any more.
  end() {
    const bytes = Buffer.alloc(SIZE);
    readSync(this.file, bytes, 0, SIZE, 0);
    writeSync(this.file, Buffer.alloc(8), 0, 8, 0);
    return { count: Number(bytes.readBigInt64LE(8)), reached: bytes.readBigInt64LE(16) === 1n };
  }

  close() {
    closeSync(this.file);
  }
}
