// The chat without leaving the page: what is said goes out at once, answers come one after the
// other, and what a person writes is fetched. Without this script every form works by itself.

const calm = matchMedia('(prefers-reduced-motion: reduce)');
const SOON = 2000, LATER = 15000, HIDDEN = 30000, PATIENCE = 15000;

const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const element = (html) => {
  const template = document.createElement('template');
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
};
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, '0')).join('');

class Talk {
  // `root` holds the conversation and the form; `scroller` is what moves when there is more.
  constructor(root, scroller) {
    this.root = root;
    this.scroller = scroller;
    this.talk = root.querySelector('[data-talk]');
    this.log = root.querySelector('[role=log]');
    this.under = root.querySelector('[data-under]');
    this.typing = root.querySelector('.typing');
    this.form = root.querySelector('[data-say]');
    this.input = this.form.elements.text;
    this.held = this.talk.dataset.held;
    this.tag = this.talk.dataset.tag;
    this.last = this.newest('[data-id]');
    this.pause = SOON;
    this.asking = 0;
    this.read = 0;
    this.turn = Promise.resolve();
    this.listen();
    this.toEnd();
    this.saw();
    this.plan();
  }

  // The number of the last message of a kind.
  newest(kind) {
    return Math.max(0, ...[...this.log.querySelectorAll(kind)].map((each) => Number(each.dataset.id)));
  }

  listen() {
    this.ears = new AbortController();
    const heard = { signal: this.ears.signal };
    this.root.addEventListener('submit', (event) => this.submitted(event), heard);
    this.root.addEventListener('click', (event) => this.clicked(event), heard);
    addEventListener('offline', () => this.offline(true), heard);
    addEventListener('online', () => { this.offline(false); this.again(); this.look(); }, heard);
    document.addEventListener('visibilitychange', () => { if (!document.hidden) { this.saw(); this.look(); } }, heard);
  }

  end() {
    this.ears.abort();
    clearTimeout(this.timer);
    this.ended = true;
  }

  // ---- saying

  submitted(event) {
    const form = event.target;
    if (!new URL(form.action).pathname.startsWith('/chat/')) return;
    event.preventDefault();
    event.stopPropagation(); // the page's own rule, that a form goes out once, does not hold here
    const fields = new FormData(form, event.submitter);
    if (!form.action.endsWith('/say')) { this.act(form, fields); return; }
    if (!String(fields.get('text')).trim()) return;
    if (form === this.form) this.input.value = '';
    if (!fields.get('key')) fields.set('key', newKey());
    this.form.elements.key.value = newKey();
    this.focus(form);
    this.say(fields);
  }

  async say(fields) {
    const key = fields.get('key');
    const bubble = this.log.querySelector(`[data-key="${CSS.escape(key)}"]`) || this.append(this.mine(fields));
    this.sent(bubble);
    const below = [...this.under.childNodes];
    this.under.replaceChildren();
    this.asked(1);
    try {
      const update = await this.post('/chat/say', fields);
      if (update.refused && !update.items.some((each) => each.key === key)) {
        bubble.remove();
        if (!this.input.value) this.input.value = fields.get('text');
      }
      this.show(update);
    } catch (error) {
      this.unsent(bubble, fields, error);
      if (!this.under.childElementCount) this.under.replaceChildren(...below); // it stands as before
    } finally {
      this.asked(-1);
    }
  }

  // What was typed, at once; the server's own wording takes its place.
  mine(fields) {
    const said = element('<div class="said fresh" data-author="customer"><p class="bubble mine"><span class="sr"></span></p></div>');
    said.dataset.key = fields.get('key');
    said.querySelector('.sr').textContent = this.talk.dataset.you;
    said.querySelector('p').append(String(fields.get('text')));
    return said;
  }

  unsent(bubble, fields, error) {
    const button = element('<button type="button" class="link unsent"></button>');
    button.textContent = this.talk.dataset.unsent;
    button.fields = fields;
    bubble.after(button);
    this.trouble(error.message === 'stale' ? this.talk.dataset.stale : navigator.onLine ? this.talk.dataset.lost : '');
    this.toEnd();
  }

  // What came through need not be sent again.
  sent(bubble) {
    const button = bubble.nextElementSibling;
    if (button?.matches('.unsent')) button.remove();
  }

  again() {
    for (const button of this.log.querySelectorAll('.unsent')) this.say(button.fields);
  }

  async act(form, fields) {
    const button = form.querySelector('button:not([type=button])');
    if (button.disabled) return;
    button.disabled = true;
    try {
      this.show(await this.post(form.action, fields));
      this.focusUnder();
    } catch {
      this.trouble(this.talk.dataset.lost);
    } finally {
      button.disabled = false;
    }
  }

  post(address, fields) {
    fields.set('after', this.last);
    return this.ask(address, { method: 'POST', body: fields });
  }

