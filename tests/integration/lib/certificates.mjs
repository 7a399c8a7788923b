// Certificates for 127.0.0.1 and localhost, made by openssl: of an authority of ours, or signed by themselves.
import { readFile } from 'node:fs/promises';
import { run } from './child.mjs';

const NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export async function openssl(...args) {
  const result = await run('openssl', args);
  if (result.code !== 0) throw new Error(`openssl ${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}

export class Authority {
  static async make(folder) {
    const authority = new Authority();
    authority.folder = folder;
    authority.certificate = folder.file('ca.pem');
    authority.key = folder.file('ca.key');
    await openssl('req', '-x509', ...KEY, '-keyout', authority.key, '-out', authority.certificate, '-days', '2', '-subj', '/CN=test authority');
    authority.text = await readFile(authority.certificate, 'utf8');
    return authority;
  }

  // A certificate and its key as PEM texts; `serial` distinguishes it from others.
  async issue(serial, { days = 2, key = KEY } = {}) {
    const file = (name) => this.folder.file(`issued.${name}`);
    await this.folder.write('issued.ext', `${NAMES}\n`);
    await openssl('req', '-new', ...key, '-keyout', file('key'), '-out', file('csr'), '-subj', '/CN=beamgauge');
    await openssl('x509', '-req', '-in', file('csr'), '-CA', this.certificate, '-CAkey', this.key, '-set_serial', String(serial), '-days', String(days),
      '-extfile', file('ext'), '-out', file('pem'));
    return { certificate: await readFile(file('pem'), 'utf8'), key: await readFile(file('key'), 'utf8') };
  }
}
