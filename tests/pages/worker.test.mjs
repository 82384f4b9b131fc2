// The page webgpu_worker.html: the work runs in a worker or on the page, and how long the page stands still is shown.
import assert from 'node:assert/strict';
import { around, launch, shot, test } from './browser.mjs';
import { coloursOf, isHidden, looks, namelessControls } from './look.mjs';
import { query } from '../../tools/serve.mjs';

let host;
let page;

const press = (name) => page.getByRole('button', { name }).click();
const ended = (where) =>
  page.waitForFunction((text) => document.querySelector('#status').textContent.startsWith(`Ran ${text}`) || !document.querySelector('#mistake').hidden, where);
const ran = async (button, where) => {
  await press(button);
  await ended(where);
  assert.equal(await isHidden(page, '#mistake'), true, await page.textContent('#mistake-text'));
};
const gap = async (where) => {
  const row = page.locator('#gaps tbody tr', { hasText: where });
  return Number(await row.locator('td').first().textContent());
};
const mean = async () => /mean (\S+)/.exec(await page.textContent('#head'))[1];
const halfway = () => page.waitForFunction(() => document.querySelector('#ran').value > 100);

around(async () => {
  host = await launch();
  page = await host.open(host.address('webgpu_worker.html'));
  await page.waitForSelector('body[data-ready]', { state: 'attached' });
}, () => host?.close());

test('the worker computes, draws, tells how far it is, and gives the result back', async () => {
  await press('Run in the worker');
  await halfway();
  assert.equal(await isHidden(page, '#stop'), false);
  await ended('in the worker');
  assert.match(await page.textContent('#head'), /65,536 float32, computed in the worker\s+mean 0\.\d+\s+(all|9[89]\.\d+ %) agree/);
  assert.equal(await page.locator('#ran').evaluate((bar) => bar.value === bar.max), true);
  assert.equal(await isHidden(page, '#stop'), true);
  assert.ok((await coloursOf(page)) > 20);
  process.stdout.write(`longest gap between frames, worker: ${await gap('in the worker')} ms\n`);
  await shot(page, 'worker');
});

test('the same on the page gives the same numbers, and the page stands still', async () => {
  const first = await mean();
  await ran('Run the same on this page', 'on this page');
  assert.equal(await mean(), first);
  process.stdout.write(`longest gap between frames, page: ${await gap('on this page')} ms\n`);
  assert.ok((await gap('on this page')) > 100, 'NumPy alone takes longer than that');
  await shot(page, 'worker-and-page');
});

test('a worker that is stopped in the middle of a call is named and replaced', async () => {
  await press('Run in the worker');
  await halfway();
  await press('Stop the worker');
  await page.waitForFunction(() => !document.querySelector('#mistake').hidden);
  assert.match(await page.textContent('#mistake-title'), /worker ended in the middle/);
  assert.equal(await isHidden(page, '#stop'), true);
  await shot(page, 'worker-stopped');
  await page.waitForFunction(() => document.querySelector('#status').textContent === 'Another worker is ready.');
  await ran('Run in the worker', 'in the worker');
  assert.ok((await coloursOf(page)) > 20);
});

test('on a phone nothing is wider than the screen; contrast holds in light and dark', () => looks(page, 'worker'));

test('everything to be pressed or filled has a name', async () => assert.deepEqual(await namelessControls(page), []));

test('the page reloaded while a batch runs works again', async () => {
  await press('Run in the worker');
  await halfway();
  await page.reload();
  await page.waitForSelector('body[data-ready]', { state: 'attached' });
  await ran('Run in the worker', 'in the worker');
});

test('no errors in the console', () => assert.deepEqual(page.complaints, []));

test('a batch with a limit ends with its result where nothing can wait (no JSPI)', async () => {
  const [kept, bare] = [page, await host.open()];
  await bare.addInitScript(() => {
    delete WebAssembly.Suspending;
    delete WebAssembly.promising;
  });
  await bare.goto(host.address('webgpu_worker.html'));
  await bare.waitForSelector('body[data-ready]', { state: 'attached' });
  try {
    page = bare;
    await ran('Run the same on this page', 'on this page');
    assert.match(await bare.textContent('#head'), /computed on this page\s+mean 0\.\d+\s+(all|9[89]\.\d+ %) agree/);
    assert.deepEqual(bare.complaints, []);
  } finally {
    page = kept;
    await bare.close();
  }
});

test('on the CPU it runs as well, and says that the CPU draws', async () => {
  const [kept, bare] = [page, await host.open(host.address('webgpu_worker.html', query({ device: 'cpu' })))];
  await bare.waitForSelector('body[data-ready]', { state: 'attached' });
  try {
    page = bare;
    await ran('Run in the worker', 'in the worker');
    assert.match(await bare.textContent('.drawn'), /^drawn by the CPU$/);
    assert.match(await bare.textContent('#device'), /cpu/);
    assert.equal(await bare.textContent('#without'), 'weft runs the kernels on the CPU. The address of this page asks for it.');
    assert.ok((await coloursOf(bare)) > 20);
    await shot(bare, 'worker-cpu');
  } finally {
    page = kept;
    await bare.close();
  }
});

test('the front page leads to all pages', async () => {
  const front = await host.open(host.address('index.html', ''));
  const links = await front.locator('main a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  assert.deepEqual(links, ['webgpu_compute.html', 'webgpu_worker.html', 'wgsl_mistakes.html']);
  await looks(front, 'front');
  assert.deepEqual(front.complaints, []);
  await front.close();
});
