/** Reading and updating settings through the Node Business SDK. */
import assert from 'node:assert/strict';
import {page, read, update} from './connect.mjs';

export const settingsCases = {
  async 'a page never configured has the defaults'({samples, token, nextPage}) {
    assert.deepEqual(await read(page(token, nextPage())), samples.neverConfigured);
  },

  // The SDK's update always carries the Page id as one more member of the JSON body.
  async 'updating one field leaves the others alone'({samples, token, nextPage}) {
    for (const [name, value] of Object.entries(samples.everythingChanged)) {
      const target = page(token, nextPage());
      assert.deepEqual(await update(target, {[name]: value}), {result: 'success'});
      assert.deepEqual(await read(target), {...samples.neverConfigured, [name]: value});
    }
  },

  async 'updating all fields together'({samples, token, nextPage}) {
    const target = page(token, nextPage());
    assert.deepEqual(await update(target, samples.everythingChanged), {result: 'success'});
    assert.deepEqual(await read(target), samples.everythingChanged);
  },

  async 'the last update wins'({token, nextPage}) {
    const target = page(token, nextPage());
    for (const audio_enabled of [false, true, false]) {
      await update(target, {audio_enabled});
      assert.equal((await read(target)).audio_enabled, audio_enabled);
    }
  },

  async 'reading one field'({samples, token, nextPage}) {
    const target = page(token, nextPage());
    await update(target, samples.everythingChanged);
    for (const [name, value] of Object.entries(samples.everythingChanged)) {
      assert.deepEqual(await read(target, [name]), {[name]: value});
    }
  },

  async 'reading several fields'({samples, token, nextPage}) {
    const {video_enabled, call_routing} = samples.neverConfigured;
    const settings = await read(page(token, nextPage()), ['video_enabled', 'call_routing']);
    assert.deepEqual(settings, {video_enabled, call_routing});
  },

  async 'an update with fields answers with what is now stored'({samples, token, nextPage}) {
    const target = page(token, nextPage());
    const {call_hours} = samples.everythingChanged;
    const answer = await update(target, {audio_enabled: false, call_hours}, ['call_hours']);
    assert.deepEqual(answer, {result: 'success', call_hours});
  },

  async 'call hours are replaced whole'({samples, token, nextPage}) {
    const target = page(token, nextPage());
    await update(target, {call_hours: samples.everythingChanged.call_hours});
    await update(target, {call_hours: samples.closedAllWeek});
    assert.deepEqual((await read(target)).call_hours, samples.closedAllWeek);
  },

  async 'call hours are cleared by null'({samples, token, nextPage}) {
    const target = page(token, nextPage());
    await update(target, {call_hours: samples.everythingChanged.call_hours});
    assert.deepEqual(await update(target, {call_hours: null}), {result: 'success'});
    assert.deepEqual(await read(target), samples.neverConfigured);
  },

  async 'an update of nothing succeeds and changes nothing'({samples, token, nextPage}) {
    const target = page(token, nextPage());
    await update(target, samples.everythingChanged);
    assert.deepEqual(await update(target, {}), {result: 'success'});
    assert.deepEqual(await read(target), samples.everythingChanged);
  },

  async 'a proof given as a parameter is accepted'({samples, proofs, nextPage}) {
    for (const {token, proof} of Object.values(proofs)) {
      const target = page(token, nextPage());
      const parameters = {...samples.everythingChanged, appsecret_proof: proof};
      assert.deepEqual(await update(target, parameters), {result: 'success'});
      assert.deepEqual(await read(target, [], {appsecret_proof: proof}), samples.everythingChanged);
    }
  },

  async 'a page token serves its page by id and as me'({samples, singlePage}) {
    await update(page(singlePage.token, singlePage.pageId), samples.everythingChanged);
    assert.deepEqual(await read(page(singlePage.token, 'me')), samples.everythingChanged);
  },
};
