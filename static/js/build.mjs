// Puts the third-party assets that the portal uses into static/vendor, as they come.
import { copyFile, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { dirname, join } from 'node:path';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const font = '@expo-google-fonts/noto-sans-sc';
const copies = [
  ['htmx.org/dist/htmx.min.js', 'htmx.min.js'],
  ['@zxing/library/umd/index.min.js', 'zxing.min.js'],
  [`${font}/400Regular/NotoSansSC_400Regular.ttf`, 'NotoSansSC-Regular.ttf'],
  [`${font}/600SemiBold/NotoSansSC_600SemiBold.ttf`, 'NotoSansSC-SemiBold.ttf'],
  [`${font}/LICENSE_FONT`, 'NotoSansSC-LICENSE'],
];

await mkdir(join(root, 'static/vendor'), { recursive: true });
await Promise.all(
  copies.map(([from, to]) => copyFile(join(root, 'node_modules', from), join(root, 'static/vendor', to))),
);
