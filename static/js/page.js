// Small comforts. Every page works without them.

// Staff have more rooms than a bar is wide: the present one is in sight.
const rooms = document.querySelector('.nav.of-staff');
const here = rooms?.querySelector('[aria-current]');
if (here) rooms.scrollLeft = here.offsetLeft + (here.offsetWidth - rooms.clientWidth) / 2;

// A button that may be pressed again after a while counts the seconds down.
for (const button of document.querySelectorAll('[data-wait]')) {
  const word = button.textContent;
  const until = Date.now() + Number(button.dataset.wait) * 1000;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? button.dataset.waitWords.replace('{n}', left) : word;
    if (left > 0) setTimeout(tick, 250);
  };
  tick();
}

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}

// A menu closes when something else is pressed, and by Escape, which gives the focus back.
document.addEventListener('click', (event) => {
  for (const menu of document.querySelectorAll('details.menu[open]')) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener('keydown', (event) => {
  const menu = event.key === 'Escape' && document.querySelector('details.menu[open]');
  if (!menu) return;
  menu.open = false;
  menu.querySelector('summary').focus();
});

// A form goes out once: a second press waits for the first answer.
document.addEventListener('submit', (event) => {
  if (event.target.dataset.sent) { event.preventDefault(); return; }
  if (event.target.method === 'post') event.target.dataset.sent = 'yes';
});
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('[data-sent]')) delete form.dataset.sent;
});

// Where there is room the chat opens beside the page, and stays open from page to page.
const launcher = document.querySelector('[data-panel]');
if (launcher) {
  const roomy = matchMedia('(min-width: 48rem)');
  const open = async (focus) => {
    if (!document.querySelector(`link[href="${launcher.dataset.style}"]`)) {
      const style = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: launcher.dataset.style });
      document.head.append(style);
      await new Promise((done) => { style.onload = style.onerror = done; });
    }
    const chat = await import(launcher.dataset.script);
    await chat.open(launcher, focus);
  };
  launcher.addEventListener('click', (event) => {
    if (!roomy.matches || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(true).catch(() => location.assign(launcher.href));
  });
  if (roomy.matches && sessionStorage.getItem('talk') === 'open') open(false).catch(() => {});
}

// Whoever signs out leaves no customers on the phone; what still waits to be sent stays.
document.addEventListener('submit', (event) => {
  if (event.target.getAttribute('action')?.endsWith('/sign-out') && 'caches' in self) caches.delete('field-pages');
});
