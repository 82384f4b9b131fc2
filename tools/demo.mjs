// The pages' part of make demo: opens both example pages in Chromium, runs what they offer and prints their tables.
import { launch, skipped } from '../tests/pages/browser.mjs';
import { query } from './serve.mjs';

const print = (text) => process.stdout.write(`${text}\n`);
const ready = (page) => page.waitForSelector('body[data-ready], #obstacle:not([hidden])', { state: 'attached' });
const cells = (page, table) =>
  page.locator(`${table} tbody tr`).evaluateAll((rows) => rows.map((row) => [...row.cells].slice(0, 2).map((cell) => cell.textContent)));

async function opened(host, name) {
  const page = await host.open(host.address(name));
  await ready(page);
  if (await page.locator('#obstacle:not([hidden])').count()) throw new Error((await page.innerText('#obstacle')).replaceAll('\n', ' '));
  return page;
}

async function compute(host) {
  const page = await opened(host, 'webgpu_compute.html');
  print(`device   ${await page.textContent('#device')}`);
  for (const title of ['Saxpy', 'Mandelbrot', 'N-body', 'Heat']) {
    await page.getByText(title, { exact: true }).click();
    await page.waitForFunction((word) => document.querySelector('#status').textContent.startsWith(`${word} ran`), title);
    const times = (await cells(page, '#times')).map(([step, ms]) => `${step} ${ms}`).join(', ');
    print(`${title.padEnd(11)}${await page.locator('#size option:checked').textContent()}: ms: ${times}`);
    print(`           ${await page.textContent('#verdict')}`);
  }
}

async function worker(host) {
  const page = await opened(host, 'webgpu_worker.html');
  for (const [button, where] of [['Run in the worker', 'in the worker'], ['Run the same on this page', 'on this page']]) {
    await page.getByRole('button', { name: button }).click();
    await page.waitForFunction((text) => document.querySelector('#status').textContent.startsWith(`Ran ${text}`), where);
  }
  for (const [where, ms] of await cells(page, '#gaps')) print(`longest gap between frames, work ${where}: ${ms} ms`);
}

if (skipped) {
  print(`left out: ${skipped}`);
  process.exit(0);
}
const host = await launch();
try {
  print('webgpu_compute.html');
  await compute(host);
  print('webgpu_worker.html');
  await worker(host);
  print(`To open them: make serve, then http://localhost:8000/webgpu_compute.html${query()}`);
} finally {
  await host.close();
}
