// What comes with beamgauge for Prometheus and Grafana: the alerts, the dashboard, and a real Prometheus that raises the alarm.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BINARY, Folder } from './lib/beamgauge.mjs';
import { Child } from './lib/child.mjs';
import { request } from './lib/http.mjs';
import { names, parse, promtool } from './lib/metrics.mjs';
import { freePort } from './lib/net.mjs';
import { suite } from './lib/suite.mjs';
import { LIMIT_MS, until } from './lib/wait.mjs';

const GIVEN = new URL('../../api/prometheus/', import.meta.url);
const given = (name) => readFile(new URL(name, GIVEN), 'utf8');
const made = async () => JSON.parse(await readFile(join(dirname(BINARY), 'dashboard.json'), 'utf8'));
const path = (name) => new URL(name, GIVEN).pathname;

// The names of metrics in an expression, its labels and strings put aside.
const metricsIn = (expression) => expression.replace(/\{[^}]*\}|"[^"]*"|\bby \([^)]*\)/g, '').match(/\b(beam|beamgauge|erlang|process)_[a-z0-9_]+\b/g) ?? [];

async function expressions() {
  const rules = (await given('alerts.yml')).matchAll(/expr: (?:>-\n((?: {10}.*\n)+)|(.*))/g);
  const dashboard = await made();
  return {
    'alerts.yml': [...rules].map(([, block, line]) => block ?? line),
    'dashboard.json': dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    variables: dashboard.templating.list.filter(({ type }) => type === 'query').map(({ definition }) => definition.replace(/label_values\((\w+),.*/, '$1')),
  };
}

// The files as they are given, on our ports and in quicker time: a minute lasts two seconds, and so does the interval of scrapes.
async function hasten(world, port) {
  const folder = await Folder.make();
  world.keep({ stop: () => folder.remove() });
  const config = (await given('prometheus.yml')).replaceAll('127.0.0.1:7788', `127.0.0.1:${world.gauge.port}`).replaceAll(/_interval: 15s/g, '_interval: 2s');
  await folder.write('alerts.yml', (await given('alerts.yml')).replaceAll(/(for: |\[)(\d+)m/g, (_, before, minutes) => `${before}${2 * minutes}s`));
  await folder.write('prometheus.yml', config.replace(/http_sd_configs: \[\{/, '$& refresh_interval: 1s,'));
  const child = new Child('prometheus', [`--config.file=${folder.file('prometheus.yml')}`, `--storage.tsdb.path=${folder.file('data')}`,
    `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'], { name: 'prometheus', cwd: folder.path });
  return world.keep({ stop: () => child.stop({ grace: 10_000 }), text: () => child.text('stderr') });
}

suite('prometheus rules', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.leaking = await world.node();
  world.healthy = await world.node();
  await world.gauge.register(world.leaking);
  await world.gauge.register(world.healthy);
} }, (world, test) => {
  test('promtool finds the config and the alerts right, and the alerts pass their own tests', async () => {
    for (const args of [['check', 'config', path('prometheus.yml')], ['check', 'rules', path('alerts.yml')], ['test', 'rules', path('alerts_test.yml')]]) {
      const { code, said } = await promtool(args);
      assert.equal(code, 0, said);
    }
  });

  test('every alert is tested', async () => {
    const tests = await given('alerts_test.yml');
    const alerts = [...(await given('alerts.yml')).matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
    assert.ok(alerts.length >= 10);
    for (const alert of alerts) assert.match(tests, new RegExp(`alertname: ${alert}\\n +exp_alerts:\\n`), alert);
  });

  test('the dashboard is whole: every panel has its place, its question and its data source', async () => {
    const { panels, templating, uid } = await made();
    assert.equal(uid, 'beamgauge');
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    const taken = new Set();
    for (const { title, type, gridPos: { x, y, w, h }, targets, datasource, fieldConfig } of panels) {
      assert.ok(x + w <= 24, title);
      for (let at = 0; at < w * h; at++) {
        const cell = `${x + (at % w)},${y + Math.floor(at / w)}`;
        assert.ok(!taken.has(cell), `${title} lies over another panel`);
        taken.add(cell);
      }
      if (type === 'row') continue;
      assert.equal(datasource.uid, '${datasource}', title);
      assert.ok(fieldConfig.defaults.unit, title);
      assert.ok(targets.length > 0 && targets.every(({ expr, legendFormat }) => expr && legendFormat), title);
    }
    assert.deepEqual(templating.list.map(({ name }) => name), ['datasource', 'node']);
  });

  test('every metric that an alert or a panel names is exposed', async () => {
    await world.gauge.get(`nodes/${world.healthy.name}/processes?max_age_ms=0`);
    const pages = await Promise.all(['/metrics', `/probe?target=${world.healthy.name}`].map((page) => world.gauge.api(page)));
    await world.gauge.api('/metrics');
    const exposed = names([...pages, await world.gauge.api('/metrics')].flatMap(({ text }) => parse(text)));
    let count = 0;
    for (const [file, list] of Object.entries(await expressions())) {
      assert.ok(list.length > 0, file);
      for (const expression of list)
        for (const name of metricsIn(expression)) {
          assert.ok(exposed.has(name), `${file}: ${name} in ${expression}`);
          count++;
        }
    }
    assert.ok(count > 40, `${count} names`);
    const files = await readdir(GIVEN);
    const isSource = (name) => /\.[ch]$/.test(name) || (name.endsWith('.json') && files.includes(name.replace(/json$/, 'c')));
    assert.deepEqual(files.filter((name) => !isSource(name)).sort(), ['alerts.yml', 'alerts_test.yml', 'prometheus.yml']);
  });

  test('a real Prometheus finds the nodes, scrapes them, and alerts on the leak: of the leaking node only', async () => {
    const port = await freePort();
    const prometheus = await hasten(world, port);
    const ask = async (what) => {
      const { status, body, text } = await request(port, `/api/v1/${what}`);
      assert.equal(status, 200, text);
      return body.data;
    };
    await world.healthy.eval('P = plant:idle(), plant:watcher([{P, 30000}])');
    const watcher = await world.leaking.eval('P = plant:idle(), register(leaked_on, P), plant:watcher([{P, 12000}])');
    const leak = () => world.leaking.eval(`plant:add_watches(list_to_pid("${watcher}"), [{whereis(leaked_on), 1000}])`);
    const targets = async () => (await ask('targets?state=active')).activeTargets;
    await until('three targets that are well', async () => (await targets()).filter(({ health }) => health === 'up').length === 3, { interval: 500 });
    assert.deepEqual((await targets()).map(({ labels }) => `${labels.job} ${labels.instance}`).sort(),
      [`beam ${world.leaking.name}`, `beam ${world.healthy.name}`, `beamgauge 127.0.0.1:${world.gauge.port}`].sort());
    const alert = await until('the alarm', async () => {
      await leak();
      return (await ask('alerts')).alerts.find(({ labels, state }) => labels.alertname === 'BeamMonitorLeak' && state === 'firing');
    }, { timeout: 3 * LIMIT_MS, interval: 1000 });
    assert.equal(alert.labels.instance, world.leaking.name);
    assert.match(alert.annotations.description, new RegExp(`/api/v1/nodes/${world.leaking.name}/monitors/pairs`));
    const leaks = (await ask('alerts')).alerts.filter(({ labels }) => /Leak$/.test(labels.alertname) && labels.instance === world.healthy.name);
    assert.deepEqual(leaks, [], 'the healthy node');
    const [, pairs] = /GET (\/api\/v1\/\S+)/.exec(alert.annotations.description);
    const [top] = (await world.gauge.get(pairs)).data;
    assert.equal(top.watcher.pid, watcher, 'the alert leads to the leak');
    assert.doesNotMatch(prometheus.text(), /level=(error|warn).*(scrape|append|parse|discovery)/, 'Prometheus reads all its input');
  });
});
