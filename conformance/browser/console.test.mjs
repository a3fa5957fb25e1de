// The console, as people who run Pages use it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { BASE, PAGE_ID, PHONE, TOKEN, WIDE, assertAccessible, close, launch, open } from './browser.mjs';

const PAGE = `/console/pages/${PAGE_ID}`;
const GRAPH = `${BASE}/v26.0/${PAGE_ID}/messenger_call_settings`;
const DEFAULTS = { audio_enabled: true, video_enabled: false, icon_enabled: true, call_routing: { ring_target: 'META' }, call_hours: null };

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

async function signIn(page, token = TOKEN) {
  await page.fill('#access_token', token);
  await page.click('button.primary');
}

async function signedIn(address = '/console', options) {
  const page = await open(browser, '/console', options);
  await signIn(page);
  await page.waitForURL('**/console');
  if (address !== '/console') await page.goto(BASE + address);
  return page;
}

/** What Meta's SDKs would read. */
async function stored() {
  const response = await fetch(GRAPH, { headers: { Authorization: `Bearer ${TOKEN}` } });
  return (await response.json()).data[0];
}

async function store(settings) {
  const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };
  const response = await fetch(GRAPH, { method: 'POST', headers, body: JSON.stringify(settings) });
  assert.equal(response.status, 200);
}

/** The editor of the Page with its defaults. */
async function editor(settings = {}, options) {
  await store({ ...DEFAULTS, ...settings });
  const page = await signedIn(PAGE, options);
  await page.locator('.bar.today').waitFor({ state: 'attached' });
  return page;
}

const mondays = { timezone_id: 'Europe/Paris', weekly_operating_hours: [{ day_of_week: 'MONDAY', open_time: '0900', close_time: '1700' }] };
const field = (page, label) => page.getByLabel(label, { exact: true });
const changes = (page) => page.locator('#changes li').allTextContents();

/** The contrast of two computed colours, as WCAG counts it. */
function contrast(...colours) {
  const luminances = colours.map((colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
    assert.equal(alpha, 1, `${colour} lets the page through`);
    const [r, g, b] = [red, green, blue].map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  });
  const [dark, light] = luminances.sort((one, other) => one - other);
  return (light + 0.05) / (dark + 0.05);
}

async function save(page) {
  await page.click('#save');
  await page.getByRole('status').filter({ hasText: 'Saved' }).waitFor();
}

test('a token that is none is refused, a real one is let in and out', async () => {
  const page = await open(browser, PAGE);
  assert.equal(new URL(page.url()).pathname, '/console/sign-in');
  await signIn(page, 'nobody-issued-this');
  await page.getByRole('alert').filter({ hasText: 'access token' }).waitFor();
  await signIn(page);
  await page.waitForURL(`**${PAGE}`);
  await page.click('.trail a');
  await page.waitForURL('**/console');
  assert.equal(await page.locator('td a', { hasText: 'Demo' }).count(), 1);

  const cookies = await page.context().cookies();
  assert.deepEqual(cookies.map(({ name }) => name).sort(), ['pagebell_console', 'pagebell_console_form']);
  for (const { name, httpOnly, sameSite, path } of cookies) assert.deepEqual([httpOnly, sameSite, path], [true, 'Strict', '/console'], name);
  assert.equal(await page.evaluate(() => document.cookie), '');

  await page.click('text=Sign out');
  await page.waitForURL('**/console/sign-in');
  assert.deepEqual(await page.context().cookies(), []);
  await page.goto(BASE + PAGE);
  assert.equal(new URL(page.url()).pathname, '/console/sign-in');
  await close(page);
});

test('a token sees its own Pages only', async () => {
  const page = await open(browser, '/console');
  await signIn(page, process.env.PAGEBELL_ONE_PAGE_TOKEN);
  await page.waitForURL('**/console');
  const rows = await page.locator('td a').allTextContents();
  assert.deepEqual(rows, ['Bakery']);
  await page.goto(BASE + PAGE);
  await page.getByRole('heading', { name: 'No such Page' }).waitFor();
  await close(page);
});

