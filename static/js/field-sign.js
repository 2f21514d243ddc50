// A signature with a finger, a pen or a mouse. Whoever cannot or will not sign has the name beside it.

for (const canvas of document.querySelectorAll('canvas[data-sign]')) {
  canvas.closest('[hidden]').hidden = false;
  const pen = canvas.getContext('2d');
  const clear = () => {
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, canvas.width, canvas.height);
    delete canvas.dataset.signed;
  };
  clear();
  Object.assign(pen, { lineWidth: 4, lineCap: 'round', lineJoin: 'round', strokeStyle: '#14213d' });
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...at(event));
    pen.lineTo(...at(event));
    pen.stroke();
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    pen.lineTo(...at(event));
    pen.stroke();
    canvas.dataset.signed = 'yes';
  });
  document.querySelector('[data-sign-clear]').addEventListener('click', clear);
}
