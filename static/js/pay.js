// The sums follow the boxes. Without a script the next page says the sum, and "all" and "none" are addresses.
const yuan = (fen) => (fen / 100).toLocaleString('en', { minimumFractionDigits: 2 });

for (const form of document.querySelectorAll('form[data-total]')) {
  const boxes = [...form.querySelectorAll('[data-fen]')];
  const figure = form.querySelector('.figure');
  const tally = form.querySelector('[data-tally]');
  const button = form.querySelector('.primary');
  const show = () => {
    const chosen = boxes.filter((box) => box.checked);
    const fen = chosen.reduce((all, box) => all + Number(box.dataset.fen), 0);
    if (figure) figure.lastChild.data = yuan(fen);
    if (tally) {
      tally.hidden = false;
      tally.textContent = tally.dataset.tally.replace('{count}', chosen.length).replace('{sum}', `¥${yuan(fen)}`);
    }
    if (button) button.disabled = chosen.length === 0;
  };
  for (const link of form.querySelectorAll('[data-pick]')) {
    link.addEventListener('click', (event) => {
      event.preventDefault();
      for (const box of boxes) box.checked = !box.disabled && link.dataset.pick === 'all';
      show();
    });
  }
  form.addEventListener('change', show);
  addEventListener('pageshow', show);
}
