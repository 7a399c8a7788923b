// Leak scenarios, each a small module of tests/fixtures/scenarios that plants itself and says what must and must not be said of it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { Answers, claimsThat } from './lib/claims.mjs';
import { suite } from './lib/suite.mjs';

const FOLDER = new URL('../fixtures/scenarios/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((file) => /\.(erl|ex)$/.test(file)).sort();
const MODULES = ['plant', 'truth', 'stage'];

const moduleOf = (file) => {
  const [name, language] = file.split('.');
  return language === 'erl' ? name : `'Elixir.${name.replace(/(^|_)([a-z])/g, (_, __, letter) => letter.toUpperCase())}'`;
};

suite('scenarios', { prepare: async (world) => {
  world.target = await world.node({ modules: MODULES });
  world.peer = await world.node({ modules: MODULES, cookie: world.target.cookie });
  world.gauge = await world.beamgauge();
  for (const node of [world.target, world.peer]) await world.gauge.register(node);
  await world.target.eval(`pong = net_adm:ping('${world.peer.name}')`);
} }, (world, test) => {
  async function load(file) {
    if (file.endsWith('.erl')) return Promise.all([world.target, world.peer].map((node) => node.load(`scenarios/${file.slice(0, -4)}`)));
    const source = readFileSync(new URL(file, FOLDER)).toString('base64');
    return world.target.eval(`'Elixir.Code':compile_string(base64:decode(<<"${source}">>)), ok`);
  }

  const hasElixir = () => world.target.eval(`code:which('Elixir.Code') =/= non_existing`);

  async function check({ must = [], must_not: mustNot = [] }) {
    const answers = new Answers(world.gauge);
    assert.deepEqual(await claimsThat(false, answers, must), [], 'must be said, and is not');
    assert.deepEqual(await claimsThat(true, answers, mustNot), [], 'must not be said, and is');
  }

  for (const file of FILES) {
    test(file.split('.')[0].replaceAll('_', ' '), async (t) => {
      if (file.endsWith('.ex') && !(await hasElixir())) return t.skip('this node has no Elixir');
      await load(file);
      try {
        const claims = await world.target.eval(`stage:play(${moduleOf(file)}, '${world.peer.name}')`);
        if (claims.skip) return t.skip(claims.skip);
        assert.ok(claims.must.length > 0 && claims.must_not.length > 0, 'a scenario says both');
        for (let round = 0; round < (claims.rounds ?? 1); round++) await check(claims);
      } finally {
        await world.target.eval(`stage:clear('${world.peer.name}')`);
      }
    });
  }

  test('the stage is empty again: nothing of what was played is mentioned', async () => {
    const pairs = await world.gauge.data(world.target, 'monitors/pairs?max_age_ms=0');
    assert.deepEqual(pairs.filter((pair) => pair.count > 10), []);
  });
});
