// Many ask the same: one question goes out. Counted on the node, by tracing what is spawned there from outside.
import assert from 'node:assert/strict';
import { answerComplete, collect, connect, parseAnswer } from './lib/net.mjs';
import { suite } from './lib/suite.mjs';
import { sleep } from './lib/wait.mjs';

const CROWD = 1000;

suite('sharing', { prepare: async (world) => {
  world.gauge = await world.beamgauge({ sections: { limits: { connections_max: 3000, requests_max: 3000 } } });
  world.target = await world.node();
  await world.gauge.register(world.target);
  await world.target.eval('plant:idle(3000), ok');
  world.counter = await world.target.eval('truth:watch_questions()');
} }, (world, test) => {
  // A look at the node's room goes before a question where the last one is a second old: it is made here, so that it is not counted.
  const look = () => world.gauge.get(`nodes/${world.target.name}/allocators?max_age_ms=0`);
  const questions = () => world.target.eval(`truth:questions(list_to_pid("${world.counter}"))`);

  // Opens all connections first, so that the requests leave together.
  async function crowd(path) {
    const sockets = [];
    while (sockets.length < CROWD) sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => connect(world.gauge.port)))));
    try {
      const answers = sockets.map((socket) => collect(socket, answerComplete));
      await look();
      const before = await questions();
      for (const socket of sockets) socket.write(`GET /api/v1/nodes/${world.target.name}/${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      const parsed = (await Promise.all(answers)).map(({ text }) => parseAnswer(text));
      return { answers: parsed, asked: (await questions()) - before };
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  }

  test('the counter counts: each question that goes out is one', async () => {
    await world.gauge.get(`nodes/${world.target.name}/memory?max_age_ms=0`); // the files of the host are read once a second
    const before = await questions();
    for (let n = 0; n < 5; n++) await world.gauge.get(`nodes/${world.target.name}/memory?max_age_ms=0`);
    assert.equal((await questions()) - before, 5);
  });

  test(`${CROWD} simultaneous identical requests cost one scan`, async () => {
    const { answers, asked } = await crowd('processes?sort=memory&limit=10&max_age_ms=60000');
    for (const answer of answers) assert.equal(answer.status, 200, answer.body);
    const times = new Set(answers.map((answer) => JSON.parse(answer.body).meta.collected_at));
    assert.equal(asked, 1);
    assert.equal(times.size, 1);
  });

  test(`${CROWD} that want no old answer join the one in flight`, async () => {
    const { answers, asked } = await crowd('processes?sort=reductions&window_ms=8000&max_age_ms=0');
    for (const answer of answers) assert.equal(answer.status, 200, answer.body);
    assert.equal(asked, 1);
  });

  test('a different question is not joined', async () => {
    await look();
    const before = await questions();
    await Promise.all([400, 500, 600].map((ms) => world.gauge.get(`nodes/${world.target.name}/processes?window_ms=${ms}&max_age_ms=0`)));
    assert.equal((await questions()) - before, 3);
  });

  test('an asker with a short deadline gets what was reported last, and leaves the others their answer', async () => {
    const before = await questions();
    await world.target.pause();
    const [short, long] = [300, 60_000].map((timeout) => world.gauge.ask(world.target, `processes?sort=links&max_age_ms=0&timeout_ms=${timeout}`));
    const late = await short.finally(() => world.target.resume()); // it gets what was reported last, which is older than it wants
    assert.equal(late.status, 200, late.text);
    assert.match(late.body.meta.warnings.join(), /this is what it answered last/);
    assert.equal((await long).status, 200);
    assert.ok((await questions()) - before <= 2);
  });

  test('a fresh enough answer is reused, an older one is not', async () => {
    const ask = (age) => world.gauge.get(`nodes/${world.target.name}/memory?max_age_ms=${age}`);
    await ask(0);
    const before = await questions();
    for (let n = 0; n < 20; n++) await ask(60_000);
    assert.equal((await questions()) - before, 0);
    await sleep(300);
    const { meta } = await ask(200);
    assert.ok(meta.age_ms <= 200, JSON.stringify(meta));
    assert.equal((await questions()) - before, 1);
  });
});
