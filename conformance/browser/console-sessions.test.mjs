// The console across restarts, servers and sign-ins: no edit is lost, and no other site gets in.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { close, launch, open, openIn } from './browser.mjs';
import { administer, atEnd, eventually, postgres, roundRobin, serve, temporaryFolder } from './servers.mjs';

const PAGE_ID = '4711';
const PAGE = `/console/pages/${PAGE_ID}`;
const OPTIONS = { options: ['--call-hours-max-entries-per-day', '2'] };

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** A server on a store of its own with one Page, and ways to administer it. */
async function place(test) {
  const store = `sqlite:${join(temporaryFolder(test), 'pagebell.db')}`;
  administer(store, 'page', 'add', PAGE_ID, '--name', 'Bakery');
  const it = { store, server: await serve(store, OPTIONS) };
  atEnd(test, () => it.server.stop());
  it.base = it.server.base;
  it.restart = async () => {
    await it.server.stop();
    it.server = await serve(store, { ...OPTIONS, listen: it.server.listen });
  };
  return it;
}

const newToken = (store) => administer(store, 'token', 'create', '--all-pages');
const revoke = (store, token) => administer(store, 'token', 'revoke', token);

async function read(base, token, page = PAGE_ID) {
  const response = await fetch(`${base}/v26.0/${page}/messenger_call_settings`, { headers: { Authorization: `Bearer ${token}` } });
  return response.json();
}
const stored = async (base, token) => (await read(base, token)).data[0];
const isKnown = (base, token) => eventually('the token is known', async () => (await read(base, token)).error === undefined);
const isGone = (base, token) => eventually('the token is revoked', async () => (await read(base, token)).error !== undefined);

async function signIn(page, token) {
  await page.fill('#access_token', token);
  await page.click('button.primary');
  await page.waitForURL((url) => url.pathname !== '/console/sign-in');
}

/** A signed-in browser with the editor open. */
async function editor(base, token) {
  const page = await open(browser, PAGE, { base });
  await signIn(page, token);
  await page.goto(base + PAGE);
  await ready(page);
  return page;
}

const ready = (page) => page.locator('.bar.today').waitFor({ state: 'attached' });
const field = (page, label) => page.getByLabel(label, { exact: true });
const said = (page, text) => page.getByRole('status').filter({ hasText: text }).waitFor();
const changes = (page) => page.locator('#changes li').allTextContents();

/** Signs in in another tab of the same browser. */
async function signInElsewhere(page, base, token) {
  const tab = await openIn(page.context(), `${base}/console/sign-in`);
  await signIn(tab, token);
  await tab.close();
}

test('an edit is saved after its token was revoked and someone signed in with another, in another tab', async (t) => {
  const { store, base } = await place(t);
  const [token, other] = [newToken(store), newToken(store)];
  await isKnown(base, token);
  const page = await editor(base, token);
  await field(page, 'Video calls').check();
  await page.locator('#changes').waitFor();
  revoke(store, token);
  await isGone(base, token);
  await page.click('#save');
  const alert = page.getByRole('alert').filter({ hasText: 'Your session has ended' });
  await alert.waitFor();

  const [tab] = await Promise.all([page.context().waitForEvent('page'), alert.getByRole('link', { name: 'Sign in' }).click()]);
  await signIn(tab, other);
  await tab.close();
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await alert.waitFor({ state: 'hidden' });
  assert.deepEqual(await changes(page), ['Video calls: off → on']);
  await page.click('#save');
  await said(page, 'Saved');
  assert.equal((await stored(base, other)).video_enabled, true);
  await close(page);
});

test('an edit is saved after a restart, and after signing out and in again', async (t) => {
  const it = await place(t);
  const token = newToken(it.store);
  await isKnown(it.base, token);
  const page = await editor(it.base, token);
  const history = await openIn(page.context(), `${it.base}${PAGE}/history`);
  await field(page, 'Video calls').check();
  await page.locator('#changes').waitFor();
  await it.restart();
  await page.click('#save');
  await said(page, 'Saved');
  assert.equal((await stored(it.base, token)).video_enabled, true);

  await field(page, 'Audio calls').uncheck();
  await page.locator('#changes').waitFor();
  await history.getByRole('button', { name: 'Sign out' }).click();
  await history.waitForURL('**/console/sign-in');
  await signInElsewhere(page, it.base, token);
  await page.click('#save');
  await said(page, 'Saved');
  assert.equal((await stored(it.base, token)).audio_enabled, false);
  await close(page);
});

test('three servers behind a proxy that asks each in turn save six edits of six', async (t) => {
  const store = await postgres(t);
  administer(store, 'page', 'add', PAGE_ID, '--name', 'Bakery');
  const servers = [];
  for (let number = 0; number < 3; number += 1) servers.push(await serve(store));
  atEnd(t, () => Promise.all(servers.map((server) => server.stop())));
  const base = await roundRobin(t, servers);
  const token = newToken(store);
  await isKnown(base, token);
  let page = await editor(base, token);
  const statuses = [];
  const listen = () => page.on('response', (response) => { if (/\/(preview|settings)$/.test(response.url())) statuses.push(response.status()); });
  listen();
  for (let number = 0; number < 6; number += 1) {
    await field(page, 'Video calls').click();
    await page.locator('#changes li').waitFor();
    await page.click('#save');
    await said(page, 'Saved');
    assert.equal((await stored(base, token)).video_enabled, number % 2 === 0);
  }
  assert.deepEqual(new Set(statuses), new Set([200]), String(statuses));
  await close(page);
});

