// How many atoms looking at a node brings to it, by endpoint: each stays there for ever.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';
import { paths } from './lib/paths.mjs';

// At most so many, on any release. The first endpoint that is asked pays for what all need.
const CONNECT_MAX = 140;
const ALL_MAX = 520;

// (No binary is written here as one: evaluating it would load modules that questions need.) Atoms are numbered in the order in which they came, and the external format has a tag that takes one by its number.
const SINCE = (first) => `[binary_to_term(list_to_binary([131, 75, N bsr 16, N bsr 8 band 255, N band 255])) || N <- lists:seq(${first}, erlang:system_info(atom_count) - 1)]`;

suite('atoms', {}, (world, test) => {
  test('atoms that come with the link, and with each endpoint after the other', async (t) => {
    const gauge = await world.beamgauge();
    const node = await world.node();
    const count = () => node.eval('erlang:system_info(atom_count)');
    await node.eval(SINCE(1000));
    await count();
    const first = await count();
    await gauge.register(node);
    await new Promise((resolve) => setTimeout(resolve, 300));
    let last = await count();
    t.diagnostic(`connecting: ${last - first} atoms`);
    if (process.env.BG_ATOMS) t.diagnostic((await node.eval(SINCE(first))).join(' '));
    assert.ok(last - first <= CONNECT_MAX, `${last - first} atoms with the link`);
    for (const path of await paths(gauge)) {
      await gauge.ask(node, path);
      const now = await count();
      if (now > last) t.diagnostic(`${path}: ${now - last} atoms`);
      if (now > last && process.env.BG_ATOMS) t.diagnostic((await node.eval(SINCE(last))).join(' '));
      last = await count();
    }
    t.diagnostic(`all: ${last - first} atoms`);
    assert.ok(last - first <= ALL_MAX, `${last - first} atoms in all`);
  });
});
