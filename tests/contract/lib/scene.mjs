// The service and the nodes that the operations are called on, and how each operation is called.
import { createHash, createHmac } from 'node:crypto';
import { Folder } from '../../integration/lib/beamgauge.mjs';
import { Requests } from './requests.mjs';

export const SCOPES = ['read', 'check', 'chat', 'admin'];
const hash = (token) => createHash('sha256').update(token).digest('hex');
export const tokens = Object.fromEntries([...SCOPES, 'every'].map((name) => [name, `bg_${name.padEnd(43, '0')}`]));
const MATTERMOST = 'mattermost-token';
const SLACK = 'slack-secret';
const SPARE = 'spare@127.0.0.1'; // there is none: only its place in the registry matters
const FORM = 'application/x-www-form-urlencoded';

async function sectionsFor(world) {
  const folder = await Folder.make();
  world.keep({ stop: () => folder.remove() });
  const sections = {
    chat: { slack_signing_secret_file: await folder.write('slack', SLACK), mattermost_token_sha256: hash(MATTERMOST) },
    'check release': { assert: 'process_ratio < 50%', warn: 'monitors_count_max < 100' },
  };
  for (const [name, token] of Object.entries(tokens)) sections[`token ${name}`] = { sha256: hash(token), scopes: name === 'every' ? SCOPES.join(' ') : name };
  return sections;
}

// The service, with both nodes; `options` as of startBeamgauge(), and `limits` and `watch`: settings of these sections.
export async function startService(world, options = {}) {
  world.sections ??= await sectionsFor(world);
  const { limits, watch = { sample_ms: 3_600_000 }, ...others } = options; // there is a store, and no sample comes between
  world.gauge = await world.beamgauge({ ...others, sections: { ...world.sections, watch, ...(limits && { limits }) } });
  world.gauge.token = tokens.every;
  await world.gauge.register(world.shop, { cookie: world.shop.cookie, tags: ['shop'] });
  await world.gauge.register(world.pay);
}

// Two nodes that know each other, with something of each kind to see.
export async function prepare(world, options) {
  world.shop = await world.node({ modules: ['plant', 'truth', 'calling'] });
  world.pay = await world.node({ cookie: world.shop.cookie });
  await startService(world, options);
  await world.pay.eval(`net_kernel:connect_node('${world.shop.name}'), plant:named(<<"payment_service">>)`);
  const service = `rpc:call('${world.pay.name}', erlang, whereis, [payment_service])`;
  world.watcher = (await world.shop.eval(`plant:watcher([{${service}, 500}, {plant:idle(), 3}])`)).slice(1, -1);
  world.worker = (await world.shop.eval('Worker = calling:start(), calling:keep_working(Worker, tidy, 5), Worker')).slice(1, -1);
  await world.shop.eval('plant:queue(30)');
  await world.shop.eval('spawn(fun() -> {ok, _} = socket:open(inet, dgram, udp), ets:new(kept, []), receive stop -> ok end end), ok');
}

const BODIES = {
  putNode: { cookie: 'secret', tags: ['spare'] },
  traceCallSites: { duration_ms: 100, max_calls: 1 }, // with either at its highest, the other ends it soon
  chat: { text: 'nodes' },
  chatSlack: 'text=nodes',
  chatMattermost: 'text=nodes',
};

function nodeFor(world, { operationId }) {
  if (operationId === 'checkNodes') return [world.shop.name, world.pay.name];
  return ['putNode', 'deleteNode'].includes(operationId) ? SPARE : world.shop.name;
}

// Requests of an operation that make sense here, but for `changes`.
export function requestsFor(world, operation, changes = {}) {
  const values = {
    node: nodeFor(world, operation),
    pid: operation.operationId === 'traceCallSites' ? world.worker : world.watcher,
    target: world.shop.name,
    application: 'kernel',
    ...(operation.tags[0] === 'checks' && { assert: ['process_ratio < 50%'], warn: ['monitors_count_max:lt:1k'], set: 'release' }),
    ...(operation.operationId === 'getSchedulers' && { window_ms: 100 }), ...changes,
  };
  return new Requests(operation, values, BODIES[operation.operationId]);
}

let signatures = 0;

// Chat programs prove in their own ways who they are. A signature is taken once, so each has a second of its own.
function prove({ operationId }, body = '') {
  if (operationId === 'chatMattermost') return { Authorization: `Token ${MATTERMOST}` };
  if (operationId !== 'chatSlack') return {};
  const time = String(Math.floor(Date.now() / 1000) - (signatures++ % 250));
  return { 'X-Slack-Request-Timestamp': time, 'X-Slack-Signature': `v0=${createHmac('sha256', SLACK).update(`v0:${time}:${body}`).digest('hex')}` };
}

// What a request needs to be there before it: something to delete.
export async function provide({ operationId }, gauge) {
  if (operationId === 'deleteNode') await gauge.put(SPARE, { cookie: 'secret' });
}

// Sends a request to the world's service or another; `isProvided`: see there.
export async function send(world, operation, { isProvided = false, ...request }, gauge = world.gauge) {
  if (!isProvided) await provide(operation, gauge);
  const type = operation.body?.type === FORM && { 'Content-Type': FORM };
  return gauge.api(request.path, { ...request, headers: { ...type, ...prove(operation, request.body), ...request.headers } });
}
