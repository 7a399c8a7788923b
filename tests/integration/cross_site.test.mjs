// What another site's page makes a browser send: nothing of it is done.
import assert from 'node:assert/strict';
import { randomName } from './lib/node.mjs';
import { suite } from './lib/suite.mjs';

const JSON_TYPE = { 'Content-Type': 'application/json' };

suite('cross site', { prepare: async (world) => {
  world.gauge = await world.beamgauge({ sections: { server: { allowed_hosts: 'gauge.example' } } });
  world.target = await world.node();
  await world.gauge.register(world.target);
} }, (world, test) => {
  const own = () => `127.0.0.1:${world.gauge.port}`;
  // The headers of a browser that shows a page of another site, or of another port of this host.
  const foreign = () => ({
    'a page of another site': { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    'an old browser on a page of another site': { Origin: 'https://evil.example' },
    'a page without an origin': { Origin: 'null' },
    'another service of this host': { Origin: 'http://127.0.0.1:3000', 'Sec-Fetch-Site': 'same-site' },
    'the same in an old browser': { Origin: 'http://127.0.0.1:3000' },
    'a browser that hides the origin': { 'Sec-Fetch-Site': 'cross-site' },
    'another name of this host': { Origin: `http://localhost:${world.gauge.port}` },
    'the same name as a part of another': { Origin: `http://${own()}.evil.example` },
    'the same name behind another': { Origin: `http://evil.example@${own()}` },
    'another scheme': { Origin: `ftp://${own()}` },
    'an allowed host as a part of another': { Origin: 'https://gauge.example.evil.example' },
    'an allowed host that the browser reports as another site': { Origin: 'https://gauge.example', 'Sec-Fetch-Site': 'same-site' },
    'an empty origin': { Origin: '' },
    'a site nobody knows': { 'Sec-Fetch-Site': 'perhaps' },
  });
  const refused = (answer, what) => {
    assert.equal(answer.status, 403, `${what}: ${answer.status} ${answer.text}`);
    assert.match(answer.headers['content-type'], /^application\/problem\+json/);
    assert.equal(answer.body.code, 'cross_site', what);
    assert.ok(!answer.headers['access-control-allow-origin']);
  };
  const ask = (method, path, headers, body) => world.gauge.api(path, { method, headers: { ...JSON_TYPE, ...headers }, body });

  test('registering, removing, collecting and tracing are refused before anything is done', async () => {
    const { gauge, target } = world;
    const name = `${randomName()}@127.0.0.1`;
    const pid = (await target.eval('pid_to_list(whereis(code_server))')).slice(1, -1);
    for (const [what, headers] of Object.entries(foreign())) {
      refused(await ask('PUT', `nodes/${name}`, headers, { cookie: 'x' }), what);
      refused(await ask('DELETE', `nodes/${target.name}`, headers), what);
      refused(await ask('POST', `nodes/${target.name}/binaries/collect`, headers), what);
      refused(await ask('POST', `nodes/${target.name}/processes/${pid}/call-sites`, headers, { duration_ms: 100 }), what);
      refused(await ask('POST', 'chat', headers, { text: 'nodes' }), what);
    }
    assert.equal((await gauge.api(`nodes/${name}`)).status, 404);
    assert.equal((await gauge.info(target)).state, 'up');
  });

  test('a POST without the content type of JSON is refused, with an empty body too', async () => {
    for (const type of [undefined, 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      for (const path of ['binaries/collect', 'processes/0.1.0/call-sites']) {
        const answer = await ask('POST', `nodes/${world.target.name}/${path}`, { 'Content-Type': type ?? [] });
        assert.equal(answer.status, 415, `${path} ${type}: ${answer.text}`);
        assert.equal(answer.body.code, 'media_type');
      }
    }
  });

  test('the page itself, a program and a request through a proxy are served', async () => {
    const { gauge, target } = world;
    const { port } = gauge;
    const served = {
      'the page': { Origin: `http://${own()}`, 'Sec-Fetch-Site': 'same-origin' },
      'the page in an old browser': { Origin: `http://${own()}` },
      'the page under another name of ours': { Host: `localhost:${port}`, Origin: `http://localhost:${port}`, 'Sec-Fetch-Site': 'same-origin' },
      'a program': {},
      'what a person typed': { 'Sec-Fetch-Site': 'none' },
      'a proxy with TLS that keeps Host': { Host: 'gauge.example', Origin: 'https://gauge.example', 'Sec-Fetch-Site': 'same-origin' },
      'one on another port': { Host: 'gauge.example:8443', Origin: 'https://gauge.example:8443', 'Sec-Fetch-Site': 'same-origin' },
      'one that adds its port': { Host: 'gauge.example:443', Origin: 'https://gauge.example' },
      'one that does not': { Host: own(), Origin: 'https://gauge.example', 'Sec-Fetch-Site': 'same-origin' },
    };
    for (const [what, headers] of Object.entries(served)) {
      const answer = await ask('POST', `nodes/${target.name}/binaries/collect?limit=1`, headers);
      assert.equal(answer.status, 200, `${what}: ${answer.text}`);
      assert.equal((await ask('POST', `nodes/${target.name}/binaries/collect?limit=1`, headers, {})).status, 200);
      assert.ok([200, 201].includes((await ask('PUT', `nodes/${target.name}`, headers, { cookie: target.cookie })).status), what);
    }
  });

  test('reading is no change: links from other sites work', async () => {
    for (const headers of Object.values(foreign())) assert.equal((await ask('GET', 'nodes', headers)).status, 200);
    assert.equal((await ask('POST', `nodes/${world.target.name}/binaries/collect`, {}, { a: 1 })).status, 400);
  });
});
