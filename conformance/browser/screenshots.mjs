// Pictures of each screen for docs/, light and dark, wide and on a phone: `cargo xtask screenshots`.

import { BASE, PAGE_ID, PHONE, TOKEN, WIDE, launch, open } from './browser.mjs';

const [folder] = process.argv.slice(2);
const PAGE = `/console/pages/${PAGE_ID}`;
const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };

async function post(path, body) {
  const response = await fetch(BASE + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
}

const entries = (days, open_time, close_time) => days.map((day_of_week) => ({ day_of_week, open_time, close_time }));
const weekdays = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'];
const settings = `/v26.0/${PAGE_ID}/messenger_call_settings`;
await post('/control/clock', { set: '2026-11-25T10:41:00+01:00', freeze: true });
await post(settings, { call_hours: { timezone_id: 'Europe/Paris', weekly_operating_hours: entries(weekdays, '0900', '1700') } });
await post('/control/clock', { advance: '1h' });
await post(settings, { video_enabled: true, call_routing: { ring_target: 'PARTNERS' } });
await post('/control/clock', { advance: '1h' });
await post(settings, {
  call_hours: { timezone_id: 'Europe/Paris', weekly_operating_hours: [...entries(weekdays, '0900', '1730'), ...entries(['SATURDAY'], '1000', '1400')] },
});

const browser = await launch();
for (const [look, options] of [
  ['light', { viewport: WIDE, colorScheme: 'light' }],
  ['dark', { viewport: WIDE, colorScheme: 'dark' }],
  ['phone', { viewport: PHONE, colorScheme: 'light' }],
]) {
  const page = await open(browser, '/console/sign-in', options);
  const shoot = async (name) => {
    await page.waitForLoadState('networkidle');
    await page.waitForTimeout(200);
    await page.screenshot({ path: `${folder}/${name}-${look}.png` });
  };
  await shoot('sign-in');
  await page.fill('#access_token', TOKEN);
  await page.click('button.primary');
  await page.waitForURL('**/console');
  await shoot('pages');
  await page.goto(BASE + PAGE);
  await page.locator('.bar.today').waitFor({ state: 'attached' });
  await page.getByLabel('Saturday closes', { exact: true }).fill('16:00');
  await page.locator('#changes').waitFor();
  await shoot('page');
  await page.click('#discard');
  await page.goto(`${BASE}${PAGE}/history`);
  await shoot('history');
  await page.goto(`${BASE}/reference/v26.0`);
  await page.evaluate(() => document.querySelector('#updateMessengerCallSettings').scrollIntoView());
  await page.waitForTimeout(700);
  await shoot('reference');
}
await browser.close();
