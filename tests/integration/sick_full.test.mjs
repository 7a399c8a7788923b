// Nodes at a limit: what can be reported is reported, the rest says why not, and no question crashes the node.
import assert from 'node:assert/strict';
import { examine, Keeper, patient, questionsOf } from './lib/sick.mjs';
import { suite } from './lib/suite.mjs';

// What the server that answers in the place of a process loads when it is first asked, on OTP 23: the module erpc.
const ERPC_ATOMS = 12;

suite('a node at a limit', {}, (world, test) => {
  const isNative = (path) => path.includes('/system?') || path.includes('/processes/0.0.0?');
  const refused = (code) => (answer) => answer.status === 422 && answer.code === code;

  // What answers us there is loaded first.
  async function suspendCodeServer(node) {
    await node.eval('{self(), <<"text">>}');
    await node.eval('sick:suspend(code_server)');
  }

  for (const free of [200, 400, 1000]) {
    test(`room for ${free} more atoms: the node survives every question, and the counts are reported`, async (t) => {
      const node = await world.node({ modules: ['truth', 'sick'], flags: ['+t', '32768'] });
      const keeper = await Keeper.of(node);
      assert.equal(await node.eval(`sick:fill_atoms(${free})`), free);
      const gauge = await world.beamgauge();
      await gauge.register(node);
      await keeper.remember();
      const questions = await questionsOf(gauge, node, '<0.0.0>');
      const allows = ({ path, ...answer }) => refused('atom_table_nearly_full')(answer) && !isNative(path);
      const rows = await examine(t, gauge, questions, { allows });
      for (const { body, status } of rows) if (status === 422) assert.match(body.detail, /\b3[12],?\d{3} of 32,?768\b/);
      const check = await gauge.api(`nodes/${node.name}/check?assert=atom_ratio:lt:0.9&max_age_ms=0`);
      assert.equal(check.status, 503, check.text);
      await keeper.nothingLeft({ atoms: 100 });
      await node.stop();
      await gauge.stop();
    });
  }

  test('a full process table: it is said to be full, its check fails, and all is well when there is room again', async (t) => {
    const { node, gauge, questions, keeper } = await patient(world, { flags: ['+P', '1024'] });
    await keeper.remember();
    await node.eval('sick:fill_processes(0)');
    const rows = await examine(t, gauge, questions, { allows: refused('process_table_full') });
    for (const { body, status } of rows) if (status === 422) assert.match(body.detail, /1,?024/);
    const check = await gauge.api(`nodes/${node.name}/check?assert=process_ratio:lt:0.9&max_age_ms=0`);
    assert.equal(check.status, 503, check.text);
    await node.eval('sick:cure()');
    await keeper.nothingLeft({ atoms: ERPC_ATOMS });
    await examine(t, gauge, questions);
    await keeper.nothingLeft({ atoms: ERPC_ATOMS });
  });

  // A full table seldom is quite full: now and then one process ends.
  test('a process table with room for one, two, four or sixteen is as good as full, and is called that', async (t) => {
    const { node, gauge, questions, keeper } = await patient(world, { flags: ['+P', '1024'] });
    for (const free of [1, 2, 4, 16]) {
      await node.eval(`sick:fill_processes(${free})`);
      const rows = await examine(t, gauge, questions, { allows: refused('process_table_full') });
      for (const { body, status } of rows) if (status === 422) assert.match(body.detail, /process table .* 1,?024/);
      await node.eval('sick:cure()');
    }
    await keeper.nothingLeft({ atoms: ERPC_ATOMS });
  });

  test('a full port table keeps no question from its answer', async (t) => {
    const { node, gauge, questions, keeper } = await patient(world, { flags: ['+Q', '1024'] });
    await node.eval('sick:fill_ports(0)');
    await keeper.remember();
    await examine(t, gauge, questions);
    const check = await gauge.api(`nodes/${node.name}/check?assert=port_ratio:lt:0.9&max_age_ms=0`);
    assert.equal(check.status, 503, check.text);
    await keeper.nothingLeft();
  });

  test('a code server that does nothing more once the link is up costs nothing', async (t) => {
    const node = await world.node({ modules: ['truth', 'sick'] });
    const gauge = await world.beamgauge();
    await gauge.register(node);
    // What is to be loaded is loaded when the link comes up.
    await gauge.api(`nodes/${node.name}/memory?max_age_ms=0`);
    await suspendCodeServer(node);
    await examine(t, gauge, await questionsOf(gauge, node, '<0.0.0>'));
    await node.eval('sick:cure()');
  });

  test('a code server that did nothing before the link came up: what cannot be asked says so, with the module', async (t) => {
    const node = await world.node({ modules: ['truth', 'sick'] });
    const gauge = await world.beamgauge();
    // A node that never had a connection needs its code server for the first.
    const other = await world.node({ cookie: node.cookie, modules: [] });
    await other.eval(`pong = net_adm:ping('${node.name}')`);
    await suspendCodeServer(node);
    await gauge.register(node);
    const allows = ({ path, status }) => status === 422 && !isNative(path);
    const rows = await examine(t, gauge, await questionsOf(gauge, node, '<0.0.0>'), { allows });
    for (const { body, status } of rows) if (status === 422) assert.match(body.detail, /module|code_server/);
    await node.eval('sick:cure()');
  });
});
