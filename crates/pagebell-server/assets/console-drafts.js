// Edits that are not saved: kept in the tab until they are saved or discarded, so that signing in
// again or reloading does not lose them. Signing out ends the form token, and the drafts with it.
'use strict';

const draftKey = (page) => `pagebell draft ${page}`;

/** What was kept of a Page under this form token: the settings that the edit began with, and the form. */
function readDraft(page, formToken) {
  try {
    const draft = JSON.parse(sessionStorage.getItem(draftKey(page)));
    if (draft?.formToken === formToken) return draft;
    sessionStorage.removeItem(draftKey(page));
  } catch {
    // Without storage there are no drafts.
  }
  return null;
}

/** Keeps a draft; null removes it. */
function keepDraft(page, draft) {
  try {
    if (draft === null) sessionStorage.removeItem(draftKey(page));
    else sessionStorage.setItem(draftKey(page), JSON.stringify(draft));
  } catch {
    // The edit is in the page as long as the page is open.
  }
}
