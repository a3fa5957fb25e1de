// The reference page: samples that follow what the reader fills in, and requests that are really sent.
'use strict';

const TOKEN_PLACEHOLDER = 'ACCESS_TOKEN';
const tokenInput = document.getElementById('token');

// --- What the reader filled in ---

function request(section) {
  const endpoint = JSON.parse(section.dataset.endpoint);
  const token = tokenInput.value.trim() || TOKEN_PLACEHOLDER;
  const values = new Map();
  for (const input of section.querySelectorAll('form.try input')) values.set(input.name, input.value.trim());
  let path = endpoint.path;
  const query = [];
  const headers = { Authorization: `Bearer ${token}` };
  for (const { name, in: place } of endpoint.parameters) {
    let value = values.get(name) ?? '';
    if (place === 'path') path = path.replace(`{${name}}`, encodeURIComponent(value));
    // A token to look at: the reader's own until another is filled in.
    if (place === 'query' && name === 'input_token' && value === '') value = token;
    if (place === 'query' && value !== '') query.push(`${name}=${encodeURIComponent(value)}`);
    if (place === 'header' && value !== '') headers[name] = value;
  }
  if (endpoint.all_credentials) {
    query.push(`access_token=${encodeURIComponent(token)}`, `oauth_token=${encodeURIComponent(token)}`);
  }
  const search = query.length > 0 ? `?${query.join('&')}` : '';
  const body = endpoint.has_body ? section.querySelector('textarea[name="body"]').value : null;
  if (body !== null) headers['Content-Type'] = 'application/json';
  return { method: endpoint.method, url: `${location.origin}/${endpoint.version}${path}${search}`, headers, body };
}

// --- Samples; crates/pagebell-server/src/reference/samples.rs writes the first ones ---

function curl({ method, url, headers, body }) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const lines = [`curl --request ${method}`, `  --url ${quoted(url)}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`  --header ${quoted(`${name}: ${value}`)}`);
  if (body !== null) lines.push(`  --data-raw ${quoted(body)}`);
  return lines.join(' \\\n');
}

function javascript({ method, url, headers, body }) {
  const written = Object.entries(headers).map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  const sent = body === null ? '' : `,\n  body: JSON.stringify(${body.replaceAll('\n', '\n  ')})`;
  return `const response = await fetch(${JSON.stringify(url)}, {\n  method: "${method}",\n  headers: {\n${written.join(',\n')}\n  }${sent}\n});\n` +
    'console.log(response.status, await response.json());';
}

function python({ method, url, headers, body }) {
  const { 'Content-Type': _type, ...own } = headers;
  const written = Object.entries(own).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  let sent = '';
  if (body !== null) {
    try {
      sent = `    json=${literal(JSON.parse(body), 1)},\n`;
    } catch {
      sent = `    data=${JSON.stringify(body)},\n`;
    }
  }
  return `import requests\n\nresponse = requests.${method.toLowerCase()}(\n    ${JSON.stringify(url)},\n    headers={${written.join(', ')}},\n${sent})\n` +
    'print(response.status_code, response.json())';
}

function literal(value, depth) {
  const pad = '    '.repeat(depth + 1);
  const end = '    '.repeat(depth);
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null) return 'None';
  if (typeof value !== 'object') return JSON.stringify(value);
  const lines = Array.isArray(value)
    ? value.map((element) => `${pad}${literal(element, depth + 1)},\n`)
    : Object.entries(value).map(([name, inner]) => `${pad}${JSON.stringify(name)}: ${literal(inner, depth + 1)},\n`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return lines.length === 0 ? open + close : `${open}\n${lines.join('')}${end}${close}`;
}

const writers = { curl, javascript, python };

function writeSamples(section) {
  const filledIn = request(section);
  for (const panel of section.querySelectorAll('.samples pre')) {
    panel.querySelector('code').textContent = writers[panel.dataset.language](filledIn);
  }
}

// --- Try it ---

async function send(section, form) {
  const { method, url, headers, body } = request(section);
  const answer = form.querySelector('.answer');
  const status = answer.querySelector('.status');
  const begun = performance.now();
  answer.hidden = false;
  try {
    const response = await fetch(url, { method, headers, body: body ?? undefined, credentials: 'omit' });
    const text = await response.text();
    status.className = `status s${Math.floor(response.status / 100)}`;
    status.textContent = `${response.status} ${response.statusText}`;
    answer.querySelector('.time').textContent = `${Math.round(performance.now() - begun)} ms`;
    answer.querySelector('.headers').textContent = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    answer.querySelector('.body').textContent = pretty(text);
  } catch (error) {
    status.className = 'status s5';
    status.textContent = `The request was not answered: ${error.message}`;
    for (const part of ['.time', '.headers', '.body']) answer.querySelector(part).textContent = '';
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

// --- Copying ---

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied`);
  } catch {
    toast('The browser did not allow copying');
  }
}

let toastTimer;
function toast(text) {
  const element = document.querySelector('.toast');
  element.textContent = text;
  element.classList.add('shown');
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => element.classList.remove('shown'), 2500);
}

// --- Languages: one choice for the whole page ---

function choose(language) {
  for (const tab of document.querySelectorAll('[role="tab"]')) {
    const chosen = tab.dataset.language === language;
    tab.setAttribute('aria-selected', chosen);
    tab.tabIndex = chosen ? 0 : -1;
  }
  for (const panel of document.querySelectorAll('[role="tabpanel"]')) panel.hidden = panel.dataset.language !== language;
}

function moveAlong(tabs, event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
  choose(next.dataset.language);
  next.focus();
}

// --- Wiring ---

document.getElementById('version').addEventListener('change', (event) => {
  location.assign(`/reference/${event.target.value}${location.hash}`);
});
for (const button of document.querySelectorAll('[data-copy-from]')) {
  button.addEventListener('click', async () => {
    const response = await fetch(button.dataset.copyFrom);
    await copy(await response.text(), 'Markdown');
  });
}
for (const section of document.querySelectorAll('section.endpoint')) {
  const form = section.querySelector('form.try');
  const tabs = [...section.querySelectorAll('[role="tab"]')];
  for (const tab of tabs) {
    tab.addEventListener('click', () => choose(tab.dataset.language));
    tab.addEventListener('keydown', (event) => moveAlong(tabs, event));
  }
  section.querySelector('[data-copy-sample]').addEventListener('click', () => {
    copy(section.querySelector('.samples pre:not([hidden])').textContent, 'Sample');
  });
  form.addEventListener('input', () => writeSamples(section));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send(section, form);
  });
}
tokenInput.form.addEventListener('submit', (event) => event.preventDefault());
tokenInput.addEventListener('input', () => document.querySelectorAll('section.endpoint').forEach(writeSamples));
