// The tool that makes the OpenAPI document refuses what does not fit the endpoints, in a sentence that names the file or the operation.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { BINARY, ROOT } from '../integration/lib/beamgauge.mjs';

const TOOL = join(dirname(BINARY), 'api/openapi/openapi');
const API = join(ROOT, 'api');
const FRAME = join(API, 'openapi/frame.json');
const SCHEMAS = readdirSync(API, { recursive: true }).filter((name) => name.endsWith('.json') && !/^(openapi|dashboard)\//.test(name)).map((name) => join(API, name));

suite('making the OpenAPI document', () => {
  let folder;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'beamgauge-openapi-'));
  });
  after(() => rm(folder, { recursive: true }));

  const make = (schemas, out = join(folder, 'out.json')) => new Promise((resolve) => {
    execFile(TOOL, [out, FRAME, ...schemas], (error, _, stderr) => resolve({ code: error?.code ?? 0, stderr }));
  });
  // All files, one of them changed.
  async function changed(name, change) {
    const given = SCHEMAS.find((file) => basename(file) === name);
    const path = join(folder, name);
    await writeFile(path, change(readFileSync(given, 'utf8')));
    return SCHEMAS.map((file) => (file === given ? path : file));
  }

  test('with the files of the tree it writes the document that is served', async () => {
    assert.deepEqual(await make(SCHEMAS), { code: 0, stderr: '' });
    assert.equal(await readFile(join(folder, 'out.json'), 'utf8'), await readFile(join(dirname(BINARY), 'openapi.json'), 'utf8'));
  });

  const faults = [
    ['an operation that no file describes', (text) => text.replace('"getVersion"', '"getVersions"'), /no file describes the answer of the operation getVersion, \/api\/v1\/version/],
    ['a description of an operation that is not there', (text) => text.replace('"getVersion"', '"getOther": {"tags": []}, "getVersion"'), /no endpoint is the operation getOther/],
    ['a schema that another file has', (text) => text.replace('"schemas": {', '"schemas": {"NodeName": {}, '), /NodeName is described in another file too/],
    ['a file that is no JSON', (text) => text.slice(0, -5), /health\.json:\d+: /],
  ];
  for (const [what, change, expected] of faults)
    test(`${what} is refused`, async () => {
      const { code, stderr } = await make(await changed('health.json', change));
      assert.equal(code, 1, stderr);
      assert.match(stderr, expected);
    });

  test('a place that cannot be written is named', async () => {
    const { code, stderr } = await make(SCHEMAS, join(folder, 'nowhere/out.json'));
    assert.deepEqual([code, stderr], [1, `openapi: ${join(folder, 'nowhere/out.json')} cannot be written\n`]);
  });
});
