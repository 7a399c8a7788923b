// Every kind of entry that a list of monitors, of watchers or of links can hold, reported by its kind and counted as the node counts it.
import assert from 'node:assert/strict';
import { suite } from './lib/suite.mjs';

// The field that names each of them in these lists.
const KINDS = {
  sockets: { monitored_by: 'reference' }, acceptor: { monitored_by: 'port' }, port: { monitors: 'port', links: 'port' }, port_by_name: { links: 'port' },
  clock: { monitors: 'reference' }, // of an unknown kind: counted, and reported as another kind
  name: { monitors: 'name' }, spawned: { monitors: 'pid' }, mutual: { monitors: 'pid', monitored_by: 'pid', links: 'pid' }, itself: { links: 'pid' },
  alias: { monitors: 'pid' }, tagged: { monitors: 'pid' }, spawned_with_alias: { monitors: 'pid' },
};

const UNKNOWN = 'time_offset,clock_service';
const nameOf = (peer) => peer.pid ?? peer.port ?? peer.reference ?? (peer.name && [peer.name, peer.node].join());
const order = (rows) => rows.map(([count, text]) => [count, String(text) === UNKNOWN ? 'other' : String(text)]).sort((a, b) => b[0] - a[0] || (a[1] < b[1] ? -1 : 1));

suite('entries', { prepare: async (world) => {
  world.gauge = await world.beamgauge();
  world.target = await world.node({ modules: ['plant', 'truth', 'kinds'] });
  await world.gauge.register(world.target);
} }, (world, test) => {
  const get = (path) => world.gauge.data(world.target, path);
  const lists = (pid, more = '') => get(`processes/${pid.slice(1, -1)}/relations?direction=all&limit=100&max_age_ms=0${more}`);

  for (const [kind, expected] of Object.entries(KINDS)) {
    test(`${kind.replaceAll('_', ' ')}`, async (t) => {
      const pid = await world.target.eval(`kinds:plant(${kind})`);
      if (pid === 'unknown') return t.skip('this release has no such entries: they came with OTP 24');
      for (const more of ['', '&exact=true']) {
        for (const { direction, count, distinct_count: distinct, exact, top_peers: peers } of await lists(pid, more)) {
          const truth = await world.target.eval(`truth:relations(list_to_pid("${pid}"), ${direction})`);
          assert.deepEqual(order(peers.map((peer) => [peer.count, nameOf(peer)])), order(truth), direction);
          assert.deepEqual([count, distinct, exact], [truth.reduce((sum, [each]) => sum + each, 0), truth.length, true], direction);
          if (direction in expected) assert.ok(peers.length > 0 && peers.every((peer) => expected[direction] in peer), JSON.stringify(peers));
        }
      }
      const { monitors_count: monitors, monitored_by_count: watchers, links_count: links } = await get(`processes/${pid.slice(1, -1)}?max_age_ms=0`);
      const counts = await world.target.eval(`[truth:value(K, list_to_pid("${pid}")) || K <- [monitors, monitored_by, links]]`);
      assert.deepEqual([monitors, watchers, links], counts);
    });
  }

  test('rankings, groups and pairs count all of them, and leave none out', async () => {
    for (const by of ['monitors', 'monitored_by', 'links']) {
      const rows = await get(`processes?sort=${by}&limit=100&max_age_ms=0`);
      const truth = (await world.target.eval(`truth:values(${by})`)).filter(([count]) => count > 0);
      const counts = new Map(truth.map(([count, pid]) => [pid, count]));
      for (const row of rows) assert.equal(row[`${by}_count`], counts.get(row.pid) ?? row[`${by}_count`], `${by} of ${row.pid}`);
      assert.ok(truth.every(([, pid]) => rows.some((row) => row.pid === pid)), by);
    }
    for (const path of ['monitors?by=monitors', 'monitors?by=monitored_by', 'monitors?by=monitors&group=node', 'monitors?by=monitored_by&group=node', 'monitors/pairs']) {
      const { meta } = await world.gauge.get(`nodes/${world.target.name}/${path}${path.includes('?') ? '&' : '?'}max_age_ms=0`);
      assert.deepEqual([meta.exact, meta.skipped_count], [true, 0], path);
    }
  });
});
