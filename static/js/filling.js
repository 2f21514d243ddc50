// A form that is being filled in: kept as it stands, so that leaving loses nothing; the place taken
// from the device; papers that are not needed put away. Without this script each step keeps it.

const PAUSE = 600;

const form = document.querySelector('form[data-draft]');

// ---- keeping

let waiting, kept;

const told = () => {
  const fields = new FormData(form);
  for (const [name, value] of [...fields]) if (value instanceof File) fields.delete(name);
  fields.delete('remove');
  return fields;
};

const keep = async () => {
  clearTimeout(waiting);
  const fields = told(), now = JSON.stringify([...fields]);
  if (now === kept || form.dataset.sent) return;
  kept = now;
  try {
    const answer = await fetch(form.dataset.draft, { method: 'POST', body: fields, keepalive: true, redirect: 'error' });
    if (!answer.ok) throw new Error(answer.status);
    const said = form.querySelector('[data-kept]');
    said.textContent = said.dataset.kept;
  } catch {
    kept = undefined; // the next change tries again
  }
};

const soon = () => { clearTimeout(waiting); waiting = setTimeout(keep, PAUSE); };

// ---- where one is

const place = (button) => {
  const said = button.closest('.field').querySelector('[data-place-said]');
  const field = document.getElementById(button.dataset.place);
  button.hidden = false;
  button.addEventListener('click', () => {
    button.disabled = true;
    said.textContent = button.dataset.asking;
    const done = (words) => { button.disabled = false; said.textContent = words; };
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        field.value = `${coords.latitude.toFixed(6)}, ${coords.longitude.toFixed(6)}`;
        done(button.dataset.found.replace('{n}', Math.max(1, Math.round(coords.accuracy))));
        soon();
      },
      (error) => done(error.code === error.PERMISSION_DENIED ? button.dataset.denied : button.dataset.lost),
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
    );
  });
};

// ---- papers that are asked for only with some answers

const papers = () => {
  const chosen = new FormData(form);
  for (const paper of form.querySelectorAll('[data-when]')) {
    const when = Object.entries(JSON.parse(paper.dataset.when));
    paper.hidden = when.some(([name, values]) => chosen.get(name) && !values.includes(chosen.get(name)));
  }
};

if (form) {
  kept = JSON.stringify([...told()]);
  form.addEventListener('input', soon);
  form.addEventListener('change', () => { papers(); keep(); });
  addEventListener('pagehide', keep);
  document.addEventListener('visibilitychange', () => { if (document.hidden) keep(); });
  if (navigator.geolocation) form.querySelectorAll('[data-place]').forEach(place);
  papers();
}
