/**
 * Run every case and print one JSON line for each, so that pytest can report
 * them one by one. Standard input carries the servers, tokens and samples.
 */
import {pointAt} from './connect.mjs';
import {batchCases} from './batch_cases.mjs';
import {errorCases} from './error_cases.mjs';
import {settingsCases} from './settings_cases.mjs';

const chunks = [];
for await (const chunk of process.stdin) {
  chunks.push(chunk);
}
const given = JSON.parse(Buffer.concat(chunks).toString());
let nextPageId = BigInt(given.firstPageId);

const context = {
  ...given,
  /** A Page id that no other case uses. */
  nextPage: () => String(nextPageId++),
  /** Cases run one after another, so the address may change for the length of one of them. */
  async withBase(baseUrl, body) {
    pointAt(baseUrl);
    try {
      await body();
    } finally {
      pointAt(given.baseUrl);
    }
  },
};

pointAt(given.baseUrl);
for (const [name, run] of Object.entries({...settingsCases, ...errorCases, ...batchCases})) {
  let failure = null;
  try {
    await run(context);
  } catch (error) {
    failure = error?.stack ?? String(error);
  }
  process.stdout.write(`${JSON.stringify({name, failure})}\n`);
}
