// Details of the console's pages: what leaves the page, odd names, no script, a store that does not answer.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { PHONE, WIDE, assertAccessible, close, launch, open } from './browser.mjs';
import { POSTGRES_PROGRAMS, administer, atEnd, eventually, postgres, serve, temporaryFolder } from './servers.mjs';

const PAGE_ID = '4711';
const PAGE = `/console/pages/${PAGE_ID}`;
const LONG = { id: '4712', name: 'x'.repeat(256) };
/** The override reverses what follows; the second name first ends an isolate that it did not start. */
const TURNED = [{ id: '4713', name: 'Evil \u202Etxt.exe' }, { id: '4714', name: 'Worse \u2069\u202Etxt.exe' }];
const mondays = { timezone_id: 'Europe/Berlin', weekly_operating_hours: [{ day_of_week: 'MONDAY', open_time: '0900', close_time: '1700' }] };
const DEFAULTS = { audio_enabled: true, video_enabled: false, icon_enabled: true, call_routing: { ring_target: 'META' }, call_hours: mondays };

let browser;
let server;
let token;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** A server with the Pages; every test has its own. */
async function start(test, store = `sqlite:${join(temporaryFolder(test), 'pagebell.db')}`) {
  for (const { id, name } of [{ id: PAGE_ID, name: 'Bakery' }, LONG, ...TURNED]) administer(store, 'page', 'add', id, '--name', name);
  token = administer(store, 'token', 'create', '--all-pages');
  server = await serve(store);
  atEnd(test, () => server.stop());
}

const edge = () => `${server.base}/v26.0/${PAGE_ID}/messenger_call_settings`;
async function store(settings) {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const response = await fetch(edge(), { method: 'POST', headers, body: JSON.stringify({ ...DEFAULTS, ...settings }) });
  assert.equal(response.status, 200);
}
const stored = async () => (await (await fetch(edge(), { headers: { Authorization: `Bearer ${token}` } })).json()).data[0];

async function signedIn(address = '/console', options = {}) {
  const page = await open(browser, address, { base: server.base, ...options });
  await page.fill('#access_token', token);
  await page.click('button.primary');
  await page.waitForURL(server.base + address);
  return page;
}

async function editor(options) {
  await store({});
  const page = await signedIn(PAGE, options);
  await page.locator('.bar.today').waitFor({ state: 'attached' });
  return page;
}

const field = (page, label) => page.getByLabel(label, { exact: true });
const focused = (page) => page.evaluate(() => document.activeElement.textContent);

test('after the message that something was saved went, its Undo is gone for everybody', async (t) => {
  await start(t);
  const page = await signedIn('/console');
  await store({});
  await page.clock.install();
  await page.goto(server.base + PAGE);
  await page.clock.runFor(1000);
  await field(page, 'Video calls').check();
  await page.clock.runFor(1000);
  await page.locator('#changes li').waitFor();
  await page.click('#save');
  const undo = page.getByRole('button', { name: 'Undo' });
  await undo.waitFor();
  await page.mouse.move(0, 500);
  await undo.focus();
  await page.clock.runFor(30_000);
  assert.equal(await undo.isVisible(), true, 'it stays while it has the focus');
  await page.evaluate(() => document.activeElement.blur());
  await page.clock.runFor(30_000);
  await page.getByRole('button', { name: 'Undo', includeHidden: true }).waitFor({ state: 'detached' });
  const client = await page.context().newCDPSession(page);
  const { nodes } = await client.send('Accessibility.getFullAXTree');
  assert.deepEqual(nodes.filter(({ name }) => name?.value === 'Undo'), []);
  assert.ok(nodes.some(({ role, ignored }) => role?.value === 'status' && !ignored), 'screen readers still listen there');
  for (let stop = 0; stop < 60; stop += 1) {
    await page.keyboard.press('Tab');
    assert.notEqual(await focused(page), 'Undo');
  }
  assert.equal((await stored()).video_enabled, true);
  await close(page);
});

test('a zone that is typed and left is the one that it means, in sight, or none', async (t) => {
  await start(t);
  const page = await editor();
  for (const [text, zone] of [['paris', 'Europe/Paris'], ['new york', 'America/New_York'], ['ZÜRICH', 'Europe/Zurich'], ['europe/rome', 'Europe/Rome']]) {
    await page.fill('#zone', text);
    await page.keyboard.press('Tab');
    assert.equal(await page.inputValue('#zone'), zone);
    await page.locator('#changes li', { hasText: `Europe/Berlin → ${zone}` }).waitFor();
    assert.match(await page.locator('#zone-time').textContent(), /^It is \d\d:\d\d there/);
    assert.equal(await page.locator('#save').isDisabled(), false);
  }
  for (const text of ['IST', 'GMT-5', 'India', 'UK', 'san', 'Etc/GMT-5', 'nowhere']) {
    await page.fill('#zone', text);
    await page.keyboard.press('Tab');
    assert.equal(await page.inputValue('#zone'), text, 'nothing was guessed');
    await page.locator('[data-blame="call_hours.timezone_id"]').waitFor();
    assert.equal(await page.locator('#save').isDisabled(), true, text);
  }
  await page.click('#discard');
  await page.locator('#changes').waitFor({ state: 'hidden' });
  assert.equal(await page.inputValue('#zone'), 'Europe/Berlin');
  await close(page);
});

