// What has been tried to its end, kept in build/torture so that a long run can be cut off and resumed. A new build of the program begins anew.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BINARY } from '../../integration/lib/beamgauge.mjs';

const FOLDER = new URL('../../../build/torture/', import.meta.url).pathname;

export class Done {
  // `isKept`: it is written to the file after each request.
  constructor(name, { isResumed, isKept }) {
    this.path = `${FOLDER}${name}.json`;
    this.program = createHash('sha256').update(readFileSync(BINARY)).digest('hex');
    this.isKept = isKept;
    this.results = isResumed ? this.read() : {};
  }

  read() {
    try {
      const { program, results } = JSON.parse(readFileSync(this.path, 'utf8'));
      return program === this.program ? results : {};
    } catch (error) {
      if (error.code === 'ENOENT') return {};
      throw error;
    }
  }

  has(what) {
    return what in this.results;
  }

  keepOnly(names) {
    for (const what of Object.keys(this.results)) if (!names.includes(what)) delete this.results[what];
  }

  add(what, result) {
    this.results[what] = result;
    if (!this.isKept) return;
    mkdirSync(dirname(this.path), { recursive: true });
    writeFileSync(this.path, JSON.stringify({ program: this.program, results: this.results }));
  }

  sums() {
    const came = new Map();
    const results = Object.values(this.results);
    for (const { failures } of results) for (const [name, count] of failures) came.set(name, (came.get(name) ?? 0) + count);
    const sum = (pick) => results.reduce((total, result) => total + pick(result), 0);
    return {
      allocated: sum(({ count }) => count),
      tried: sum(({ tried }) => tried),
      came: [...came].sort(([a], [b]) => a.localeCompare(b)),
      faults: results.flatMap(({ faults }) => faults),
      requests: results.length,
    };
  }
}