test('other sites cannot act in the name of who is signed in', async () => {
  const page = await signedIn();
  const cookies = await page.context().cookies();
  const headers = { Cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; '), 'Content-Type': 'application/json', 'If-Match': '0' };
  const body = '{"icon_enabled":false}';
  for (const extra of [{}, { 'X-Form-Token': 'guessed' }]) {
    const response = await fetch(`${BASE}${PAGE}/settings`, { method: 'POST', headers: { ...headers, ...extra }, body });
    assert.equal(response.status, 403);
  }
  await page.goto(BASE + PAGE);
  const formToken = await page.locator('#settings').getAttribute('data-form-token');
  const foreign = { ...headers, 'X-Form-Token': formToken, Origin: 'http://elsewhere.test' };
  const response = await fetch(`${BASE}${PAGE}/settings`, { method: 'POST', headers: foreign, body });
  assert.equal(response.status, 403);
  const signInFromElsewhere = await fetch(`${BASE}/console/sign-in`, { method: 'POST', headers: { Origin: 'http://elsewhere.test' }, body: `access_token=${TOKEN}` });
  assert.equal(signInFromElsewhere.status, 403);
  await close(page);
});

test('Pages are found by name and by id, and shown in parts', async () => {
  const page = await signedIn();
  const find = async (text) => {
    await page.fill('#q', text);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('q') === text);
    return page.locator('td a').allTextContents();
  };
  assert.deepEqual(await find('bak'), ['Bakery', 'Bakery Müller']);
  assert.deepEqual(await find('12345678'), ['Demo']);
  for (const text of ['BAKERY muller', 'MÜLLER', 'müller bak']) assert.deepEqual(await find(text), ['Bakery Müller'], text);
  assert.deepEqual(await find('%'), []);
  await page.goto(`${BASE}/console`);
  assert.equal(await page.locator('tbody tr').count(), 50);
  await page.click('a[rel=next]');
  await page.waitForURL('**after=**');
  assert.ok(await page.locator('tbody tr').count() > 5);
  await close(page);
});

test('the list says whether a call can ring now', async () => {
  const page = await signedIn();
  const nobody = { timezone_id: 'UTC', weekly_operating_hours: [] };
  for (const [settings, state, media] of [
    [{ audio_enabled: false, video_enabled: true }, 'Open', 'video'],
    [{ audio_enabled: false, video_enabled: true, call_hours: nobody }, 'Closed', 'video'],
    [{ video_enabled: true, icon_enabled: false }, 'Button hidden', 'audio, video'],
    [{ audio_enabled: false }, 'Off', 'none'],
  ]) {
    await store({ ...DEFAULTS, ...settings });
    await page.goto(`${BASE}/console?q=${PAGE_ID}`);
    assert.deepEqual((await page.locator('tbody td').allTextContents()).slice(1), [state, "in Meta's inbox", media]);
  }
  await store({ ...DEFAULTS, icon_enabled: false });
  await page.goto(BASE + PAGE);
  assert.match(await page.locator('#now-button').textContent(), /^Hidden/);
  await field(page, 'Call button in conversations').check();
  await page.locator('#now-button', { hasText: /^Shown$/ }).waitFor();
  await close(page);
});

test('a week is set, saved, seen by API clients, and undone', async () => {
  const page = await editor();
  assert.equal(await page.locator('#now-audio').textContent(), 'Open now: no call hours are set, calls are taken at any hour');
  await page.check('#has-hours');
  await page.fill('#zone', 'Europe/Paris');
  await page.keyboard.press('Escape');
  await page.click('[data-quick=weekdays]');
  await field(page, 'Saturday open').check();
  await field(page, 'Saturday opens').fill('10:00');
  await field(page, 'Saturday closes').fill('14:00');
  await field(page, 'Video calls').check();
  await page.getByText('At partners').click();
  await page.locator('#changes li', { hasText: 'Saturday' }).filter({ hasText: '10:00-14:00' }).waitFor();
  // The last change comes with the last preview.
  await page.locator('#changes li', { hasText: 'Calls ring' }).waitFor();
  const said = await changes(page);
  for (const change of ['Video calls: off → on', "Calls ring: in Meta's inbox → at partners", 'Time zone: none → Europe/Paris', 'Monday: any hour → 09:00-17:00', 'Sunday: any hour → closed']) {
    assert.ok(said.includes(change), `${change}: ${said}`);
  }
  await save(page);
  const settings = await stored();
  assert.equal(settings.video_enabled, true);
  assert.equal(settings.call_routing.ring_target, 'PARTNERS');
  assert.equal(settings.call_hours.weekly_operating_hours.length, 6);
  assert.deepEqual(settings.call_hours.weekly_operating_hours[5], { day_of_week: 'SATURDAY', open_time: '1000', close_time: '1400' });
  assert.equal(await page.locator('#changes').isVisible(), false);
  assert.equal(await page.locator('.bar rect').count(), 6);

  await page.getByRole('status').getByText('Undo').click();
  await page.getByRole('status').filter({ hasText: 'Undone' }).waitFor();
  const undone = await stored();
  assert.equal(undone.call_hours, undefined);
  assert.equal(undone.video_enabled, false);
  await close(page);
});

