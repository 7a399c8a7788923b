// HTTP as a plain client speaks it, with every header in our hands.
import http from 'node:http';
import https from 'node:https';
import { LIMIT_MS } from './wait.mjs';

// {status, headers, text, body}: body is the parsed JSON, where it is JSON. `signal` of an AbortController makes the client go away; with
// `ca`, a certificate that is trusted, it goes over TLS.
export function request(port, path, { method = 'GET', headers = {}, body, host = '127.0.0.1', timeout = LIMIT_MS, agent = false, signal, ca, localAddress } = {}) {
  return new Promise((resolve, reject) => {
    const bytes = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const own = bytes === undefined ? method === 'POST' && { 'Content-Type': 'application/json' } : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(bytes) };
    const started = performance.now();
    const call = (ca ? https : http).request({ host, port, path, method, agent, signal, ca, localAddress, headers: { ...own, ...headers } }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk)).on('error', reject);
      answer.on('end', () => {
        try {
          resolve(read(answer, Buffer.concat(chunks), performance.now() - started));
        } catch (error) {
          reject(new Error(`no JSON: ${error.message}: ${Buffer.concat(chunks).toString('utf8').slice(0, 300)}`));
        }
      });
    });
    call.setTimeout(timeout, () => call.destroy(new Error(`no answer in ${timeout} ms: ${method} ${path}`)));
    call.on('error', reject);
    call.end(bytes);
  });
}

function read(answer, bytes, ms) {
  const text = bytes.toString('utf8');
  const json = /json/.test(answer.headers['content-type'] ?? '') && !/ndjson/.test(answer.headers['content-type']);
  return { status: answer.statusCode, headers: answer.headers, text, bytes, body: json && text ? JSON.parse(text) : undefined, ms };
}
