// The page webgpu_compute.html: choose a kernel and a size, change it, run it, see picture and times.
//
//   kernels/*.py, *.wgsl ──▶ two editors ──▶ session.py in Pyodide ──▶ figures ──▶ table, chart
//                                                └─ weft.show ──▶ canvas
//
// One thing runs at a time: `work` takes the turn, disables what would start another and gives it back.
import { createEditor } from './editor.js';
import { drawChart } from './chart.js';
import { loadSession, sourcesOf, textOf } from './python.js';
import { $, barRow, nextFrame, says, showDevice, showMain, showObstacle, showProgress, wordsOf } from './shell.js';

const square = (n) => `${n} × ${n}`;
const count = (n) => n.toLocaleString('en');
const KERNELS = {
  saxpy: { title: 'Saxpy', sizes: [4096, 16384, 65536, 262144, 1048576, 4194304], start: 1048576, label: count, unit: 'elements' },
  mandelbrot: { title: 'Mandelbrot', sizes: [64, 128, 256, 512, 1024], start: 512, label: square, unit: 'pixels' },
  nbody: { title: 'N-body', sizes: [128, 256, 512, 1024, 2048], start: 1024, label: count, unit: 'bodies', live: true },
  heat: { title: 'Heat', sizes: [64, 128, 256, 512, 1024], start: 256, label: square, unit: 'cells', live: true },
};
const SERIES = [
  { name: 'numpy', kind: 'numpy' },
  { name: 'weft', kind: 'weft' },
  { name: 'compute', kind: 'compute' },
];

const canvas = $('canvas');
const texts = new Map(); // kernel → {python, wgsl} as fetched
const edits = new Map(); // kernel → {python, wgsl} as changed by the person
const points = new Map(); // kernel → Map of size → figures
let call = null;
let chosen = 'saxpy';
let busy = false;
let playing = false;
let editors = null;

const round = (ms) => (ms >= 100 ? ms.toFixed(0) : ms >= 0.1 ? ms.toFixed(1) : ms.toFixed(3));
const total = (f) => f.upload + f.compute + f.read;
const say = (text) => ($('status').textContent = text);

// ---- what went wrong ---------------------------------------------------------------------------------------------

const TITLES = {
  wgsl: 'The WGSL is not accepted',
  python: 'The Python program ended with an exception',
  lost: 'The device was lost',
  endless: 'The computation does not end, so its device was given up',
};

function showMistake(error) {
  const known = error && error.kind in TITLES;
  $('mistake-title').textContent = known ? TITLES[error.kind] : 'Something in this page failed';
  $('mistake-text').textContent = known ? error.text : wordsOf(error);
  $('mistake').hidden = false;
  if (error?.kind === 'wgsl' || error?.kind === 'python') {
    const editor = editors[error.kind];
    editor.mark(error.line, error.column, error.text.split('\n').at(error.kind === 'wgsl' ? 0 : -1));
    if (error.line) editor.focus();
  }
}

/** After an error that cost the device: opens another. */
async function replaceDevice({ kind } = {}) {
  if (kind !== 'lost' && kind !== 'endless') return;
  say('Opening a new device');
  try {
    await showDevice(await call('reopen'));
    say('A new device is open. Run again.');
  } catch (error) {
    say(`No new device: ${wordsOf(error)}`);
  }
}

function clearMistake() {
  $('mistake').hidden = true;
  editors.python.clear();
  editors.wgsl.clear();
}

// ---- results -----------------------------------------------------------------------------------------------------

function showFigures(figures) {
  const most = Math.max(total(figures), figures.numpy);
  const rows = [
    ['Upload', figures.upload],
    ['Compute', figures.compute],
    ['Read', figures.read],
    ['weft, all three', total(figures), { kind: 'sum' }],
    ['NumPy', figures.numpy, { bar: 'bar numpy', kind: 'sum' }],
  ];
  $('times').tBodies[0].replaceChildren(
    ...rows.map(([name, ms, style]) => barRow(name, round(ms), ms / most, style)),
  );
  const ratio = figures.numpy / total(figures);
  const faster = ratio >= 1 ? `is ${ratio.toPrecision(2)}× as fast as NumPy` : `takes ${(1 / ratio).toPrecision(2)}× as long as NumPy`;
  const same = figures.same === 1 ? 'All elements agree' : `${(100 * figures.same).toFixed(2)} % of the elements agree`;
  $('verdict').textContent = `weft ${faster} here, transfers included. ${same} with NumPy’s result.`;
  $('head').textContent = `${figures.dtype} ${JSON.stringify(figures.shape)}\n${figures.head}`;
}

function showChart() {
  const { sizes, label, unit } = KERNELS[chosen];
  const known = points.get(chosen) ?? new Map();
  const list = sizes.map((size) => {
    const f = known.get(size);
    return { size, label: shortLabel(size), values: f ? { numpy: f.numpy, weft: total(f), compute: f.compute } : {} };
  });
  drawChart($('chart'), list, SERIES);
  const won = sizes.findLastIndex((size) => known.has(size) && total(known.get(size)) > known.get(size).numpy);
  const first = sizes.slice(won + 1).find((size) => known.has(size));
  let text;
  if (known.size < 2) text = `Compare all sizes to see from which size ${says.pays} pays.`;
  else if (first === undefined) text = 'On this machine NumPy is faster at every size measured, transfers included.';
  else if (known.size === sizes.length && won < 0) text = `On this machine ${says.pays} pays at every size here, transfers included.`;
  else text = `On this machine ${says.pays} pays from ${label(first)} ${unit}, transfers included.`;
  $('pays').textContent = text;
  $('chart').setAttribute('aria-label', `Times over sizes. ${text}`);
}

