// LIMITS.md against the code: every maximum is in its tables, or internal and said why; values are those of the code, and its tests exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { INTERNAL } from './internal_limits.mjs';

const TABLES = 'LIMITS.md';
const faults = [];

const read = (file) => readFileSync(file, 'utf8');
const filesIn = (folder, pattern) => readdirSync(folder, { recursive: true }).map((file) => `${folder}/${file}`).filter((file) => pattern.test(file));

// The value of an expression of C or Erlang; undefined if it is not a number.
function numberOf(expression, find) {
  const text = expression
    .replace(/\bbsl\b/g, '<<').replace(/INT64_C|\((size_t|int64_t|uint64_t)\)/g, '')
    .replace(/\b(0x[0-9a-f]+|\d+)(u|U|l|L)+\b/g, '$1')
    .replace(/\bUINT8_MAX\b/g, '255')
    .replace(/\b[A-Z_]\w*\b/g, (name) => find(name) ?? name);
  return /^[\d\sxa-f+*/()<>-]+$/.test(text) && /\d/.test(text) ? Number(new Function(`return Math.trunc(${text.replace(/<</g, '* 2 **')})`)()) : undefined;
}

// Every #define and -define of a number: [{file, name, value}].
function definesOf() {
  const found = [];
  for (const file of ['include', 'server', 'api'].flatMap((folder) => filesIn(folder, /\.(c|h)$/)))
    for (const [, name, expression] of read(file).matchAll(/^#define (\w+) +(.+?) *(?:\/\*.*)?$/gm)) found.push({ file, name, expression });
  for (const file of filesIn('server/query', /\.erl$/))
    for (const [, name, expression] of read(file).matchAll(/^-define\((\w+), *(.+?)\)\./gm)) found.push({ file, name, expression });
  for (const define of found) {
    const find = (name) => {
      const other = found.find((one) => one.name === name && one.file === define.file) ?? found.find((one) => one.name === name && one.file.endsWith('.h'));
      return other && other !== define ? numberOf(other.expression, find) : undefined;
    };
    define.value = numberOf(define.expression, find);
  }
  return found.filter(({ value }) => value !== undefined);
}

const UNITS = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, ms: 1, s: 1000, min: 60_000, m: 60_000, h: 3_600_000, days: 86_400_000, day: 86_400_000 };
const quantity = (number, unit) => ({ value: Number(number.replaceAll(',', '')) * (UNITS[unit] ?? 1), isTime: UNITS[unit] !== undefined && !/iB$/.test(unit) });
const quantitiesOf = (text) => [...text.matchAll(/(\d[\d,]*(?:\.\d+)?)\s*(KiB|MiB|GiB|ms|s|min|m|h|days?)?(?![\w.])/g)].map(([, number, unit]) => quantity(number, unit));

// The settings that have a greatest value, from their table: {key: [default, least, greatest]}.
function settingsOf(defines) {
  const file = 'server/config/settings.c';
  const find = (name) => defines.find((one) => one.name === name && (one.file === file || one.file.endsWith('.h')))?.value;
  const settings = {};
  for (const [row] of read(file).matchAll(/^ {4}\{(?:\.section|NODE|CHECK|TOKEN)[^]*?\},$/gm)) {
    const [, key] = /(?:CONFIG|NODE|CHECK|TOKEN)\((\w+)\)/.exec(row) ?? [];
    const field = (name) => new RegExp(`\\.${name} = ([^,]+?),`).exec(row)?.[1];
    if (!key || !field('max') || field('type') === '"port"') continue;
    const fallback = quantitiesOf(field('fallback'))[0]?.value;
    settings[key] = [...new Set([fallback, field('min') && numberOf(field('min'), find), numberOf(field('max'), find)])].filter((one) => one !== undefined);
  }
  return settings;
}

// Parameters of requests and members of bodies that have a greatest value, length or number: {'?limit': [20, 200, 1000]}.
function parametersOf(document) {
  const parameters = {};
  const schemaOf = (schema) => (schema?.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)] : schema);
  const note = (name, schema) => {
    for (const one of [schema, schema.items ?? {}])
      for (const most of [one.maximum, one.maxLength, one.maxItems]) if (most !== undefined) (parameters[`?${name}`] ??= new Set()).add(most);
  };
  for (const operation of Object.values(document.paths).flatMap(Object.values)) {
    for (const parameter of operation.parameters ?? []) if (parameter.in !== 'path' || parameter.schema) note(parameter.name, parameter.schema ?? {});
    const body = schemaOf(Object.values(operation.requestBody?.content ?? {})[0]?.schema);
    for (const [name, schema] of Object.entries(body?.properties ?? {})) if (schemaOf(schema).maximum !== 65535) note(name, schemaOf(schema));
  }
  return Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, [...values]]));
}

