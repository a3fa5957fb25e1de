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

/** Asks the server. What goes wrong on the way is an answer too, in `trouble`. */
async function ask(page, formToken, what, body, revision) {
  const headers = { 'Content-Type': 'application/json', 'X-Form-Token': formToken };
  if (revision !== undefined) headers['If-Match'] = String(revision);
  try {
    const response = await fetch(`/console/pages/${page}/${what}`, { method: 'POST', headers, body });
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
  if (status === 401) return 'Your session has ended. Sign in again in another tab, then go on here.';
  return answer?.error?.message ?? text;
}

let toastTimer;
function hideToast() {
  document.querySelector('.toast').classList.remove('shown');
}

function toast(text, action) {
  const place = document.querySelector('.toast');
  place.replaceChildren(text);
  if (action) place.append(make('button', { type: 'button', onclick: () => { hideToast(); action.run(); } }, action.name));
  place.classList.add('shown');
  clearTimeout(toastTimer);
  toastTimer = setTimeout(hideToast, 10_000);
}
