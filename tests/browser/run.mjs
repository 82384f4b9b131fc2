// The ring `browser`: Pyodide in Chromium.   run.mjs JOB.json
// Pages come from a server on the loopback interface without COOP/COEP headers, as most pages on the web do. Without
// `gpu` in the job WebGPU is hidden, and the page is a strict one: nothing is made code by eval.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { chromium } from 'playwright-core';

const job = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const root = process.cwd();
const PAGE = '<!doctype html><meta charset="utf-8"><title>weft</title><script type="module" src="/tests/browser/page.mjs"></script>';
const TYPES = { '.mjs': 'text/javascript', '.js': 'text/javascript', '.json': 'application/json', '.wasm': 'application/wasm' };
const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
// SwiftShader, with the two flags that keep a canvas's first frame from killing the GPU process
const SOFTWARE = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
  '--use-angle=swiftshader',
];

const STRICT = job.gpu ? {} : { 'content-security-policy': "script-src 'self' 'wasm-unsafe-eval'" };

// Files that a page may read: the job's own, the tests, and Pyodide.
const named = new Map([...job.archives.map(([name]) => name), ...job.wheels].map((name, i) => [`/file/${i}`, name]));
function answer(request, response) {
  const path = new URL(request.url, 'http://localhost').pathname;
  const open = path.startsWith('/node_modules/pyodide/') || path.startsWith('/tests/');
  const file = named.get(path) ?? (open ? join(root, normalize(path)) : null);
  try {
    const body = path === '/' ? PAGE : readFileSync(file);
    response.writeHead(200, { ...STRICT, 'content-type': path === '/' ? 'text/html' : (TYPES[extname(path)] ?? 'application/octet-stream') });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}

const server = createServer(answer);
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: [...FLAGS, ...(job.gpu ? SOFTWARE : ['--disable-features=WebGPU'])],
});
let status;
try {
  const page = await browser.newPage();
  const ended = new Promise((done) => {
    browser.on('disconnected', () => done({ status: 1, text: 'Chromium was ended' }));
    page.on('crash', () => done({ status: 1, text: 'the page crashed' }));
    page.on('pageerror', (error) => done({ status: 1, text: String(error.stack ?? error).slice(0, 4000) }));
    page.exposeFunction('weftPrint', (line) => void process.stdout.write(`${line}\n`));
    page.exposeFunction('weftEnd', (code, text) => done({ status: code, text }));
  });
  const files = Object.fromEntries([...named].map(([path, name]) => [name, path]));
  await page.exposeFunction('weftJob', () => ({ job, files }));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const result = await ended;
  if (result.text) process.stdout.write(`${result.text}\n`);
  status = result.status;
} finally {
  await browser.close();
  server.close();
}
process.exit(status);
