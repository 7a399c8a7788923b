// The shape of the tree: which room may include what, and how long functions and files may be.
import { readdirSync, readFileSync } from 'node:fs';

const FUNCTION_LINES_MAX = 45;
const TEST_FUNCTION_LINES_MAX = 60; // some are tables
const FILE_LINES_MAX = 500;

// Room -> what its #include lines may name. Anything not listed is refused; the C library's own headers are free to all.
const LIBRARY = {
  unistring: /^uni(str|ctype|width)\.h$/, event: /^event2\//, jansson: /^jansson\.h$/, ei: /^ei\.h$/, openssl: /^openssl\//, zlib: /^zlib\.h$/, inih: /^ini\.h$/, threads: /^pthread\.h$/, sqlite: /^sqlite3\.h$/ };
const ROOMS = {
  'server/base/': { own: true, libraries: ['threads', 'unistring'] },
  'server/secrets/': { own: true, libraries: ['openssl'] },
  'server/config/': { own: true, libraries: ['inih'] },
  'server/metrics/': { own: true, libraries: [] },
  'server/term/': { own: true, libraries: ['ei', 'jansson'] },
  'server/nodes/': { own: true, libraries: ['event', 'ei', 'openssl'] },
  'server/query/': { own: true, libraries: ['event', 'jansson'] },
  'server/store/': { own: true, libraries: ['sqlite', 'threads', 'zlib'] },
  'server/http/': { own: true, libraries: ['event', 'jansson', 'openssl', 'zlib'] },
  'server/': { own: true, libraries: ['event'] },
  'api/': { own: true, libraries: ['jansson'] },
  'include/beamgauge/': { own: false, libraries: ['jansson'] },
};
const C_LIBRARY = /^(assert|ctype|dirent|errno|fcntl|float|fnmatch|getopt|inttypes|limits|malloc|math|netdb|poll|pwd|ifaddrs|search|signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|time|unistd)\.h$|^(sys|netinet|arpa)\//;

const faults = [];
const FOLDERS = ['api', 'include', 'server', 'tests', 'web'];
const files = FOLDERS.flatMap((folder) => readdirSync(folder, { recursive: true }).map((file) => `${folder}/${file}`));
const sources = files.filter((f) => /\.(c|h|erl|escript|mjs|js|css)$/.test(f)).concat('dev');

function roomOf(file) {
  return Object.keys(ROOMS).filter((r) => file.startsWith(r)).sort((a, b) => b.length - a.length)[0];
}

function checkIncludes(file, lines) {
  const room = roomOf(file);
  if (!room) return;
  const { own, libraries } = ROOMS[room];
  lines.forEach((line, i) => {
    const include = /^\s*#\s*include\s+([<"])([^>"]+)[>"]/.exec(line);
    if (!include) return;
    const [, quote, name] = include;
    const allowed =
      name.startsWith('beamgauge/') ||
      (quote === '"' && own && !name.includes('/')) ||
      (quote === '<' && (C_LIBRARY.test(name) || libraries.some((l) => LIBRARY[l].test(name))));
    if (!allowed) faults.push(`${file}:${i + 1}: ${room} may not include ${name}`);
  });
}

// Who asks nodes, and what with, is in one place each: a question that is made twice is soon two questions, and no answer is shared.
const IN_ONE_PLACE = [
  { what: /\bbg_query_ask\(/, room: 'api/', only: 'api/ask/fetch.c', instead: 'bg_fetch_start()' },
  { what: /\(struct bg_arguments\)\{/, room: 'api/', only: 'api/ask/arguments.c', instead: 'a function of arguments.h' },
  { what: /"directions"/, room: 'server/', only: 'server/query/peers_args.c', instead: 'bg_query_peers_args_new()' },
  { what: /"directions"/, room: 'api/', only: 'server/query/peers_args.c', instead: 'bg_query_peers_args_new()' },
];

function checkPlaces(file, lines) {
  for (const { what, room, only, instead } of IN_ONE_PLACE)
    if (file.startsWith(room) && file !== only)
      lines.forEach((line, i) => { if (what.test(line)) faults.push(`${file}:${i + 1}: that is only for ${only}; use ${instead}`); });
}

// clang-format puts a function's braces into the first column, so its length can be read without a parser.
function checkFunctions(file, lines) {
  const most = file.startsWith('tests/') ? TEST_FUNCTION_LINES_MAX : FUNCTION_LINES_MAX;
  let start = -1;
  lines.forEach((line, i) => {
    if (line === '{') start = i;
    else if (line === '}' && start >= 0) {
      if (i - start - 1 > most) faults.push(`${file}:${start}: a function of ${i - start - 1} lines (at most ${most})`);
      start = -1;
    }
  });
}

for (const file of sources) {
  const lines = readFileSync(file, 'utf8').split('\n');
  if (lines.length - 1 > FILE_LINES_MAX) faults.push(`${file}: ${lines.length - 1} lines (at most ${FILE_LINES_MAX})`);
  if (!/\.(c|h)$/.test(file)) continue;
  checkIncludes(file, lines);
  checkPlaces(file, lines);
  if (!/^(\/\*|\/\/) ?\S/.test(lines[0])) faults.push(`${file}:1: the first line does not say what lives here`);
  if (file.endsWith('.c')) checkFunctions(file, lines);
}

if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
console.log(`${sources.length} files: includes point the right way, no function is over ${FUNCTION_LINES_MAX} lines, no file over ${FILE_LINES_MAX}`);
