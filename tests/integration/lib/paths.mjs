// Every GET that asks one node, of those that the OpenAPI document has, with something to fill in for what a path or a question must have.
const NEEDS = { check: 'check?assert=process_ratio:lt:0.9' };

export async function paths(gauge) {
  const document = (await gauge.api('openapi.json')).body;
  const asksNode = (path) => document.paths[path].get?.parameters?.some(({ name }) => name === 'max_age_ms');
  return Object.keys(document.paths)
    .filter(asksNode) // others answer from what is kept
    .filter((path) => path.startsWith('/api/v1/nodes/{node}/') && document.paths[path].get)
    .map((path) => path.replace('/api/v1/nodes/{node}/', '').replace('{pid}', '0.0.0').replace('{application}', 'kernel'))
    .map((path) => NEEDS[path] ?? path)
    .filter((path) => !path.includes('{'));
}
