// frame-gap-ms: the longest time between two frames of the page webgpu_worker.html, in three situations: the work (compile,
// upload, a long batch, the same with NumPy) runs in the worker, on the page, or not at all.
import { launch } from '../tests/pages/browser.mjs';

const ROUNDS = 5;
const host = await launch();
const samples = { 'weft, in a worker': [], 'no work': [], 'weft, on the page': [] };
try {
  const page = await host.open(host.address('webgpu_worker.html'));
  await page.waitForSelector('body[data-ready]', { state: 'attached' });
  const ran = async (button, where) => {
    await page.evaluate(() => (document.querySelector('#status').textContent = ''));
    await page.getByRole('button', { name: button }).click();
    await page.waitForFunction((text) => document.querySelector('#status').textContent.startsWith(`Ran ${text}`), where);
    return Number(await page.locator('#gaps tbody tr', { hasText: where }).locator('td').first().textContent());
  };
  const idle = () =>
    page.evaluate(async () => {
      let last = await new Promise(requestAnimationFrame);
      let longest = 0;
      for (let frames = 0; frames < 150; frames++) {
        const now = await new Promise(requestAnimationFrame);
        longest = Math.max(longest, now - last);
        last = now;
      }
      return longest;
    });
  for (let round = -1; round < ROUNDS; round++) {
    const turn = [await ran('Run in the worker', 'in the worker'), await idle(), await ran('Run the same on this page', 'on this page')];
    if (round >= 0) Object.values(samples).forEach((list, i) => list.push(turn[i]));
  }
} finally {
  await host.close();
}
process.stdout.write(`BENCH ${JSON.stringify({ case: 'frame-gap-ms', unit: 'ms', samples })}\n`);
