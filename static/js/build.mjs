// Puts the third-party assets that pages use where the portal serves them from: static/vendor
// holds files as they come, static/built what esbuild has made of our entries.
import { copyFile, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const packages = join(root, 'node_modules');
const font = '@expo-google-fonts/noto-sans-sc';
const copies = [
  ['htmx.org/dist/htmx.min.js', 'htmx.min.js'],
  [`${font}/400Regular/NotoSansSC_400Regular.ttf`, 'NotoSansSC-Regular.ttf'],
  [`${font}/600SemiBold/NotoSansSC_600SemiBold.ttf`, 'NotoSansSC-SemiBold.ttf'],
  [`${font}/LICENSE_FONT`, 'NotoSansSC-LICENSE'],
];

await mkdir(join(root, 'static/vendor'), { recursive: true });
await Promise.all(copies.map(([from, to]) => copyFile(join(packages, from), join(root, 'static/vendor', to))));
await build({
  entryPoints: [join(root, 'static/js/charts-entry.js')],
  outfile: join(root, 'static/built/charts.js'),
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2020',
  legalComments: 'linked',
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warning',
});
