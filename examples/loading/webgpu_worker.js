// The page webgpu_worker.html: the same simulation in a worker and on the page, with the longest gap between frames.
//
//   page ──comlink──▶ worker.js: Pyodide, weft, the canvas        a worker that dies lets go of its lock: the call under
//     └─ session.py on the page itself, to compare                way fails, and another worker takes its place
import * as Comlink from 'comlink';
import { loadSession, sourcesOf, textOf } from './python.js';
import { $, barRow, nextFrame, showDevice, showMain, showObstacle, showProgress, wordsOf } from './shell.js';

const SIZE = 256;
const ROUNDS = 60;
const STEPS = 20; // of each round, as heat.py has it
const EVERY = 4; // rounds from one picture to the next
const NOTICED = 50; // ms
const sources = sourcesOf(location.href);
const gaps = new Map(); // where → the longest gap in ms
let worker = null;
let local = null;
let lastWorker = 0;

// ---- the worker --------------------------------------------------------------------------------------------------

class DeadError extends Error {}

/** A worker with Python loaded: {simulate, device, died}; died rejects when it is gone. */
async function startWorker(report) {
  const thread = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
  const api = Comlink.wrap(thread);
  const broken = new Promise((_, failed) => {
    thread.onerror = (event) => failed(new Error(event.message || 'the worker could not be started'));
  });
  const until = (answer) => Promise.race([answer, broken]);
  const { died } = await watchOver(api, until); // in an object: a promise of a promise would wait for it
  const screen = freshCanvas().transferControlToOffscreen();
  const device = await Promise.race([until(api.start(sources, Comlink.transfer(screen, [screen]), Comlink.proxy(report))), died]);
  return {
    device,
    simulate: (...args) => Promise.race([api.simulate(...args), died]),
    stop: () => thread.terminate(),
  };
}

/** {died}, a promise that rejects when the worker is gone; without secure context there are no locks to tell it by. */
async function watchOver(api, until) {
  if (!navigator.locks) return { died: new Promise(() => {}) };
  const lock = `weft-worker-${performance.timeOrigin}-${++lastWorker}`;
  await until(api.live(lock));
  const died = navigator.locks.request(lock, () => {
    throw new DeadError('The worker is gone: it was stopped, or ran out of memory.');
  });
  died.catch(() => {}); // it may die while nothing is asked of it
  return { died };
}

/** A canvas can be handed over once only. */
function freshCanvas() {
  const canvas = $('canvas').cloneNode();
  $('canvas').replaceWith(canvas);
  return canvas;
}

async function restartWorker() {
  $('status').textContent = 'Starting another worker';
  worker = await startWorker((_, step) => ($('status').textContent = `Another worker: ${step}`));
  $('status').textContent = 'Another worker is ready.';
}

// ---- measuring ---------------------------------------------------------------------------------------------------

/** Runs `task` and measures the longest time between two frames of this page meanwhile: [its result, ms]. */
async function watched(task) {
  let longest = 0;
  let running = true;
  await new Promise(requestAnimationFrame);
  let last = performance.now();
  const tick = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  try {
    const result = await task();
    await nextFrame();
    return [result, longest];
  } finally {
    running = false;
  }
}

function showGaps() {
  const most = Math.max(...gaps.values());
  $('gaps').tBodies[0].replaceChildren(
    ...[...gaps].map(([where, ms]) => barRow(where, ms.toFixed(0), ms / most, { bar: ms > NOTICED ? 'bar numpy' : 'bar' })),
  );
}

function showResult({ bytes, same }, where) {
  const values = new Float32Array(bytes);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const agree = same === 1 ? 'all agree with NumPy’s' : `${(100 * same).toFixed(2)} % agree with NumPy’s`;
  $('head').textContent = `${values.length.toLocaleString('en')} float32, computed ${where}\nmean ${mean.toFixed(6)}\n${agree}`;
}

// ---- work --------------------------------------------------------------------------------------------------------

function enable(on) {
  for (const id of ['run', 'here']) $(id).disabled = !on;
}

const ran = (n) => {
  $('ran').value = n;
};

async function work(where, task) {
  enable(false);
  $('mistake').hidden = true;
  $('status').textContent = `Running ${where}`;
  ran(0);
  try {
    const [result, longest] = await watched(task);
    gaps.set(where, longest);
    showGaps();
    $('verdict').textContent = `With the work ${where}, the page stood still for at most ${longest.toFixed(0)} ms. ${NOTICED} ms is about what a person notices.`;
    showResult(result, where);
    ran($('ran').max);
    $('status').textContent = `Ran ${where}: ${ROUNDS * STEPS} steps of the heat equation on ${SIZE} × ${SIZE} cells, then the same with NumPy.`;
  } catch (error) {
    $('status').textContent = '';
    $('mistake').hidden = false;
    $('stop').hidden = true;
    $('mistake-title').textContent = error instanceof DeadError ? 'The worker ended in the middle of the work' : `It failed ${where}`;
    $('mistake-text').textContent = wordsOf(error);
    if (error instanceof DeadError) await restartWorker().catch(showObstacle);
  }
  enable(true);
}

async function inWorker() {
  $('stop').hidden = false;
  await work('in the worker', () => worker.simulate(SIZE, ROUNDS, EVERY, Comlink.proxy(ran)));
  $('stop').hidden = true;
}

/** Loaded before the clock starts, as the worker's is: only the work is compared. */
async function loadHere() {
  if (local) return;
  enable(false);
  $('status').textContent = 'Loading Python on this page too';
  const call = await loadSession(sources, () => {});
  await call('open', sources.patience);
  const texts = await Promise.all([textOf('kernels/heat.py'), textOf('kernels/heat.wgsl')]);
  const canvas = new OffscreenCanvas(1, 1); // the one in sight belongs to the worker
  local = async () => {
    let sum = 0;
    await call('load', ...texts, SIZE);
    const same = await call('simulate', canvas, ROUNDS, EVERY, (n) => ran((sum += n)));
    return { bytes: await call.bytes(), same };
  };
}

async function onPage() {
  const failed = await loadHere().then(() => null, (error) => error ?? 'loading failed');
  await work('on this page', () => (failed ? Promise.reject(failed) : local()));
}

async function main() {
  try {
    worker = await startWorker(showProgress);
    await showDevice(worker.device);
  } catch (error) {
    return showObstacle(error);
  }
  showMain();
  $('ran').max = ROUNDS * STEPS;
  $('controls').addEventListener('submit', (event) => {
    event.preventDefault();
    inWorker();
  });
  $('here').addEventListener('click', onPage);
  $('stop').addEventListener('click', () => worker.stop());
  document.body.dataset.ready = 'true';
}

main();
