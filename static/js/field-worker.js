// Field pages without a signal. The server puts SHELL before this: what the pages are made of, and its version.
importScripts(SHELL.queue);

const ASSETS = `field-assets-${SHELL.version}`;
const PAGES = 'field-pages';
const PATIENCE = 6000;

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(ASSETS);
    await cache.addAll([...SHELL.assets, SHELL.lost]);
    await self.skipWaiting();
  })());
});

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith('field-assets-') && name !== ASSETS) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (url.pathname.startsWith('/static/')) event.respondWith(asset(request));
  else if (request.mode === 'navigate') event.respondWith(page(request, url.pathname));
});

// The signal is back, and no page may be open: the browser says so where it can.
self.addEventListener('sync', (event) => {
  if (event.tag === 'field') event.waitUntil(self.fieldQueue.send());
});

async function asset(request) {
  return (await caches.match(request)) || fetch(request);
}

// The page as it is now; without a signal, or when it takes too long, as it was when it was last seen.
async function page(request, path) {
  const kept = await keptPage(path);
  const fetched = fetch(request).then((answer) => remember(path, answer));
  try {
    const answer = await (kept ? Promise.race([fetched, late()]) : fetched);
    return answer.status >= 502 && kept ? kept : answer;
  } catch {
    return kept || (await caches.match(SHELL.lost)) || Response.error();
  }
}

function late() {
  return new Promise((_done, fail) => { setTimeout(fail, PATIENCE); });
}

async function keptPage(path) {
  const kept = await (await caches.open(PAGES)).match(path);
  return kept && Number(kept.headers.get('X-Kept-Until')) > Date.now() ? kept : undefined;
}

// Whoever is sent to the door, or is somebody else than before, finds nothing of what was kept.
async function remember(path, answer) {
  const worker = answer.headers.get('X-Worker');
  const list = await (await caches.open(PAGES)).match('/field');
  if (answer.type === 'opaqueredirect' || (worker && list && list.headers.get('X-Worker') !== worker)) {
    await caches.delete(PAGES);
  }
  const pages = await caches.open(PAGES);
  if (answer.ok && worker) await pages.put(path, answer.clone());
  else if (answer.ok || answer.status === 404) await pages.delete(path);
  return answer;
}
