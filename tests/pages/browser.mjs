// What the files of the ring `pages` share: a server, Chromium, a page that is held to have no errors, screenshots.
import { mkdirSync } from 'node:fs';
import { after, before, test as plainTest } from 'node:test';
import { chromium } from 'playwright-core';
import { query, serve } from '../../tools/serve.mjs';

const FLAGS = ['--headless=new', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
// SwiftShader, with the flags that keep a canvas's first frame from killing the GPU process
const SOFTWARE = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan', '--use-vulkan=swiftshader', '--use-angle=swiftshader'];
const DISTRIBUTION = 'https://cdn.jsdelivr.net/pyodide/v314.0.7/full/pyodide-lock.json';
const POLICY = "default-src 'none'; connect-src 'self'; img-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self'; script-src 'self'";
const SHOTS = 'build/pages';
mkdirSync(SHOTS, { recursive: true });

export const shot = (page, name, options = {}) => page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true, ...options });

/** Why the pages cannot be loaded here, or false: without a wheel of NumPy's they need Pyodide's distribution. */
export const skipped =
  !process.env.WEFT_NUMPY_WHEEL &&
  (await fetch(DISTRIBUTION, { method: 'HEAD', signal: AbortSignal.timeout(10_000) }).then(
    () => false,
    () => 'the pages need NumPy: WEFT_NUMPY_WHEEL names no wheel, and Pyodide’s distribution does not answer',
  ));

export const test = (name, run) => plainTest(name, { skip: skipped }, run);

/** Headers with a strict Content-Security-Policy; `more` is what scripts are allowed beyond those of the server. */
export const csp = (more) => ({ 'content-security-policy': `${POLICY} ${more}` });

/** Before and after all tests of a file, where they are not skipped. */
export const around = (open, close) => {
  if (skipped) return;
  before(open);
  after(close);
};

/** Chromium and a server; with `gpu` the pages are told to take its software adapter, which ranks below the CPU; `flags` for Chromium, `headers` for every answer of the server. */
export async function launch({ gpu = true, flags = [], ...options } = {}) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: [...FLAGS, ...(gpu ? SOFTWARE : ['--disable-features=WebGPU']), ...flags],
  });
  const server = await serve(options);
  const origin = `http://localhost:${server.address().port}`;
  return {
    browser,
    origin,
    address: (name, end = query(gpu && { device: 'web' })) => `${origin}/${name}${end}`,
    /** A page whose complaints are kept in page.complaints. */
    async open(url, options = {}) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
      page.complaints = [];
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) page.complaints.push(`${message.text()} ${message.location().url}`);
      });
      page.on('pageerror', (error) => page.complaints.push(String(error.stack || error)));
      page.setDefaultTimeout(90_000);
      if (url) await page.goto(url);
      return page;
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}
