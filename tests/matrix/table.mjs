// What came of it, as text: a row for each file of tests, a column for each release.

const OUTCOMES = { passed: 'ok', failed: 'FAILED', skipped: 'skipped' };

// "15 ok, 1 skipped"
export function counts(tests) {
  const parts = Object.entries(OUTCOMES).map(([outcome, text]) => [tests.filter((test) => test.outcome === outcome).length, text]);
  return parts.filter(([count]) => count > 0).map((part) => part.join(' ')).join(', ') || 'not run';
}

export function table(files, results) {
  const columns = [...results].map(([{ label }, of]) => [label, ...files.map((file) => counts(of.get(file) ?? [])), counts([...of.values()].flat())]);
  const lines = [['', ...files, 'all'], ...columns];
  const widths = lines.map((cells) => Math.max(...cells.map(({ length }) => length)));
  const rows = lines[0].map((_, row) => lines.map((cells, at) => cells[row].padEnd(widths[at])).join('  ').trimEnd());
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [rows[0], rule, ...rows.slice(1, -1), rule, rows.at(-1)];
}

// A line for each test of that outcome, with its reason.
export function details(results, outcome) {
  return [...results].flatMap(([release, files]) => [...files].flatMap(([file, tests]) =>
    tests.filter((test) => test.outcome === outcome).map(({ name, reason }) => `${outcome} on ${release.label}: ${file}: ${name}: ${reason}`)));
}
