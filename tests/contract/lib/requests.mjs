// Requests made out of the description: right ones, and wrong ones with the status that they must get.
import { faultsOf } from './document.mjs';
import { Random } from './random.mjs';
import { isRight, LASTING, randomJson, randomText, rightMembers, rightValues, sample, UNREADABLE, withControl, wrongValues } from './values.mjs';

const UNKNOWN = 'no_such_parameter';
const RANDOM_EACH = 8; // random values of each parameter
const RANDOM_WHOLE = 4; // random requests of each operation

const inQuery = ({ in: place }) => place === 'query';
const shown = (value) => JSON.stringify(value)?.slice(0, 40);

export class Requests {
  // `values`: what stands for the parameters by name; `body`: a right one.
  constructor(operation, values, body) {
    Object.assign(this, { operation, values, body });
    this.random = new Random(operation.operationId);
  }

  valueOf(parameter) {
    return this.values[parameter.name] ?? sample(parameter.schema);
  }

  // The required ones and those of `values`, changed as given: a value, a list of values, or undefined for none. `raw`: encoded already.
  request(changes = {}, { extra = '', raw = {}, ...options } = {}) {
    let { path } = this.operation;
    const query = [];
    for (const parameter of this.operation.parameters) {
      const { name } = parameter;
      const usual = parameter.required || name in this.values ? this.valueOf(parameter) : undefined;
      const value = name in changes ? changes[name] : usual;
      const encoded = name in raw ? [raw[name]] : value === undefined ? [] : [value].flat().map(encodeURIComponent);
      if (parameter.in === 'path') path = path.replace(`{${name}}`, () => encoded[0]);
      else if (inQuery(parameter)) for (const one of encoded) query.push(`${name}=${one}`);
    }
    if (extra) query.push(extra);
    return { path: query.length ? `${path}?${query.join('&')}` : path, method: this.operation.method, body: this.body, ...options };
  }

  *right() {
    const parameters = this.operation.parameters.filter(inQuery);
    yield { what: 'as plain as can be', request: this.request() };
    const given = parameters.filter(({ name, required }) => !required && name in this.values);
    for (const { name } of given) yield { what: `without ${name}`, request: this.request({ [name]: undefined }) };
    for (const parameter of parameters)
      for (const value of rightValues(parameter)) yield { what: `${parameter.name}=${value}`, request: this.request({ [parameter.name]: value }) };
    for (const type of Object.keys(this.operation.responses[200]?.content ?? {}))
      yield { what: `Accept: ${type}`, type, request: this.request({}, { headers: { Accept: type } }) };
    if (this.operation.body?.type === 'application/json') yield* this.#rightBodies();
    for (let i = 0; i < RANDOM_WHOLE && parameters.length > 1; i++) yield this.#randomWhole(parameters);
  }

