// The description of the API: its operations, and what it says of an answer.
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { readFileSync } from 'node:fs';

export const PATH = new URL('../../../api/openapi.json', import.meta.url).pathname;
export const document = JSON.parse(readFileSync(PATH, 'utf8'));

export function resolve(value) {
  if (!value?.$ref) return value;
  return value.$ref.slice(2).split('/').reduce((at, key) => at[key], document);
}

export const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    ...operation,
    path,
    method: method.toUpperCase(),
    parameters: (operation.parameters ?? []).map(resolve).map((parameter) => ({ ...parameter, schema: resolve(parameter.schema) })),
    body: operation.requestBody && Object.entries(operation.requestBody.content).map(([type, { schema }]) => ({ type, schema: resolve(schema) }))[0],
    scope: ['read', 'check', 'chat', 'admin'].find((scope) => operation.security.some((one) => scope in one)),
    responses: Object.fromEntries(Object.entries(operation.responses).map(([status, response]) => [status, resolve(response)])),
  })));

const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true, strictRequired: false });
addFormats(ajv);
ajv.addVocabulary(['example']);
const local = (schema) => JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', 'api#/$defs/'));
ajv.addSchema({ $id: 'api', $defs: local(document.components.schemas) });
const validators = new Map();

function faultsOf(schema, value) {
  if (!validators.has(schema)) validators.set(schema, ajv.compile(local(schema)));
  const validate = validators.get(schema);
  return validate(value) ? [] : validate.errors.map(({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`);
}

function headerFaults(response, headers) {
  return Object.entries(response.headers ?? {}).flatMap(([name, given]) => {
    const { required, schema } = resolve(given);
    const value = headers[name.toLowerCase()];
    if (value === undefined) return required ? [`lacks the header ${name}`] : [];
    return faultsOf(schema, schema.type === 'integer' ? Number(value) : value).map((fault) => `header ${name}: ${fault}`);
  });
}

// What is wrong with an answer to an operation: a list of texts.
export function judge(operation, answer) {
  const response = operation.responses[answer.status];
  if (!response) return [`status ${answer.status} is not described`];
  const faults = headerFaults(response, answer.headers);
  const type = answer.headers['content-type']?.split(';')[0];
  if (!response.content) return answer.text || type ? [...faults, `a body of ${type} is not described`] : faults;
  const media = response.content[type];
  if (!media) return [...faults, `content type ${type} is not described for ${answer.status}`];
  if (!/json$/.test(type) || type.endsWith('ndjson')) return faultsOf(media.schema, answer.text).concat(faults);
  return [...faults, ...faultsOf(media.schema, answer.body)];
}
