// Numbers, times and names in a form for people. Text from a node is always shown through visible().

const UNKNOWN = '–';
const grouped = new Intl.NumberFormat('en-US');
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Control, direction and invisible characters as \u{...}, so that a name can neither hide nor reorder the text beside it. */
export const visible = (text) => String(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);

const JOINTS = /(?<=[\s._@:/-])(?![\s._@:/-])(?!(?<=\d\.)\d)/u; // not within 10.0.0.5
const PART_MAX = 24; // letters; a longer part would make a column of a table too wide

/** The pieces of a name between which a line may break: after a separator or a blank, and within a part only if it is very long. */
export const breakable = (text) => visible(text).split(JOINTS).flatMap((part) => part.match(new RegExp(`.{1,${PART_MAX}}`, 'gsu')) ?? [part]);

const known = (value) => typeof value === 'number' && Number.isFinite(value);

export const count = (value) => (known(value) ? grouped.format(value) : UNKNOWN);

/** Large counts in four characters or so: "129 M", "8.4 G". */
export function short(value) {
  if (!known(value) || Math.abs(value) < 1e6) return count(value);
  const [unit, letter] = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M']].find(([size]) => Math.abs(value) >= size);
  const number = value / unit;
  return `${number.toFixed(Math.abs(number) < 100 ? 1 : 0)} ${letter}`;
}

export function bytes(value) {
  if (!known(value)) return UNKNOWN;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = value;
  let unit = 0;
  while (Math.abs(size) >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(Math.abs(size) < 100 ? 1 : 0)} ${units[unit]}`;
}

/** The bytes of a row, or the least that they can be: "≥ 100 MiB". */
export const bytesOf = (row, field) => (!known(row[field]) && row[`${field}_min`] > 0 ? `≥ ${bytes(row[`${field}_min`])}` : bytes(row[field]));

export function percent(ratio) {
  if (!known(ratio)) return UNKNOWN;
  const value = 100 * ratio;
  if (value > 0 && value < 0.1) return '<0.1%';
  return `${value.toFixed(value < 10 && value > 0 ? 1 : 0)}%`;
}

export const times = (ratio) => (known(ratio) ? `${ratio < 10 ? ratio.toFixed(1) : grouped.format(Math.round(ratio))}×` : UNKNOWN);

/** "+2.4/s", "0/s", "−3/s"; empty if there is no rate yet. */
export function rate(value) {
  if (!known(value)) return '';
  const size = Math.abs(value);
  const text = size >= 10 ? grouped.format(Math.round(size)) : size.toFixed(1).replace(/\.0$/, '');
  if (text === '0') return '0/s';
  return `${value > 0 ? '+' : '−'}${text}/s`;
}

/** "+1.5 KiB/s", "0 B/s"; empty if there is no rate yet. */
export function byteRate(value) {
  if (!known(value)) return '';
  const size = Math.round(Math.abs(value));
  const sign = size === 0 ? '' : value > 0 ? '+' : '−';
  return `${sign}${bytes(size)}/s`;
}

/** The two largest units: "3 d 4 h", "12 min 5 s". */
export function duration(ms) {
  if (!known(ms)) return UNKNOWN;
  const seconds = Math.floor(ms / 1000);
  const parts = [
    [Math.floor(seconds / 86400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  if (first < 0) return '0 s';
  return parts.slice(first, first + 2).filter(([value]) => value > 0).map(([value, unit]) => `${value} ${unit}`).join(' ');
}

/** For a row that was reported earlier: "as reported 40 s ago"; null for a current one. */
export const reportedAgo = (row) => (known(row.age_ms) ? `as reported ${duration(Math.max(1000, row.age_ms))} ago` : null);

export const timeOfDay = (at) => (at ? clock.format(new Date(at)) : UNKNOWN);

/** An MFA as the service prints it, or null. */
export const mfa = (value) => (value && typeof value === 'object' ? value.text ?? null : value ?? null);

/** The name of a process row or a peer: its registered name, its label, or the function it was started with. Null: it has only its pid. */
export const nameOf = (row) => row.name ?? row.registered_name ?? row.label ?? mfa(row.initial_call);

/** "payment_service <0.95.0>", "{registry, shop@host}", a port or a reference: for sentences, keys and titles. */
export function peerText(peer) {
  const name = nameOf(peer);
  const identity = peer.pid ?? peer.port ?? peer.reference ?? null;
  return [name, identity].filter((part) => part !== null).map(visible).join(' ') || UNKNOWN;
}

/** The words of every sentence about entries whose kind is not known. */
export const TOGETHER = '(monitors, monitored_by and links together)';

/** The text for a process whose entries nobody has counted; null for any other. */
export const uncounted = (row) => (known(row.uncounted_count) ? `up to ${count(row.uncounted_count)} entries that were not counted ${TOGETHER}` : null);

/** A count and whether it is exact: "≈ 1,200" with its bounds as a title. If the kind of the entries is not known, they are shown once: with the count that the row has. */
export function counted(row, field) {
  const value = row[field];
  const [least, most] = [row[`${field}_min`] ?? 0, row[`${field}_max`]];
  if (uncounted(row)) return { text: known(value) ? `≤ ${count(row.uncounted_count)}` : UNKNOWN, title: uncounted(row) };
  if (row.exact === false && !known(value) && known(most)) return { text: `≤ ${count(most)}`, title: 'not counted, and perhaps none' };
  if (row.exact !== false || !known(value) || least === most) return { text: count(value), title: undefined };
  return { text: `≈ ${count(value)}`, title: known(most) ? `between ${count(least)} and ${count(most)}` : 'an estimate' };
}

/**
 * What is kept of a pair to know its growth: its first count, when that was, and its change per second since then (null until it is
 * meaningful). A pair that was counted again begins anew: what came before that count was not seen when it came. Until there is a new
 * change, the last one is kept. An estimate that is still the count of then says nothing about growth.
 */
export function followed(before, pair, at) {
  const isSame = before && before.counted_at === pair.counted_at;
  const first = isSame ? before : { value: pair.count, at, counted_at: pair.counted_at, rate: before?.rate ?? null };
  const seconds = (at - first.at) / 1000;
  const isMeaningful = seconds >= 4 && !(pair.exact === false && pair.count === first.value);
  return isMeaningful ? { ...first, rate: (pair.count - first.value) / seconds } : first;
}
