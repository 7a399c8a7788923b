// The description of the API: its operations and its examples, and what it says of an answer.
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BINARY } from '../../integration/lib/beamgauge.mjs';

export const PATH = join(dirname(BINARY), 'openapi.json'); // made beside the program
export const document = JSON.parse(readFileSync(PATH, 'utf8'));

// What HTTP itself and the page's protection add to any answer.
const GENERAL = new Set(['content-type', 'content-length', 'content-encoding', 'date', 'connection', 'vary', 'cache-control', 'x-content-type-options',
  'referrer-policy', 'cross-origin-resource-policy', 'content-security-policy']);

export function resolve(value) {
  if (!value?.$ref) return value;
  return value.$ref.slice(2).split('/').reduce((at, key) => at[key], document);
}

function bodyOf({ requestBody }) {
  if (!requestBody) return undefined;
  const [[type, { schema }]] = Object.entries(requestBody.content);
  return { type, schema: resolve(schema), most: Number(/(\d+) bytes/.exec(requestBody.description)[1]) };
}

export const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    ...operation,
    path,
    method: method.toUpperCase(),
    parameters: (operation.parameters ?? []).map(resolve).map((parameter) => ({ ...parameter, schema: resolve(parameter.schema) })),
    body: bodyOf(operation),
    scope: ['read', 'check', 'chat', 'admin'].find((scope) => operation.security.some((one) => scope in one)),
    responses: Object.fromEntries(Object.entries(operation.responses).map(([status, response]) => [status, resolve(response)])),
  })));
export const operationOf = (id) => operations.find(({ operationId }) => operationId === id);

const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true, strictRequired: false });
addFormats(ajv);
ajv.addVocabulary(['example']);
const local = (schema) => JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', 'api#/$defs/'));
ajv.addSchema({ $id: 'api', $defs: local(document.components.schemas) });
const validators = new Map();

export function faultsOf(schema, value) {
  if (!validators.has(schema)) validators.set(schema, ajv.compile(local(schema)));
  const validate = validators.get(schema);
  return validate(value) ? [] : validate.errors.map(({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`);
}

function headerFaults({ headers: described = {} }, headers) {
  const faults = Object.entries(described).flatMap(([name, given]) => {
    const { required, schema } = resolve(given);
    const value = headers[name.toLowerCase()];
    if (value === undefined) return required ? [`lacks the header ${name}`] : [];
    return faultsOf(schema, schema.type === 'integer' ? Number(value) : value).map((fault) => `header ${name}: ${fault}`);
  });
  const known = new Set(Object.keys(described).map((name) => name.toLowerCase()));
  const others = Object.keys(headers).filter((name) => !known.has(name) && !GENERAL.has(name));
  return [...faults, ...others.map((name) => `the header ${name} is not described`)];
}

const isJson = (type) => /[/+]json$/.test(type);

// What is wrong with an answer to an operation: a list of texts. Only the headers of an answer to HEAD are looked at.
export function judge(operation, { status, headers, text, body }, { isHead = false } = {}) {
  const response = operation.responses[status];
  if (!response) return [`status ${status} is not described`];
  const faults = headerFaults(response, headers);
  const type = headers['content-type']?.split(';')[0];
  if (!response.content) return text || type ? [...faults, `a body of ${type} is not described`] : faults;
  const media = response.content[type];
  if (!media) return [...faults, `content type ${type} is not described for ${status}`];
  if (isHead) return text ? [...faults, 'HEAD has a body'] : faults;
  return [...faults, ...faultsOf(media.schema, isJson(type) ? body : text), ...problemFaults(type, body, status)];
}

const problemFaults = (type, body, status) => (type === 'application/problem+json' && body.status !== status ? [`says of itself ${body.status}`] : []);

const valuesOf = ({ example, examples }) => [...(example === undefined ? [] : [example]), ...Object.values(examples ?? {}).map(({ value }) => value)];

// What is wrong with the examples of an operation.
export function exampleFaults(operation) {
  const faults = [];
  const hold = (where, schema, value) => faults.push(...faultsOf(schema, value).map((fault) => `${where}: ${fault}`));
  for (const parameter of operation.parameters) for (const value of valuesOf(parameter)) hold(`parameter ${parameter.name}`, parameter.schema, value);
  for (const { schema, ...media } of Object.values(operation.requestBody?.content ?? {})) for (const value of valuesOf(media)) hold('body', schema, value);
  for (const [status, { headers = {}, content = {} }] of Object.entries(operation.responses)) {
    for (const [name, header] of Object.entries(headers).map(([key, given]) => [key, resolve(given)]))
      for (const value of valuesOf(header)) hold(`${status} ${name}`, header.schema, value);
    for (const [type, { schema, ...media }] of Object.entries(content))
      for (const value of valuesOf(media)) {
        hold(`${status} ${type}`, schema, value);
        faults.push(...problemFaults(type, value, Number(status)).map((fault) => `${status}: ${fault}`));
      }
    if (Object.keys(content).length && !Object.values(content).some((media) => valuesOf(media).length)) faults.push(`${status} has no example`);
  }
  return faults;
}
