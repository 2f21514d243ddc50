// Reads a page aloud where the browser can; elsewhere the button stays hidden.
const voice = window.speechSynthesis;

for (const button of voice ? document.querySelectorAll('[data-read]') : []) {
  const word = button.querySelector('span');
  const begin = word.textContent;
  const stop = () => { voice.cancel(); word.textContent = begin; };
  button.hidden = false;
  button.addEventListener('click', () => {
    if (word.textContent !== begin) { stop(); return; }
    const said = new SpeechSynthesisUtterance(button.dataset.read);
    said.lang = document.documentElement.lang;
    said.rate = 0.85;
    said.onend = said.onerror = stop;
    word.textContent = button.dataset.stop;
    voice.cancel();
    voice.speak(said);
  });
  addEventListener('pagehide', stop);
}
