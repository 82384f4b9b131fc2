// Where weft runs: the page webgpu_compute.html under each kind of security policy and with things missing. What was seen
// is the table of docs/where-it-runs.md; WEFT_UPDATE=1 writes it there, otherwise the two must agree.
import { after } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { csp, launch, shot, test } from './browser.mjs';
import { query } from '../../tools/serve.mjs';

const DOCUMENT = 'docs/where-it-runs.md';
const asked = (setting) => query(setting.gpu ? { device: 'web' } : {});
const frame = ({ frame: sandbox, ...setting }) => `<!doctype html><title>frame</title><iframe sandbox="${sandbox}" width="1200" height="800" src="webgpu_compute.html${asked(setting)}"></iframe>`;
const withoutJSPI = () => {
  delete WebAssembly.Suspending;
  delete WebAssembly.promising;
};
const withoutWebGPU = () => delete Navigator.prototype.gpu;

const SETTINGS = [
  { where: 'A secure page (https, or localhost)', gpu: true },
  { where: 'The same, cross-origin isolated (COOP `same-origin`, COEP `require-corp`)', gpu: true, launch: { headers: { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' } } },
  { where: 'A browser without JSPI', gpu: true, before: withoutJSPI },
  { where: "Content-Security-Policy, `script-src 'self' 'unsafe-eval'`", gpu: true, launch: { headers: csp("'unsafe-eval'") } },
  { where: "Content-Security-Policy, `script-src 'self' 'wasm-unsafe-eval'`", gpu: false, launch: { headers: csp("'wasm-unsafe-eval'") } },
  { where: "Content-Security-Policy, `script-src 'self'`", gpu: false, launch: { headers: csp('') } },
  { where: 'A frame with `sandbox="allow-scripts allow-same-origin"`', gpu: true, frame: 'allow-scripts allow-same-origin' },
  { where: 'A frame with `sandbox="allow-scripts"`, served with `Access-Control-Allow-Origin`', gpu: true, frame: 'allow-scripts', launch: { headers: { 'access-control-allow-origin': '*' } } },
  { where: 'A page that came over http from another machine', gpu: false, launch: { flags: ['--host-resolver-rules=MAP weft.test 127.0.0.1'] }, host: 'weft.test' },
  { where: 'A browser without WebGPU', gpu: false, before: withoutWebGPU },
  { where: 'A browser with WebGPU that offers no adapter', gpu: false, launch: { gpu: false } },
];

/** What the page came to: {outcome, says}. */
async function look(setting) {
  const take = (path, response, head) => path === '/frame.html' && response.writeHead(200, head).end(frame(setting));
  const host = await launch({ ...setting.launch, take });
  try {
    const page = await host.open();
    if (setting.before) await page.addInitScript(setting.before);
    const address = setting.frame ? host.address('frame.html', '') : host.address('webgpu_compute.html', asked(setting));
    await page.goto(address.replace('localhost', setting.host ?? 'localhost'));
    const content = setting.frame ? page.frameLocator('iframe') : page;
    const done = content.locator('body[data-ready], #obstacle:not([hidden])').first();
    await done.waitFor({ state: 'attached' });
    await shot(page, `where-${SETTINGS.indexOf(setting) + 1}`);
    if (await content.locator('body[data-ready]').count()) {
      assert.match(await content.locator('#verdict').textContent(), /elements agree/);
      const without = content.locator('#without:not([hidden])');
      return (await without.count()) ? { outcome: 'CPU', says: await without.textContent() } : { outcome: 'GPU', says: '' };
    }
    const [title, text] = await Promise.all(['#obstacle-title', '#obstacle-text'].map((id) => content.locator(id).textContent()));
    if (title === 'Loading failed') return { outcome: 'not loaded', says: text };
    return { outcome: 'none', says: title === 'No device can be opened' ? text : title };
  } finally {
    await host.close();
  }
}

const WORDS = {
  GPU: ['works', 'the GPU'],
  CPU: ['works', 'the CPU'],
  none: ['works', 'none'],
  'not loaded': ['Pyodide does not load', ''],
};
const rows = [];

for (const setting of SETTINGS) {
  test(setting.where, async () => {
    const { outcome, says } = await look(setting).catch((error) => {
      // Of hundreds of browsers one lost a page's process while loading. What it loads is JavaScript and WebAssembly, which
      // cannot end a process by themselves, so that is Chromium's, and it is asked once more.
      if (!/(Page|Target) crashed/.test(error.message)) throw error;
      console.log(`${setting.where}: the page's process died (${error.message.split('\n')[0]}); once more`);
      return look(setting);
    });
    rows.push(`| ${[setting.where, ...WORDS[outcome], says.split('\n')[0].replaceAll('|', '\\|')].join(' | ')} |`);
    assert.equal(outcome === 'GPU', setting.gpu, says);
  });
}

after(() => {
  if (rows.length < SETTINGS.length) return; // some were chosen by name
  const document = readFileSync(DOCUMENT, 'utf8');
  const head = '| Where | `import weft` | `weft.device()` | What the page says |\n| --- | --- | --- | --- |\n';
  const table = `${head}${rows.join('\n')}\n`;
  const [start, end] = ['<!-- the table -->\n', '<!-- end of the table -->'];
  const written = document.slice(0, document.indexOf(start) + start.length) + table + document.slice(document.indexOf(end));
  if (process.env.WEFT_UPDATE) writeFileSync(DOCUMENT, written);
  else assert.equal(document, written, `${DOCUMENT} is not what was seen: WEFT_UPDATE=1 writes it`);
});
