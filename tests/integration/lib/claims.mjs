// What a leak scenario says that beamgauge must and must not say, held against what it says.
// A process is {pid, node} as its own node prints it; a peer may also be {name, node}. Each claim is asked on the node of its first process.

const LIMIT = 200;

const same = (ref, expected) => ref.node === expected.node && (expected.pid ? ref.pid === expected.pid : ref.name === expected.name);

// What is asked of one node is asked once for all claims of a round.
export class Answers {
  #asked = new Map();

  constructor(gauge) {
    this.gauge = gauge;
  }

  get(node, path) {
    const key = `${node} ${path}`;
    if (!this.#asked.has(key)) this.#asked.set(key, this.gauge.data(node, `${path}${path.includes('?') ? '&' : '?'}max_age_ms=0`));
    return this.#asked.get(key);
  }

  pairs(node) {
    return this.get(node, `monitors/pairs?limit=${LIMIT}`);
  }

  ranking(process, by) {
    return this.get(process.node, by === 'links' ? `processes?sort=links&limit=${LIMIT}` : `monitors?by=${by}&limit=${LIMIT}`);
  }

  async row(process, by) {
    return (await this.ranking(process, by)).find(({ pid }) => pid === process.pid);
  }

  async relation(process, direction) {
    const [row] = await this.get(process.node, `processes/${process.pid.slice(1, -1)}/relations?direction=${direction}`);
    return row;
  }
}

const isFirst = (by) => async (answers, process) => (await answers.ranking(process, by))[0]?.pid === process.pid;

// A side of a leak, in its ranking and in its relations.
const side = (by) => async (answers, process, count, distinct) => {
  const row = await answers.row(process, by);
  if (!row || row[`${by}_count`] !== count || row.distinct_count !== distinct || row.exact !== true) return false;
  return Math.abs(row.duplication_ratio - count / distinct) < 0.001 && CLAIMS.relation(answers, process, by, count, distinct);
};

const isPair = (pair, watcher, watched, count) => same(pair.watcher, watcher) && same(pair.watched, watched) && pair.count === count && pair.exact === true;

const CLAIMS = {
  // The pair is there, with this count, exactly; and before all others.
  pair: async (answers, watcher, watched, count) => (await answers.pairs(watcher.node)).some((pair) => isPair(pair, watcher, watched, count)),
  first_pair: async (answers, watcher, watched, count) => (await answers.pairs(watcher.node)).slice(0, 1).some((pair) => isPair(pair, watcher, watched, count)),
  // Some pair on its node has it on either side, more than once.
  repeated: async (answers, process) =>
    (await answers.pairs(process.node)).some((pair) => pair.count > 1 && (same(pair.watcher, process) || same(pair.watched, process))),
  first_watcher: isFirst('monitors'),
  first_watched: isFirst('monitored_by'),
  first_linked: isFirst('links'),
  // So many entries, with so many different processes, by every way to ask.
  watcher: side('monitors'),
  watched: side('monitored_by'),
  linked: async (answers, process, count) => (await answers.row(process, 'links'))?.links_count === count,
  relation: async (answers, process, direction, count, distinct) => {
    const row = await answers.relation(process, direction);
    return row.count === count && row.distinct_count === distinct && row.exact === true;
  },
  // It stands in a ranking of monitors, or in a pair.
  mentioned: async (answers, process) => {
    const ranked = await Promise.all(['monitors', 'monitored_by'].map((by) => answers.row(process, by)));
    return ranked.some(Boolean) || (await answers.pairs(process.node)).some((pair) => same(pair.watcher, process) || same(pair.watched, process));
  },
  gone: async (answers, { pid, node }) => {
    const { status } = await answers.gauge.ask(node, `processes/${pid.slice(1, -1)}?max_age_ms=0`);
    if (status !== 200 && status !== 410) throw new Error(`GET ${pid}: ${status}`);
    return status === 410;
  },
  started_as: async (answers, process, text) => {
    const { initial_call: call } = await answers.get(process.node, `processes/${process.pid.slice(1, -1)}`);
    return call.text === text;
  },
};

// Those of the claims that hold, or do not, as text.
export async function claimsThat(holds, answers, claims) {
  const found = [];
  for (const [name, ...args] of claims) {
    if (!CLAIMS[name]) throw new Error(`unknown claim ${name}`);
    if ((await CLAIMS[name](answers, ...args)) === holds) found.push(JSON.stringify([name, ...args]));
  }
  return found;
}
