// The page webgpu_compute.html, used as a person would. Screenshots lie in build/pages.
import assert from 'node:assert/strict';
import { around, launch, shot, test } from './browser.mjs';
import { query } from '../../tools/serve.mjs';
import { coloursOf, isHidden, looks, namelessControls } from './look.mjs';

let host;
let page;

const idle = () => page.waitForFunction(() => !document.querySelector('#run').disabled && document.querySelector('#status'));
const finished = async () => {
  await idle();
  return page.textContent('#status');
};
const choose = async (title) => {
  await page.evaluate(() => (document.querySelector('#status').textContent = ''));
  const again = await page.getByRole('radio', { name: title }).isChecked();
  if (again) await page.getByRole('button', { name: 'Undo my changes' }).click();
  else await page.getByText(title, { exact: true }).click();
  await page.waitForFunction((word) => document.querySelector('#status').textContent.startsWith(`${word} ran`), title);
  await idle();
};
/** Replaces text in an editor by typing, as a person would: everything is selected and written anew. */
const write = async (label, change) => {
  const editor = page.getByRole('textbox', { name: label });
  const which = label === 'WGSL kernel' ? 'wgsl' : 'python';
  const text = await page.evaluate((name) => globalThis.weftPage.editors[name].text, which);
  await editor.click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(change(text));
};
const run = async () => {
  await page.getByRole('button', { name: 'Run' }).click();
  return finished();
};
const hidden = (selector) => isHidden(page, selector);
const colours = () => coloursOf(page);

around(async () => {
  host = await launch();
  page = await host.open(host.address('webgpu_compute.html'));
  await page.waitForSelector('body[data-ready]', { state: 'attached' });
}, () => host?.close());

test('it loads, names the adapter and runs the first kernel', async () => {
  assert.match(await page.textContent('#device'), /swiftshader/i);
  assert.equal(await finished(), 'Saxpy ran on 1,048,576 elements.');
  assert.match(await page.textContent('#verdict'), /All elements agree/);
  assert.match(await page.textContent('#head'), /\[1\. 1\. 1\. \.\.\. 3\. 3\. 3\.\]/);
  assert.equal(await hidden('#picture'), true);
  await shot(page, 'saxpy');
});

test('each kernel agrees with NumPy and shows its picture', async () => {
  for (const title of ['Mandelbrot', 'N-body', 'Heat']) {
    await choose(title);
    assert.equal(await hidden('#mistake'), true, await page.textContent('#mistake-text'));
    const agree = /(All|9[89]\.\d+ % of the) elements agree/;
    assert.match(await page.textContent('#verdict'), agree, title);
    assert.equal(await hidden('#picture'), false);
    assert.ok((await colours()) > 4, `${title} shows ${await colours()} colours`);
    await shot(page, title.toLowerCase());
  }
});

test('the live picture moves and stops', async () => {
  await choose('Heat');
  const first = await page.locator('#canvas').screenshot();
  await page.getByRole('button', { name: 'Play' }).click();
  await page.waitForFunction(() => /frames a second/.test(document.querySelector('#rate').textContent));
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Play' }).waitFor();
  const later = await page.locator('#canvas').screenshot();
  assert.ok(!first.equals(later), 'the picture is the same after playing');
});

test('showing reads nothing', async () => {
  const read = () => page.evaluate(() => globalThis.weftPage.call('stats', 'read_bytes'));
  await choose('Heat');
  const before = await read();
  await page.evaluate(() => globalThis.weftPage.call('frame', document.querySelector('#canvas')));
  assert.equal(await read(), before);
});

test('another size runs at once, and all sizes make a chart', async () => {
  await choose('Saxpy');
  await page.getByLabel('Size', { exact: true }).selectOption('4096');
  await page.waitForFunction(() => document.querySelector('#status').textContent.includes('4,096'));
  await idle();
  await page.getByRole('button', { name: 'Compare all sizes' }).click();
  await page.waitForFunction(() => document.querySelector('#status').textContent.includes('6 sizes'));
  assert.equal(await page.locator('#chart .dot.numpy').count(), 6);
  assert.match(await page.textContent('#pays'), /^On this machine/);
  await shot(page, 'chart');
});

test('broken WGSL: line and caret in the page, a mark in the editor; mended, it runs', async () => {
  await choose('Saxpy');
  await write('WGSL kernel', (text) => text.replace('p.a * x', 'p.b * x'));
  await run();
  assert.equal(await hidden('#mistake'), false);
  assert.match(await page.textContent('#mistake-title'), /WGSL/);
  const message = await page.textContent('#mistake-text');
  assert.match(message, /\b10\b/);
  assert.match(message, /\^/);
  assert.equal(await page.locator('#wgsl .cm-lintRange-error').count(), 1);
  await shot(page, 'shader-error');
  await write('WGSL kernel', (text) => text.replace('p.b * x', 'p.a * x'));
  await page.keyboard.press('Control+Enter');
  await page.waitForFunction(() => document.querySelector('#mistake').hidden);
  assert.match(await finished(), /^Saxpy ran/, await page.textContent('#mistake-text'));
  assert.equal(await page.locator('.cm-lintRange-error').count(), 0);
});

test('a Python mistake shows its line', async () => {
  await choose('Saxpy');
  await write('Python program', (text) => text.replace('return weft.asarray(x), weft', 'return weft.asarray(xx), weft'));
  await run();
  assert.match(await page.textContent('#mistake-text'), /line 12[^]*NameError: name 'xx'/);
  assert.equal(await page.locator('#python .cm-lint-marker-error').count(), 1);
  await write('Python program', () => 'def f(:\n    pass\n');
  await run();
  assert.match(await page.textContent('#mistake-text'), /SyntaxError/);
  await shot(page, 'python-error');
  await page.getByRole('button', { name: 'Undo my changes' }).click();
  await page.waitForFunction(() => document.querySelector('#mistake').hidden);
  assert.match(await finished(), /^Saxpy ran/);
});

