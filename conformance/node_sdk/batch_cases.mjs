/**
 * Batches of the Node Business SDK: a JSON body with a real array, no slash at
 * the end of the path, and operations whose values are not percent-encoded.
 */
import assert from 'node:assert/strict';
import {APIRequest, FacebookAdsApiBatch, connect, page, plain, read, refusal} from './connect.mjs';

const LARGEST_BATCH = 50;
const FAILING_OPERATION = 23;
const EDGE = 'messenger_call_settings';

export const batchCases = {
  async 'fifty operations of which one fails'({samples, token, nextPage}) {
    const pageIds = Array.from({length: LARGEST_BATCH}, nextPage);
    const batch = new FacebookAdsApiBatch(connect(token));
    const answers = new Map();
    const failures = new Map();
    pageIds.forEach((pageId, index) => {
      let method = 'POST';
      let parameters = {call_routing: {ring_target: 'NOBODY'}};
      if (index !== FAILING_OPERATION && index % 3 === 0) {
        method = 'GET';
        parameters = {fields: 'audio_enabled, call_routing'};
      } else if (index !== FAILING_OPERATION && index % 3 === 1) {
        parameters = samples.everythingChanged;
      } else if (index !== FAILING_OPERATION) {
        parameters = {call_hours: samples.closedAllWeek, fields: 'call_hours, icon_enabled'};
      }
      batch.add(
        method,
        [pageId, EDGE],
        parameters,
        undefined,
        (response) => answers.set(index, plain(response.body)),
        (response) => failures.set(index, response.error),
      );
    });

    assert.equal(await batch.execute(), null, 'the server left operations unanswered');

    assert.deepEqual([...failures.keys()], [FAILING_OPERATION]);
    const failure = failures.get(FAILING_OPERATION);
    assert.equal(failure.status, 400);
    assert.equal(failure.response.error.code, 100);
    assert.deepEqual(failure.response.error.error_data.blame_field_specs, [['call_routing', 'ring_target']]);
    assert.equal(answers.size, LARGEST_BATCH - 1);
    const {neverConfigured, everythingChanged, closedAllWeek} = samples;
    for (const [index, pageId] of pageIds.entries()) {
      const stored = await read(page(token, pageId));
      if (index === FAILING_OPERATION) {
        assert.deepEqual(stored, neverConfigured);
      } else if (index % 3 === 0) {
        const {audio_enabled, call_routing} = neverConfigured;
        assert.deepEqual(answers.get(index), {data: [{audio_enabled, call_routing}]});
      } else if (index % 3 === 1) {
        assert.deepEqual(answers.get(index), {result: 'success'});
        assert.deepEqual(stored, everythingChanged);
      } else {
        assert.deepEqual(answers.get(index), {result: 'success', call_hours: closedAllWeek, icon_enabled: true});
        assert.deepEqual(stored, {...neverConfigured, call_hours: closedAllWeek});
      }
    }
  },

  // An operation built from a request object always carries `fields=`, also when no field was named.
  async 'request objects with an empty list of fields'({samples, token, nextPage}) {
    const pageId = nextPage();
    const change = new APIRequest(pageId, 'POST', `/${EDGE}`).addParams({call_hours: samples.closedAllWeek});
    const batch = new FacebookAdsApiBatch(connect(token));
    const answers = [];
    const fail = (response) => assert.fail(JSON.stringify(response.body));
    const keep = (response) => answers.push(plain(response.body));
    batch.addRequest(change, keep, fail);
    batch.addRequest(new APIRequest(nextPage(), 'GET', `/${EDGE}`), keep, fail);
    assert.equal(await batch.execute(), null);
    assert.equal(answers[0].result, 'success');
    assert.deepEqual(answers[1], {data: [samples.neverConfigured]});
    assert.deepEqual((await read(page(token, pageId))).call_hours, samples.closedAllWeek);
  },

  // The SDK turns a null into the text `null`, which in a form clears the call hours.
  async 'clearing call hours in a batch'({samples, token, nextPage}) {
    const pageId = nextPage();
    const target = page(token, pageId);
    for (const parameters of [samples.everythingChanged, {call_hours: null}]) {
      const batch = new FacebookAdsApiBatch(connect(token));
      batch.add('POST', `${pageId}/${EDGE}`, parameters);
      assert.equal(await batch.execute(), null);
    }
    const {call_hours, ...remaining} = samples.everythingChanged;
    assert.ok(call_hours);
    assert.deepEqual(await read(target), remaining);
  },

  async 'a refused page fails alone'({samples, singlePage, nextPage}) {
    const batch = new FacebookAdsApiBatch(connect(singlePage.token));
    const statuses = {};
    for (const [name, pageId] of [['own', singlePage.pageId], ['foreign', nextPage()]]) {
      const note = (response) => (statuses[name] = [response.status, response.body.error?.code]);
      batch.add('POST', [pageId, EDGE], {call_hours: samples.closedAllWeek}, undefined, note, note);
    }
    assert.equal(await batch.execute(), null);
    assert.deepEqual(statuses, {own: [200, undefined], foreign: [403, 200]});
  },

  async 'fifty-one operations are refused as a whole'({samples, token, nextPage}) {
    const pageIds = Array.from({length: LARGEST_BATCH + 1}, nextPage);
    const batch = new FacebookAdsApiBatch(connect(token));
    pageIds.forEach((pageId) => batch.add('POST', [pageId, EDGE], {audio_enabled: false}));
    const error = await batch.execute().then(() => assert.fail('accepted'), (reason) => reason);
    assert.equal(error.status, 400);
    assert.equal(error.response.type, 'GraphBatchException');
    assert.equal(error.message, 'Too many requests in batch message. Maximum batch size is 50');
    assert.deepEqual(await read(page(token, pageIds[0])), samples.neverConfigured);
  },

  async 'a batch without a valid token is refused as a whole'({nextPage}) {
    const batch = new FacebookAdsApiBatch(connect('nobody-issued-this'));
    batch.add('GET', [nextPage(), EDGE]);
    assert.equal((await refusal(batch.execute())).response.code, 190);
  },
};
