// Counts what a wording becomes with its samples, while it is typed; without this the server does.
const SIGNATURE = 4;
const form = document.querySelector('form[data-samples]');
const samples = form ? JSON.parse(form.dataset.samples) : {};
const filled = (text) => text.replace(/\{(\w+)\}/g, (whole, name) => samples[name] ?? whole);
const pieces = (length) => (length <= 70 ? 1 : Math.ceil(length / 67));

for (const line of form ? form.querySelectorAll('[data-count]') : []) {
  const box = document.getElementById(line.dataset.count);
  const count = () => {
    const length = [...filled(box.value.trim())].length;
    const words = line.dataset.words.replace('{n}', length).replace('{most}', line.dataset.most);
    const told = line.dataset.segments?.replace('{n}', pieces(length + SIGNATURE));
    line.textContent = told ? `${words} · ${told}` : words;
  };
  box.addEventListener('input', count);
}