test('every mistake stands at the row it belongs to, and nothing is saved', async () => {
  const page = await editor({ call_hours: mondays });
  const day = page.locator('[data-blame=MONDAY]');
  for (const [label, text, complaint] of [
    ['Monday closes', '08:00', 'must be after open_time'],
    ['Monday closes', '25:00', '0000'],
    ['Monday opens', '', 'open_time'],
    ['Monday opens', '24:00', '2359'],
    ['Monday opens', 'nine', 'open_time'],
  ]) {
    const before = await field(page, label).inputValue();
    await field(page, label).fill(text);
    await page.waitForFunction((id) => document.getElementById(id).disabled, 'save');
    await day.waitFor();
    assert.ok((await field(page, label).getAttribute('aria-invalid')) === 'true', text);
    assert.ok(complaint === '0000' || (await day.textContent()).includes(complaint) || complaint === 'open_time', `${text}: ${await day.textContent()}`);
    await field(page, label).fill(before);
    await day.waitFor({ state: 'hidden' });
  }
  await page.fill('#zone', 'Europe/Pari');
  const zone = page.locator('[data-blame="call_hours.timezone_id"]');
  await zone.waitFor();
  assert.match(await zone.textContent(), /Europe\/Paris/);
  await page.keyboard.press('Escape');
  await page.click('#discard');
  await zone.waitFor({ state: 'hidden' });
  assert.equal(await field(page, 'Monday closes').inputValue(), '17:00');
  assert.deepEqual((await stored()).call_hours, mondays);
  await close(page);
});

test('someone else changes the Page meanwhile', async () => {
  const page = await editor();
  const conflict = page.getByRole('alertdialog');
  const row = (text) => conflict.locator('tbody tr', { hasText: text }).locator('td').allTextContents();
  await store({ icon_enabled: false });
  await field(page, 'Video calls').check();
  await conflict.waitFor();
  assert.deepEqual(await row('Video calls'), ['off', 'on']);
  assert.deepEqual(await row('Call button'), [], 'the edit did not touch it');
  assert.deepEqual(await conflict.locator('.kept li').allTextContents(), ['Call button: shown → hidden']);
  assert.match(await conflict.locator('.by').textContent(), /^Last changed by token \d+ .*at \d{4}-/);
  assert.equal((await stored()).video_enabled, false, 'nothing was overwritten');
  await page.keyboard.press('Enter');
  assert.equal((await stored()).video_enabled, false, 'a key that was meant for the form decides nothing');
  await page.click('#take-theirs');
  await conflict.waitFor({ state: 'hidden' });
  assert.equal(await field(page, 'Call button in conversations').isChecked(), false);
  assert.equal(await field(page, 'Video calls').isChecked(), false);
  assert.equal(await page.locator('#changes').isVisible(), false);

  await field(page, 'Video calls').check();
  await page.locator('#changes').waitFor();
  await store({ audio_enabled: false });
  await page.click('#save');
  await conflict.waitFor();
  await page.click('#save-mine');
  await page.getByRole('status').filter({ hasText: 'Saved' }).waitFor();
  let settings = await stored();
  assert.deepEqual([settings.audio_enabled, settings.video_enabled, settings.icon_enabled], [false, true, false]);
  assert.equal(await field(page, 'Audio calls').isChecked(), false);

  await page.getByRole('status').getByText('Undo').click();
  await page.getByRole('status').filter({ hasText: 'Undone' }).waitFor();
  settings = await stored();
  assert.deepEqual([settings.audio_enabled, settings.video_enabled], [false, false], 'what was stored before, theirs too');
  await close(page);
});