// The tables' rows: [{place, what, value, names, tests}].
function rowsOf(text) {
  return text.split('\n').flatMap((line, i) => {
    const cells = line.split('|').slice(1, -1).map((cell) => cell.trim());
    if (cells.length === 0 || /^(-+|Limit)$/.test(cells[0])) return [];
    const place = `${TABLES}:${i + 1}`;
    if (cells.length !== 5) faults.push(`${place}: ${cells.length} columns; a row has five, and no | within one`);
    const [what, value = '', , names = '', tests = ''] = cells;
    return [{ place, what, value, names: [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name), tests }];
  });
}

// "file.c NAME" is a define of a file whose path ends so; "NAME" is there once.
function definesNamed(name, defines) {
  const [file, word] = name.includes(' ') ? name.split(' ') : [undefined, name];
  return defines.filter((define) => define.name === word && (file === undefined || `/${define.file}`.endsWith(`/${file}`)));
}

const isTimeIn = (name) => (/_US$/.test(name) ? 1000 : /_S$|SECONDS$/.test(name) ? 1 / 1000 : 1);

function valuesOf(name, { defines, settings, parameters }) {
  if (settings[name]) return settings[name];
  if (parameters[name]) return parameters[name];
  const found = definesNamed(name, defines);
  if (found.length !== 1) throw new Error(`${name} ${found.length === 0 ? 'is not in the code' : `is in ${found.map(({ file }) => file).join(' and ')}: write "file.c ${name}"`}`);
  found[0].isListed = true;
  return [found[0].value];
}

function checkValues(row, code) {
  const named = quantitiesOf(row.value);
  const wanted = row.names.flatMap((name) => {
    try {
      return valuesOf(name, code).map((value) => ({ name, value }));
    } catch ({ message }) {
      faults.push(`${row.place}: ${message}`);
      return [];
    }
  });
  const isSame = ({ name, value }, one) => value === (one.isTime ? one.value * isTimeIn(name) : one.value);
  if (row.names.length === 0) faults.push(`${row.place}: names nothing of the code`);
  for (const want of wanted) if (!named.some((one) => isSame(want, one))) faults.push(`${row.place}: ${want.name} has ${want.value}, which is not in "${row.value}"`);
  for (const one of named) if (!wanted.some((want) => isSame(want, one))) faults.push(`${row.place}: nothing that it names has ${one.value} ("${row.value}")`);
}

const quoted = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function isTestOf(file, title) {
  const text = read(file);
  if (file.endsWith('.mjs')) return new RegExp(`\\b(test|it)\\((['"\`])${quoted(title).replaceAll("'", "\\\\?'")}\\2`).test(text);
  if (file.endsWith('.erl')) return new RegExp(`^${quoted(title)}\\(\\)`, 'm').test(text);
  return new RegExp(`^static void ${quoted(title)}\\(`, 'm').test(text) && new RegExp(`\\(${quoted(title)}[,)]`).test(text);
}

function checkTests(row) {
  if (/^none: \S/.test(row.tests)) return false;
  for (const test of row.tests.split('<br>')) {
    const [, name, title] = /^`([^`]+)`: (.+)$/.exec(test.trim()) ?? [];
    const file = `tests/${name}`;
    if (!name) faults.push(`${row.place}: "${test}" is no test: write \`file\`: title, or "none: why"`);
    else if (!existsSync(file)) faults.push(`${row.place}: there is no ${file}`);
    else if (!isTestOf(file, title)) faults.push(`${row.place}: ${file} has no test "${title}"`);
  }
  return true;
}

function checkAllAreListed(rows, { defines, settings, parameters }) {
  const listed = new Set(rows.flatMap(({ names }) => names));
  const internal = new Set(Object.values(INTERNAL).flat().flatMap((name) => {
    const found = definesNamed(name, defines);
    if (found.length !== 1) faults.push(`tests/lint/internal_limits.mjs: ${name} is ${found.length === 0 ? 'not in the code' : 'ambiguous'}`);
    return found;
  }));
  for (const define of defines) {
    if (internal.has(define) && define.isListed) faults.push(`${define.file}: ${define.name} is internal and in ${TABLES}`);
    if (/(^|_)MAX(_|$)/.test(define.name) && !internal.has(define) && !define.isListed)
      faults.push(`${define.file}: ${define.name}, ${define.value}, is not in ${TABLES}; where nobody outside can reach it, say why in tests/lint/internal_limits.mjs`);
  }
  for (const name of [...Object.keys(settings), ...Object.keys(parameters)]) if (!listed.has(name)) faults.push(`${name} is not in ${TABLES}`);
}

const defines = definesOf();
const code = { defines, settings: settingsOf(defines), parameters: parametersOf(JSON.parse(read('build/release/openapi.json'))) };
const rows = rowsOf(read(TABLES));
for (const row of rows) checkValues(row, code);
const tested = rows.filter(checkTests).length;
checkAllAreListed(rows, code);

if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
console.log(`${rows.length} limits: their values are those of the code; ${tested} have a test that reaches them, ${rows.length - tested} say why not`);
