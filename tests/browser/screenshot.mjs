// Makes the README's picture of the page: node tests/browser/screenshot.mjs URL-OF-A-NODE-VIEW OUT.png, while ./dev demo runs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [url = 'http://127.0.0.1:7788/#/nodes/shop%40127.0.0.1', out = 'docs/page.png'] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), 'beamgauge-shot-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
  viewport: { width: 1180, height: 900 },
});
try {
  const page = await context.newPage();
  await page.goto(url);
  await page.getByText('growing').first().waitFor({ timeout: 30_000 }); // the growth is measured between two looks
  await page.screenshot({ path: out });
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