test('the list of zones opens with likely ones, and proposes zones for countries and cities', async (t) => {
  await start(t);
  const page = await editor({ timezoneId: 'Asia/Tokyo' });
  const options = () => page.locator('#zones li').evaluateAll((items) => items.map((item) => item.dataset.name));
  await page.click('#zone');
  const all = await options();
  assert.deepEqual(all.slice(0, 3), ['Europe/Berlin', 'Asia/Tokyo', 'UTC']);
  assert.ok(all.length > 500);
  await page.keyboard.press('Escape');
  await page.keyboard.press('ArrowDown');
  assert.deepEqual(await options(), all);
  for (const [text, zone] of [['India', 'Asia/Kolkata'], ['mumbai', 'Asia/Kolkata'], ['UK', 'Europe/London'], ['Germany', 'Europe/Berlin'], ['münchen', 'Europe/Berlin'], ['nyc', 'America/New_York'], ['Georgia', 'Asia/Tbilisi'], ['barcel', 'Europe/Madrid']]) {
    await page.fill('#zone', text);
    assert.equal((await options())[0], zone, text);
    await page.keyboard.press('Enter');
    assert.equal(await page.inputValue('#zone'), text, 'a proposal is not taken without a look');
  }
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  assert.equal(await page.inputValue('#zone'), 'Europe/Madrid');
  const zones = await page.evaluate(async () => (await (await fetch('/console/zones.json')).json()).zones.map(({ name }) => name));
  const unknown = await page.evaluate((known) => PLACES.map(([zone]) => zone).filter((zone) => !known.includes(zone)), zones);
  assert.deepEqual(unknown, []);
  await close(page);
});

test('every change that is not saved can be seen', async (t) => {
  await start(t);
  for (const viewport of [WIDE, PHONE, { width: 720, height: 450 }]) {
    const page = await editor({ viewport });
    for (const label of ['Video calls', 'Audio calls', 'Call button in conversations']) await field(page, label).click();
    await page.getByText('At partners').click();
    await page.fill('#zone', 'Europe/Paris');
    await page.keyboard.press('Escape');
    await page.click('[data-quick=always]');
    const items = page.locator('#changes li');
    await page.waitForFunction(() => document.querySelectorAll('#changes li').length === 12);
    const list = page.locator('#changes ul');
    const sideways = await list.evaluate((element) => element.scrollWidth - element.clientWidth);
    assert.ok(sideways <= 0, `${viewport.width}: ${sideways} px are beside the list`);
    // The keys of a scroller bring the rest into sight.
    await list.focus();
    await page.keyboard.press('End');
    const isSeen = () => items.last().evaluate((item) => item.getBoundingClientRect().bottom <= item.parentElement.getBoundingClientRect().bottom + 1);
    await eventually('the last change is in sight', isSeen);
    await assertAccessible(page, `twelve changes, ${viewport.width}`);
    await close(page);
  }
});

test('the menu of days to copy to closes when the focus leaves it', async (t) => {
  await start(t);
  const page = await editor();
  const menu = page.getByRole('group', { name: 'Copy Monday to' });
  const button = page.getByRole('button', { name: 'Copy Monday to other days' });
  for (const keys of [['Shift+Tab', 'Shift+Tab'], Array(7).fill('Tab')]) {
    await button.click();
    await menu.waitFor();
    for (const key of keys) await page.keyboard.press(key);
    await menu.waitFor({ state: 'hidden' });
    assert.equal(await button.getAttribute('aria-expanded'), 'false');
  }
  // A press on the text of a box takes the focus from everything for a moment.
  await button.click();
  await menu.getByText('Sunday').click();
  assert.equal(await menu.getByLabel('Sunday').isChecked(), true);
  await menu.getByRole('button', { name: 'Copy' }).click();
  await page.locator('#changes li', { hasText: 'Sunday: closed → 09:00-17:00' }).waitFor();
  await close(page);
});