test('a conflict is over what both changed, down to the day', async () => {
  const week = (...days) => ({
    timezone_id: 'Europe/Paris',
    weekly_operating_hours: days.map(([day_of_week, open_time, close_time]) => ({ day_of_week, open_time, close_time })),
  });
  const page = await editor({ call_hours: week(['MONDAY', '0900', '1700'], ['TUESDAY', '0900', '1700']) });
  const conflict = page.getByRole('alertdialog');
  await page.getByText('At partners').click();
  await field(page, 'Monday closes').fill('18:00');
  await page.locator('#changes li', { hasText: '09:00-18:00' }).waitFor();
  await store({ icon_enabled: false, call_hours: week(['MONDAY', '0800', '1700'], ['TUESDAY', '0900', '1300']) });
  await page.click('#save');
  await conflict.waitFor();
  assert.deepEqual(await conflict.locator('tbody tr').allTextContents(), [
    "Calls ringin Meta's inboxat partners",
    'Monday08:00-17:0009:00-18:00 Both of you changed this',
  ]);
  assert.deepEqual(await conflict.locator('.kept li').allTextContents(), ['Call button: shown → hidden', 'Tuesday: 09:00-17:00 → 09:00-13:00']);
  await assertAccessible(page, 'conflict');

  // Editing goes on from what is stored now, with the changes still to be saved.
  await page.keyboard.press('Escape');
  await conflict.waitFor({ state: 'hidden' });
  assert.equal(await field(page, 'Tuesday closes').inputValue(), '13:00');
  await page.locator('#changes li', { hasText: 'Monday: 08:00-17:00 → 09:00-18:00' }).waitFor();
  assert.deepEqual(await changes(page), ["Calls ring: in Meta's inbox → at partners", 'Monday: 08:00-17:00 → 09:00-18:00']);
  const sent = page.waitForRequest('**/settings');
  await save(page);
  assert.deepEqual(Object.keys((await sent).postDataJSON()), ['call_routing', 'call_hours']);
  const settings = await stored();
  assert.deepEqual([settings.icon_enabled, settings.call_routing.ring_target], [false, 'PARTNERS']);
  assert.deepEqual(settings.call_hours, week(['MONDAY', '0900', '1800'], ['TUESDAY', '0900', '1300']));
  await close(page);
});

test('an undo that comes too late asks, and then undoes only what was saved', async () => {
  const page = await editor();
  await field(page, 'Video calls').check();
  await page.locator('#changes').waitFor();
  await save(page);
  await store({ icon_enabled: false });
  await page.getByRole('status').getByText('Undo').click();
  await page.getByRole('alertdialog').waitFor();
  await page.click('#save-mine');
  await page.getByRole('status').filter({ hasText: 'Undone' }).waitFor();
  assert.equal(await page.getByRole('alertdialog').count(), 0);
  assert.equal(await field(page, 'Video calls').isChecked(), false);
  const settings = await stored();
  assert.deepEqual([settings.video_enabled, settings.icon_enabled], [false, false]);
  await close(page);
});

test('saving twice saves once, and what is changed meanwhile stays', async () => {
  const page = await editor();
  await field(page, 'Video calls').check();
  await page.locator('#changes').waitFor();
  await page.dblclick('#save');
  await page.getByRole('status').filter({ hasText: 'Saved' }).waitFor();
  assert.equal(await page.getByRole('alertdialog').count(), 0);

  await page.route('**/settings', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    await route.continue();
  });
  await field(page, 'Audio calls').uncheck();
  await page.locator('#changes').waitFor();
  await page.click('#save');
  await field(page, 'Call button in conversations').uncheck();
  await page.locator('#changes li', { hasText: 'Call button' }).waitFor();
  await page.waitForFunction(() => document.querySelectorAll('#changes li').length === 1);
  assert.equal(await field(page, 'Call button in conversations').isChecked(), false);
  const settings = await stored();
  assert.deepEqual([settings.audio_enabled, settings.icon_enabled], [false, true]);
  await close(page);
});

test('what goes wrong on the way is said, and nothing is lost', async () => {
  const page = await editor();
  await page.route('**/settings', (route) => route.abort());
  await field(page, 'Video calls').check();
  await page.locator('#changes').waitFor();
  await page.click('#save');
  await page.getByRole('alert').filter({ hasText: 'The server was not reached' }).waitFor();
  await page.unroute('**/settings');
  await page.context().clearCookies();
  await page.click('#save');
  await page.getByRole('alert').filter({ hasText: 'Your session has ended' }).waitFor();
  assert.equal(await field(page, 'Video calls').isChecked(), true);
  assert.equal((await stored()).video_enabled, false);
  page.troubles = page.troubles.filter((trouble) => !trouble.includes('Failed to fetch'));
  await close(page);
});

