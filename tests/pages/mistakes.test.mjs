// The page wgsl_mistakes.html: every mistake with its message and its mended form, and what is written in the editor.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { around, csp, launch, shot, test } from './browser.mjs';
import { isHidden, looks, namelessControls } from './look.mjs';

const docs = readFileSync('docs/wgsl-mistakes.md', 'utf8').split(/^## /m).slice(1);
const blockOf = (section, n) => [...section.matchAll(/^```\w+\n(.*?)\n```$/gms)][n][1];

let host;
let page;

const ready = (which) => which.waitForSelector('body[data-ready]', { state: 'attached' });
/** What weft says as the page shows it, without the signs that the page's style draws. */
const said = async (which = page) => (await which.textContent('#said')).replace(/\s+/g, ' ').trim();
const asShown = (text) => text.replace(/^ *= /gm, '').replace(/\s+/g, '');
const squeezed = async (which) => (await said(which)).replace(/\s+/g, '');
const choose = async (title) => {
  await page.getByRole('link', { name: title, exact: true }).click();
  await page.waitForFunction((text) => document.querySelector('#title').textContent === text, title);
};
const write = async (text) => {
  await page.getByRole('textbox', { name: 'WGSL, with the mistake' }).click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
};
const editorText = () => page.locator('#wgsl .cm-line').allTextContents().then((lines) => lines.join('\n'));

around(async () => {
  host = await launch();
  page = await host.open(host.address('wgsl_mistakes.html'));
  await ready(page);
}, () => host?.close());

test('twenty mistakes; the first is there, with its message, its place and its mended form', async () => {
  assert.equal(await page.locator('#list a').count(), 20);
  assert.equal(docs.length, 20);
  assert.equal(await page.textContent('#title'), 'Numbers of two types');
  assert.match(await said(), /^error: no operator .* 5:13 .*\^{10}.*write 'f32/);
  assert.equal(await page.locator('#wgsl .cm-lintRange-error').textContent(), 'id.x * 2.5');
  assert.equal(await page.locator('#mended').evaluate((node) => node.open), false);
  await shot(page, 'mistakes');
});

test('each one says what the documentation has; its mended form is accepted, and its changed lines stand out', async () => {
  for (const section of docs) {
    const title = section.split('\n')[0];
    await choose(title);
    assert.equal(await squeezed(), asShown(blockOf(section, 1)), title);
    assert.ok((await page.locator('#wgsl .cm-lintRange-error').count()) > 0, `${title}: no mark in the editor`);
    await page.getByText('Show how it is mended').click();
    assert.ok((await page.locator('#form .cm-marked').count()) > 0, `${title}: nothing stands out`);
    if (title === 'A barrier that some do not reach') await shot(page, 'mistakes-mended');
    await page.getByRole('button', { name: 'Put it into the editor' }).click();
    assert.equal(await said(), 'Accepted. There is nothing to say.', title);
    assert.equal(await page.locator('#wgsl .cm-lintRange-error').count(), 0);
    await page.getByRole('button', { name: 'Undo my changes' }).click();
  }
});

test('what is written is checked, stays while another mistake is looked at, and can be undone', async () => {
  await choose('A let that changes');
  await write('fn f() -> i32 { return sine(1.0); }');
  assert.match(await said(), /unknown identifier 'sine'.*did you mean 'sin'/);
  assert.equal(await page.locator('#wgsl .cm-lintRange-error').textContent(), 'sine');
  await write('fn f(');
  assert.match(await said(), /^error: .*\[syntax\]/);
  await write('');
  assert.match(await said(), /^Accepted/);
  await write('// mine');
  await choose('Printing');
  await choose('A let that changes');
  assert.equal(await editorText(), '// mine');
  await page.getByRole('button', { name: 'Undo my changes' }).click();
  assert.match(await editorText(), /let total/);
  assert.equal(await isHidden(page, '#reset'), true);
});

test('the address names the mistake, and an unknown one leads to the first', async () => {
  const url = host.address('wgsl_mistakes.html');
  await choose('Counting together');
  assert.equal(new URL(page.url()).hash, '#counting-together');
  const other = await host.open(`${url}#the-length-of-an-array`);
  await other.waitForSelector('#title:not(:empty)');
  assert.equal(await other.textContent('#title'), 'The length of an array');
  assert.match(await other.title(), /^The length of an array/);
  await other.goto(`${url}#nothing-of-the-kind`);
  await other.waitForFunction(() => document.querySelector('#title').textContent === 'Numbers of two types');
  await other.close();
});

test('on a phone the list is a menu with two buttons', async () => {
  const phone = await host.open(host.address('wgsl_mistakes.html'), { viewport: { width: 390, height: 844 } });
  await ready(phone);
  assert.equal(await phone.getByRole('button', { name: 'Back' }).isDisabled(), true);
  await phone.getByRole('button', { name: 'Next' }).click();
  await phone.waitForFunction(() => document.querySelector('#title').textContent === 'All of an index');
  await phone.getByLabel('Mistake', { exact: true }).selectOption({ label: '20. Printing' });
  await phone.waitForFunction(() => document.querySelector('#title').textContent === 'Printing');
  assert.equal(await phone.getByRole('button', { name: 'Next' }).isDisabled(), true);
  await phone.close();
});

test('nothing is wider than the screen; contrast holds in light and dark, a mended form open', async () => {
  await choose('A barrier that some do not reach');
  await page.getByText('Show how it is mended').click();
  await looks(page, 'mistakes');
});

test('everything to be pressed or filled has a name', async () => assert.deepEqual(await namelessControls(page), []));

test('no errors in the console', () => assert.deepEqual(page.complaints, []));

test('before the checker is there, and when it never comes, the mistakes can be read', async () => {
  const other = await launch({ gpu: false, take: (path) => path === '/pyodide/pyodide.mjs' }); // never answered
  try {
    const bare = await other.open(other.address('wgsl_mistakes.html'));
    await bare.waitForSelector('#title:not(:empty)');
    assert.equal(await bare.textContent('#checker'), 'Loading the checker');
    assert.equal(await squeezed(bare), asShown(blockOf(docs[0], 1)));
    await bare.getByRole('textbox', { name: 'WGSL, with the mistake' }).click();
    await bare.keyboard.insertText('x');
    assert.equal(await said(bare), 'The checker is not there yet.');
    await bare.goto(other.address('wgsl_mistakes.html', '?pyodide=/nowhere/'));
    await bare.waitForFunction(() => /No checker/.test(document.querySelector('#checker').textContent));
    assert.match(await bare.locator('#checker').getAttribute('title'), /nowhere/);
    assert.equal(await squeezed(bare), asShown(blockOf(docs[0], 1)));
  } finally {
    await other.close();
  }
});

test('without the texts it says so', async () => {
  const take = (path, response) => path === '/mistakes.json' && response.writeHead(404).end();
  const other = await launch({ gpu: false, take });
  try {
    const bare = await other.open(other.address('wgsl_mistakes.html'));
    await bare.waitForSelector('#obstacle:not([hidden])');
    assert.match(await bare.textContent('#obstacle'), /mistakes\.json: the server answers 404/);
  } finally {
    await other.close();
  }
});

test('under a strict Content-Security-Policy it works, and where WebAssembly is forbidden it can be read', async () => {
  for (const [more, state] of [["'wasm-unsafe-eval'", /^Checked while/], ['', /^No checker/]]) {
    const other = await launch({ gpu: false, headers: csp(more) });
    try {
      const strict = await other.open(other.address('wgsl_mistakes.html'));
      await ready(strict);
      assert.match(await strict.textContent('#checker'), state);
      assert.equal(await squeezed(strict), asShown(blockOf(docs[0], 1)));
      const known = more ? /weft|unsafe-eval/ : /WebAssembly/; // Pyodide tells that the driver for WebGPU did not load
      assert.deepEqual(strict.complaints.filter((text) => !known.test(text)), []);
      await shot(strict, `mistakes-policy${more ? '' : '-without-wasm'}`);
    } finally {
      await other.close();
    }
  }
});
