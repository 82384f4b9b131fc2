// The page webgpu_worker.html: the same simulation in a worker and on the page, with the longest gap between frames.
import * as Comlink from '../../node_modules/comlink/dist/esm/comlink.mjs';
import { loadSession, obstacle, sourcesOf } from './python.js';

const SIZE = 256;
const ROUNDS = 60;
const $ = (id) => document.getElementById(id);
const gaps = new Map(); // where → the longest gap in ms
let worker = null;
let texts = null;
let sources = null;
let local = null;

/** Runs `task` and measures the longest time between two frames of this page meanwhile. */
async function watched(task) {
  let longest = 0;
  let last = performance.now();
  let running = true;
  const tick = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) requestAnimationFrame(tick);
  };
  await new Promise(requestAnimationFrame);
  last = performance.now();
  requestAnimationFrame(tick);
  try {
    return [await task(), () => longest];
  } finally {
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    running = false;
  }
}

function showGaps() {
  const most = Math.max(...gaps.values());
  $('gaps').tBodies[0].replaceChildren(
    ...[...gaps].map(([where, ms]) => {
      const row = document.createElement('tr');
      const head = Object.assign(document.createElement('th'), { scope: 'row', textContent: where });
      const number = Object.assign(document.createElement('td'), { textContent: ms.toFixed(0) });
      const share = document.createElement('td');
      const bar = Object.assign(document.createElement('span'), { className: ms > 50 ? 'bar numpy' : 'bar' });
      bar.style.width = `${(100 * ms) / most}%`;
      share.append(bar);
      row.append(head, number, share);
      return row;
    }),
  );
}

function showResult(bytes, where) {
  const values = new Float32Array(bytes);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  $('head').textContent = `${values.length.toLocaleString('en')} float32, computed ${where}\nmean ${mean.toFixed(6)}`;
}

async function work(where, task) {
  for (const id of ['run', 'here']) $(id).disabled = true;
  $('mistake').hidden = true;
  $('status').textContent = `Running ${where}`;
  try {
    const [bytes, longest] = await watched(task);
    gaps.set(where, longest());
    showGaps();
    $('verdict').textContent = `While the work ran ${where} this page stood still for at most ${longest().toFixed(0)} ms. 50 ms is about what a person notices.`;
    showResult(bytes, where);
    $('status').textContent = `Ran ${where}: ${ROUNDS * 20} steps of the heat equation on ${SIZE} × ${SIZE} cells.`;
  } catch (error) {
    $('status').textContent = '';
    $('mistake').hidden = false;
    $('mistake-title').textContent = `It failed ${where}`;
    $('mistake-text').textContent = error?.text ?? String(error?.message ?? error);
  } finally {
    for (const id of ['run', 'here']) $(id).disabled = false;
  }
}

const inWorker = () => work('in the worker', () => worker.simulate(texts.python, texts.wgsl, SIZE, ROUNDS));

/** Loaded before the clock starts, as the worker's is: only the work is compared. */
async function loadHere() {
  if (local) return;
  for (const id of ['run', 'here']) $(id).disabled = true;
  $('status').textContent = 'Loading Python on this page too';
  const call = await loadSession(sources, () => {});
  await call('open');
  local = call;
}

const onPage = async () => {
  const loading = await loadHere().then(() => null, (error) => error ?? 'loading failed');
  return work('on this page', async () => {
    if (loading) throw loading;
    await local('load', texts.python, texts.wgsl, SIZE);
    await local('begin');
    const canvas = new OffscreenCanvas(1, 1);
    for (let i = 0; i < ROUNDS; i++) await local('frame', canvas);
    return local.bytes();
  });
};

function showObstacle([title, text, help]) {
  $('loading').hidden = true;
  $('obstacle').hidden = false;
  $('obstacle-title').textContent = title;
  $('obstacle-text').textContent = text;
  $('obstacle-help').textContent = help;
}

async function textOf(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: the server answers ${response.status}`);
  return response.text();
}

async function main() {
  sources = sourcesOf(location.href, document.body.dataset.wheel);
  try {
    const thread = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
    const died = new Promise((_, failed) => {
      thread.onerror = (event) => failed(new Error(event.message || 'the worker could not be started'));
    });
    worker = Comlink.wrap(thread);
    const inTheWay = (await obstacle()) ?? (await Promise.race([worker.obstacle(), died]));
    if (inTheWay) return showObstacle(inTheWay);
    const [python, wgsl] = await Promise.all([textOf('kernels/heat.py'), textOf('kernels/heat.wgsl')]);
    texts = { python, wgsl };
    const screen = $('canvas').transferControlToOffscreen();
    const report = Comlink.proxy((done, step) => {
      $('progress').value = done;
      $('step').textContent = step;
    });
    const device = await Promise.race([worker.start(sources, Comlink.transfer(screen, [screen]), report), died]);
    $('device').textContent = device.kind === 'cpu' ? `${device.name} (software)` : device.name;
  } catch (error) {
    return showObstacle(['Loading failed', error?.text ?? String(error?.message ?? error), 'Check the network and load the page again.']);
  }
  $('loading').hidden = true;
  $('main').hidden = false;
  $('controls').addEventListener('submit', (event) => {
    event.preventDefault();
    inWorker();
  });
  $('here').addEventListener('click', onPage);
  document.body.dataset.ready = 'true';
}

main();
