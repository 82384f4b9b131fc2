// Makes build/dist: the example pages as a folder that any web server can host, with the wheel.   (make dist)
//
//   *.html, *.css, *.py, icon.svg, kernels/           as they are in examples/loading
//   webgpu_compute.js, webgpu_worker.js, …            each with all it imports, npm's packages included
//   mistakes.json                                     what wgsl_mistakes.html shows: docs/wgsl-mistakes.md, section by section
//   weft-….whl, weft-lock.json                        weft's entry for Pyodide's lock file, so that `import weft` loads it
//   licences.txt                                      of the packages in the scripts
//
// Nothing in it names another origin but Pyodide's public distribution.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGES = join(ROOT, 'examples/loading');
const OUT = join(ROOT, 'build/dist');
const SCRIPTS = ['webgpu_compute.js', 'webgpu_worker.js', 'worker.js', 'wgsl_mistakes.js'];
const PLAIN = /\.(html|css|svg|py|wgsl)$/;

/** weft's entry in the form of Pyodide's lock file; file_name is relative to the folder. */
function lockEntry(wheel) {
  const [name, version] = basename(wheel).split('-');
  const sha256 = createHash('sha256').update(readFileSync(wheel)).digest('hex');
  const entry = { name, version, file_name: basename(wheel), install_dir: 'site', sha256, package_type: 'package' };
  return { packages: { [name]: { ...entry, imports: [name], depends: [], unvendored_tests: false } } };
}

/** The sections of docs/wgsl-mistakes.md, whose form tests/wgsl/run.py keeps: [{name, title, why, program, said, mended}]. */
function mistakes() {
  const [, ...sections] = readFileSync(join(ROOT, 'docs/wgsl-mistakes.md'), 'utf8').split(/^## /m);
  return sections.map((section) => {
    const [title, , ...lines] = section.split('\n');
    const why = lines.slice(0, lines.indexOf('')).join(' ');
    const [program, said, mended] = [...section.matchAll(/^```\w+\n(.*?)\n```$/gms)].map(([, text]) => text);
    return { name: title.toLowerCase().replaceAll(' ', '-'), title, why, program, said, mended };
  });
}

/** The licence of each package that went into the scripts. */
function licences({ inputs }) {
  const packages = new Set(Object.keys(inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []));
  const texts = [...packages].sort().map((name) => {
    const folder = join(ROOT, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json')));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), 'utf8') : ''}`;
  });
  return texts.join(`\n${'-'.repeat(78)}\n\n`);
}

const wheels = existsSync(join(ROOT, 'build/wheel')) ? readdirSync(join(ROOT, 'build/wheel')) : [];
const wheel = wheels.find((name) => /^weft-.*wasm32\.whl$/.test(name));
if (!wheel) throw new Error('build/wheel has no wheel for Pyodide: make wasm');
rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
cpSync(PAGES, OUT, { recursive: true, filter: (path) => !basename(path).includes('.') || PLAIN.test(path) });
cpSync(join(ROOT, 'build/wheel', wheel), join(OUT, wheel));
writeFileSync(join(OUT, 'weft-lock.json'), `${JSON.stringify(lockEntry(join(ROOT, 'build/wheel', wheel)), null, 2)}\n`);
writeFileSync(join(OUT, 'mistakes.json'), JSON.stringify(mistakes()));
const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: SCRIPTS.map((name) => join(PAGES, name)),
  outdir: OUT,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  metafile: true,
  logLevel: 'warning',
});
writeFileSync(join(OUT, 'licences.txt'), licences(metafile));
const bytes = readdirSync(OUT, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .reduce((sum, entry) => sum + readFileSync(join(entry.parentPath, entry.name)).length, 0);
process.stdout.write(`build/dist: ${(bytes / 1024).toFixed(0)} KiB\n`);