const shortLabel = (n) => (n >= 1048576 ? `${n / 1048576}M` : n >= 4096 ? `${n / 1024}k` : String(n));

function showPicture(drawn) {
  $('picture').hidden = !drawn;
  $('values').hidden = drawn;
  $('play').hidden = !KERNELS[chosen].live;
  $('rate').textContent = drawn ? `${canvas.width} × ${canvas.height}, ${says.drawn}` : '';
}

// ---- work --------------------------------------------------------------------------------------------------------

async function work(task) {
  if (playing) await stop();
  if (busy || !call) return;
  busy = true;
  for (const id of ['run', 'sizes']) $(id).disabled = true;
  $('main').setAttribute('aria-busy', 'true');
  clearMistake();
  try {
    await task();
  } catch (error) {
    say('');
    showMistake(error);
    await replaceDevice(error);
  } finally {
    busy = false;
    for (const id of ['run', 'sizes']) $(id).disabled = false;
    $('main').removeAttribute('aria-busy');
  }
}

async function measure(size) {
  const printed = await call('load', editors.python.text, editors.wgsl.text, size);
  const figures = await call('measure');
  if (!points.has(chosen)) points.set(chosen, new Map());
  points.get(chosen).set(size, figures);
  showFigures(figures);
  if (printed) $('head').textContent += `\n\n${printed}`;
  showPicture(await call('draw', canvas));
  showChart();
}

const run = () =>
  work(async () => {
    const size = Number($('size').value);
    say('Running');
    await nextFrame();
    await measure(size);
    say(`${KERNELS[chosen].title} ran on ${KERNELS[chosen].label(size)} ${KERNELS[chosen].unit}.`);
  });

const compare = () =>
  work(async () => {
    const { sizes, label, unit, title } = KERNELS[chosen];
    for (const [i, size] of sizes.entries()) {
      say(`Measuring ${label(size)} ${unit}, ${i + 1} of ${sizes.length}`);
      await nextFrame();
      await measure(size);
    }
    $('size').value = String(sizes.at(-1));
    say(`${title} ran at ${sizes.length} sizes.`);
  });

// ---- the live picture --------------------------------------------------------------------------------------------

async function play() {
  if (busy || playing) return;
  busy = playing = true;
  let over;
  stop.done = new Promise((done) => (over = done));
  $('play').textContent = 'Pause';
  $('play').setAttribute('aria-pressed', 'true');
  try {
    let frames = 0;
    let since = performance.now();
    while (playing) {
      await call('frame', canvas);
      await nextFrame();
      frames++;
      const passed = performance.now() - since;
      if (passed > 500) {
        $('rate').textContent = `${((1000 * frames) / passed).toFixed(0)} frames a second, ${says.drawn}`;
        [frames, since] = [0, performance.now()];
      }
    }
  } catch (error) {
    showMistake(error);
    await replaceDevice(error);
  }
  busy = playing = false;
  $('play').textContent = 'Play';
  $('play').setAttribute('aria-pressed', 'false');
  over();
}

function stop() {
  playing = false;
  return stop.done;
}

// ---- choosing ----------------------------------------------------------------------------------------------------

async function textsOf(name) {
  if (!texts.has(name)) {
    const [python, wgsl] = await Promise.all([textOf(`kernels/${name}.py`), textOf(`kernels/${name}.wgsl`)]);
    texts.set(name, { python, wgsl });
  }
  return texts.get(name);
}

function keepEdits() {
  edits.set(chosen, { python: editors.python.text, wgsl: editors.wgsl.text });
}

async function choose(name, fresh = false) {
  if (playing) await stop();
  const given = await textsOf(name);
  const { python, wgsl } = (!fresh && edits.get(name)) || given;
  const { sizes, start, label, unit } = KERNELS[name];
  chosen = name;
  editors.python.text = python;
  editors.wgsl.text = wgsl;
  $('size').replaceChildren(...sizes.map((n) => new Option(`${label(n)} ${unit}`, n, n === start, n === start)));
  points.delete(name);
  await run();
}

function buildControls() {
  for (const [name, { title }] of Object.entries(KERNELS)) {
    const label = document.createElement('label');
    const input = Object.assign(document.createElement('input'), { type: 'radio', name: 'kernel', value: name, checked: name === chosen });
    input.addEventListener('change', () => {
      keepEdits();
      choose(name).catch(showMistake);
    });
    label.append(input, title);
    $('kernels').append(label);
  }
  $('controls').addEventListener('submit', (event) => {
    event.preventDefault();
    run();
  });
  $('size').addEventListener('change', run);
  $('sizes').addEventListener('click', compare);
  $('reset').addEventListener('click', () => choose(chosen, true).catch(showMistake));
  $('play').addEventListener('click', () => (playing ? stop() : play()));
}

async function main() {
  try {
    const sources = sourcesOf(location.href);
    call = await loadSession(sources, showProgress);
    await showDevice(await call('open', sources.patience));
  } catch (error) {
    return showObstacle(error);
  }
  showMain();
  editors = {
    python: createEditor($('python'), { language: 'python', label: 'Python program', run }),
    wgsl: createEditor($('wgsl'), { language: 'wgsl', label: 'WGSL kernel', run }),
  };
  buildControls();
  globalThis.weftPage = { call, editors }; // for tests, and for the console
  await choose(chosen);
  document.body.dataset.ready = 'true';
}

main().catch(showMistake);
