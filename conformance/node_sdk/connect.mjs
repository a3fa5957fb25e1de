/**
 * Meta's own Node Business SDK, pointed at a local server.
 *
 * The SDK reads its address from the static accessor `FacebookAdsApi.GRAPH`
 * each time it builds a request, and offers no option for it. Redefining that
 * one accessor is therefore the least that can be changed: how requests are
 * written and answers are read stays as installed.
 */
import assert from 'node:assert/strict';
import sdk from 'facebook-nodejs-business-sdk';

const {APIRequest, FacebookAdsApi, FacebookAdsApiBatch, Page} = sdk;

export {APIRequest, FacebookAdsApiBatch};

export function pointAt(baseUrl) {
  Object.defineProperty(FacebookAdsApi, 'GRAPH', {get: () => baseUrl});
}

/** A client for one token, without the SDK's crash reports, which would call the server unasked. */
export function connect(token) {
  return new FacebookAdsApi(token, 'en_US', false);
}

export function page(token, pageId) {
  return new Page(pageId, {}, undefined, connect(token));
}

/** The one settings object of the Page as plain data. */
export async function read(target, fields = [], params = {}) {
  const cursor = await target.getMessengerCallSettings(fields, params);
  assert.equal(cursor.length, 1);
  return plain(cursor[0].exportAllData());
}

export async function update(target, settings, fields = []) {
  const answer = await target.createMessengerCallSetting(fields, structuredClone(settings));
  return plain(answer.exportAllData());
}

/** Without the prototype and the undefined members that the SDK's objects carry. */
export function plain(value) {
  return JSON.parse(JSON.stringify(value));
}

/** The error of a call, after the checks that hold for every refusal the SDK can read. */
export async function refusal(promise) {
  const error = await promise.then(
    (answer) => assert.fail(`expected a refusal, got ${JSON.stringify(answer)}`),
    (reason) => reason,
  );
  assert.equal(error.name, 'FacebookRequestError', error.stack);
  assert.ok(error.status >= 400 && error.status < 500, `status ${error.status}`);
  assert.equal(error.message, error.response.message);
  assert.equal(typeof error.response.type, 'string');
  assert.equal(typeof error.response.code, 'number');
  assert.equal(error.response.fbtrace_id.length, 23);
  assert.equal(error.headers['content-type'], 'application/json; charset=UTF-8');
  return error;
}