test('an edit is there again after signing in in the same tab, until it is saved or discarded', async (t) => {
  const { store, base } = await place(t);
  const [token, other] = [newToken(store), newToken(store)];
  await isKnown(base, token);
  const page = await editor(base, token);
  await field(page, 'Video calls').check();
  await page.check('#has-hours');
  await page.fill('#zone', 'Europe/Paris');
  await page.keyboard.press('Escape');
  await field(page, 'Monday open').check();
  await field(page, 'Monday closes').fill('18:3');
  revoke(store, token);
  await isGone(base, token);
  await page.reload();
  assert.equal(new URL(page.url()).pathname, '/console/sign-in');
  await signIn(page, other);
  assert.equal(page.url(), base + PAGE);
  await said(page, 'What you had not saved is here again');
  await ready(page);
  assert.equal(await field(page, 'Video calls').isChecked(), true);
  assert.equal(await field(page, 'Monday closes').inputValue(), '18:3', 'also what is only half typed');
  await field(page, 'Monday closes').fill('18:30');
  await page.locator('#changes li', { hasText: 'Monday: any hour → 09:00-18:30' }).waitFor();
  await page.click('#save');
  await said(page, 'Saved');
  assert.equal((await stored(base, other)).call_hours.weekly_operating_hours[0].close_time, '1830');

  // What others changed since is found, and nothing of theirs is overwritten.
  await field(page, 'Audio calls').uncheck();
  await page.locator('#changes').waitFor();
  const headers = { Authorization: `Bearer ${other}`, 'Content-Type': 'application/json' };
  await fetch(`${base}/v26.0/${PAGE_ID}/messenger_call_settings`, { method: 'POST', headers, body: '{"icon_enabled":false}' });
  await page.reload();
  const conflict = page.getByRole('alertdialog');
  await conflict.waitFor();
  assert.deepEqual(await conflict.locator('tbody th').allTextContents(), ['Audio calls']);
  await page.click('#edit-on');
  await page.locator('#changes li').waitFor();
  await page.click('#discard');
  await page.locator('#changes').waitFor({ state: 'hidden' });
  await page.reload();
  await ready(page);
  assert.equal(await field(page, 'Audio calls').isChecked(), true, 'a discarded edit is gone');
  assert.equal(await page.locator('.toast').textContent(), '');

  // Signing out ends the edits of this browser too.
  await field(page, 'Audio calls').uncheck();
  await page.locator('#changes').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/console/sign-in');
  await signIn(page, other);
  await page.goto(base + PAGE);
  await ready(page);
  assert.equal(await field(page, 'Audio calls').isChecked(), true);
  await close(page);
});

test('a link from another site opens the page that it names', async (t) => {
  const { store, base } = await place(t);
  const token = newToken(store);
  await isKnown(base, token);
  const elsewhere = http.createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(`<a href="${base}${PAGE}/history">history</a>`);
  });
  await new Promise((resolve) => { elsewhere.listen(0, '127.0.0.1', resolve); });
  atEnd(t, () => { elsewhere.closeAllConnections(); elsewhere.close(); });
  const context = await browser.newContext();
  const page = await context.newPage();
  const follow = async () => {
    // Another name of the machine is another site.
    await page.goto(`http://localhost:${elsewhere.address().port}/`);
    await page.click('a');
  };
  await follow();
  await page.waitForURL('**/console/sign-in?**');
  await signIn(page, token);
  assert.equal(page.url(), `${base}${PAGE}/history`);
  await follow();
  await page.getByRole('heading', { name: 'History', exact: true }).waitFor();
  assert.equal(page.url(), `${base}${PAGE}/history`);
  await page.goBack();
  assert.equal(new URL(page.url()).hostname, 'localhost', 'the page in between is no step of the history');
  await context.close();
});

test('another port of the host changes nothing, also when it sets the cookie of the form key', async (t) => {
  const { store, base } = await place(t);
  const token = newToken(store);
  await isKnown(base, token);
  const key = '0af9'.repeat(16);
  const formToken = createHmac('sha256', key).update('pagebell console form token').digest('hex');
  const fields = { form_token: formToken, revision: '0', video_enabled: 'on', ring_target: 'META', hours: '', timezone_id: '' };
  const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`).join('');
  const attacker = http.createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.setHeader('Set-Cookie', `pagebell_console_form=${key}; Path=/console`);
    response.end(`<form method="post" action="${base}${PAGE}/form">${inputs}<button>Go</button></form>`);
  });
  await new Promise((resolve) => { attacker.listen(0, '127.0.0.1', resolve); });
  atEnd(t, () => { attacker.closeAllConnections(); attacker.close(); });
  const page = await editor(base, token);
  await page.goto(`http://127.0.0.1:${attacker.address().port}/`);
  const [response] = await Promise.all([page.waitForResponse(`${base}${PAGE}/form`), page.click('button')]);
  assert.equal(response.status(), 403);
  const sent = (await response.request().allHeaders());
  assert.equal(sent['sec-fetch-site'], 'same-site');
  assert.ok(sent.cookie.includes(key) && sent.cookie.includes(token), 'the cookies came along');
  assert.equal((await stored(base, token)).video_enabled, false);
  // The same request without the browser's word about where it comes from.
  const plain = await fetch(`${base}${PAGE}/form`, { method: 'POST', redirect: 'manual', headers: { Cookie: sent.cookie }, body: new URLSearchParams(fields) });
  assert.equal(plain.status, 303);
  assert.equal((await stored(base, token)).video_enabled, true, 'the form token was right');
  await page.context().close();
});