test('changes stay while another kernel is looked at', async () => {
  await write('WGSL kernel', (text) => `// mine\n${text}`);
  await choose('Heat');
  await choose('Saxpy');
  assert.match(await page.evaluate(() => globalThis.weftPage.editors.wgsl.text), /^\/\/ mine/);
});

test('a device that is lost is named and replaced', async () => {
  await choose('Heat');
  await page.evaluate(() => globalThis.weftPage.call('lose'));
  await page.getByRole('button', { name: 'Play' }).click();
  await page.waitForFunction(() => !document.querySelector('#mistake').hidden);
  assert.match(await page.textContent('#mistake-title'), /device was lost/);
  await page.waitForFunction(() => /new device is open/.test(document.querySelector('#status').textContent));
  await shot(page, 'lost');
  await run();
  assert.equal(await hidden('#mistake'), true);
  assert.ok((await colours()) > 20);
});

test('it works by keyboard alone', async () => {
  await page.locator('input[value=heat]').focus();
  await page.keyboard.press('ArrowLeft');
  await page.waitForFunction(() => document.querySelector('#status').textContent.startsWith('N-body ran'));
  await idle();
  for (const name of ['size', 'run', 'sizes', 'reset']) {
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), name);
  }
  await page.keyboard.press('Tab');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab'); // Escape, Tab leaves an editor, whose Tab indents
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'WGSL kernel');
});

test('on a phone nothing is wider than the screen; contrast holds in light and dark', () => looks(page, 'compute'));

test('everything to be pressed or filled has a name', async () => assert.deepEqual(await namelessControls(page), []));

test('no errors in the console', () => assert.deepEqual(page.complaints, []));

test('without WebGPU it runs on the CPU, says so and what to do', async () => {
  const bare = await host.open();
  await bare.addInitScript(() => delete Navigator.prototype.gpu);
  await bare.goto(host.address('webgpu_compute.html', query()));
  await bare.waitForSelector('body[data-ready]', { state: 'attached' });
  assert.match(await bare.textContent('#without'), /no WebGPU[^]*CPU[^]*Use a current/);
  assert.match(await bare.textContent('#verdict'), /All elements agree/);
  assert.doesNotMatch(await bare.textContent('#pays'), /GPU/);
  await bare.getByText('Mandelbrot', { exact: true }).click();
  await bare.waitForFunction(() => /drawn by the CPU/.test(document.querySelector('#rate').textContent));
  await shot(bare, 'no-webgpu');
  await bare.close();
});

test('when the network goes while loading it says at which step', async () => {
  const other = await launch({ take: (path) => path.endsWith('.whl') }); // never answered
  try {
    const bare = await other.open();
    await bare.clock.install();
    await bare.goto(other.address('webgpu_compute.html'));
    await bare.waitForFunction(() => document.querySelector('#step').textContent === 'Loading NumPy');
    await bare.clock.fastForward(61_000);
    await bare.waitForSelector('#obstacle:not([hidden])');
    assert.match(await bare.textContent('#obstacle'), /Loading failed[^]*Loading NumPy: no answer for 60 seconds[^]*network/);
  } finally {
    await other.close();
  }
});

test('when something cannot be loaded it says what', async () => {
  const bare = await host.open(host.address('webgpu_compute.html', '?pyodide=/nowhere/'));
  await bare.waitForSelector('#obstacle:not([hidden])');
  assert.match(await bare.textContent('#obstacle'), /Loading failed[^]*nowhere/);
  await bare.close();
});

const slowly = (loop) => ['WGSL kernel', (text) => text.replace('if (id.x < p.n)', `${loop}\n  if (id.x < p.n)`)];
const ENDLESS = [
  // It ends in the end: on a software adapter one that does not would keep the whole browser from drawing.
  ['web', 'kernel', /^The kernel .* after 2 seconds\.$/, slowly('if (id.x == 0u) { for (var i = 0u; i < 1000000000u; i++) { y[1] += x[1]; } }')],
  ['cpu', 'kernel', /^The kernel .* after 2 seconds\.$/, slowly('loop { y[0] += 1.0; if (y[0] < -1.0) { break; } }')],
  ['cpu', 'program', /^The program .* after 2 seconds; it was in line \d+\.$/, ['Python program', (text) => text.replace('return y', 'while True: pass')]],
];
for (const [device, what, told, [where, change]] of ENDLESS) {
  test(`a ${what} that takes too long is given up, and the page goes on with a new device: ${device}`, async () => {
    const other = await launch();
    page = await other.open(other.address('webgpu_compute.html', query({ device, patience: 2 })));
    try {
      await page.waitForSelector('body[data-ready]', { state: 'attached' });
      await write(where, change);
      await page.getByRole('button', { name: 'Run' }).click();
      await page.waitForFunction(() => !document.querySelector('#mistake').hidden);
      assert.match(await page.textContent('#mistake-title'), /does not end, so its device was given up/);
      assert.match(await page.textContent('#mistake-text'), told);
      await page.waitForFunction(() => document.querySelector('#status').textContent === 'A new device is open. Run again.');
      await shot(page, `endless-${what}-${device}`);
      await choose('Saxpy');
      assert.match(await page.textContent('#verdict'), /All elements agree/);
      assert.deepEqual(page.complaints, []);
    } finally {
      await other.close();
    }
  });
}
