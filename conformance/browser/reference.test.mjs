// The reference page, as a reader uses it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';

import { BASE, PAGE_ID, PHONE, TOKEN, WIDE, assertAccessible, close, launch, open } from './browser.mjs';

const REFERENCE = '/reference/v26.0';
const READ = '#readMessengerCallSettings';
const UPDATE = '#updateMessengerCallSettings';
const VERSIONS = ['v20.0', 'v21.0', 'v22.0', 'v23.0', 'v24.0', 'v25.0', 'v26.0'];

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());
const samples = (page) => page.locator('.samples pre code').allTextContents();

test('the page has every part of the published one', async () => {
  const page = await open(browser, '/reference');
  assert.equal(new URL(page.url()).pathname, REFERENCE);
  assert.deepEqual(await page.locator('#version option').allTextContents(), VERSIONS);
  assert.equal(await page.locator('header pre').first().textContent(), `${BASE}/v26.0`);
  const paths = await page.locator('.endpoints code').allTextContents();
  assert.deepEqual(paths.slice(0, 2), Array(2).fill('/{page_id}/messenger_call_settings'));
  for (const endpoint of [READ, UPDATE]) {
    const section = page.locator(endpoint);
    for (const part of ['Request syntax', 'Path parameters', 'Query parameters', 'Responses', 'Try it']) {
      assert.equal(await section.getByRole('heading', { name: part }).count(), 1, part);
    }
    const statuses = await section.locator('.response > summary .status').allTextContents();
    for (const status of ['200', '400', '403']) assert.ok(statuses.includes(status), status);
  }
  assert.ok(await page.locator('#authentication code').count() >= 3);
  assert.ok(await page.locator('#errors tbody tr').count() > 40);
  assert.ok(await page.locator('#differences tbody tr').count() > 10);
  await close(page);
});

test('nested members are folded until they are asked for', async () => {
  const page = await open(browser, REFERENCE);
  const hours = page.locator(`${UPDATE} .text > .members > li`, { hasText: 'call_hours' });
  const zone = hours.locator('.name', { hasText: 'timezone_id' });
  assert.equal(await zone.isVisible(), false);
  await hours.getByText('Show child attributes').first().click();
  assert.equal(await zone.isVisible(), true);
  assert.equal(await hours.locator('.name', { hasText: 'day_of_week' }).isVisible(), false);
  await close(page);
});

test('another version is another page', async () => {
  const page = await open(browser, REFERENCE);
  await page.selectOption('#version', 'v21.0');
  await page.waitForURL('**/reference/v21.0');
  assert.match((await samples(page))[0], /\/v21\.0\//);
  await close(page);
});

test('samples follow what the reader fills in', async () => {
  const page = await open(browser, REFERENCE);
  const first = await samples(page);
  await page.fill('#token', 'x');
  await page.fill('#token', '');
  assert.deepEqual(await samples(page), first, 'the script writes what the server wrote');

  await page.fill('#token', "a'b");
  await page.fill(`${READ} input[name=page_id]`, '42');
  await page.fill(`${READ} input[name=fields]`, 'call_hours{timezone_id}');
  const [curl, javascript, python] = await page.locator(`${READ} .samples pre`).allTextContents();
  assert.ok(curl.includes(`${BASE}/v26.0/42/messenger_call_settings?fields=call_hours%7Btimezone_id%7D`), curl);
  assert.ok(curl.includes("Bearer a'\\''b"), curl);
  assert.ok(javascript.includes('"Bearer a\'b"'), javascript);
  assert.ok(python.includes('requests.get('), python);

  await page.fill(`${UPDATE} textarea`, '{"audio_enabled": true, "call_hours": null}');
  const update = await page.locator(`${UPDATE} .samples pre`).allTextContents();
  assert.ok(update[2].includes('"audio_enabled": True') && update[2].includes('"call_hours": None'), update[2]);
  await close(page);
});

test('each sample as shown succeeds', async () => {
  const page = await open(browser, REFERENCE);
  await page.fill('#token', TOKEN);
  const run = {
    curl: (code) => execFileSync('bash', ['-c', `${code} --silent --fail-with-body`], { encoding: 'utf8' }),
    javascript: (code) => execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }),
    python: (code) => execFileSync(process.env.PYTHON, ['-c', code], { encoding: 'utf8' }),
  };
  let count = 0;
  for (const panel of await page.locator('.samples pre').all()) {
    const language = await panel.getAttribute('data-language');
    const code = await panel.textContent();
    const printed = run[language](code);
    if (language === 'curl') JSON.parse(printed);
    else assert.match(printed, /^200 /, code);
    count += 1;
  }
  assert.equal(count, 3 * 8);
  await close(page);
});

