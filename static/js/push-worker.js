// Shows what a push service brings, and opens its page. It keeps nothing and answers no requests.
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('push', (event) => {
  const { title, text, link, tag } = event.data.json();
  event.waitUntil(self.registration.showNotification(title, { body: text, tag, data: link }));
});

// Only to pages of this site.
function own(link) {
  const page = new URL(link || '/', self.location.origin);
  return page.origin === self.location.origin ? page.href : self.location.origin;
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(own(event.notification.data)));
});

// In the window that shows the page already, else in a new one.
async function open(page) {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const there = windows.find((each) => each.url === page);
  return there ? there.focus() : self.clients.openWindow(page);
}
