// Passkeys: asks the browser for one, and hands its answer to an ordinary form. Every page works without.
const form = document.querySelector('form[data-passkey]');
const note = document.querySelector('[data-passkey-said]');
const FRESH = 4 * 60 * 1000; // a challenge lives for five minutes

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

function decoded(options) {
  const named = [...(options.excludeCredentials ?? []), ...(options.allowCredentials ?? [])];
  for (const each of named) each.id = bytes(each.id);
  if (options.user) options.user.id = bytes(options.user.id);
  return { ...options, challenge: bytes(options.challenge) };
}

function encoded(credential) {
  const given = credential.response;
  const response = {};
  for (const part of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (given[part]) response[part] = text(given[part]);
  }
  if (given.getTransports) response.transports = given.getTransports();
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
}

let waiting; // the browser holds one question at a time

async function ask(mediation) {
  waiting?.abort();
  const mine = waiting = new AbortController();
  const answer = await fetch(form.dataset.options, { method: 'POST', body: new FormData(form) });
  const told = await answer.json();
  if (!answer.ok) throw told.said;
  if (mine.signal.aborted) throw new DOMException('', 'AbortError');
  const question = { publicKey: decoded(told), signal: mine.signal };
  if (mediation) question.mediation = mediation;
  form.elements.credential.value = encoded(await navigator.credentials[form.dataset.passkey](question));
  form.submit();
}

function sentence(problem) {
  if (typeof problem === 'string') return problem;
  const words = { NotAllowedError: 'left', AbortError: 'left', InvalidStateError: 'known' };
  return form.dataset[words[problem.name] ?? 'failed'];
}

function press(event) {
  event.target.disabled = true;
  note.hidden = true;
  ask()
    .catch((problem) => { note.textContent = sentence(problem); note.hidden = false; })
    .finally(() => { event.target.disabled = false; });
}

// The browser offers passkeys in the list below the field, and asks anew when the question has grown old.
async function offer() {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  let asked = 0;
  const again = () => {
    if (Date.now() - asked < FRESH) return;
    asked = Date.now();
    ask('conditional').catch(() => {}); // nobody pressed anything, so nothing is said
  };
  again();
  document.querySelector('[autocomplete~=webauthn]')?.addEventListener('focus', again);
}

if (form && window.PublicKeyCredential && location.origin === form.dataset.origin) {
  for (const part of document.querySelectorAll('[data-passkey-button]')) part.hidden = false;
  for (const part of document.querySelectorAll('[data-passkey-missing]')) part.hidden = true;
  document.querySelector('button[data-passkey-button]').addEventListener('click', press);
  if ('autofill' in form.dataset) offer();
}
