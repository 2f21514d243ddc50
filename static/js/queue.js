// The queue by keyboard: without this every link and button is reached with Tab.

const OFF = 'denghuo.keys.off';
const dialog = document.querySelector('#keys');
const opener = document.querySelector('[data-keys]');
const off = document.querySelector('[data-keys-off]');
const turns = [...document.querySelectorAll('[data-turn]')];

opener.hidden = false;
opener.addEventListener('click', () => dialog.showModal());
off.checked = localStorage.getItem(OFF) === 'yes';
off.addEventListener('change', () => localStorage.setItem(OFF, off.checked ? 'yes' : 'no'));

// Where one is in the queue: at the row with the focus, else at the case that is open.
const here = () => {
  const focused = turns.indexOf(document.activeElement);
  return focused >= 0 ? focused : turns.findIndex((row) => row.hasAttribute('aria-current'));
};

const go = (step) => {
  const row = turns[Math.min(Math.max(here() + step, 0), turns.length - 1)];
  if (row) row.focus();
};

// Taking a row of the list; in an open case the button itself has the key.
const take = () => {
  const row = turns[turns.indexOf(document.activeElement)];
  const form = document.querySelector('#take');
  if (!form || !row || !row.dataset.take) return false;
  form.action = row.dataset.take;
  form.requestSubmit();
  return true;
};

const choose = () => {
  const row = turns[turns.indexOf(document.activeElement)];
  const box = row && row.closest('li').querySelector('input[type=checkbox]');
  if (box) box.checked = !box.checked;
  return Boolean(box);
};

const press = (key) => {
  const target = document.querySelector(`[data-key="${key}"]`);
  if (!target) return false;
  if (target.matches('button')) target.click(); else target.focus();
  return true;
};

const deeds = {
  j: () => { go(1); return true; },
  k: () => { go(-1); return true; },
  x: choose,
  a: () => take() || press('a'),
  n: () => press('n'),
  r: () => press('r'),
  '/': () => { document.querySelector('[data-find]')?.focus(); return true; },
  '?': () => { dialog.showModal(); return true; },
};

document.addEventListener('keydown', (event) => {
  const typing = event.target.closest('input:not([type=checkbox]), textarea, select, dialog');
  if (off.checked || typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const deed = Object.hasOwn(deeds, event.key) && deeds[event.key];
  if (deed && deed()) event.preventDefault();
});
