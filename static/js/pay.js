// The figure above the bills follows the boxes. Without a script the next page says the sum.
for (const form of document.querySelectorAll('form[data-total]')) {
  const sum = form.querySelector('[data-sum]');
  const boxes = [...form.querySelectorAll('[data-fen]')];
  const button = form.querySelector('.primary');
  const show = () => {
    const fen = boxes.filter((box) => box.checked).reduce((all, box) => all + Number(box.dataset.fen), 0);
    if (sum) sum.textContent = (fen / 100).toLocaleString('en', { minimumFractionDigits: 2 });
    if (button) button.disabled = fen === 0;
  };
  form.addEventListener('change', show);
  addEventListener('pageshow', show);
}
