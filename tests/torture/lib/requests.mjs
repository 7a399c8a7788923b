// What is asked: each operation in each of its formats, made out of the description of the API, so that a new one is among them by itself.
import { operations } from '../../contract/lib/document.mjs';
import { requestsFor } from '../../contract/lib/scene.mjs';

const SHORT = { timeout_ms: 3000, duration_ms: 100 }; // for what waits
const CHATS = ['help', 'pairs', 'mem', 'top', 'monitors', 'check'];

const takes = ({ parameters }, name) => parameters.some((parameter) => parameter.name === name);
const query = (operation, values) => Object.fromEntries(Object.entries(values).filter(([name]) => takes(operation, name)));

// [{operation, what, fresh, again}]: a request that misses the cache, and the same that may hit it.
export function requestsOf(world) {
  return operations.flatMap((operation) => {
    const types = Object.keys(operation.responses[200]?.content ?? {});
    const make = (changes, type, body) => {
      const { request } = { request: requestsFor(world, operation, changes).request(changes, type && { headers: { Accept: type } }) };
      return body ? { ...request, body } : request;
    };
    const pair = (what, type, body) => ({
      operation,
      what: `${operation.operationId} ${what}`,
      fresh: make(query(operation, { ...SHORT, max_age_ms: 0 }), type, body),
      again: make(query(operation, SHORT), type, body),
    });
    const asked = (types.length > 0 ? types : [undefined]).map((type) => pair(type ?? '', type));
    const chats = operation.operationId === 'chat' ? CHATS.map((word) => pair(word, undefined, { text: chatText(world, word) })) : [];
    return [...asked, ...chats];
  });
}

function chatText({ shop }, word) {
  if (word === 'help' || word === 'pairs') return word;
  return `${word} ${shop.name}${word === 'check' ? ' process_count < 100k' : word === 'top' ? ' monitors' : ''}`;
}