test('names of any length and direction stay in their place', async (t) => {
  await start(t);
  /** Whether the digits of an element's text run from left to right. */
  const runsOn = (locator) => locator.evaluate((element) => {
    const at = (index) => {
      const range = document.createRange();
      range.setStart(element.firstChild, index);
      range.setEnd(element.firstChild, index + 1);
      return range.getBoundingClientRect().left;
    };
    return at(0) < at(element.textContent.length - 1);
  });
  for (const viewport of [WIDE, PHONE]) {
    const page = await signedIn('/console', { viewport });
    for (const { id, name } of TURNED) {
      await page.goto(`${server.base}/console?q=${id}`);
      assert.equal(await page.locator('td a').textContent(), name, 'nothing is taken out of a name');
      assert.equal(await runsOn(page.locator('td .id')), true, name);
      await page.goto(`${server.base}/console/pages/${id}`);
      assert.equal(await runsOn(page.locator('h1 .id')), true, name);
    }
    for (const address of [`/console?q=${LONG.id}`, `/console?q=${'y'.repeat(5000)}`, `/console/pages/${LONG.id}`, `/console/pages/${LONG.id}/history`]) {
      await page.goto(server.base + address);
      const [overflow, inside] = await page.evaluate(() => [document.documentElement, document.querySelector('.wide')].map((element) => (element ? element.scrollWidth - element.clientWidth : 0)));
      assert.ok(overflow <= 0, `${address.slice(0, 40)} ${viewport.width}: ${overflow} px too wide`);
      assert.ok(inside <= 0, `${address.slice(0, 40)} ${viewport.width}: the list is ${inside} px too wide`);
    }
    await close(page);
  }
});

test('without a script the editor is a form that saves', async (t) => {
  await start(t);
  await store({});
  for (const options of [{}, { colorScheme: 'dark', viewport: PHONE }]) {
    const page = await signedIn(PAGE, { javaScriptEnabled: false, ...options });
    const hours = page.getByLabel(/^Hours/);
    await hours.waitFor();
    await store({});
    await page.goto(server.base + PAGE);
    assert.equal(await field(page, 'Audio calls').isChecked(), true);
    assert.equal(await field(page, 'Video calls').isChecked(), false);
    assert.equal(await page.getByRole('radio').first().isChecked(), true);
    assert.equal(await hours.inputValue(), 'Mon 09:00-17:00');
    assert.equal(await page.getByRole('textbox', { name: 'Time zone' }).inputValue(), 'Europe/Berlin');
    assert.equal(await page.getByText('Take calls in these hours only').isVisible(), false, 'what needs the script is not there');

    await field(page, 'Video calls').check();
    await hours.fill('Mon-Fri 9-5');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').filter({ hasText: 'Nothing is saved yet. Call hours: ' }).waitFor();
    assert.equal(await hours.inputValue(), 'Mon-Fri 9-5', 'what was typed stays');
    assert.equal(await field(page, 'Video calls').isChecked(), true);
    await hours.fill('Mon-Fri 9:00-17:00; Sat 10:00-14:00');
    await store({ icon_enabled: false });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').filter({ hasText: 'someone else changed this Page' }).waitFor();
    assert.equal(await field(page, 'Call button in conversations').isChecked(), false, 'theirs');
    assert.equal(await hours.inputValue(), 'Mon-Fri 09:00-17:00; Sat 10:00-14:00', 'mine');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').filter({ hasText: /^Saved\.$/ }).waitFor();
    const settings = await stored();
    assert.deepEqual([settings.video_enabled, settings.icon_enabled, settings.call_hours.weekly_operating_hours.length], [true, false, 6]);
    const overflow = await page.locator('html').evaluate((element) => element.scrollWidth - element.clientWidth).catch(() => 0);
    assert.ok(overflow <= 0, `${overflow} px too wide`);
    await page.goto(`${server.base}${PAGE}/history`);
    assert.equal(await page.locator('#history p').first().innerText(), 'Going back to a revision needs JavaScript.');
    assert.equal(await page.getByRole('button', { name: /Go back/ }).count(), 0);
    await close(page);
  }
});

test('a search that the store does not answer says so, keeps its text, and is tried again', async (t) => {
  const database = await postgres(t);
  await start(t, database);
  const page = await signedIn('/console');
  const [, folder] = /@(.*):/.exec(database);
  // Somebody's transaction keeps the Pages and the index of their names locked until its input ends.
  const psql = spawn(`${POSTGRES_PROGRAMS}/psql`, ['-X', '-q', '-h', decodeURIComponent(folder), '-U', 'postgres', 'postgres'], { stdio: ['pipe', 'pipe', 'inherit'] });
  atEnd(t, () => psql.stdin.end());
  psql.stdin.write('begin; lock table page, name_segment in access exclusive mode;\n\\echo locked\n');
  await new Promise((resolve) => { psql.stdout.once('data', resolve); });
  await page.fill('#q', 'bak & "more"');
  const [response] = await Promise.all([page.waitForResponse(/q=bak/), page.keyboard.press('Enter')]);
  assert.equal(response.status(), 503);
  await page.getByRole('alert').filter({ hasText: 'The store does not answer' }).waitFor();
  assert.equal(await page.inputValue('#q'), 'bak & "more"');
  await assertAccessible(page, 'a search that was not answered');
  psql.stdin.end();
  await eventually('the lock is gone', () => psql.exitCode !== null);
  await page.getByRole('link', { name: 'Try again' }).click();
  await page.getByText('No Page has “bak & "more"” in its name').waitFor();
  await close(page);
});
