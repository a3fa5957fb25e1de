// The console: editing a Page's settings, and going back in its history.
'use strict';

const DAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'];
/** All there are. */
const MOST_ZONES = 700;
const title = (day) => day[0] + day.slice(1).toLowerCase();

// --- Times: 0900 on the wire, 09:00 for people; 2359 closes at midnight, 24:00 ---

const shown = (time, isClose) => (isClose && time === '2359' ? '24:00' : `${time.slice(0, 2)}:${time.slice(2)}`);

function wire(text, isClose) {
  const compact = text.trim().replace(/^(\d):/, '0$1:').replace(':', '');
  return isClose && compact === '2400' ? '2359' : compact;
}

function minute(time, isClose) {
  if (!/^([01]\d|2[0-3])[0-5]\d$/.test(time)) return null;
  return isClose && time === '2359' ? 1440 : Number(time.slice(0, 2)) * 60 + Number(time.slice(2));
}

// --- The editor ---

function editor(form) {
  const { page } = form.dataset;
  const mostEntries = Number(form.dataset.maxEntries);
  let stored = JSON.parse(form.dataset.state);
  let days = [];
  let zones = [];
  /** The zone as it was stored or picked from the list: its name means just that. */
  let pickedZone = '';
  let zoneTime = 0;
  let asked = 0;
  /** While someone else's change waits for a decision: what is stored, the edit on top of it, and what saving that is called. */
  let conflict = null;
  let isSaving = false;

  const switches = ['audio_enabled', 'video_enabled', 'icon_enabled'].map((name) => form.elements[name]);

  function show(settings) {
    for (const input of switches) input.checked = settings[input.name];
    form.elements.ring_target.value = settings.call_routing.ring_target;
    const hours = settings.call_hours;
    element('has-hours').checked = hours !== undefined;
    pickedZone = hours?.timezone_id ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
    element('zone').value = pickedZone;
    days = DAYS.map((day) => {
      const entries = hours?.weekly_operating_hours.filter((entry) => entry.day_of_week === day) ?? [];
      entries.sort((one, other) => one.open_time.localeCompare(other.open_time));
      return { day, spans: entries.map(({ open_time, close_time }) => ({ open: shown(open_time), close: shown(close_time, true) })) };
    });
    drawDays();
    changed();
  }

  /** The form as it stands, with what is only half typed. */
  function formState() {
    return { switches: switches.map((input) => input.checked), ringTarget: form.elements.ring_target.value, hasHours: element('has-hours').checked, zone: zoneInput.value, pickedZone, days };
  }

  function showState(state) {
    switches.forEach((input, number) => { input.checked = state.switches[number]; });
    form.elements.ring_target.value = state.ringTarget;
    element('has-hours').checked = state.hasHours;
    zoneInput.value = state.zone;
    ({ pickedZone, days } = state);
    drawDays();
    changed();
  }

  function outlook({ audio, video, button, next_shift }) {
    element('now-audio').textContent = audio;
    element('now-video').textContent = video;
    element('now-button').textContent = button;
    element('shift').textContent = next_shift ? `Next change of the clock: ${next_shift}.` : '';
  }

  /** The settings of the form as the API takes them, and the place in `days` of each entry. */
  function settings() {
    const entries = [];
    const places = [];
    days.forEach(({ day, spans }, dayNumber) => spans.forEach((span, spanNumber) => {
      entries.push({ day_of_week: day, open_time: wire(span.open), close_time: wire(span.close, true) });
      places.push([dayNumber, spanNumber]);
    }));
    const wanted = Object.fromEntries(switches.map((input) => [input.name, input.checked]));
    wanted.call_routing = { ring_target: form.elements.ring_target.value };
    const hours = { timezone_id: element('zone').value.trim(), weekly_operating_hours: entries };
    wanted.call_hours = element('has-hours').checked ? hours : null;
    return { wanted, places };
  }

  /** The update that makes settings the wanted ones. It names only what differs, so that it cannot change anything else. */
  function update(base, wanted) {
    const isChanged = ([name, value]) => comparable(name, value) !== comparable(name, base[name] ?? null);
    return JSON.stringify(Object.fromEntries(Object.entries(wanted).filter(isChanged)));
  }

  /** A field's value as text; the order of the entries of call hours means nothing. */
  function comparable(name, value) {
    if (name !== 'call_hours' || value === null) return JSON.stringify(value);
    const entries = value.weekly_operating_hours.map((entry) => `${DAYS.indexOf(entry.day_of_week)} ${entry.open_time} ${entry.close_time}`);
    return JSON.stringify([value.timezone_id, entries.sort()]);
  }

  // --- What will change, and what is wrong ---

  let timer;
  let isPreviewDue = false;
  function changed() {
    hideToast();
    refresh();
  }

  /** Shows what follows from the form, and keeps it as a draft. */
  function refresh() {
    const isEdited = update(stored.settings, settings().wanted) !== '{}';
    keepDraft(page, isEdited ? { formToken, stored, state: formState() } : null);
    element('hours').hidden = !element('has-hours').checked;
    drawWeek();
    showZoneTime();
    // A form without an edit has nothing to ask about, and no answer to an earlier one counts.
    isPreviewDue = isEdited || !element('changes').hidden;
    clearTimeout(timer);
    if (isPreviewDue) timer = setTimeout(preview, 150);
    else asked += 1;
  }

  /** Asks what the form would do to the settings that it was made from. */
  async function preview() {
    clearTimeout(timer);
    // What is on its way, or in the way, decides first; both end with a preview of their own.
    if (isSaving || conflict !== null) return;
    isPreviewDue = false;
    const { wanted, places } = settings();
    const turn = ++asked;
    const unclear = ambiguity();
    if (unclear !== null) {
      complain(unclear, places, '');
      return;
    }
    const { status, answer, trouble } = await ask(page, 'preview', update(stored.settings, wanted), stored.revision);
    if (turn !== asked) return;
    if (status === 412) {
      showConflict(answer, 'Saved');
      return;
    }
    complain(status === 400 ? answer.error : null, places, status === 400 ? '' : trouble);
    if (status !== 200) return;
    outlook(answer);
    const items = answer.changes.map(({ what, from, to }) => make('li', {}, `${what}: `, make('del', {}, from), ' → ', make('ins', {}, to)));
    element('changes').querySelector('ul').replaceChildren(...items);
    element('changes').hidden = items.length === 0;
  }

  /** Shows each mistake at what it is about; what has no place, at the buttons. */
  function complain(error, places, other) {
    for (const place of form.querySelectorAll('[data-blame]')) place.hidden = true;
    for (const input of form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
    const rest = other === '' ? [] : [other];
    const { blame_field_specs: paths = [], details = error ? [error.message] : [] } = error?.error_data ?? {};
    details.forEach((detail, number) => {
      const path = [...(paths[number] ?? [])];
      let blame = path.join('.');
      let input = blame === 'call_hours.timezone_id' ? element('zone') : null;
      if (path[1] === 'weekly_operating_hours' && path.length > 2) {
        const [day, span] = places[Number(path[2])];
        blame = `${DAYS[day]}`;
        input = form.querySelector(`[data-day="${day}"] [data-span="${span}"] [name=${path[3] === 'open_time' ? 'open' : 'close'}]`);
      }
      input?.setAttribute('aria-invalid', 'true');
      const place = form.querySelector(`[data-blame="${blame}"]`);
      const said = detail.replace(/^call_hours\S*\s/, 'It ');
      if (place) {
        place.textContent = place.hidden ? said : `${place.textContent} ${said}`;
        place.hidden = false;
      } else {
        rest.push(detail);
      }
    });
    const signIn = () => make('a', { href: '/console/sign-in', target: '_blank', rel: 'noopener' }, 'Sign in');
    element('trouble').replaceChildren(rest.join(' '), ...(other === SESSION_ENDED ? [' ', signIn()] : []));
    element('trouble').hidden = rest.length === 0;
    // What is wrong must be seen, also where nothing else is to be saved.
    if (rest.length > 0 || error) element('changes').hidden = false;
    element('save').disabled = error !== null;
  }

  // --- Saving, undoing, conflicts ---

  /** Stores the wanted settings on top of `stored`. */
  async function save(wanted, say) {
    if (isSaving) return;
    isSaving = true;
    const base = stored;
    const shownThen = JSON.stringify(settings().wanted);
    // A preview that is still under way is of settings that will soon be old.
    asked += 1;
    const { status, answer, trouble } = await ask(page, 'settings', update(base.settings, wanted), base.revision);
    isSaving = false;
    if (status === 200) {
      stored = answer;
      outlook(stored);
      if (JSON.stringify(settings().wanted) === shownThen) {
        element('changes').hidden = true;
        show(stored.settings);
      } else {
        // Something was changed while this was under way; it stays, to be saved next.
        changed();
      }
      const before = { ...base.settings, call_hours: base.settings.call_hours ?? null };
      toast(say, say === 'Saved' ? { name: 'Undo', run: () => save(before, 'Undone') } : undefined);
    } else if (status === 412) {
      showConflict(answer, say);
    } else {
      complain(status === 400 ? answer.error : null, settings().places, status === 400 ? '' : trouble);
    }
  }

  /** Shows what the edit and the others changed. What the edit did not touch is theirs, whatever is chosen. */
  function showConflict({ stored: theirs, merged, differences, kept, changed_by: author }, say) {
    conflict = { theirs, merged, say };
    if (differences.length === 0) {
      // Someone else stored the same values.
      takeTheirs();
      return;
    }
    const both = () => make('span', { className: 'both' }, 'Both of you changed this');
    const rows = differences.map(({ what, from, to, is_contested: isContested }) => make('tr', {},
      make('th', { scope: 'row' }, what), make('td', {}, from), make('td', {}, to, ...(isContested ? [' ', both()] : []))));
    const dialog = element('conflict');
    dialog.querySelector('tbody').replaceChildren(...rows);
    dialog.querySelector('.by').textContent = author === null ? '' : `Last changed by ${author}.`;
    const items = kept.map(({ what, from, to }) => make('li', {}, `${what}: `, make('del', {}, from), ' → ', make('ins', {}, to)));
    dialog.querySelector('.kept ul').replaceChildren(...items);
    dialog.querySelector('.kept').hidden = items.length === 0;
    if (!dialog.open) dialog.showModal();
    // Not a button: a key that was meant for the form must decide nothing.
    element('conflict-title').focus();
  }

  /** Makes what is stored the base of the form, and shows the settings on top of it. */
  function rebase(theirs, wanted) {
    stored = theirs;
    conflict = null;
    element('conflict').close();
    element('changes').hidden = true;
    // What the edit changed before says nothing about what it changes now.
    element('changes').querySelector('ul').replaceChildren();
    outlook(stored);
    show(wanted);
  }

  const takeTheirs = () => rebase(conflict.theirs, conflict.theirs.settings);

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (isPreviewDue) await preview();
    if (!element('save').disabled && conflict === null) save(settings().wanted, 'Saved');
  });
  element('discard').addEventListener('click', () => show(stored.settings));
  element('save-mine').addEventListener('click', () => {
    const { theirs, merged, say } = conflict;
    rebase(theirs, merged);
    save(settings().wanted, say);
  });
  element('take-theirs').addEventListener('click', takeTheirs);
  const goOn = () => rebase(conflict.theirs, conflict.merged);
  element('edit-on').addEventListener('click', goOn);
  element('conflict').addEventListener('cancel', (event) => { event.preventDefault(); goOn(); });
  window.addEventListener('beforeunload', (event) => {
    if (!element('changes').hidden || isPreviewDue || isSaving) event.preventDefault();
  });

  // Who comes back from signing in sees that the form can go on.
  window.addEventListener('focus', () => {
    if (element('trouble').textContent.startsWith(SESSION_ENDED) && !element('trouble').hidden) preview();
  });

  // --- The days ---

  function drawDays(focus) {
    element('days').replaceChildren(...days.map(drawDay));
    if (focus) form.querySelector(focus)?.focus();
  }

  function drawDay({ day, spans }, number) {
    const name = title(day);
    const isOn = spans.length > 0;
    const toggle = make('input', {
      type: 'checkbox', role: 'switch', checked: isOn, 'aria-label': `${name} open`,
      onchange: () => {
        days[number].spans = isOn ? [] : [{ open: '09:00', close: '17:00' }];
        drawDays(`[data-day="${number}"] [role=switch]`);
        changed();
      },
    });
    const rows = isOn ? spans.map((span, position) => drawSpan(number, span, position)) : [make('span', { className: 'off' }, 'Closed')];
    const more = make('button', {
      type: 'button', disabled: spans.length >= mostEntries || !isOn, 'aria-label': `Add hours on ${name}`, hidden: mostEntries < 2,
      onclick: () => {
        spans.push({ open: '', close: '' });
        drawDays(`[data-day="${number}"] [data-span="${spans.length - 1}"] input`);
        changed();
      },
    }, '+');
    return make('div', { className: 'day', 'data-day': number },
      make('label', { className: 'switch' }, toggle, make('span', {}, name)),
      make('div', { className: 'spans' }, ...rows, make('p', { className: 'complaint', 'data-blame': day, hidden: true })),
      make('div', { className: 'tools' }, more, copyMenu(number)));
  }

  function drawSpan(number, span, position) {
    const input = (side, label) => make('input', {
      name: side, value: span[side], inputMode: 'numeric', maxLength: 5, placeholder: '00:00', autocomplete: 'off',
      'aria-label': `${title(DAYS[number])} ${label}`,
      oninput: (event) => { span[side] = event.target.value; changed(); },
      onblur: (event) => {
        const time = wire(event.target.value, side === 'close');
        if (minute(time) !== null) event.target.value = span[side] = shown(time, side === 'close');
      },
    });
    const whole = make('button', { type: 'button', onclick: () => set([{ open: '00:00', close: '24:00' }]) }, '24 h');
    const remove = make('button', { type: 'button', 'aria-label': `Remove interval ${position + 1} of ${title(DAYS[number])}`, onclick: () => set(days[number].spans.toSpliced(position, 1)) }, '×');
    const set = (spans) => { days[number].spans = spans; drawDays(`[data-day="${number}"] [role=switch]`); changed(); };
    return make('div', { className: 'span', 'data-span': position }, input('open', 'opens'), '–', input('close', 'closes'), ...(days[number].spans.length > 1 ? [remove] : [whole]));
  }

  function copyMenu(number) {
    const boxes = DAYS.map((day, other) => make('input', { type: 'checkbox', value: other, disabled: other === number }));
    const close = () => { panel.hidden = true; button.setAttribute('aria-expanded', 'false'); button.focus(); };
    const panel = make('div', { hidden: true, tabIndex: -1, role: 'group', 'aria-label': `Copy ${title(DAYS[number])} to` },
      ...DAYS.map((day, other) => make('label', {}, boxes[other], title(day))),
      make('div', { className: 'buttons' }, make('button', {
        type: 'button',
        onclick: () => {
          for (const box of boxes) if (box.checked) days[Number(box.value)].spans = days[number].spans.map((span) => ({ ...span }));
          drawDays(`[data-day="${number}"] .menu > button`);
          changed();
        },
      }, 'Copy')));
    panel.addEventListener('keydown', (event) => { if (event.key === 'Escape') close(); });
    const button = make('button', {
      type: 'button', 'aria-expanded': 'false', 'aria-label': `Copy ${title(DAYS[number])} to other days`,
      onclick: () => {
        closeMenus(panel);
        panel.hidden = !panel.hidden;
        button.setAttribute('aria-expanded', String(!panel.hidden));
        if (!panel.hidden) boxes.find((box) => !box.disabled).focus();
      },
    }, 'Copy');
    const menu = make('div', { className: 'menu' }, button, panel);
    menu.addEventListener('focusout', ({ relatedTarget: next }) => { if (next !== null && !menu.contains(next)) closeMenus(); });
    return menu;
  }

  /** Closes every open menu but one. */
  function closeMenus(but) {
    for (const menu of form.querySelectorAll('.menu')) {
      const [button, panel] = menu.children;
      if (panel === but || panel.hidden) continue;
      panel.hidden = true;
      button.setAttribute('aria-expanded', 'false');
    }
  }
  document.addEventListener('click', (event) => { if (!event.target.closest('.menu')) closeMenus(); });

  const weekOf = {
    weekdays: (day) => (day < 5 ? [{ open: '09:00', close: '17:00' }] : []),
    always: () => [{ open: '00:00', close: '24:00' }],
    none: () => [],
  };
  for (const button of form.querySelectorAll('[data-quick]')) {
    button.addEventListener('click', () => {
      days.forEach((day, number) => { day.spans = weekOf[button.dataset.quick](number); });
      drawDays();
      changed();
    });
  }

  // --- The week as a picture ---

  function localNow() {
    const zone = meantZone();
    return zone === null ? null : { date: new Date(zoneTime + performance.now() + zone.offset * 60_000), offset: zone.offset };
  }

  function drawWeek() {
    const now = localNow();
    const today = now === null ? -1 : (now.date.getUTCDay() + 6) % 7;
    const bars = days.map(({ day, spans }, number) => {
      const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
      svg.setAttribute('viewBox', '0 0 144 10');
      svg.setAttribute('preserveAspectRatio', 'none');
      for (const span of spans) {
        const [from, to] = [minute(wire(span.open)), minute(wire(span.close, true), true)];
        if (from === null || to === null || to <= from) continue;
        const rect = document.createElementNS(svg.namespaceURI, 'rect');
        for (const [name, value] of [['x', from / 10], ['y', 0], ['width', (to - from) / 10], ['height', 10]]) rect.setAttribute(name, value);
        svg.append(rect);
      }
      if (number === today) {
        const line = document.createElementNS(svg.namespaceURI, 'line');
        const x = (now.date.getUTCHours() * 60 + now.date.getUTCMinutes()) / 10;
        for (const [name, value] of [['x1', x], ['x2', x], ['y1', 0], ['y2', 10]]) line.setAttribute(name, value);
        svg.append(line);
      }
      return make('div', { className: number === today ? 'bar today' : 'bar' }, title(day).slice(0, 3), svg);
    });
    const scale = make('div', { className: 'scale' }, ...['0', '6', '12', '18', '24'].map((hour) => make('span', {}, hour)));
    element('week').replaceChildren(...bars, scale);
    const text = days.map(({ day, spans }) => `${title(day)} ${spans.map(({ open, close }) => `${open} to ${close}`).join(' and ') || 'closed'}`);
    element('week').setAttribute('aria-label', text.join(', '));
  }

  // --- The time zone; time-zones.js searches ---

  const zoneInput = element('zone');
  const zoneList = element('zones');
  let highlighted = -1;

  const clockText = (date) => date.toISOString().slice(11, 16);

  function showZoneTime() {
    const now = localNow();
    element('zone-time').textContent = now === null ? '' : `It is ${clockText(now.date)} there, ${offsetText(now.offset)}.`;
  }

  /** The zone that the field means; null: none, or several. */
  function meantZone() {
    const text = zoneInput.value.trim().toLowerCase();
    const picked = zones.find(({ name }) => name === pickedZone && name.toLowerCase() === text);
    return picked ?? zones.find(({ name }) => name.toLowerCase() === text && searchZones(zones, name).choice !== null) ?? null;
  }

  /** What is wrong with a name that was typed, not picked, and has other meanings too, as the API would say it. */
  function ambiguity() {
    if (zones.length === 0 || !element('has-hours').checked || meantZone() !== null) return null;
    const { isName, note } = searchZones(zones, zoneInput.value);
    return isName ? { error_data: { blame_field_specs: [['call_hours', 'timezone_id']], details: [note] } } : null;
  }

  /** What to choose from before anything is typed: the present zone, that of the browser, and places. */
  function likelyZones() {
    const first = [pickedZone, Intl.DateTimeFormat().resolvedOptions().timeZone, 'UTC'];
    const isFirst = ({ name }) => first.includes(name);
    const all = searchZones(zones, '').found;
    return [...all.filter(isFirst).sort((one, other) => first.indexOf(one.name) - first.indexOf(other.name)), ...all.filter((zone) => !isFirst(zone))];
  }

  function findZones() {
    const { found, note } = zoneInput.value === pickedZone ? { found: likelyZones(), note: '' } : searchZones(zones, zoneInput.value);
    highlighted = -1;
    zoneList.replaceChildren(...found.slice(0, MOST_ZONES).map(({ name, offset }, number) => make('li', {
      role: 'option', id: `zone-${number}`, 'data-name': name,
      onmousedown: (event) => { event.preventDefault(); chooseZone(name); },
    }, name, make('span', {}, `${clockText(new Date(zoneTime + performance.now() + offset * 60_000))} ${offsetText(offset)}`))));
    openZones(found.length > 0);
    if (note !== '' && zones.length > 0) element('zone-time').textContent = note;
  }

  function openZones(isOpen) {
    zoneList.hidden = !isOpen;
    zoneInput.setAttribute('aria-expanded', String(isOpen));
    zoneInput.removeAttribute('aria-activedescendant');
  }

  function chooseZone(name) {
    pickedZone = name;
    zoneInput.value = name;
    openZones(false);
    changed();
  }

  zoneInput.addEventListener('input', () => { changed(); findZones(); });
  zoneInput.addEventListener('click', () => { if (zoneList.hidden) findZones(); });
  /** Takes the one zone that a text means when the field is left; a text with several meanings stays, and says so. */
  function settleZone() {
    const { choice } = searchZones(zones, zoneInput.value);
    if (zoneInput.value !== pickedZone && choice !== null && choice.name !== zoneInput.value) chooseZone(choice.name);
  }
  zoneInput.addEventListener('blur', () => { openZones(false); settleZone(); });
  zoneInput.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      if (zoneList.hidden) { findZones(); return; }
      const count = zoneList.children.length;
      highlighted = highlighted < 0 && step < 0 ? count - 1 : (highlighted + step + count) % count;
      [...zoneList.children].forEach((option, number) => option.setAttribute('aria-selected', String(number === highlighted)));
      zoneList.children[highlighted]?.scrollIntoView({ block: 'nearest' });
      zoneInput.setAttribute('aria-activedescendant', `zone-${highlighted}`);
    } else if (event.key === 'Enter' && !zoneList.hidden) {
      event.preventDefault();
      // A text with several meanings chooses nothing; the list and the note under the field stay.
      const name = zoneList.children[highlighted]?.dataset.name ?? searchZones(zones, zoneInput.value).choice?.name;
      if (name !== undefined) chooseZone(name);
    } else if (event.key === 'Escape') {
      openZones(false);
    }
  });

  // The offsets and the time of every zone, once; they change twice a year.
  fetch('/console/zones.json').then((response) => (response.ok ? response.json() : null)).then((answer) => {
    if (answer === null) return;
    zones = answer.zones;
    zoneTime = answer.now - performance.now();
    // Also looks again at what was typed before the names were there.
    if (document.activeElement !== zoneInput) settleZone();
    refresh();
  }, () => { element('zone-time').textContent = 'The list of time zones did not arrive; a name still works.'; });

  form.addEventListener('change', (event) => { if (event.target.name in form.elements || event.target.id === 'has-hours') changed(); });
  outlook(stored);
  const draft = readDraft(page, formToken);
  if (draft === null) {
    show(stored.settings);
  } else {
    // An edit of an earlier revision keeps its base, so that what others changed since is found.
    if (draft.stored.revision !== stored.revision) stored = draft.stored;
    showState(draft.state);
    toast('What you had not saved is here again.');
  }
}

// --- History ---

function historyPage(place) {
  const { page, revision } = place.dataset;
  for (const button of place.querySelectorAll('[data-restore]')) {
    button.addEventListener('click', async () => {
      const { status, trouble } = await ask(page, 'settings', button.dataset.restore, revision);
      if (status === 200) {
        location.assign(`/console/pages/${page}/history`);
        return;
      }
      const said = status === 412 ? 'Someone changed the Page meanwhile. Reload, and look again.' : trouble;
      button.parentElement.querySelector('.complaint')?.remove();
      button.after(make('p', { className: 'complaint', role: 'alert' }, said));
    });
  }
}

const settingsForm = element('settings');
if (settingsForm) editor(settingsForm);
const historyPlace = element('history');
if (historyPlace) historyPage(historyPlace);
