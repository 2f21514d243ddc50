// What was done in the field waits on the phone until the utility has it. Pages and the worker both use this.
self.fieldQueue = (() => {
  const open = () => new Promise((done, fail) => {
    const asked = indexedDB.open('field', 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore('deeds', { keyPath: 'key' });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  const deeds = async (mode, act) => {
    const database = await open();
    try {
      return await new Promise((done, fail) => {
        const change = database.transaction('deeds', mode);
        const asked = act(change.objectStore('deeds'));
        change.oncomplete = () => done(asked.result);
        change.onerror = change.onabort = () => fail(change.error);
      });
    } finally {
      database.close();
    }
  };
  const keep = (deed) => deeds('readwrite', (store) => store.put(deed));
  const drop = (key) => deeds('readwrite', (store) => store.delete(key));
  const all = async (worker) => {
    const kept = await deeds('readonly', (store) => store.getAll());
    return kept.filter((deed) => deed.worker === worker).sort((one, other) => one.doneAt - other.doneAt);
  };

  // A line that neither answers nor breaks must not hold up the queue for ever.
  const patience = (seconds) => AbortSignal.timeout?.(seconds * 1000);

  // Who is signed in, and a token for forms: those of a page that was kept may have ended.
  const here = async () => {
    try {
      const answer = await fetch('/field/here', { redirect: 'manual', cache: 'no-store', signal: patience(15) });
      if (answer.ok) return await answer.json();
      return { state: answer.status >= 500 ? 'away' : 'door' };
    } catch {
      return { state: 'away' };
    }
  };

  const formOf = (deed, token) => {
    const form = new FormData();
    for (const part of deed.parts) form.append(...part);
    form.set('csrf_token', token);
    form.set('sent_at', new Date().toISOString());
    return form;
  };

  // Nothing when it has to be sent again. What was taken is dropped; a no is kept until somebody has read it.
  const sendOne = async (deed, token) => {
    const answer = await fetch(deed.url, {
      method: 'POST', body: formOf(deed, token), headers: { Accept: 'application/json' }, redirect: 'manual', signal: patience(180),
    }).catch(() => null);
    if (!answer || answer.status >= 500 || answer.status === 429 || answer.type === 'opaqueredirect') return null;
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) await drop(deed.key);
    else if (answer.status === 409) await keep({ ...deed, state: 'conflict', said, parts: [] });
    else await keep({ ...deed, state: 'refused', said });
    return { key: deed.key, ok: answer.ok, said };
  };

  const sendAll = async () => {
    const who = await here();
    if (!who.token) return { state: who.state, results: [] };
    const results = [];
    for (const deed of await all(who.worker)) {
      if (deed.state !== 'waits') continue;
      const result = await sendOne(deed, who.token);
      if (!result) return { state: 'away', results };
      results.push(result);
    }
    return { state: 'here', results };
  };

  // One page or worker at a time. Sending twice would do no harm, the key is the same; it would cost data.
  const send = () => (navigator.locks ? navigator.locks.request('field', sendAll) : sendAll());

  return { keep, drop, all, send };
})();
