// The desk's talks: without this they work by pressing buttons and reloading.

const thread = document.querySelector('#thread');
const toEnd = () => { if (thread) thread.scrollTop = thread.scrollHeight; };
toEnd();

// What lies behind other windows has arrived, and nobody has read it.
document.addEventListener('htmx:configRequest', (event) => {
  event.detail.parameters.visible = document.hidden ? 'no' : 'yes';
});

// New words are followed, unless somebody is reading further up.
let following = true;
document.addEventListener('htmx:beforeSwap', () => {
  following = !thread || thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80;
});
document.addEventListener('htmx:afterSettle', () => { if (following) toEnd(); });

// A ready reply goes where the cursor stands, to be changed before it is sent.
for (const button of document.querySelectorAll('[data-insert]')) {
  button.addEventListener('click', (event) => {
    event.preventDefault();
    const box = document.querySelector(button.dataset.insert);
    box.setRangeText(button.dataset.words, box.selectionStart, box.selectionEnd, 'end');
    button.closest('details').open = false;
    box.focus();
  });
}

for (const box of document.querySelectorAll('[data-send]')) {
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    box.form.requestSubmit(box.form.querySelector('button'));
  });
}
