// The field pages where there is no signal: what waits is shown and sent, the day's jobs are taken along.

const outbox = document.querySelector('#outbox');
const { worker } = outbox.dataset;
const signal = outbox.querySelector('[data-signal]');

function row(deed) {
  const shown = outbox.querySelector(`template[data-for=${deed.state}]`).content.cloneNode(true);
  const fill = (slot, words) => { const place = shown.querySelector(`[data-slot=${slot}]`); if (place) place.textContent = words; };
  fill('title', deed.title);
  fill('at', new Date(deed.doneAt).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Shanghai' }));
  if (deed.said?.sentence) fill('sentence', deed.said.sentence);
  for (const link of shown.querySelectorAll('a[data-job]')) link.href = deed.page;
  shown.querySelector('[data-drop]')?.addEventListener('click', async () => {
    await fieldQueue.drop(deed.key);
    await show();
    document.querySelector('#main').focus();
  });
  return shown;
}

async function show() {
  const kept = await fieldQueue.all(worker);
  outbox.hidden = kept.length === 0;
  outbox.querySelector('ul').replaceChildren(...kept.map(row));
  for (const place of document.querySelectorAll('[data-waits-for]')) {
    place.hidden = !kept.some((deed) => deed.state === 'waits' && deed.requestNo === place.dataset.waitsFor);
  }
  return kept;
}

function say(state) {
  const words = signal.dataset[state] || '';
  signal.hidden = !words;
  signal.textContent = words;
  outbox.querySelector('[data-way-in]').hidden = state !== 'door';
}

// After what was sent the list on the page is no longer true.
async function deliver() {
  const before = await show();
  if (!before.some((deed) => deed.state === 'waits')) return say('');
  const { state, results } = await fieldQueue.send();
  await show();
  say(state);
  if (state === 'away') askForSync();
  if (results.length && outbox.dataset.list === 'yes') location.reload();
}

async function askForSync() {
  const worker = await navigator.serviceWorker?.ready;
  await worker?.sync?.register('field').catch(() => {});
}

// Every job of the list is kept, anew when it has changed since.
async function takeAlong() {
  if (!('caches' in self)) return;
  const pages = await caches.open('field-pages');
  const wanted = new Map([...document.querySelectorAll('a[data-stamp]')].map((link) => [new URL(link.href).pathname, link.dataset.stamp]));
  for (const kept of await pages.keys()) {
    const { pathname } = new URL(kept.url);
    if (pathname.startsWith('/field/jobs/') && !wanted.has(pathname)) await pages.delete(kept);
  }
  wanted.set('/field', null);
  for (const [path, stamp] of wanted) {
    const kept = await pages.match(path);
    if (kept && (stamp === null || kept.headers.get('X-Stamp') === stamp)) continue;
    const answer = await fetch(path, { redirect: 'manual' }).catch(() => null);
    if (!answer) return;
    if (answer.ok) await pages.put(path, answer);
  }
}

async function begin() {
  await show();
  if (!('serviceWorker' in navigator)) return deliver();
  await navigator.serviceWorker.register(outbox.dataset.script, { scope: '/field' }).catch(() => {}); // without a signal, the old one stays
  await deliver();
  if (outbox.dataset.list === 'yes') {
    await takeAlong();
    document.documentElement.dataset.takenAlong = 'yes';
  }
}

addEventListener('online', deliver);
document.addEventListener('visibilitychange', () => { if (!document.hidden) deliver(); });
setInterval(deliver, 30_000);
self.fieldPage = { show, deliver };
begin();

// The order of the jobs from where the worker stands, to a hundred metres.
for (const button of document.querySelectorAll('[data-from-here]')) {
  button.hidden = !('geolocation' in navigator);
  button.addEventListener('click', () => {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => location.assign(`/field?at=${coords.latitude.toFixed(3)},${coords.longitude.toFixed(3)}`),
      () => { button.disabled = false; button.nextElementSibling.hidden = false; },
      { enableHighAccuracy: false, timeout: 15_000, maximumAge: 300_000 },
    );
  });
}