  *#rightBodies() {
    for (const [name, member] of Object.entries(this.operation.body.schema.properties))
      for (const value of rightMembers(member))
        yield { what: `a body with ${name} ${shown(value)}`, request: this.request({}, { body: { ...this.body, [name]: value } }) };
  }

  // Each parameter may be there; together they may make no sense, which is for the service to say.
  #randomWhole(parameters) {
    const changes = {};
    for (const parameter of parameters) {
      const values = LASTING.includes(parameter.name) ? [] : rightValues(parameter);
      if (values.length && this.random.below(2)) changes[parameter.name] = this.random.pick(values);
    }
    return { what: JSON.stringify(changes), mayBeRefused: true, request: this.request(changes) };
  }

  *wrong() {
    if (this.operation.operationId !== 'getOpenApi') yield* this.#wrongQueries(); // a file: what is asked of it does not matter
    yield { what: 'a header that is not taken', status: 400, request: this.request({}, { headers: { TE: 'trailers' } }) };
    yield { what: 'a strange Host', status: 421, request: this.request({}, { headers: { Host: 'evil.example' } }) };
    if (this.operation.method !== 'GET') yield { what: 'another site\'s page', status: 403, request: this.request({}, { headers: { Origin: 'https://evil.example' } }) };
    yield { what: 'headers too large', status: 431, request: this.request({}, { headers: { 'X-Large': 'x'.repeat(9000) } }) };
    yield { what: 'a body too large', status: 413, request: this.request({}, { body: Buffer.alloc(70_000, 32) }) };
    if (this.operation.body) yield* this.#wrongBodies();
  }

  *#wrongQueries() {
    yield { what: 'an unknown parameter', status: 400, param: UNKNOWN, request: this.request({}, { extra: `${UNKNOWN}=1` }) };
    yield { what: 'a name that cannot be read', status: 400, param: 'query', request: this.request({}, { extra: `${this.random.pick(UNREADABLE)}=1` }) };
    for (const parameter of this.operation.parameters) if (parameter.in !== 'header') yield* this.#wrongParameter(parameter);
    yield { what: 'Accept: image/png', status: 406, request: this.request({}, { headers: { Accept: 'image/png' } }) };
    if (!this.operation.body) yield { what: 'a body', status: 413, request: this.request({}, { body: { a: 1 } }) };
  }

  *#wrongParameter(parameter) {
    const { name, schema } = parameter;
    const refused = (value, request) => ({ what: `${name}=${shown(value)}`, status: 400, param: name, request });
    const right = [this.valueOf(parameter)].flat()[0];
    const fixed = wrongValues(schema).filter((value) => value || inQuery(parameter));
    for (const value of [...fixed, withControl(this.random, right)]) yield refused(value, this.request({ [name]: value }));
    for (const value of UNREADABLE) yield refused(value, this.request({}, { raw: { [name]: encodeURIComponent(right) + value } }));
    yield* this.#randomValues(parameter, right, refused);
    if (!inQuery(parameter)) return;
    yield this.#tooOften(parameter);
    if (parameter.required) yield { what: `without ${name}`, status: 400, param: name, request: this.request({ [name]: undefined }) };
  }

  *#randomValues(parameter, right, refused) {
    for (let i = 0; i < RANDOM_EACH; i++) {
      const text = randomText(this.random, parameter.schema, right);
      const request = this.request({ [parameter.name]: text });
      if (!isRight(parameter.schema, text)) yield refused(text, request);
      else if (!LASTING.includes(parameter.name)) yield { what: `${parameter.name}=${shown(text)}`, mayBeRefused: true, request };
    }
  }

  #tooOften(parameter) {
    const { name, schema } = parameter;
    const times = schema.type === 'array' ? schema.maxItems + 1 : 2;
    const values = Array(times).fill([this.valueOf(parameter)].flat()[0]);
    return { what: `${name} ${times} times`, status: 400, param: name, request: this.request({ [name]: values }) };
  }

  *#wrongBodies() {
    const { type, schema, most } = this.operation.body;
    const send = (body, headers) => this.request({}, { body, headers });
    yield { what: 'a body one byte too large', status: 413, request: send(Buffer.alloc(most + 1, 32)) };
    yield { what: 'a body of another type', status: 415, request: send('{}', { 'Content-Type': 'text/plain' }) };
    if (type !== 'application/json') return; // a form's fields are for people: errors in them are reported as text
    for (const body of ['{', '[1,', '"\\x"', 'nonsense', '{"a":1,"a":2}', '[]', 'null', '"x"', '1'])
      yield { what: `a body of ${body}`, status: 400, request: send(body) };
    yield { what: 'an unknown member', status: 400, request: send({ ...this.body, [UNKNOWN]: 1 }) };
    for (const [name, member] of Object.entries(schema.properties)) yield* this.#wrongMember(name, member, send);
    for (const name of schema.required ?? []) yield { what: `a body without ${name}`, status: 400, request: send({ ...this.body, [name]: undefined }) };
  }

  *#wrongMember(name, member, send) {
    const values = [null, {}, member.type === 'string' ? 1 : 'x', ...(member.type === 'integer' ? [member.minimum - 1, member.maximum + 1, 1.5] : []),
      ...(member.maxLength ? ['', 'x'.repeat(member.maxLength + 1)] : []), ...(member.maxItems ? [Array(member.maxItems + 1).fill('x'), [1], ['']] : [])];
    for (let i = 0; i < RANDOM_EACH; i++) values.push(randomJson(this.random));
    for (const value of values.filter((one) => faultsOf(member, one).length > 0)) {
      const param = JSON.stringify(value).includes('\\u0000') ? undefined : name; // a body with a NUL is refused as a whole
      yield { what: `a body with ${name} ${shown(value)}`, status: 400, param, request: send({ ...this.body, [name]: value }) };
    }
  }
}
