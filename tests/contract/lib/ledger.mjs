// What was sent, what came, and what of the description was never seen.
import { document, judge, operations } from './document.mjs';
import { SEED } from './random.mjs';

// A defect, or want of memory: no test can bring it about.
const NEVER_SEEN = ['500'];

export class Ledger {
  requests = 0;
  #statuses = new Map();
  #seen = new Map(operations.map(({ operationId }) => [operationId, new Set()]));

  // Takes an answer down, and gives all that is wrong with it: what the description says, and `more` that its asker says.
  hold(operation, what, answer, more = [], options = {}) {
    this.requests++;
    this.#statuses.set(answer.status, (this.#statuses.get(answer.status) ?? 0) + 1);
    this.#seen.get(operation.operationId).add(String(answer.status));
    return [...judge(operation, answer, options), ...more].map((fault) => `${operation.operationId}, ${what}: ${fault} <- ${answer.text.slice(0, 300)}`);
  }

  // What is described and has not come, though it should have.
  unseen() {
    const described = operations.flatMap(({ operationId, responses }) => Object.keys(responses).map((status) => ({ operationId, status })));
    const missing = described.filter(({ operationId, status }) => !NEVER_SEEN.includes(status) && !this.#seen.get(operationId).has(status));
    return missing.map(({ operationId, status }) => `${operationId} ${status}`);
  }

  toString() {
    const described = operations.reduce((sum, { responses }) => sum + Object.keys(responses).length, 0);
    const seen = [...this.#seen.values()].reduce((sum, { size }) => sum + size, 0);
    const statuses = [...this.#statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
    return [
      `seed ${SEED} (set it with BG_SEED)`,
      `${operations.length} operations of ${Object.keys(document.paths).length} paths, ${this.requests} requests`,
      `responses by status: ${statuses.join(', ')}`,
      `${seen} of ${described} described responses seen; not seen: ${[...this.unseen(), ...NEVER_SEEN].join(', ')}`,
    ].join('\n');
  }
}
