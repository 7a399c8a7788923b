// Values for a parameter, out of its schema: right ones, wrong ones, and random ones with the schema's judgement of them.
import { faultsOf, resolve } from './document.mjs';

const CONTROLS = ['\u0000', '\u0001', '\t', '\n', '\r\n', '\u001b[2J', '\u007f'];
// As they stand in a query: no two hexadecimal digits after a %, or what they stand for is not UTF-8.
export const UNREADABLE = ['%', '%4', '%zz', '%FF', '%C0%80', '%ED%A0%80'];
// The highest of these would take as long.
export const LASTING = ['window_ms', 'timeout_ms', 'duration_ms'];

// One value that is right, for a parameter or a member.
export function sample(schema) {
  if (schema.type === 'array') return [sample(schema.items)];
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'integer') return schema.default ?? schema.minimum;
  if (schema.type === 'boolean') return true;
  return 'x'.repeat(Math.max(1, schema.minLength ?? 1));
}

export function rightValues({ name, schema }) {
  if (schema.enum) return schema.enum;
  if (schema.type === 'boolean') return [true, false];
  if (schema.type !== 'integer') return [];
  if (name === 'window_ms') return [schema.minimum, 100];
  return [schema.minimum, schema.maximum ?? schema.minimum + 1];
}

// Those of a member of a body: the least and the most.
export function rightMembers(member) {
  if (member.type === 'integer') return [member.minimum, member.maximum];
  if (member.examples) return member.examples;
  if (member.type === 'array') return [[], Array(member.maxItems).fill(rightMembers(member.items).at(-1))];
  return member.maxLength ? ['x'.repeat(member.minLength), 'x'.repeat(member.maxLength)] : [];
}

export function wrongValues(schema) {
  if (schema.type === 'array') return wrongValues(schema.items);
  if (schema.enum) return ['nonsense', '', `${schema.enum[0]}s`, `${schema.enum[0]} `];
  if (schema.type === 'boolean') return ['yes', '1', '', 'TRUE'];
  if (schema.type === 'integer') {
    const above = schema.maximum === undefined ? '9223372036854775808' : String(schema.maximum + 1);
    return [String(schema.minimum - 1), above, 'x', '1.5', '', '1e3', '0x10', '99999999999999999999', '--1', '+1'];
  }
  if (schema.pattern) return ['nonsense', '', 'x'.repeat(1000)];
  return [...(schema.minLength > 0 ? [''] : []), ...(schema.maxLength ? ['x'.repeat(schema.maxLength + 1)] : [])];
}

// `given` with a control character in it, which nothing takes.
export const withControl = (random, given) => random.insert(String(given), random.pick(CONTROLS));

function nearInteger(random, { minimum, maximum = 2 ** 40 }) {
  return random.pick([minimum - random.between(1, 1000), maximum + random.between(1, 1000), random.between(minimum, maximum), random.text(30, '0123456789')]);
}

function likeness(random, schema, right) {
  if (schema.type === 'integer') return String(nearInteger(random, schema));
  return random.pick([right.toUpperCase(), `${right} `, ` ${right}`, right.slice(1), right + right, random.insert(right, ','), random.insert(right, '/')]);
}

// Values that may be right or wrong: the schema decides.
export function randomText(random, schema, right) {
  if (schema.type === 'array') return randomText(random, schema.items, right);
  if (random.below(3) > 0) return likeness(random, schema, String(right));
  return random.text(random.between(1, 12));
}

// Whether the schema takes the text of a query or a path.
export function isRight(schema, text) {
  if (schema.type === 'array') return isRight(resolve(schema.items), text);
  if (schema.type === 'integer') return /^-?\d{1,15}$/.test(text) && faultsOf(schema, Number(text)).length === 0;
  if (schema.type === 'boolean') return text === 'true' || text === 'false';
  return faultsOf(schema, text).length === 0;
}

// Any JSON, for a member of a body.
export function randomJson(random, depth = 0) {
  const plain = [() => null, () => random.below(2) === 1, () => random.between(-5, 100_000), () => random.below(1000) / 7];
  const texts = [() => random.text(random.below(20)), () => random.text(random.between(300, 900), 'abc'), () => withControl(random, 'text')];
  const nested = [() => [randomJson(random, depth + 1)], () => ({ [random.text(3, 'abc')]: randomJson(random, depth + 1) })];
  return random.pick([...plain, ...texts, ...(depth < 3 ? nested : [])])();
}