test('a token whose app requires proofs cannot sign in', async () => {
  const page = await open(browser, '/console');
  await signIn(page, process.env.PAGEBELL_STRICT_TOKEN);
  await page.getByRole('alert').filter({ hasText: 'appsecret_proof' }).waitFor();
  await close(page);
});

test('history tells each change, and goes back to any', async () => {
  await store({ ...DEFAULTS, call_hours: mondays });
  await store({ call_hours: null, icon_enabled: false });
  const page = await signedIn(`${PAGE}/history`);
  const entries = page.locator('article');
  assert.match(await entries.nth(0).textContent(), /current/);
  assert.match(await entries.nth(0).textContent(), /by token \d+/);
  const row = entries.nth(0).locator('tr', { hasText: 'Monday' });
  assert.deepEqual(await row.locator('td').allTextContents(), ['09:00-17:00', 'any hour']);
  const newest = await entries.nth(0).locator('h2').textContent();
  await entries.nth(1).getByRole('button', { name: /Go back to revision/ }).click();
  await page.waitForFunction((before) => document.querySelector('article h2')?.textContent !== before, newest);
  assert.match(await entries.nth(0).textContent(), /Call button/);
  const settings = await stored();
  assert.equal(settings.icon_enabled, true);
  assert.deepEqual(settings.call_hours, mondays);
  await close(page);
});

test('a time zone is found by city, alias and offset, with the keyboard', async () => {
  const page = await editor({ call_hours: mondays });
  const options = () => page.locator('#zones li').allTextContents();
  await page.fill('#zone', 'lord howe');
  assert.ok((await options()).some((text) => text.startsWith('Australia/Lord_Howe')), 'by city');
  await page.fill('#zone', 'us/pac');
  assert.ok((await options()).some((text) => text.startsWith('US/Pacific')), 'by alias');
  await page.fill('#zone', '+05:45');
  assert.ok((await options()).some((text) => text.startsWith('Asia/Kathmandu')), 'by offset');
  await page.fill('#zone', 'Kathm');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  assert.equal(await page.inputValue('#zone'), 'Asia/Kathmandu');
  assert.match(await page.locator('#zone-time').textContent(), /^It is \d\d:\d\d there, UTC\+05:45\.$/);
  await page.fill('#zone', 'Europe/Paris');
  await page.keyboard.press('Escape');
  await page.locator('#shift', { hasText: 'Next change of the clock:' }).waitFor();
  await close(page);
});

