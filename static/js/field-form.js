// The form of a job: photos with time and place, and sending by way of the queue. Without this it is sent as it is.

const form = document.querySelector('form[data-job]');
const outlines = form.querySelector('[data-photos]');
const photos = [];
let place = null;

// Asked once the form is touched, not before somebody knows what for.
form.addEventListener('focusin', () => {
  if (!('geolocation' in navigator)) return;
  navigator.geolocation.watchPosition(({ coords, timestamp }) => {
    place = { text: `${coords.latitude.toFixed(6)},${coords.longitude.toFixed(6)}`, accuracy: Math.round(coords.accuracy), at: timestamp };
    const said = form.querySelector('[data-placed]');
    said.textContent = said.dataset.placed.replace('{metres}', place.accuracy);
    said.hidden = false;
  }, () => {}, { enableHighAccuracy: true, maximumAge: 60_000 });
}, { once: true });

const LONGEST = 2048;

// Made small enough for a bad line. What cannot be read here goes as it is, and the server says what it thinks of it.
async function lighter(file) {
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const canvas = Object.assign(document.createElement('canvas'), {
      width: Math.round(picture.width * scale), height: Math.round(picture.height * scale),
    });
    canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => canvas.toBlob((blob) => done(blob || file), 'image/jpeg', 0.85));
  } catch {
    return file;
  }
}

async function outline(photo) {
  const shown = form.querySelector('template[data-for=photo]').content.cloneNode(true);
  const item = shown.firstElementChild;
  const canvas = item.querySelector('canvas');
  const picture = await createImageBitmap(photo.blob).catch(() => null);
  if (picture) {
    const scale = Math.max(canvas.width / picture.width, canvas.height / picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    canvas.getContext('2d').drawImage(picture, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  }
  const at = new Date(photo.at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Shanghai' });
  item.querySelector('[data-slot=at]').textContent = photo.place ? `${at} · ${photo.place}` : at;
  item.querySelector('button').addEventListener('click', () => {
    photos.splice(photos.indexOf(photo), 1);
    item.remove();
  });
  outlines.append(item);
}

async function add(photo) {
  photos.push(photo);
  await outline(photo);
}

const chosen = form.querySelector('input[type=file]');
chosen.addEventListener('change', async () => {
  const files = [...chosen.files];
  chosen.value = '';
  for (const file of files) {
    await add({ blob: await lighter(file), at: new Date(Math.min(file.lastModified, Date.now())).toISOString(), place: place?.text || '' });
  }
});

function parts() {
  const typed = [...new FormData(form)].filter(([name, value]) => typeof value === 'string' && !['csrf_token', 'place', 'accuracy'].includes(name));
  typed.push(['deed', pressed], ['done_at', new Date().toISOString()]);
  if (place) typed.push(['place', place.text], ['accuracy', String(place.accuracy)]);
  for (const [at, photo] of photos.entries()) {
    typed.push(['photos', photo.blob, `photo-${at + 1}.jpg`], ['photo_at', photo.at], ['photo_place', photo.place]);
  }
  return typed;
}

async function signature() {
  const canvas = form.querySelector('canvas[data-sign]');
  return canvas?.dataset.signed ? new Promise((done) => canvas.toBlob(done, 'image/png')) : null;
}

function sayWrong(said) {
  const notice = form.querySelector('[data-said]');
  notice.textContent = said.sentence || notice.dataset.said;
  notice.hidden = false;
  for (const error of form.querySelectorAll('.error[data-field]')) {
    error.textContent = said.fields?.[error.dataset.field] || '';
    error.hidden = !error.textContent;
  }
  notice.focus();
}

const soon = (milliseconds) => new Promise((done) => { setTimeout(() => done({ results: [] }), milliseconds); });

form.addEventListener('submit', (event) => {
  send(event).catch(() => { // the phone's store is full or shut
    sayWrong({ sentence: form.dataset.fullWords });
    enable(true);
  });
});

let pressed = 'complete';
for (const button of form.querySelectorAll('button[name=deed]')) {
  button.addEventListener('click', () => { pressed = button.value; });
}

function enable(able) {
  for (const button of form.querySelectorAll('button[name=deed]')) button.disabled = !able;
}

async function send(event) {
  event.preventDefault();
  event.stopPropagation();
  if (pressed === 'pause' && !form.elements.note.value.trim()) {
    return sayWrong({ sentence: form.dataset.needsWords, fields: { note: form.dataset.needsWords } });
  }
  enable(false);
  const all = parts();
  const signed = await signature();
  if (signed) all.push(['signature', signed, 'signature.png']);
  await fieldQueue.keep({
    key: form.elements.key.value, worker: form.dataset.worker, requestNo: form.dataset.job, title: form.dataset.title,
    page: location.pathname, url: form.action, doneAt: Date.now(), state: 'waits', parts: all,
  });
  const { results } = await Promise.race([fieldQueue.send(), soon(12_000)]);
  const mine = results.find((each) => each.key === form.elements.key.value);
  const kept = (await fieldQueue.all(form.dataset.worker)).find((deed) => deed.key === form.elements.key.value);
  if (mine?.ok) return location.assign(mine.said.link || '/field');
  if (kept?.state !== 'refused') return location.assign('/field');
  enable(true);
  sayWrong(kept.said);
  await fieldPage.show();
}

// What was refused, or waits, is put into the form again as it was.
function restore(deed) {
  const values = (wanted) => deed.parts.filter(([name]) => name === wanted).map(([, value]) => value);
  for (const [name, value] of deed.parts) {
    const control = form.elements[name];
    if (typeof value !== 'string' || !control || ['deed', 'ticket', 'step'].includes(name)) continue;
    if (control.type === 'checkbox') control.checked = true;
    else control.value = value;
  }
  const [ats, places] = [values('photo_at'), values('photo_place')];
  return Promise.all(values('photos').map((blob, at) => add({ blob, at: ats[at], place: places[at] })));
}

async function begin() {
  const kept = (await fieldQueue.all(form.dataset.worker)).filter((deed) => deed.requestNo === form.dataset.job);
  const waits = kept.some((deed) => deed.state === 'waits');
  form.hidden = waits;
  const refused = kept.find((deed) => deed.state === 'refused');
  if (waits || !refused) return;
  await restore(refused);
  sayWrong(refused.said);
}
begin();
