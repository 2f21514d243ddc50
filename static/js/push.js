// Reminders in this browser: asks it for an address at its push service, and hands that to an ordinary form.
const part = document.querySelector('[data-push]');
const form = part?.querySelector('[data-push-form]');
const said = part?.querySelector('[data-push-said]');

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));

async function digest(text) {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(hash)].map((each) => each.toString(16).padStart(2, '0')).join('');
}

function say(words) {
  said.textContent = words;
  said.hidden = false;
}

// Another key of the house has ended the address that the browser still keeps.
async function subscribed(manager) {
  const question = { userVisibleOnly: true, applicationServerKey: bytes(part.dataset.push) };
  try {
    return await manager.subscribe(question);
  } catch (problem) {
    if (problem.name !== 'InvalidStateError') throw problem;
    await (await manager.getSubscription())?.unsubscribe();
    return manager.subscribe(question);
  }
}

async function turnOn(manager) {
  if ((await Notification.requestPermission()) !== 'granted') return say(said.dataset.denied);
  const { endpoint, keys } = (await subscribed(manager)).toJSON();
  Object.assign(form.elements.endpoint, { value: endpoint });
  Object.assign(form.elements.p256dh, { value: keys.p256dh });
  Object.assign(form.elements.auth, { value: keys.auth });
  return form.submit();
}

// The row of this browser says so; when it is turned off there, the browser forgets its address too.
async function recognise(subscription) {
  const row = part.querySelector(`[data-digest="${await digest(subscription.endpoint)}"]`);
  if (!row) return false;
  row.querySelector('[data-push-mine]').hidden = false;
  row.querySelector('form').addEventListener('submit', () => { subscription.unsubscribe(); });
  return true;
}

async function begin() {
  if (!('serviceWorker' in navigator) || !('PushManager' in self) || !('Notification' in self)) return;
  said.hidden = true;
  if (Notification.permission === 'denied') return say(said.dataset.denied);
  const { pushManager } = await navigator.serviceWorker.register(part.dataset.worker, { scope: '/' });
  const subscription = await pushManager.getSubscription();
  if (subscription && (await recognise(subscription))) return;
  await subscription?.unsubscribe(); // of somebody who was here before, or has ended: nothing is to come here
  form.hidden = false;
  form.querySelector('button').addEventListener('click', async ({ target }) => {
    target.disabled = true;
    said.hidden = true;
    await turnOn(pushManager).catch(() => say(said.dataset.failed));
    target.disabled = false;
  });
}

if (part) begin().catch(() => say(said.dataset.failed));
