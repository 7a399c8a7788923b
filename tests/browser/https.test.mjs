// The page over HTTPS, in a real browser, which trusts the service's own key and no other.
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { Folder } from '../integration/lib/beamgauge.mjs';
import { Authority } from '../integration/lib/certificates.mjs';
import { suite } from '../integration/lib/suite.mjs';
import { startBrowser } from './lib/browser.mjs';

async function plant(world) {
  const folder = world.keep(await Folder.make().then((made) => Object.assign(made, { stop: () => made.remove() })));
  const authority = await Authority.make(folder);
  const { certificate, key } = await authority.issue(1);
  const server = { tls_cert: await folder.write('cert.pem', certificate), tls_key: await folder.write('key.pem', key) };
  world.spki = createHash('sha256').update(new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })).digest('base64');
  world.gauge = await world.beamgauge({ ca: authority.text, sections: { server } });
  world.node = await world.node();
  await world.gauge.register(world.node);
}

suite('page over HTTPS', { prepare: plant }, (world, test) => {
  test('the page is whole, its module, styles and answers too', async () => {
    const browser = await startBrowser([`--ignore-certificate-errors-spki-list=${world.spki}`]);
    try {
      const page = await browser.open(world.gauge, `#/nodes/${encodeURIComponent(world.node.name)}`);
      await page.getByRole('heading', { level: 1, name: world.node.name }).waitFor();
      await page.getByRole('table').first().locator('tbody tr').first().waitFor();
      assert.equal(await page.evaluate(() => `${location.protocol} ${isSecureContext}`), 'https: true');
      await Promise.all(page.details);
      assert.deepEqual(page.faults, []);
    } finally {
      await browser.stop();
    }
  });

  test('a browser that does not trust the key shows nothing of it', async () => {
    const browser = await startBrowser();
    try {
      await assert.rejects(browser.open(world.gauge, ''), /ERR_CERT_AUTHORITY_INVALID/);
    } finally {
      await browser.stop();
    }
  });
});