test('a text with several meanings chooses no time zone', async () => {
  const page = await editor({ call_hours: mondays });
  const zone = page.locator('#zone');
  const options = () => page.locator('#zones li').evaluateAll((items) => items.map((item) => item.dataset.name));
  const offsets = () => page.locator('#zones li span').evaluateAll((items) => [...new Set(items.map((item) => item.textContent.slice(6)))]);
  const enter = async (text) => {
    await zone.fill(text);
    await page.keyboard.press('Enter');
    return zone.inputValue();
  };
  const note = () => page.locator('#zone-time').textContent();

  for (const [text, place, offset] of [['GMT-5', 'America/Panama', 'UTC−05:00'], ['utc-5', 'America/Panama', 'UTC−05:00'], ['-5', 'America/Panama', 'UTC−05:00'], ['+5:30', 'Asia/Kolkata', 'UTC+05:30'], ['+0530', 'Asia/Kolkata', 'UTC+05:30'], ['UTC+1', 'Africa/Lagos', 'UTC+01:00'], ['gmt +1', 'Africa/Lagos', 'UTC+01:00']]) {
    assert.equal(await enter(text), text, 'an offset is no zone');
    assert.ok((await options()).includes(place), `${text}: ${await options()}`);
    assert.deepEqual(await offsets(), [offset], `${text} lists that offset only`);
    assert.match(await note(), /Choose a place/);
  }
  for (const [text, ...places] of [['IST', 'Asia/Kolkata', 'Europe/Dublin', 'Asia/Jerusalem'], ['EST', 'America/New_York', 'America/Panama'], ['cst', 'America/Chicago', 'Asia/Shanghai', 'America/Havana'], ['PST', 'America/Los_Angeles', 'Asia/Manila'], ['GMT', 'Europe/London', 'Africa/Abidjan']]) {
    assert.equal(await enter(text), text, 'an abbreviation is no zone');
    for (const place of places) assert.ok((await options()).includes(place), `${text}: ${place} is none of ${await options()}`);
    assert.match(await note(), /abbreviation/);
  }
  for (const text of ['India', 'UK', 'Georgia', 'Mumbai', 'san', 'a']) {
    assert.equal(await enter(text), text, 'the first of several, or a part inside a name, is not meant');
  }
  for (const [text, name] of [['new york', 'America/New_York'], ['São Paulo', 'America/Sao_Paulo'], ['ZÜRICH', 'Europe/Zurich'], ['Kathm', 'Asia/Kathmandu'], ['europe/paris', 'Europe/Paris'], ['utc', 'UTC'], ['JAPAN', 'Japan']]) {
    assert.equal(await enter(text), name, text);
  }

  // Names whose meaning surprises are not stored because they were typed, but may be picked.
  for (const [text, said] of [['Etc/GMT-5', /UTC\+05:00.*opposite/], ['EST', /abbreviation/], ['GMT+0', /UTC\+00:00/]]) {
    assert.equal(await enter(text), text);
    await page.keyboard.press('Escape');
    await page.locator('[data-blame="call_hours.timezone_id"]', { hasText: said }).waitFor();
    assert.equal(await page.locator('#save').isDisabled(), true);
  }
  await zone.fill('Etc/GMT-5');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('#changes li', { hasText: 'Europe/Paris → Etc/GMT-5' }).waitFor();
  await page.locator('[data-blame="call_hours.timezone_id"]').waitFor({ state: 'hidden' });
  assert.match(await note(), /UTC\+05:00/);
  await save(page);
  assert.equal((await stored()).call_hours.timezone_id, 'Etc/GMT-5');
  await close(page);
});

