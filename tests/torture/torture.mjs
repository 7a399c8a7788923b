// Torture: what want of memory, descriptors, reloads and load do to the service.
// node tests/torture/torture.mjs [--all [--resume] | --sample] [CASE...]
import { allocations } from './lib/allocations.mjs';
import { descriptors, flat, reloads, shortage } from './lib/load.mjs';
import { memcheck } from './lib/memcheck.mjs';

const words = process.argv.slice(2);
const isAll = words.includes('--all');
const isSample = words.includes('--sample');
const isResumed = words.includes('--resume');
const names = words.filter((word) => !word.startsWith('--'));
const by = (sample, usual, all) => (isSample ? sample : isAll ? all : usual);
const log = (line) => console.error(`  ${line}`);

// BG_ONLY: of what is asked only that which has this in its name.
const cases = {
  allocations: () => allocations({ ms: by(30_000, 300_000, Infinity), only: process.env.BG_ONLY, isResumed, log }),
  lasting: () => allocations({ ms: by(30_000, 60_000, 600_000), only: process.env.BG_ONLY, isLasting: true, log }),
  reloads: () => reloads({ times: by(50, 1000, 1000) }),
  descriptors: () => descriptors({ count: by(2_000, 20_000, 20_000) }),
  shortage: () => shortage({ times: by(3, 8, 8), ms: by(2_000, 5_000, 20_000) }),
  flat: () => flat({ cached: by(10_000, 100_000, 1_000_000), uncached: by(2_000, 20_000, 100_000) }),
  memcheck,
};
const usual = isSample ? ['allocations', 'lasting', 'reloads', 'descriptors', 'shortage'] : Object.keys(cases);
const unknown = names.filter((name) => !(name in cases)).concat(words.filter((word) => word.startsWith('--') && !['--all', '--resume', '--sample'].includes(word)));
if (unknown.length > 0) {
  console.error(`torture: ${unknown.join(' ')}: cases are ${Object.keys(cases).join(' ')}; options are --all, --resume and --sample`);
  process.exit(2);
}

let failed = false;
for (const name of names.length > 0 ? names : usual) {
  console.error(`==> ${name}`);
  const { figures, faults } = await cases[name]();
  console.log(`${name}: ${figures}`);
  for (const fault of faults.slice(0, 50)) console.log(`  FAULT ${fault}`);
  if (faults.length > 50) console.log(`  and ${faults.length - 50} more`);
  failed ||= faults.length > 0;
}
process.exit(failed ? 1 : 0);