test('Try it sends the real request', async () => {
  const page = await open(browser, REFERENCE);
  const answer = (endpoint) => page.locator(`${endpoint} .answer`);
  const send = async (endpoint, status) => {
    await page.click(`${endpoint} form.try button.primary`);
    await answer(endpoint).locator('.status', { hasText: status }).waitFor();
    return JSON.parse(await answer(endpoint).locator('.body').textContent());
  };
  assert.equal((await send(READ, '400')).error.code, 190, 'without a token');
  await page.fill('#token', TOKEN);
  await page.fill(`${UPDATE} textarea`, '{"icon_enabled": false}');
  await page.fill(`${UPDATE} input[name=fields]`, 'icon_enabled');
  assert.deepEqual(await send(UPDATE, '200'), { result: 'success', icon_enabled: false });
  const read = await send(READ, '200');
  assert.equal(read.data[0].icon_enabled, false);
  await answer(READ).getByText('Show headers').click();
  assert.match(await answer(READ).locator('.headers').textContent(), /content-type: application\/json/);
  await page.fill(`${UPDATE} textarea`, '{"icon_enabled": ');
  assert.match((await send(UPDATE, '400')).error.message, /not valid JSON/);
  await close(page);
});

test('samples and Markdown are copied', async () => {
  const page = await open(browser, REFERENCE);
  await page.click(`${READ} [data-language=python]`);
  await page.click(`${READ} [data-copy-sample]`);
  await page.getByRole('status').filter({ hasText: 'Sample copied' }).waitFor();
  assert.match(await clipboard(page), /^import requests/);
  await page.click(`header [data-copy-from]`);
  await page.getByRole('status').filter({ hasText: 'Markdown copied' }).waitFor();
  assert.match(await clipboard(page), /^# Page Messenger Call Settings \(v26\.0\)/);
  await page.click(`${UPDATE} [data-copy-from]`);
  await page.waitForFunction(async () => (await navigator.clipboard.readText()).startsWith('## POST '));
  await close(page);
});

test('languages are chosen by the keyboard', async () => {
  const page = await open(browser, REFERENCE);
  await page.focus(`${READ} [data-language=curl][role=tab]`);
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.locator(`${UPDATE} pre[data-language=javascript]`).isVisible(), true, 'in every section');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await page.locator(`${READ} pre[data-language=python]`).isVisible(), true);
  await close(page);
});

test('documents are there to be downloaded', async () => {
  const text = async (address, type) => {
    const response = await fetch(BASE + address);
    assert.equal(response.status, 200, address);
    assert.match(response.headers.get('content-type'), type, address);
    return response.text();
  };
  for (const version of VERSIONS) {
    const document = JSON.parse(await text(`/reference/${version}/openapi.json`, /json/));
    assert.equal(document.info.version, version.slice(1));
    assert.match(await text(`/reference/${version}/openapi.yaml`, /yaml/), /^openapi: /);
    const markdown = await text(`/reference/${version}.md`, /markdown/);
    for (const part of ['## GET /{page_id}/messenger_call_settings', '## Authentication', '## Errors', 'timezone_id', 'disagree']) {
      assert.ok(markdown.includes(part), part);
    }
  }
  const llms = await text('/llms.txt', /plain/);
  const links = [...llms.matchAll(/\((http[^)]+)\)/g)].map(([, link]) => link);
  assert.equal(links.length, VERSIONS.length + 1);
  for (const link of links) assert.equal((await fetch(link)).status, 200, link);
  assert.match(await text('/llms-full.txt', /plain/), /^# Page Messenger/);
  assert.equal((await fetch(`${BASE}/reference/v99.0`)).status, 404);
  assert.equal((await fetch(`${BASE}/reference/v26.0/nothing.md`)).status, 404);

  const page = await open(browser, REFERENCE);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('Download OpenAPI (JSON)').click()]);
  assert.equal(download.suggestedFilename(), 'pagebell-v26.0.json');
  await close(page);
});

test('it is accessible, light and dark, wide and on a phone', async () => {
  for (const colorScheme of ['light', 'dark']) {
    for (const viewport of [WIDE, PHONE]) {
      const page = await open(browser, REFERENCE, { colorScheme, viewport });
      await assertAccessible(page, `${colorScheme} ${viewport.width}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${colorScheme} ${viewport.width}: ${overflow} px too wide`);
      await close(page);
    }
  }
});
