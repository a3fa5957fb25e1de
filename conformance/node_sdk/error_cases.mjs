/**
 * What the Node Business SDK hands to its caller when a call is refused.
 *
 * For a single call it looks at the HTTP status alone, so a refusal that came
 * with a status of 2xx would be taken for an answer.
 */
import assert from 'node:assert/strict';
import {page, read, refusal, update} from './connect.mjs';

export const errorCases = {
  async 'a wrong value is blamed by its path and nothing is stored'({samples, token, nextPage}) {
    const wrong = [
      [{call_routing: {ring_target: 'EVERYONE'}}, ['call_routing', 'ring_target']],
      [{call_hours: samples.callHoursWithOneMistake}, samples.blamedCloseTime],
      [{audio_enabled: 'true'}, ['audio_enabled']],
      [{icon_enabled: null}, ['icon_enabled']],
      [{call_routing: JSON.stringify({ring_target: 'META'})}, ['call_routing']],
    ];
    for (const [settings, blamed] of wrong) {
      const target = page(token, nextPage());
      const error = await refusal(update(target, {video_enabled: true, ...settings}));
      assert.equal(error.status, 400);
      assert.equal(error.response.code, 100);
      assert.deepEqual(error.response.error_data.blame_field_specs, [blamed]);
      assert.ok(error.message.includes(blamed.at(-1)), error.message);
      assert.deepEqual(await read(target), samples.neverConfigured);
    }
  },

  async 'an unknown field is named'({token, nextPage}) {
    const error = await refusal(read(page(token, nextPage()), ['audio_enabled', 'ringtone']));
    assert.deepEqual([error.status, error.response.code], [400, 100]);
    assert.ok(error.message.includes('ringtone'), error.message);
  },

  async 'an unknown page'({strict, nextPage, withBase}) {
    await withBase(strict.baseUrl, async () => {
      const pageId = nextPage();
      for (const [verb, call] of [['get', read], ['post', (target) => update(target, {})]]) {
        const error = await refusal(call(page(strict.token, pageId)));
        assert.deepEqual([error.status, error.response.code, error.response.error_subcode], [400, 100, 33]);
        assert.equal(error.response.type, 'GraphMethodException');
        assert.ok(error.message.startsWith(`Unsupported ${verb} request. Object with ID '${pageId}' does not exist`));
      }
    });
  },

  async 'a page out of reach'({singlePage, nextPage}) {
    for (const call of [read, (target) => update(target, {})]) {
      const error = await refusal(call(page(singlePage.token, nextPage())));
      assert.deepEqual([error.status, error.response.code], [403, 200]);
    }
  },

  async 'a token without the scope'({tokenWithoutMessaging, nextPage}) {
    for (const call of [read, (target) => update(target, {})]) {
      const error = await refusal(call(page(tokenWithoutMessaging, nextPage())));
      assert.deepEqual([error.status, error.response.code], [403, 230]);
      assert.ok(error.message.includes('pages_messaging'), error.message);
    }
  },

  async 'an expired token'({expiredToken, nextPage}) {
    const error = await refusal(read(page(expiredToken, nextPage())));
    assert.deepEqual([error.response.code, error.response.error_subcode], [190, 463]);
  },

  async 'a revoked token'({revokedToken, nextPage}) {
    assert.equal((await refusal(read(page(revokedToken, nextPage())))).response.code, 190);
  },

  async 'a token nobody issued'({nextPage}) {
    const error = await refusal(update(page('nobody|issued+this', nextPage()), {audio_enabled: true}));
    assert.deepEqual([error.response.code, error.response.type], [190, 'OAuthException']);
  },

  async 'a wrong proof'({proofs, nextPage}) {
    for (const {token} of Object.values(proofs)) {
      const error = await refusal(read(page(token, nextPage()), [], {appsecret_proof: '0'.repeat(64)}));
      assert.deepEqual([error.status, error.response.code], [400, 100]);
      assert.equal(error.response.type, 'GraphMethodException');
      assert.equal(error.message, 'Invalid appsecret_proof provided in the API argument');
    }
  },

  // The SDK has no option for a proof, so this is what its users meet with such an app.
  async 'a missing proof that the app requires'({proofs, nextPage}) {
    const error = await refusal(read(page(proofs.required.token, nextPage())));
    assert.deepEqual([error.status, error.response.code], [400, 100]);
    assert.equal(error.message, 'API calls from the server require an appsecret_proof argument');
  },
};
