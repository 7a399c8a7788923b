// ./dev bench: a table of ratios, each measured side by side in one run. Absolute times belong to this machine only.
import { World } from '../integration/lib/suite.mjs';
import { benchBusy } from './busy.mjs';
import { benchHarm } from './harm.mjs';
import { benchHistory } from './history.mjs';
import { benchHttp } from './http.mjs';
import { benchLarge } from './large.mjs';
import { benchLoop } from './loop.mjs';
import { benchQuestion } from './question.mjs';
import { benchScan } from './scan.mjs';

const PARTS = { http: benchHttp, loop: benchLoop, question: benchQuestion, scan: benchScan, busy: benchBusy, harm: benchHarm, history: benchHistory, large: benchLarge };
const ON_REQUEST = ['busy', 'large']; // minutes each
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !PARTS[name]);
if (unknown.length > 0) {
  console.error(`bench: unknown part ${unknown.join(', ')}: ${Object.keys(PARTS).join(', ')}`);
  process.exit(1);
}

const rows = [];
for (const [name, part] of Object.entries(PARTS)) {
  if (wanted.length > 0 ? !wanted.includes(name) : ON_REQUEST.includes(name)) continue;
  const world = new World();
  try {
    await world.start();
    console.error(`==> ${name}`);
    rows.push(...(await part(world)));
  } finally {
    await world.stop();
  }
}

const HEAD = { what: 'what', ours: 'beamgauge', theirs: 'compared with', ratio: 'ratio', aim: 'aim' };
const cells = [HEAD, ...rows].map((row) => Object.keys(HEAD).map((key) => String(row[key] ?? '')));
const widths = cells[0].map((_, i) => Math.max(...cells.map((line) => line[i].length)));
for (const line of cells) console.log(line.map((cell, i) => cell.padEnd(widths[i])).join('  ').trimEnd());
