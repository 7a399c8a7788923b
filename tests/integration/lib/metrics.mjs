// Metrics as text: reading what beamgauge writes, strictly, and asking promtool what it thinks of it.
import assert from 'node:assert/strict';
import { Child } from './child.mjs';
import { LIMIT_MS, within } from './wait.mjs';

export const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';
export const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

const SAMPLE = /^([a-z_][a-z0-9_]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (NaN|[+-]Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)$/;
const SUFFIXES = { counter: ['_total'], gauge: [''], info: ['_info'], unknown: [''], untyped: [''], histogram: ['_bucket', '_sum', '_count'] };

function labelsOf(text = '') {
  const labels = {};
  for (const [, name, value] of text.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)) {
    assert.ok(!(name in labels), `twice ${name} in ${text}`);
    labels[name] = value.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
  }
  return labels;
}

// [{name, type, unit, help, samples: [{name, labels, value}]}]; refuses what either format forbids.
export function parse(text, { open = false } = {}) {
  const families = [];
  const seen = new Set();
  const lines = text.split('\n');
  assert.equal(lines.pop(), '', 'ends with a line feed');
  if (open) assert.equal(lines.pop(), '# EOF');
  for (const line of lines) {
    const meta = /^# (HELP|TYPE|UNIT) (\S+) (.+)$/.exec(line);
    if (meta?.[1] === 'HELP') {
      assert.ok(!families.some(({ name }) => name === meta[2]), `${meta[2]} comes twice`);
      families.push({ name: meta[2], help: meta[3], samples: [] });
      continue;
    }
    const family = families.at(-1);
    if (meta) {
      assert.equal(meta[2], family.name, line);
      family[meta[1].toLowerCase()] = meta[3];
      continue;
    }
    const match = SAMPLE.exec(line);
    assert.ok(match, `not a sample: ${line}`);
    const inFamily = open || family.type === 'histogram' ? SUFFIXES[family.type] : [''];
    assert.ok(inFamily.some((suffix) => match[1] === family.name + suffix), `${line} is not of ${family.name}, ${family.type}`);
    assert.ok(!seen.has(line.slice(0, line.lastIndexOf(' '))), `twice: ${line}`);
    seen.add(line.slice(0, line.lastIndexOf(' ')));
    family.samples.push({ name: match[1], labels: labelsOf(match[2]), value: Number(match[3].replace('Inf', 'Infinity')) });
  }
  for (const family of families) {
    assert.ok(family.type && family.help && family.samples.length > 0, JSON.stringify(family));
    if (open && family.unit) assert.ok(family.name.endsWith(`_${family.unit}`), family.name);
    if (family.type === 'histogram') checkHistogram(family);
  }
  return families;
}

// Buckets never fall, and the last one is the count.
function checkHistogram({ name, samples }) {
  let last = 0;
  for (const sample of samples) {
    if (sample.name === `${name}_bucket`) {
      assert.ok(sample.value >= last, `${name} falls`);
      last = sample.value;
    } else if (sample.name === `${name}_count`) {
      assert.equal(sample.value, last, `${name}_count is not its last bucket`);
      last = 0;
    }
  }
}

// The value of one sample, by its name and some of its labels; undefined where there is none.
export function value(families, name, labels = {}) {
  for (const { samples } of families)
    for (const sample of samples)
      if (sample.name === name && Object.entries(labels).every(([key, wanted]) => sample.labels[key] === wanted)) return sample.value;
  return undefined;
}

export const names = (families) => new Set(families.flatMap(({ samples }) => samples.map(({ name }) => name)));

// What promtool says of a text: nothing, if all is well.
export async function promtool(args, input = '') {
  const child = new Child('promtool', args);
  child.process.stdin.end(input);
  try {
    const { code } = await within('promtool', child.ended, LIMIT_MS);
    return { code, said: `${child.text('stdout')}${child.text('stderr')}` };
  } finally {
    await child.stop({ signal: 'SIGKILL' });
  }
}
