// A real browser for the tests: Debian's Chromium, driven by Playwright's core package.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

import { chromium } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const BASE = process.env.PAGEBELL_URL;
export const TOKEN = process.env.PAGEBELL_TOKEN;
export const PAGE_ID = '1234567890';
export const PHONE = { width: 390, height: 844 };
export const WIDE = { width: 1440, height: 900 };

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  });
}

/** Opens a page that fails the test when it asks another origin for anything, or writes an error. */
export async function open(browser, address, { base = BASE, ...options } = {}) {
  const context = await browser.newContext({ viewport: WIDE, ...options });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: base });
  return openIn(context, base + address);
}

/** Opens another tab of a browser. */
export async function openIn(context, url) {
  const base = new URL(url).origin;
  const page = await context.newPage();
  page.troubles = [];
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${base}/`) && !url.startsWith('data:')) page.troubles.push(`asked for ${url}`);
  });
  page.on('pageerror', (error) => page.troubles.push(error.message));
  page.on('console', (message) => {
    // Chromium writes one for each answer of 400 and above, which tests cause on purpose.
    const isAnswer = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isAnswer) page.troubles.push(message.text());
  });
  await page.goto(url);
  return page;
}

export async function close(page) {
  assert.deepEqual(page.troubles, []);
  await page.context().close();
}

/** Runs axe; what it finds serious or worse fails the test. */
export async function assertAccessible(page, what) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const serious = violations
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html).join(' | ')}`);
  assert.deepEqual(serious, [], what);
}
