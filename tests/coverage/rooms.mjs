// Sums up what gcovr measured by room: rooms.mjs SUMMARY.json, as `gcovr --json-summary` writes it.
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const { files } = JSON.parse(await readFile(process.argv[2], 'utf8'));
const rooms = new Map();
for (const file of files) {
  const name = dirname(file.filename);
  const room = rooms.get(name) ?? { lines: [0, 0], branches: [0, 0], worst: [] };
  room.lines[0] += file.line_covered;
  room.lines[1] += file.line_total;
  room.branches[0] += file.branch_covered;
  room.branches[1] += file.branch_total;
  room.worst.push([file.line_total - file.line_covered, file.filename]);
  rooms.set(name, room);
}

const percent = ([covered, total]) => `${((100 * covered) / Math.max(1, total)).toFixed(1)} %`.padStart(8);
const WORST = 3;

console.log(`${'room'.padEnd(18)}${'lines'.padStart(8)}   of${'branches'.padStart(10)}   lines never run, most in`);
for (const [name, { lines, branches, worst }] of [...rooms].sort()) {
  const most = worst.sort((a, b) => b[0] - a[0]).slice(0, WORST).filter(([count]) => count > 0).map(([count, file]) => `${file.slice(name.length + 1)} ${count}`);
  console.log(`${name.padEnd(18)}${percent(lines)}${String(lines[1]).padStart(6)}${percent(branches).padStart(9)}   ${most.join(', ')}`);
}
