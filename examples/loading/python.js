// Loads Pyodide, NumPy and weft into a page or a worker. Shared by both pages.
//
// The page's address may name other sources than the defaults: ?pyodide=FOLDER/ ?wheel=URL ?numpy=URL of a wheel.
const PYODIDE = 'https://cdn.jsdelivr.net/pyodide/v314.0.7/full/';

const bytesOf = async (url) => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: the server answers ${response.status}`);
  return response.arrayBuffer();
};

/** Which files to load: {pyodide, numpy (null: Pyodide's own), weft, session}, absolute. */
export function sourcesOf(address, wheel) {
  const asked = new URL(address).searchParams;
  const absolute = (url) => new URL(url, address).href;
  return {
    pyodide: absolute(asked.get('pyodide') ?? PYODIDE),
    numpy: asked.has('numpy') ? absolute(asked.get('numpy')) : null,
    weft: absolute(asked.get('wheel') ?? wheel),
    session: absolute('session.py'),
  };
}

/** What keeps WebGPU from working here, [title, what is so, what to do], or null. */
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

/** Calls of session.py by name; an answer that is a failure is thrown, an object {kind, text, line, column}. */
export async function loadSession(sources, report) {
  report(0, 'Loading Pyodide');
  const { loadPyodide } = await import(`${sources.pyodide}pyodide.mjs`);
  const pyodide = await loadPyodide({ indexURL: sources.pyodide });
  report(1, 'Loading NumPy');
  if (sources.numpy) pyodide.unpackArchive(await bytesOf(sources.numpy), 'wheel');
  else await pyodide.loadPackage('numpy', { messageCallback: () => {} });
  report(2, 'Loading weft');
  pyodide.unpackArchive(await bytesOf(sources.weft), 'wheel');
  pyodide.FS.writeFile('/home/pyodide/session.py', new Uint8Array(await bytesOf(sources.session)));
  report(3, 'Opening the GPU');
  const session = pyodide.pyimport('session');
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
