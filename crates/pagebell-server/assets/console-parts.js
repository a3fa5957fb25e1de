// What the pages of the console share: making elements, asking the server, telling what happened.
'use strict';

const element = (id) => document.getElementById(id);

/** Makes an element; `on...` members become listeners, others properties or attributes. */
function make(tag, members = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(members)) {
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// --- Asking the server ---

/** The form token of this page; see `send`. */
let { formToken } = (element('settings') ?? element('history'))?.dataset ?? {};
const SESSION_ENDED = 'Your session has ended. Nothing is lost here: sign in in another tab, then go on.';

/** Sends a request. The form token of a page ends when someone signs out in this browser; then it is asked for again, once. */
async function send(address, revision, body) {
  const post = () => fetch(address, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Form-Token': formToken, 'If-Match': String(revision) }, body });
  const response = await post();
  if (response.status !== 403) return response;
  const again = await fetch('/console/form-token');
  if (!again.ok) return again;
  const { form_token: renewed } = await again.json();
  if (renewed === formToken) return response;
  formToken = renewed;
  return post();
}

/** Asks the server. What goes wrong on the way is an answer too, in `trouble`. */
async function ask(page, what, body, revision) {
  try {
    const response = await send(`/console/pages/${page}/${what}`, revision, body);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    const answer = isJson ? JSON.parse(text) : null;
    return { status: response.status, answer, trouble: troubleOf(response.status, answer, text) };
  } catch {
    return { status: 0, answer: null, trouble: 'The server was not reached. Nothing is lost here; try again.' };
  }
}

function troubleOf(status, answer, text) {
  if (status === 200 || status === 412) return '';
  if (status === 401) return SESSION_ENDED;
  return answer?.error?.message ?? text;
}

const TOAST_TIME = 10_000;
let toastTimer;

/** Takes the message with its button out of the page; the place stays, for screen readers to listen at. */
function hideToast() {
  clearTimeout(toastTimer);
  document.querySelector('.toast').replaceChildren();
}

/** Shows a message for a while; longer as long as the pointer or the focus is on it. */
function toast(text, action) {
  const place = document.querySelector('.toast');
  const button = action && make('button', { type: 'button', onclick: () => { hideToast(); action.run(); } }, action.name);
  place.replaceChildren(make('div', {}, text, ...(button ? [button] : [])));
  const hideLater = () => {
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => (place.matches(':hover, :focus-within') ? hideLater() : hideToast()), TOAST_TIME);
  };
  hideLater();
}
