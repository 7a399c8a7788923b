// Requests made out of the description: right ones, and wrong ones with the status that they must get.
const UNKNOWN = 'no_such_parameter';

// One value that is right, for a parameter or a member.
function sample(schema) {
  if (schema.type === 'array') return [sample(schema.items)];
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'integer') return schema.default ?? schema.minimum;
  if (schema.type === 'boolean') return true;
  return 'x'.repeat(Math.max(1, schema.minLength ?? 1));
}

function rightValues({ name, schema }) {
  if (schema.enum) return schema.enum;
  if (schema.type === 'boolean') return [true, false];
  if (schema.type !== 'integer') return [];
  const long = name === 'window_ms'; // its highest would take as long
  return [schema.minimum, ...(schema.maximum === undefined || long ? [schema.minimum + 1] : [schema.maximum])];
}

function wrongValues(schema) {
  if (schema.type === 'array') return wrongValues(schema.items);
  if (schema.enum) return ['nonsense', '', `${schema.enum[0]}s`, `${schema.enum[0]} `];
  if (schema.type === 'boolean') return ['yes', '1', '', 'TRUE'];
  if (schema.type === 'integer') {
    const above = schema.maximum === undefined ? '9223372036854775808' : String(schema.maximum + 1);
    return [String(schema.minimum - 1), above, 'x', '1.5', '', '1e3', '0x10', '99999999999999999999', '--1', '+1'];
  }
  if (schema.pattern) return ['nonsense', ''];
  return [...(schema.minLength > 0 ? [''] : []), ...(schema.maxLength ? ['x'.repeat(schema.maxLength + 1)] : [])];
}

const outside = ({ in: place }) => place === 'query';

export class Requests {
  // `values`: what stands for the parameters by name; `bodies`: right bodies by operation.
  constructor(operation, values, body) {
    Object.assign(this, { operation, values, body });
  }

  valueOf(parameter) {
    return this.values[parameter.name] ?? sample(parameter.schema);
  }

  // The required ones, changed as told: a value, a list of them, or undefined for none.
  request(changes = {}, { extra = '', ...options } = {}) {
    let { path } = this.operation;
    const query = [];
    for (const parameter of this.operation.parameters) {
      const { name } = parameter;
      const changed = name in changes;
      const value = changed ? changes[name] : parameter.required || name in this.values ? this.valueOf(parameter) : undefined;
      if (parameter.in === 'path') path = path.replace(`{${name}}`, encodeURIComponent(value));
      else if (outside(parameter) && value !== undefined) for (const one of [value].flat()) query.push(`${name}=${encodeURIComponent(one)}`);
    }
    if (extra) query.push(extra);
    return { path: query.length ? `${path}?${query.join('&')}` : path, method: this.operation.method, body: this.body, ...options };
  }

  *right() {
    yield { what: 'as plain as can be', request: this.request() };
    for (const parameter of this.operation.parameters.filter(outside))
      for (const value of rightValues(parameter)) yield { what: `${parameter.name}=${value}`, request: this.request({ [parameter.name]: value }) };
    for (const [status, { content }] of Object.entries(this.operation.responses))
      if (status === '200')
        for (const type of Object.keys(content ?? {})) yield { what: `Accept: ${type}`, type, request: this.request({}, { headers: { Accept: type } }) };
  }

  *wrong() {
    yield { what: 'an unknown parameter', status: 400, param: UNKNOWN, request: this.request({}, { extra: `${UNKNOWN}=1` }) };
    for (const parameter of this.operation.parameters) {
      const { name, schema } = parameter;
      if (parameter.in === 'header') continue;
      const values = parameter.in === 'path' ? wrongValues(schema).filter(Boolean) : wrongValues(schema);
      for (const value of values) yield { what: `${name}=${value.slice(0, 30)}`, status: 400, param: name, request: this.request({ [name]: value }) };
      if (parameter.in === 'query') yield this.#tooOften(parameter);
      if (parameter.in === 'query' && parameter.required) yield { what: `without ${name}`, status: 400, param: name, request: this.request({ [name]: undefined }) };
    }
    yield { what: 'Accept: image/png', status: 406, request: this.request({}, { headers: { Accept: 'image/png' } }) };
    yield { what: 'a strange Host', status: 421, request: this.request({}, { headers: { Host: 'evil.example' } }) };
    yield { what: 'headers too large', status: 431, request: this.request({}, { headers: { 'X-Large': 'x'.repeat(9000) } }) };
    if (this.operation.body) yield* this.#wrongBodies();
    else yield { what: 'a body', status: 413, request: this.request({}, { body: { a: 1 } }) };
  }

  #tooOften(parameter) {
    const { name, schema } = parameter;
    const value = this.valueOf(parameter);
    const times = schema.type === 'array' ? schema.maxItems + 1 : 2;
    return { what: `${name} ${times} times`, status: 400, param: name, request: this.request({ [name]: Array(times).fill([value].flat()[0]) }) };
  }

  *#wrongBodies() {
    const { type, schema } = this.operation.body;
    yield { what: 'a body too large', status: 413, request: this.request({}, { body: Buffer.alloc(20_000, 32) }) };
    if (type !== 'application/json') return;
    const send = (body) => this.request({}, { body });
    yield { what: 'a body of another type', status: 415, request: this.request({}, { body: '{}', headers: { 'Content-Type': 'text/plain' } }) };
    for (const body of ['{', '[1,', '"\\x"', 'nonsense', '{"a":1,"a":2}']) yield { what: `a body of ${body}`, status: 400, request: send(body) };
    for (const body of ['[]', 'null', '"x"', '1']) yield { what: `a body of ${body}`, status: 400, request: send(body) };
    yield { what: 'an unknown member', status: 400, request: send({ ...this.body, [UNKNOWN]: 1 }) };
    for (const [name, member] of Object.entries(schema.properties)) {
      const values = [null, {}, member.type === 'string' ? 1 : 'x', ...(member.type === 'integer' ? [member.minimum - 1, member.maximum + 1, 1.5] : []),
        ...(member.maxLength ? ['', 'x'.repeat(member.maxLength + 1)] : []), ...(member.maxItems ? [Array(member.maxItems + 1).fill('x'), [1], ['']] : [])];
      for (const value of values)
        yield { what: `a body with ${name} ${JSON.stringify(value).slice(0, 30)}`, status: 400, param: name, request: send({ ...this.body, [name]: value }) };
    }
    for (const name of schema.required ?? []) yield { what: `a body without ${name}`, status: 400, request: send({ ...this.body, [name]: undefined }) };
  }
}
