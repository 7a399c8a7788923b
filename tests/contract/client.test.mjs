// A client made from the OpenAPI document by stock generators: it compiles strictly, and works on a live service.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, symlink } from 'node:fs/promises';
import { Folder } from '../integration/lib/beamgauge.mjs';
import { run } from '../integration/lib/child.mjs';
import { suite } from '../integration/lib/suite.mjs';
import { PATH } from './lib/document.mjs';

const ROOT = new URL('../../', import.meta.url).pathname;
const TOKEN = `bg_${'client'.padEnd(43, '0')}`;
const TSC = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--target', 'es2022', '--module', 'nodenext', '--moduleResolution', 'nodenext',
  '--lib', 'es2022,dom,dom.iterable'];

const node = async (...args) => {
  const { code, stdout, stderr } = await run(process.execPath, args);
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  return stdout;
};

suite('client', {}, (world, test) => {
  test('types are generated, a client compiles against them, lists nodes, and misuse does not compile', async () => {
    const folder = await Folder.make();
    world.keep({ stop: () => folder.remove() });
    await symlink(`${ROOT}node_modules`, folder.file('node_modules'));
    await folder.write('package.json', '{"type": "module"}');
    for (const name of ['list_nodes.ts', 'misuse.ts']) await copyFile(new URL(`client/${name}`, import.meta.url), folder.file(name));
    await node(`${ROOT}node_modules/openapi-typescript/bin/cli.js`, PATH, '--output', folder.file('api.ts'));
    await node(`${ROOT}node_modules/typescript/bin/tsc`, ...TSC, '--outDir', folder.path, ...['list_nodes.ts', 'misuse.ts'].map((name) => folder.file(name)));

    const gauge = await world.beamgauge({ sections: { 'token client': { sha256: createHash('sha256').update(TOKEN).digest('hex'), scopes: 'read admin' } } });
    gauge.token = TOKEN;
    const shop = await world.node();
    await gauge.register(shop);
    await gauge.put('lost@127.0.0.1', { cookie: 'x' });
    const watcher = await shop.eval('plant:watcher([{plant:idle(), 700}])');
    const lines = (await node(folder.file('list_nodes.js'), `http://127.0.0.1:${gauge.port}`, TOKEN)).trim().split('\n').map((line) => JSON.parse(line));
    const listed = Object.fromEntries(lines.slice(0, -1).map((line) => [line.node, line]));
    assert.deepEqual(listed[shop.name], { node: shop.name, state: 'up', losses: 0, watcher, count: 700 });
    assert.equal(listed['lost@127.0.0.1'].watcher, null);
    assert.deepEqual(lines.at(-1), { code: 'node_unknown', status: 404 });
  });
});
