// Requests to the service: one request, the bearer token of this browser tab, and every failure as a Problem.

const TOKEN_KEY = 'beamgauge.token';
const GIVE_UP_MS = 20000; // the service's own deadline is 5 s; this is for a service that does not answer at all

/** A failure in the words of the service (RFC 9457), or of this page if the service did not answer. */
export class Problem extends Error {
  constructor({ status = 0, code, title, detail = '', errors = [] }) {
    super(detail || title);
    Object.assign(this, { status, code, title, detail, errors });
  }
}

export const readToken = () => sessionStorage.getItem(TOKEN_KEY);
export const saveToken = (token) => sessionStorage.setItem(TOKEN_KEY, token);
export const forgetToken = () => sessionStorage.removeItem(TOKEN_KEY);

/** Resolves to {data, meta, problem: null}, or to {problem}. With a `body` it is a POST. `patience_ms`: how long a slow question may take. */
export async function attempt(path, options) {
  try {
    const { data, meta } = await ask(path, options);
    return { data, meta, problem: null };
  } catch (problem) {
    return { problem };
  }
}

/** A 401 is also an event of the window, for the token form. */
async function ask(path, options) {
  const response = await send(path, options);
  const body = await response.json().catch(() => null);
  if (response.ok && body !== null) return body;
  const problem = toProblem(response, body);
  if (problem.status === 401) window.dispatchEvent(new CustomEvent('unauthorized', { detail: problem }));
  throw problem;
}

async function send(path, { signal, body, patience_ms = GIVE_UP_MS }) {
  const headers = { Accept: 'application/json' };
  if (body) headers['Content-Type'] = 'application/json';
  const request = body ? { method: 'POST', body: JSON.stringify(body) } : {};
  const token = readToken();
  if (token) headers.Authorization = `Bearer ${token}`;
  const silence = new AbortController();
  const stop = () => silence.abort();
  const timer = setTimeout(stop, patience_ms);
  signal.addEventListener('abort', stop);
  try {
    return await fetch(`/api/v1${path}`, { ...request, headers, signal: silence.signal, cache: 'no-store' });
  } catch {
    const detail = 'beamgauge itself could not be reached from this browser: it has stopped, or the network between is down.';
    throw new Problem({ code: 'service_unreachable', title: 'No answer', detail });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

function toProblem(response, body) {
  if (body !== null && typeof body.code === 'string') return new Problem({ ...body, status: response.status });
  const detail = `The service answered ${response.status} without an explanation.`;
  return new Problem({ status: response.status, code: 'unexpected_answer', title: 'Unexpected answer', detail });
}
