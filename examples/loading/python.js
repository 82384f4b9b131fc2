// Loads Pyodide, NumPy and weft into a page or a worker. Shared by the pages.
//
// The page's address may name other sources than the defaults: ?pyodide=FOLDER/ ?numpy=URL of a wheel; the device: ?device=cpu
// (as WEFT_DEVICE: the best one without it); and how many seconds a kernel may take: ?patience=30.
const PYODIDE = 'https://cdn.jsdelivr.net/pyodide/v314.0.7/full/';
const LOCK = 'weft-lock.json'; // weft's entry, as it stands in Pyodide's lock file
const SILENCE = 60_000; // ms without anything new, after which the network counts as gone

const fetched = async (url) => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: the server answers ${response.status}`);
  return response;
};

/** A text that lies beside the page. */
export const textOf = async (url) => (await fetched(url)).text();

/** What the address asks for: files to load {pyodide, numpy (null: Pyodide's own), here}, absolute, the device, the patience. */
export function sourcesOf(address) {
  const asked = new URL(address).searchParams;
  const absolute = (url) => new URL(url, address).href;
  return {
    pyodide: absolute(asked.get('pyodide') ?? PYODIDE),
    numpy: asked.has('numpy') ? absolute(asked.get('numpy')) : null,
    here: absolute('./'),
    device: asked.get('device') ?? '',
    patience: Number(asked.get('patience')) || 10,
  };
}

/** Why WebGPU does not work here, [title, what is so, what to do], or null where it does. */
export async function obstacle() {
  if (!globalThis.isSecureContext) {
    return [
      'This page is not in a secure context',
      `Browsers offer WebGPU only to pages that come over https or from this machine. This one came from ${location.origin}.`,
      'Open it over https, or from http://localhost.',
    ];
  }
  if (!navigator.gpu) {
    return [
      'This browser has no WebGPU',
      'The page runs its kernels on the GPU through WebGPU, which is missing or switched off here.',
      'Use a current Chrome, Edge, Safari or Firefox. In Chromium on Linux it may have to be enabled at chrome://flags/#enable-unsafe-webgpu.',
    ];
  }
  if (!(await navigator.gpu.requestAdapter())) {
    return [
      'This browser finds no GPU',
      'It has WebGPU but offers no adapter: the GPU is switched off, its driver is blocked, or it has crashed.',
      'Turn on hardware acceleration in the browser’s settings, update the graphics driver, or restart the browser.',
    ];
  }
  return null;
}

/** Pyodide's lock file with weft in it, so that `import weft` is enough. The entry names its wheel from where it lies. */
async function lockFile(sources) {
  const [lock, own] = await Promise.all([fetched(`${sources.pyodide}pyodide-lock.json`), fetched(sources.here + LOCK)]);
  const [{ packages, ...rest }, { packages: ours }] = await Promise.all([lock.json(), own.json()]);
  for (const entry of Object.values(ours)) entry.file_name = new URL(entry.file_name, sources.here).href;
  if (sources.numpy) packages.numpy = { ...packages.numpy, file_name: sources.numpy };
  return { ...rest, packages: { ...packages, ...ours } };
}

/** Fails when `report`, which it wraps for the task, has nothing new to say for too long. */
async function unlessSilent(report, task) {
  let timer;
  let step = '';
  let failed;
  const silent = new Promise((_, reject) => (failed = reject));
  const told = (done, text) => {
    clearTimeout(timer);
    step = text;
    timer = setTimeout(() => failed(new Error(`${step}: no answer for ${SILENCE / 1000} seconds`)), SILENCE);
    report(done, text);
  };
  try {
    return await Promise.race([task(told), silent]);
  } finally {
    clearTimeout(timer);
  }
}

/** A policy that forbids WebAssembly makes Pyodide wait for ever: better to hear of it before. */
async function checkWebAssembly() {
  try {
    await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  } catch {
    throw new Error("WebAssembly is forbidden here. A Content-Security-Policy must allow 'wasm-unsafe-eval' in script-src.");
  }
}

/** PROGRAM.py, which lies beside the page and imports weft, as Pyodide's proxy of the module. */
export const loadPython = (sources, { program: name, numpy }, report) =>
  unlessSilent(report, async (told) => {
    told(0, 'Loading Pyodide');
    await checkWebAssembly();
    const { loadPyodide } = await import(`${sources.pyodide}pyodide.mjs`);
    const lockFileContents = await lockFile(sources);
    const env = { HOME: '/home/pyodide', WEFT_DEVICE: sources.device };
    const pyodide = await loadPyodide({ indexURL: sources.pyodide, lockFileContents, packageBaseUrl: sources.pyodide, env });
    if (numpy) {
      told(1, 'Loading NumPy');
      const quiet = { messageCallback: () => {}, checkIntegrity: !sources.numpy };
      await pyodide.loadPackagesFromImports('import numpy', quiet);
    }
    told(2, 'Loading weft');
    const program = await textOf(`${sources.here}${name}.py`);
    await pyodide.loadPackagesFromImports(program, { messageCallback: () => {} });
    pyodide.FS.writeFile(`/home/pyodide/${name}.py`, program);
    pyodide.registerJsModule('watch', watchOver(pyodide));
    return pyodide.pyimport(name);
  });

/** Calls of session.py by name; an answer that is a failure is thrown, an object {kind, text, line, column}. */
export async function loadSession(sources, report) {
  const session = await loadPython(sources, { program: 'session', numpy: true }, report);
  report(3, 'Opening the GPU');
  return callsOf(session);
}

/**
 * {start(seconds), stop()} of a watch over what keeps this thread busy, Python itself or weft on the CPU: when time is up
 * it is interrupted as by Ctrl-C. Pyodide looks into its interrupt buffer now and then; this one knows the time.
 */
function watchOver(pyodide) {
  let end = Infinity;
  pyodide.setInterruptBuffer({
    get 0() {
      if (performance.now() < end) return 0;
      end = Infinity;
      return 2; // SIGINT
    },
    set 0(_) {},
  });
  return { start: (seconds) => (end = performance.now() + 1000 * seconds), stop: () => (end = Infinity) };
}

function callsOf(session) {
  const call = async (name, ...args) => {
    const [good, answer] = JSON.parse(await session.call(name, ...args));
    if (!good) throw answer;
    return answer;
  };
  /** The first array's bytes in a buffer of their own: one copy out of Python's memory, whose view is let go of. */
  call.bytes = async () => {
    const proxy = await session.session.bytes();
    const view = proxy.getBuffer('u8');
    try {
      return view.data.slice().buffer;
    } finally {
      view.release();
      proxy.destroy();
    }
  };
  return call;
}
