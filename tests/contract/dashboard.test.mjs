// The tool that makes the Grafana dashboard refuses what no metric is there for, in a sentence that names the panel.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { BINARY, ROOT } from '../integration/lib/beamgauge.mjs';

const TOOL = join(dirname(BINARY), 'api/dashboard/dashboard');
const PANELS = join(ROOT, 'api/dashboard/panels.json');

suite('making the dashboard', () => {
  let folder;
  let table;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'beamgauge-dashboard-'));
    table = await readFile(PANELS, 'utf8');
  });
  after(() => rm(folder, { recursive: true }));

  const make = (panels, out = join(folder, 'out.json')) => new Promise((resolve) => {
    execFile(TOOL, [out, panels], (error, _, stderr) => resolve({ code: error?.code ?? 0, stderr }));
  });
  const made = async () => JSON.parse(await readFile(join(folder, 'out.json'), 'utf8')).panels;
  async function changed(change) {
    const path = join(folder, 'panels.json');
    const text = change(table);
    assert.notEqual(text, table, 'the change changes something');
    await writeFile(path, text);
    return path;
  }

  test('with the table of the tree it writes the dashboard that is built, a panel each, and rows between them', async () => {
    assert.deepEqual(await make(PANELS), { code: 0, stderr: '' });
    assert.equal(await readFile(join(folder, 'out.json'), 'utf8'), await readFile(join(dirname(BINARY), 'dashboard.json'), 'utf8'));
    const { rows } = JSON.parse(table);
    const titles = rows.flatMap(({ title, lines }) => [title, ...lines.flat().map((panel) => panel.title)]);
    assert.deepEqual((await made()).map(({ title }) => title), titles);
  });

  test('a metric brings its unit, its help text, its rate and its labels', async () => {
    assert.equal((await make(PANELS)).code, 0);
    const panel = async (name) => (await made()).find(({ title }) => title === name);
    const targets = ({ targets }) => targets.map(({ expr, legendFormat }) => [expr, legendFormat]);
    const up = await panel('Up for');
    assert.deepEqual([up.description, up.fieldConfig.defaults.unit], ['Time since the node started', 's']);
    const kinds = await panel('Memory by kind');
    assert.deepEqual([kinds.fieldConfig.defaults.unit, targets(kinds)], ['bytes', [['beam_memory_bytes{instance=~"$node"}', '{{instance}} {{kind}}']]]);
    const collected = await panel('Garbage collection');
    assert.deepEqual([collected.fieldConfig.defaults.unit, targets(collected)],
      ['Bps', [['rate(beam_garbage_collection_reclaimed_bytes_total{instance=~"$node"}[$__rate_interval])', '{{instance}}']]]);
    assert.deepEqual(targets(await panel('Questions')), [
      ['sum by (served) (rate(beamgauge_questions_total[$__rate_interval]))', '{{served}}'],
      ['sum(rate(beamgauge_questions_failed_total[$__rate_interval]))', 'failed']]);
    assert.deepEqual(targets(await panel('Use of limits'))[0], ['beam_processes{instance=~"$node"} / beam_processes_limit{instance=~"$node"}', '{{instance}} processes']);
  });

  const faults = [
    ['a metric that nobody exposes', '"beam_uptime_seconds"', '"beam_uptime"', 'the panel "Up for" shows the metric beam_uptime, which nobody exposes'],
    ['a whole that nobody exposes', '"of": "beam_ports_limit"', '"of": "beam_ports_most"', 'the panel "Use of limits" shows the metric beam_ports_most, which nobody exposes'],
    ['a line without a metric', '{"metric": "beam_memory_bytes"}', '{}', 'a line of the panel "Memory by kind" names no metric'],
    ['a label that the metric has not', '"by": "served"', '"by": "question"', 'the panel "Questions" shows beamgauge_questions by question, which is none of its labels'],
    ['a way to show that the metric has not', '"as": "growth"', '"as": "mean"', 'the panel "Growth of the most monitors on one other" cannot show beam_process_max_pair_monitors so: see "of", "as" and "by" in series.h'],
    ['a sum without a legend', ', "legend": "failed"', '', 'a line of the panel "Questions" needs a legend: beamgauge_questions_failed is summed up'],
    ['a shape that is not there', '"shape": "state"', '"shape": "gauge"', 'the panel "Nodes that answer" has the shape "gauge", which is not there'],
    ['a misspelt member', '"unit": "reqps"', '"units": "reqps"', '"Requests" has a member "units", which means nothing'],
    ['a panel that shows nothing', '[{"metric": "beam_memory_bytes"}]', '[]', 'the panel "Memory by kind" must have 1 to 26 series'],
  ];
  for (const [what, before, now, expected] of faults)
    test(`${what} ends it`, async () => {
      assert.deepEqual(await make(await changed((text) => text.replace(before, now))), { code: 1, stderr: `dashboard: ${expected}\n` });
    });

  test('a file that is no JSON, and a place that cannot be written, are named', async () => {
    const { code, stderr } = await make(await changed((text) => text.slice(0, -5)));
    assert.equal(code, 1);
    assert.match(stderr, /^dashboard: \S+panels\.json:\d+: /);
    const out = join(folder, 'nowhere/out.json');
    assert.deepEqual(await make(PANELS, out), { code: 1, stderr: `dashboard: ${out} cannot be written\n` });
  });
});
