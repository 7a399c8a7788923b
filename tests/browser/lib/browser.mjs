// A real Chromium, and pages in it that remember every error, warning and violation they meet.
import { chromium } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const QUIET = ['--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];

// Each launch has a new and empty profile, made and removed by playwright.
export async function startBrowser(flags = []) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...QUIET, '--no-sandbox', ...flags] });
  return { open: (gauge, hash, options) => openPage(browser, gauge, hash, options), stop: () => browser.close() };
}

// `expected`: faults that a test provokes on purpose. Everything else is in page.faults, which `visit` wants empty.
async function openPage(browser, gauge, hash, { expected = /(?!)/, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.faults = [];
  page.details = [];
  const note = (kind, text) => expected.test(text) || page.faults.push(`${kind}: ${text}`);
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && note(message.type(), `${message.text()} ${message.location().url}`));
  page.on('pageerror', (error) => note('page error', error.stack ?? String(error)));
  page.on('dialog', (dialog) => note('dialog', dialog.message()) && dialog.dismiss());
  page.on('response', (response) => response.status() >= 400 && noteResponse(page, response, note));
  await page.exposeFunction('noteViolation', (text) => note('CSP violation', text));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => window.noteViolation(`${event.violatedDirective} ${event.blockedURI}`));
  });
  const host = gauge.host.includes(':') ? `[${gauge.host}]` : gauge.host;
  await page.goto(`${gauge.ca ? 'https' : 'http'}://${host}:${gauge.port}/${hash}`);
  return page;
}

// A response that failed, and what its problem document says of it as soon as that has been read: see visitor().
function noteResponse(page, response, note) {
  const text = `${response.status()} ${response.url()}`;
  const noted = note('response', text);
  if (noted === true) return; // it was expected
  const place = noted - 1;
  const detail = response.json().then(({ code, detail }) => (page.faults[place] += ` ${code}: ${detail}`), () => {}); // no problem document
  page.details.push(detail);
}
