// The meter's number from its barcode, and whether it is a meter of this account. It can always be typed.

const WANTED = ['code_128', 'code_39', 'qr_code', 'data_matrix'];

const button = document.querySelector('[data-scan]');
const input = document.querySelector(button.dataset.scan);
const view = document.querySelector('[data-scan-view]');
const video = view.querySelector('video');
const sure = document.querySelector('[data-meter-sure]');
const verdicts = document.querySelectorAll('[data-meter-says]');
const meters = input.dataset.meters.split(' ').filter(Boolean);
let stop = null;

const plain = (text) => text.normalize('NFKC').replace(/[\s-]/g, '').toUpperCase();

function judge() {
  const typed = plain(input.value);
  const says = !typed || !meters.length ? '' : meters.map(plain).includes(typed) ? 'same' : 'other';
  for (const each of verdicts) each.hidden = each.dataset.meterSays !== says;
  if (sure) sure.hidden = says !== 'other';
}
input.addEventListener('input', judge);
judge();

// The browser's own reader where there is one, else a library that is fetched when it is first needed.
async function reader() {
  if ('BarcodeDetector' in self && (await BarcodeDetector.getSupportedFormats()).includes(WANTED[0])) {
    const own = new BarcodeDetector({ formats: WANTED });
    return async () => (await own.detect(video))[0]?.rawValue;
  }
  if (!self.ZXing) {
    await new Promise((done, fail) => {
      document.head.append(Object.assign(document.createElement('script'), { src: button.dataset.library, onload: done, onerror: fail }));
    });
  }
  return readByLibrary();
}

function readByLibrary() {
  const { BarcodeFormat, BinaryBitmap, DecodeHintType, HybridBinarizer, MultiFormatReader, RGBLuminanceSource } = self.ZXing;
  const formats = WANTED.map((name) => BarcodeFormat[name.toUpperCase()]);
  const hints = new Map([[DecodeHintType.POSSIBLE_FORMATS, formats], [DecodeHintType.TRY_HARDER, true]]);
  const library = new MultiFormatReader();
  library.setHints(hints);
  const canvas = document.createElement('canvas');
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  return async () => {
    const [width, height] = [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    if (!width) return undefined;
    pen.drawImage(video, 0, 0);
    const { data } = pen.getImageData(0, 0, width, height);
    const grey = new Uint8ClampedArray(width * height);
    for (let at = 0; at < grey.length; at += 1) grey[at] = (data[at * 4] + 2 * data[at * 4 + 1] + data[at * 4 + 2]) / 4;
    try {
      return library.decodeWithState(new BinaryBitmap(new HybridBinarizer(new RGBLuminanceSource(grey, width, height)))).getText();
    } catch {
      return undefined; // nothing to read in this picture; the next may be sharper
    }
  };
}

async function scan() {
  const camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: 1280 } } });
  let going = true;
  stop = () => {
    going = false;
    for (const track of camera.getTracks()) track.stop();
    view.hidden = true;
    button.focus();
  };
  view.hidden = false;
  video.srcObject = camera;
  await video.play();
  view.scrollIntoView({ block: 'center' });
  const read = await reader();
  while (going) {
    const found = await read();
    if (found && going) {
      input.value = plain(found);
      input.dispatchEvent(new Event('input', { bubbles: true }));
      navigator.vibrate?.(60);
      stop();
      input.focus();
      return;
    }
    await new Promise((next) => { setTimeout(next, 120); });
  }
}

button.hidden = !navigator.mediaDevices?.getUserMedia;
button.addEventListener('click', () => {
  document.querySelector('[data-scan-failed]').hidden = true;
  scan().catch(() => {
    if (stop) stop();
    document.querySelector('[data-scan-failed]').hidden = false;
  });
});
view.querySelector('button').addEventListener('click', () => stop?.());
