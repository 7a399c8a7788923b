// A node:test reporter for the matrix: one line of JSON for each test, {name, outcome, reason}.

// Reports what kept a whole suite from running; a failed test reports itself.
const isSum = (type, { details }, reason) => details?.type === 'suite' && (type === 'test:pass' || /subtests? failed/.test(reason));

export default async function* report(source) {
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const { cause, message } = data.details?.error ?? {};
    const reason = String(cause?.message ?? cause ?? message ?? '');
    if (isSum(type, data, reason)) continue;
    const skipped = data.skip !== undefined && data.skip !== false;
    const outcome = skipped ? 'skipped' : type === 'test:fail' ? 'failed' : 'passed';
    yield `${JSON.stringify({ name: data.name, outcome, reason: skipped ? String(data.skip) : reason })}\n`;
  }
}