  async ask(address, options = {}) {
    const answer = await fetch(address, { ...options, headers: { Accept: 'application/json' }, signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status === 204) return null;
    if (!(answer.headers.get('Content-Type') || '').includes('json')) throw new Error(answer.status === 400 ? 'stale' : 'lost');
    this.trouble('');
    return answer.json();
  }

  // ---- showing

  show(update) {
    if (!update) return;
    this.held = update.held;
    for (const item of update.items) this.last = Math.max(this.last, item.id);
    this.turn = this.turn.then(() => this.reveal(update)).then(() => this.plan());
  }

  // One message after the other, each after a moment, as somebody would write them.
  async reveal(update) {
    let shown = 0;
    for (const item of update.items) {
      const own = item.key && this.log.querySelector(`[data-key="${CSS.escape(item.key)}"]`);
      if (own) this.sent(own);
      if (this.log.querySelector(`[data-id="${item.id}"]`)) continue;
      const said = element(item.html);
      if (own) { this.stored(own, said); continue; }
      if (shown++ && item.author === 'assistant' && !calm.matches && !document.hidden) {
        this.asked(1);
        await wait(Math.min(900, 250 + item.html.length / 2));
        this.asked(-1);
      }
      if (this.ended) return;
      this.lower();
      said.classList.add('fresh');
      this.append(said);
      this.toEnd();
    }
    this.below(update);
    this.saw();
  }

  // One's own words are there already: put in anew, a screen reader would say them a second time.
  stored(own, said) {
    own.dataset.id = said.dataset.id;
    const stamp = said.querySelector('.stamp');
    if (stamp && !own.querySelector('.stamp')) own.prepend(stamp);
  }

  append(said) {
    const id = Number(said.dataset.id || Infinity);
    const later = [...this.log.querySelectorAll('[data-id]')].find((each) => Number(each.dataset.id) > id);
    if (later) later.before(said); else this.log.append(said);
    return said;
  }

  // The last card alone has a button that stands out.
  lower() {
    for (const button of this.log.querySelectorAll('.primary')) button.classList.remove('primary');
    for (const card of this.log.querySelectorAll('.card.lifted')) card.classList.remove('lifted');
  }

  below(update) {
    this.tag = update.tag;
    this.under.innerHTML = this.asking > 0 ? '' : update.under;
    for (const form of this.root.querySelectorAll('[data-person]')) form.hidden = this.held !== 'assistant';
    this.toEnd();
  }

  asked(more) {
    this.asking += more;
    const person = this.held !== 'assistant';
    this.typing.hidden = this.asking <= 0 || person;
    this.toEnd();
  }

  trouble(words) {
    const said = this.root.querySelector('[data-trouble]');
    said.textContent = words;
    said.hidden = !words;
  }

  offline(gone) {
    this.root.querySelector('[data-offline]').hidden = !gone;
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  // A phone keeps its keyboard down when a button was tapped.
  focus(form) {
    if (form === this.form || matchMedia('(pointer: fine)').matches) this.input.focus();
    else this.log.focus({ preventScroll: true });
  }

  async focusUnder() {
    await this.turn;
    const next = this.under.querySelector('input:not([type=hidden])');
    (next || this.log).focus({ preventScroll: true });
  }

  // ---- fetching

  // While a person is waited for, or speaks: often at first, and more rarely the longer it is quiet.
  plan() {
    clearTimeout(this.timer);
    if (this.held === 'assistant' || this.ended) return;
    this.timer = setTimeout(() => this.look(), document.hidden ? HIDDEN : this.pause);
  }

  async look() {
    clearTimeout(this.timer);
    if (this.ended) return;
    try {
      const query = new URLSearchParams({ after: this.last, tag: this.tag });
      const update = await this.ask(`${this.talk.dataset.state}?${query}`);
      this.pause = update?.items.length ? SOON : Math.min(LATER, this.pause * 1.3);
      this.show(update);
    } catch {
      this.pause = LATER;
    }
    this.plan();
  }

  // What others said has arrived; it is read while somebody looks.
  saw() {
    const upTo = this.newest('[data-id]:not([data-author=customer])');
    if (upTo <= this.read) return;
    const fields = new FormData();
    fields.set('csrf_token', this.form.elements.csrf_token.value);
    fields.set('up_to', upTo);
    if (!document.hidden) {
      fields.set('read', '1');
      this.read = upTo;
      document.querySelector('.nav .news')?.remove();
    }
    this.ask(this.talk.dataset.seen, { method: 'POST', body: fields }).catch(() => {});
  }

  clicked(event) {
    const unsent = event.target.closest('.unsent');
    if (unsent) this.say(unsent.fields);
    const older = event.target.closest('[data-older]');
    if (older) { event.preventDefault(); this.older(older); }
  }

  async older(link) {
    if (link.dataset.busy) return;
    link.dataset.busy = 'yes';
    try {
      const found = await this.ask(`${link.dataset.older}?before=${link.dataset.before}`);
      const height = this.scroller.scrollHeight;
      this.log.ariaLive = 'off'; // what was said long ago is no news
      this.log.prepend(...found.items.map((item) => element(item.html)));
      this.scroller.scrollTop += this.scroller.scrollHeight - height;
      if (found.more) link.dataset.before = found.items[0].id; else link.parentElement.remove();
      await wait(200);
      this.log.ariaLive = null;
    } catch {
      this.trouble(this.talk.dataset.lost);
    }
    delete link.dataset.busy;
  }
}

// ---- the panel beside another page

let panel = null;

export async function open(launcher, focus) {
  if (panel) { panel.talk.input.focus(); return; }
  const answer = await fetch(launcher.dataset.panel);
  if (!answer.ok) { location.assign(launcher.href); return; }
  const place = document.createElement('aside');
  place.className = 'talk-panel';
  place.setAttribute('aria-label', launcher.textContent.trim());
  place.innerHTML = await answer.text();
  document.body.append(place);
  launcher.setAttribute('aria-expanded', 'true');
  const scroller = place.querySelector('.talk');
  scroller.tabIndex = 0;
  const talk = new Talk(place, scroller);
  panel = { place, talk, launcher };
  place.querySelector('[data-close]').addEventListener('click', close);
  place.addEventListener('keydown', (event) => { if (event.key === 'Escape') close(); });
  sessionStorage.setItem('talk', 'open');
  if (focus) talk.input.focus();
}

function close() {
  panel.talk.end();
  panel.place.remove();
  panel.launcher.setAttribute('aria-expanded', 'false');
  panel.launcher.focus();
  panel = null;
  sessionStorage.removeItem('talk');
}

const page = document.querySelector('body.chatting main');
if (page) new Talk(page, document.scrollingElement);
