// Nodes that hang, die or answer too much: each question has its deadline, and no node delays another.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';
import { percentile, sleep, SOON_MS, until } from './lib/wait.mjs';

suite('trouble', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.healthy = await world.node();
  await world.gauge.register(world.healthy);
} }, (world, test) => {
  const victim = async () => {
    const node = await world.node();
    await world.gauge.register(node);
    return node;
  };
  const windowed = (node, ms, more = '') => world.gauge.ask(node, `processes?window_ms=${ms}&max_age_ms=0${more}`);
  const inFlight = (node) => until('a question in flight', async () => (await world.gauge.info(node)).in_flight_count > 0);

  test('a node killed in the middle of a question: 502 at once, for every asker', async () => {
    const node = await victim();
    const asked = [windowed(node, 20_000), windowed(node, 20_000), windowed(node, 10_000)];
    await inFlight(node);
    const killed = performance.now();
    await node.kill();
    for (const answer of await Promise.all(asked)) {
      assert.equal(answer.status, 502, answer.text);
      assert.equal(answer.body.code, 'node_unreachable');
      assert.match(answer.headers['content-type'], /^application\/problem\+json/);
    }
    assert.ok(performance.now() - killed < SOON_MS, 'long before the questions would have ended');
    const info = await world.gauge.info(node);
    assert.equal(info.losses_count, 1);
    assert.equal(info.in_flight_count, 0);
  });

  test('a stopped node gets 504 for its own questions, while another answers as quickly as ever', async () => {
    const node = await victim();
    await world.gauge.get(`nodes/${node.name}/memory`);
    await node.pause();
    try {
      const stuck = [];
      for (let n = 0; n < 20; n++) stuck.push(world.gauge.ask(node, `processes?timeout_ms=4000&max_age_ms=0&limit=${n + 1}`));
      const quick = [];
      for (let n = 0; n < 100; n++) {
        const answer = await world.gauge.ask(world.healthy, 'memory?max_age_ms=0');
        assert.equal(answer.status, 200, answer.text);
        quick.push(answer.ms);
      }
      for (const answer of await Promise.all(stuck)) {
        assert.equal(answer.status, 504, answer.text);
        assert.equal(answer.body.code, 'deadline');
        assert.ok(answer.ms >= 3900 && answer.ms < 20_000, `${answer.ms} ms`);
      }
      assert.ok(percentile(quick, 0.99) < 1000, `99th percentile: ${percentile(quick, 0.99)} ms`);
    } finally {
      node.resume();
    }
    await until('the node to answer again', async () => (await world.gauge.ask(node, 'memory?max_age_ms=0')).status === 200);
  });

  test('a peer silent past the tick time is lost, and found again', async () => {
    const gauge = await world.beamgauge({ args: ['--name', `ticking${process.pid}@127.0.0.1`], sections: { limits: { tick_ms: 500, retry_min_ms: 5000, retry_max_ms: 5000 } } });
    const node = await world.node();
    await gauge.register(node);
    await node.pause();
    try {
      await gauge.failed(node, 'tick_timeout');
    } finally {
      node.resume();
    }
    await gauge.up(node);
  });

  test('an idle link stays up past several tick times', async () => {
    const gauge = await world.beamgauge({ args: ['--name', `idling${process.pid}@127.0.0.1`], sections: { limits: { tick_ms: 1500 } } });
    const node = await world.node({ flags: ['-kernel', 'net_ticktime', '4'] });
    await gauge.register(node);
    await sleep(12_000);
    const info = await gauge.info(node);
    assert.equal(info.state, 'up', JSON.stringify(info));
    assert.equal(info.losses_count, 0);
    assert.equal((await gauge.ask(node, 'memory')).status, 200);
  });

  test('an answer over the limit is 502 and a lost link, not more', async () => {
    const gauge = await world.beamgauge({ args: ['--name', `narrow${process.pid}@127.0.0.1`], sections: { limits: { answer_max_bytes: 65536 } } });
    const node = await world.node();
    await gauge.register(node);
    await node.eval('plant:idle(2000), ok');
    const answer = await gauge.ask(node, 'processes?limit=1000&max_age_ms=0');
    assert.equal(answer.status, 502, answer.text.slice(0, 500));
    assert.equal(answer.body.code, 'bad_answer');
    await gauge.up(node);
    assert.equal((await gauge.ask(node, 'memory?max_age_ms=0')).status, 200);
  });

  test('a question that outgrows its heap is killed on the node and reported as such', async () => {
    const gauge = await world.beamgauge({ args: ['--name', `small${process.pid}@127.0.0.1`], sections: { limits: { probe_heap_bytes: '1MiB' } } });
    const node = await world.node();
    await gauge.register(node);
    await node.eval('plant:idle(60000), ok');
    const answer = await gauge.ask(node, 'processes?limit=1000&max_age_ms=0');
    assert.equal(answer.status, 502, answer.text.slice(0, 500));
    assert.equal(answer.body.code, 'probe_limit', answer.text.slice(0, 800));
    assert.equal((await gauge.info(node)).losses_count, 0, 'the link stays');
    assert.ok(!node.child.text('stdout').includes('ERROR REPORT') && !node.child.text('stderr').includes('heap'), 'and nothing is logged there');
  });

  test('a client that goes away takes its question with it', async () => {
    const node = await victim();
    const client = new AbortController();
    const gone = world.gauge.ask(node, 'processes?window_ms=25000&max_age_ms=0', { signal: client.signal }).catch((error) => error);
    const processes = () => node.eval('length([P || P <- processes(), {initial_call, {lists, zipwith3, 4}} <- [process_info(P, initial_call)]])');
    await until('its processes', async () => (await processes()) > 0);
    client.abort();
    assert.ok((await gone) instanceof Error);
    await until('the question to be cancelled', async () => (await world.gauge.info(node)).in_flight_count === 0, { timeout: SOON_MS });
    await until('its processes to be gone', async () => (await processes()) === 0, { timeout: SOON_MS });
  });

  test('a node deleted, or given another cookie, in the middle of a question ends it with a problem', async () => {
    for (const change of [(node) => world.gauge.api(`nodes/${node.name}`, { method: 'DELETE' }), (node) => world.gauge.put(node, { cookie: 'another' })]) {
      const node = await victim();
      const asked = windowed(node, 20_000);
      await inFlight(node);
      assert.ok([200, 204].includes((await change(node)).status));
      const answer = await asked;
      assert.ok([404, 502].includes(answer.status), answer.text);
      assert.match(answer.headers['content-type'], /^application\/problem\+json/);
      assert.ok(answer.ms < 18_000);
    }
    assert.equal((await world.gauge.api('/livez')).status, 200);
  });

  test('a node that takes no more questions says 429', async () => {
    const gauge = await world.beamgauge({ args: ['--name', `busy${process.pid}@127.0.0.1`], sections: { limits: { node_in_flight_max: 4 } } }); // of which one reader has half
    const node = await world.node();
    await gauge.register(node);
    const held = [6000, 6100].map((ms) => gauge.ask(node, `processes?window_ms=${ms}&max_age_ms=0`));
    await until('two in flight', async () => (await gauge.info(node)).in_flight_count === 2);
    const third = await gauge.ask(node, 'memory?max_age_ms=0');
    assert.equal(third.status, 429, third.text);
    assert.ok(Number(third.headers['retry-after']) >= 1);
    for (const answer of await Promise.all(held)) assert.equal(answer.status, 200, answer.text);
  });

  test('processes that die while they are looked at do no harm', async () => {
    const node = await victim();
    await node.eval(`spawn(fun() -> (fun Loop() -> [begin P = spawn(fun() -> receive after 5 -> ok end end), erlang:monitor(process, P) end || _ <- lists:seq(1, 200)], timer:sleep(5), (fun Flush() -> receive _ -> Flush() after 0 -> ok end end)(), Loop() end)() end), ok`);
    for (let n = 0; n < 20; n++) {
      for (const path of ['processes?limit=100', 'monitors?by=monitors', 'monitors?by=monitored_by', 'monitors/pairs']) {
        const answer = await world.gauge.ask(node, `${path}${path.includes('?') ? '&' : '?'}max_age_ms=0`);
        assert.equal(answer.status, 200, answer.text);
      }
    }
  });
});