test('hours are copied to other days, and switched off, by keyboard alone', async () => {
  const page = await editor({ call_hours: mondays });
  await page.getByRole('button', { name: 'Copy Monday to other days' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Space');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  const copy = page.getByRole('group', { name: 'Copy Monday to' }).getByRole('button', { name: 'Copy' });
  await copy.focus();
  await page.keyboard.press('Enter');
  assert.equal(await field(page, 'Wednesday opens').inputValue(), '09:00');
  await field(page, 'Monday open').focus();
  await page.keyboard.press('Space');
  await page.locator('#changes li', { hasText: 'Monday' }).waitFor();
  assert.deepEqual(await changes(page), ['Monday: 09:00-17:00 → closed', 'Tuesday: closed → 09:00-17:00', 'Wednesday: closed → 09:00-17:00']);
  await page.getByRole('button', { name: '24 h', exact: true }).first().click();
  await page.focus('#save');
  await page.locator('#changes li', { hasText: 'Tuesday: closed → 00:00-24:00' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('status').filter({ hasText: 'Saved' }).waitFor();
  assert.deepEqual((await stored()).call_hours.weekly_operating_hours[0], { day_of_week: 'TUESDAY', open_time: '0000', close_time: '2359' });
  await close(page);
});

test('a day has several intervals where the server allows them', async () => {
  const page = await editor({ call_hours: mondays });
  const add = page.getByRole('button', { name: 'Add hours on Monday' });
  await field(page, 'Monday closes').fill('12:00');
  await add.click();
  await field(page, 'Monday opens').nth(1).fill('13:00');
  await field(page, 'Monday closes').nth(1).fill('18:00');
  await add.click();
  assert.equal(await add.isDisabled(), true, 'three are the most');
  await field(page, 'Monday opens').nth(2).fill('20:00');
  await field(page, 'Monday closes').nth(2).fill('24:00');
  await page.locator('#changes li', { hasText: '09:00-12:00, 13:00-18:00, 20:00-24:00' }).waitFor();
  await field(page, 'Monday opens').nth(1).fill('11:00');
  await page.locator('[data-blame=MONDAY]').waitFor();
  assert.deepEqual(
    await field(page, 'Monday opens').evaluateAll((inputs) => inputs.map((input) => input.ariaInvalid)),
    [null, 'true', null],
    'the mistake is at its own interval',
  );
  await page.getByRole('button', { name: 'Remove interval 2 of Monday' }).click();
  await page.locator('#changes li', { hasText: '09:00-12:00, 20:00-24:00' }).waitFor();
  await save(page);
  const times = (await stored()).call_hours.weekly_operating_hours.map(({ open_time, close_time }) => [open_time, close_time]);
  assert.deepEqual(times, [['0900', '1200'], ['2000', '2359']]);
  await close(page);
});

test('it is accessible, light and dark, wide and on a phone', async () => {
  for (const colorScheme of ['light', 'dark']) {
    for (const viewport of [WIDE, PHONE]) {
      const what = `${colorScheme} ${viewport.width}`;
      const out = await open(browser, '/console', { colorScheme, viewport });
      await assertAccessible(out, `sign-in ${what}`);
      await close(out);
      const page = await editor({ call_hours: mondays }, { colorScheme, viewport });
      await field(page, 'Monday closes').fill('08:00');
      await page.locator('[data-blame=MONDAY]').waitFor();
      await assertAccessible(page, `editor ${what}`);
      await page.click('#discard');
      await page.locator('#changes').waitFor({ state: 'hidden' });
      for (const address of ['/console', `${PAGE}/history`]) {
        await page.goto(BASE + address);
        await assertAccessible(page, `${address} ${what}`);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${address} ${what}: ${overflow} px too wide`);
      }
      await close(page);
    }
  }
});

test('switches and their state are visible in forced colours', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const page = await editor({ call_hours: mondays }, { colorScheme });
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setEmulatedMedia', { features: [{ name: 'forced-colors', value: 'active' }, { name: 'prefers-color-scheme', value: colorScheme }] });
    assert.equal(await page.evaluate(() => matchMedia('(forced-colors: active)').matches), true);
    const drawn = (label) => field(page, label).evaluate((input) => {
      const [track, thumb] = [getComputedStyle(input), getComputedStyle(input, '::after')];
      const behind = getComputedStyle(document.body).backgroundColor;
      return { behind, track: track.backgroundColor, thumb: thumb.backgroundColor, at: thumb.translate, border: track.borderTopColor, width: parseFloat(track.borderTopWidth), style: track.borderTopStyle };
    });
    const differ = (one, other, what) => assert.ok(contrast(one, other) >= 3, `${colorScheme}: ${what}: ${one} on ${other}`);
    const isStill = () => page.waitForFunction(() => document.getAnimations().length === 0);
    await isStill();
    const [on, off] = [await drawn('Audio calls'), await drawn('Video calls')];
    for (const [name, it] of Object.entries({ on, off })) {
      assert.ok(it.width >= 1 && it.style === 'solid', `${name}: ${it.width} ${it.style}`);
      differ(it.border, it.behind, `${name}: the control on the page`);
      differ(it.thumb, it.track, `${name}: the thumb on the control`);
    }
    assert.notEqual(on.track, off.track, 'the state by colour');
    assert.notEqual(on.at, off.at, 'and by place');
    await field(page, 'Video calls').check();
    await isStill();
    assert.deepEqual(await drawn('Video calls'), on);
    const day = await drawn('Monday open');
    assert.deepEqual(day, on);
    await close(page);
  }
});

test('it is light, and nothing moves while it loads', async () => {
  await store({ ...DEFAULTS, call_hours: mondays });
  const page = await signedIn();
  const sizes = new Map();
  page.on('response', async (response) => {
    const url = response.url();
    if (url.includes('/assets/') && !url.endsWith('.svg')) sizes.set(url, Number(await response.headerValue('content-length')));
  });
  for (const address of ['/console', PAGE, `${PAGE}/history`]) {
    await page.goto(BASE + address);
    await page.waitForLoadState('networkidle');
    const shift = await page.evaluate(() => new Promise((resolve) => {
      let sum = 0;
      new PerformanceObserver((list) => { for (const entry of list.getEntries()) sum += entry.value; }).observe({ type: 'layout-shift', buffered: true });
      setTimeout(() => resolve(sum), 200);
    }));
    assert.equal(shift, 0, address);
  }
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  assert.ok(sizes.size === 5 && bytes > 0 && bytes < 150_000, `${bytes} bytes of script and style`);
  await close(page);
});
