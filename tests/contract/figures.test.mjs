// The figures: names that are out there stay, and what examples and documents say of figures is what the service says.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../integration/lib/beamgauge.mjs';
import { parse } from '../integration/lib/metrics.mjs';
import { suite } from '../integration/lib/suite.mjs';
import { operationOf } from './lib/document.mjs';

const OUT_THERE = new URL('figures.txt', import.meta.url); // names that people's checks and queries use; a new figure need not be here

suite('figures', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.shop = await world.node();
  await world.gauge.register(world.shop);
} }, (world, test) => {
  const figures = async () => (await world.gauge.get('check/metrics')).data;

  // {name: help}
  async function exposed() {
    await world.gauge.get(`nodes/${world.shop.name}/processes?max_age_ms=0`);
    const pages = [`/probe?target=${world.shop.name}`, `/probe?target=${world.shop.name}&module=prometheus_erl`, '/metrics', '/metrics'];
    const families = [];
    for (const page of pages) families.push(...parse((await world.gauge.api(page)).text));
    return new Map(families.map(({ name, help }) => [name, help]));
  }

  test('every name that is out there is still there', async () => {
    const list = (await readFile(OUT_THERE, 'utf8')).split('\n').filter((line) => line !== '');
    const names = new Set([...(await figures()).map(({ name }) => name), ...(await exposed()).keys()]);
    assert.deepEqual(list.filter((name) => !names.has(name)), []);
    assert.ok(list.length > 100);
  });

  test('examples show figures as the service does', async () => {
    const { content } = operationOf('listCheckMetrics').responses[200];
    const rows = await figures();
    for (const row of content['application/json'].example.data) assert.deepEqual(rows.find(({ name }) => name === row.name), row);
    const { text } = await world.gauge.api('check/metrics?format=csv');
    for (const line of content['text/csv'].example.split('\r\n')) assert.ok(text.includes(`${line}\r\n`) || line === '', line);
    const helps = await exposed();
    for (const operation of ['probeNode', 'getMetrics'])
      for (const [, name, help] of operationOf(operation).responses[200].content['text/plain'].example.matchAll(/^# HELP (\S+) (.+)$/gm))
        assert.equal(helps.get(name), help, name);
  });

  test('every figure and metric that a document names is there', async () => {
    const names = new Set((await figures()).map(({ name }) => name));
    const helps = await exposed();
    const documents = [join(ROOT, 'README.md'), ...(await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => join(ROOT, 'docs', name))];
    let count = 0;
    for (const file of documents) {
      const text = await readFile(file, 'utf8');
      const asserted = [...text.matchAll(/\b(?:assert|warn)=([a-z_.]+)/g)].map(([, name]) => name);
      const metrics = [...text.matchAll(/\bbeam_[a-z_]+/g)].map(([name]) => name);
      assert.deepEqual([...asserted.filter((name) => !names.has(name)), ...metrics.filter((name) => !helps.has(name))], [], file);
      count += asserted.length + metrics.length;
    }
    assert.ok(count > 5, `${count} names`);
  });
});
