// The page of docs/start.md as it stands there, in a browser tab: what it names on other servers is answered from here.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { launch, shot } from './browser.mjs';

const PYODIDE = 'https://cdn.jsdelivr.net/pyodide/v314.0.7/full/';
const TYPES = { html: 'text/html', mjs: 'text/javascript', js: 'text/javascript', json: 'application/json', wasm: 'application/wasm' };
const text = readFileSync('docs/start.md', 'utf8');
const wheel = readdirSync('build/wheel').find((name) => name.endsWith('wasm32.whl'));
const numpy = process.env.WEFT_NUMPY_WHEEL;

let host;
before(async () => (host = await launch()));
after(() => host?.close());

test('the first page of the documentation', { skip: numpy ? false : 'WEFT_NUMPY_WHEEL names no wheel' }, async () => {
  const [, html] = /^```html\n(.*?)^```$/ms.exec(text);
  const [, wanted] = /The page shows `(.*?)`/.exec(text);
  assert.ok(html.includes(PYODIDE) && html.includes(`./${wheel}`), 'it names the versions there are');
  const page = await host.open();
  const folder = 'http://localhost/start';
  const files = {
    [`${folder}/`]: html.replace('"numpy"', JSON.stringify(`./${basename(numpy)}`)),
    [`${folder}/${wheel}`]: `build/wheel/${wheel}`,
    [`${folder}/${basename(numpy)}`]: numpy,
  };
  await page.route(/^https?:/, (route) => {
    const url = route.request().url();
    const body = url === `${folder}/` ? files[url] : null;
    const path = url.startsWith(PYODIDE) ? `node_modules/pyodide/${url.slice(PYODIDE.length)}` : files[url];
    if (!path) return route.fulfill({ status: 404 });
    const contentType = TYPES[body ? 'html' : path.split('.').at(-1)] ?? 'application/octet-stream';
    return route.fulfill({ body: body ?? readFileSync(path), contentType, headers: { 'access-control-allow-origin': '*' } });
  });
  await page.goto(`${folder}/`);
  await page.waitForFunction(() => document.querySelector('#out').textContent !== 'Loading …');
  assert.equal(await page.textContent('#out'), wanted);
  await shot(page, 'start');
});
