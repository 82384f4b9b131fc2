// The page webgpu_worker.html: the work runs in a worker or on the page, and how long the page stands still is shown.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { launch, shot } from './browser.mjs';

let host;
let page;

const ran = async (button, where) => {
  await page.getByRole('button', { name: button }).click();
  await page.waitForFunction((text) => document.querySelector('#status').textContent.startsWith(`Ran ${text}`) || !document.querySelector('#mistake').hidden, where);
  assert.equal(await page.locator('#mistake').evaluate((node) => node.hidden), true, await page.textContent('#mistake-text'));
};
const gap = async (where) => {
  const row = page.locator('#gaps tbody tr', { hasText: where });
  return Number(await row.locator('td').first().textContent());
};

before(async () => {
  host = await launch();
  page = await host.open(host.address('webgpu_worker.html'));
  await page.waitForSelector('body[data-ready]', { state: 'attached' });
});
after(() => host?.close());

test('the worker computes, draws, and gives the result back', async () => {
  await ran('Run in the worker', 'in the worker');
  assert.match(await page.textContent('#head'), /65,536 float32, computed in the worker\s+mean 0\.\d+/);
  process.stdout.write(`frame-gap-ms in the worker: ${await gap('in the worker')}\n`);
  await shot(page, 'worker');
});

test('the same on the page gives the same numbers', async () => {
  const mean = (text) => /mean (\S+)/.exec(text)[1];
  const first = mean(await page.textContent('#head'));
  await ran('Run the same on this page', 'on this page');
  assert.equal(mean(await page.textContent('#head')), first);
  process.stdout.write(`frame-gap-ms on the page: ${await gap('on this page')}\n`);
  await shot(page, 'worker-and-page');
});

test('no errors in the console', () => assert.deepEqual(page.complaints, []));
