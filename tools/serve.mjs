// Serves build/dist on the loopback interface:  serve.mjs [PORT]     (make serve). Also used by the ring `pages`.
//
// Pyodide comes from npm, NumPy from the wheel that WEFT_NUMPY_WHEEL names; without one the pages use Pyodide's public
// distribution for both. There are no COOP/COEP headers, as on most hosts.
import { createServer } from 'node:http';
import { createReadStream, statSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PYODIDE = '/pyodide/';
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.py': 'text/plain; charset=utf-8',
  '.wgsl': 'text/plain; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** What a page's address ends with to use what lies here instead of the public distribution, and `more`. */
export const query = (more = {}) => {
  const asked = { ...(process.env.WEFT_NUMPY_WHEEL && { pyodide: PYODIDE, numpy: numpy() }), ...more };
  const words = Object.entries(asked).map(([name, value]) => `${name}=${value}`);
  return words.length ? `?${words.join('&')}` : '';
};

/* Pyodide reads the package's name and version out of the file's. */
const numpy = () => `/${process.env.WEFT_NUMPY_WHEEL.split('/').at(-1)}`;

function fileOf(path) {
  const clean = normalize(decodeURIComponent(path));
  if (process.env.WEFT_NUMPY_WHEEL && clean === numpy()) return process.env.WEFT_NUMPY_WHEEL;
  if (clean.startsWith(PYODIDE)) return join(ROOT, 'node_modules/pyodide', clean.slice(PYODIDE.length));
  return join(ROOT, 'build/dist', clean === '/' ? 'index.html' : clean);
}

/** A server on the loopback interface that listens; port 0: any. `headers` go with every answer. `take`
 *  (path, response, head) returns whether it has seen to the answer itself. */
export async function serve({ port = 0, headers = {}, take = () => false } = {}) {
  const server = createServer((request, response) => {
    try {
      const { pathname } = new URL(request.url, 'http://localhost');
      const file = fileOf(pathname);
      const type = TYPES[extname(pathname === '/' ? 'index.html' : pathname)] ?? 'application/octet-stream';
      const head = { 'content-type': type, 'cache-control': 'no-cache', ...headers };
      if (take(pathname, response, head)) return;
      response.writeHead(200, { ...head, 'content-length': statSync(file).size });
      createReadStream(file).pipe(response);
    } catch {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
    }
  });
  await new Promise((ready, failed) => server.once('error', failed).listen(port, '127.0.0.1', ready));
  return server;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const server = await serve({ port: Number(process.argv[2] ?? 8000) });
  const origin = `http://localhost:${server.address().port}`;
  for (const page of ['webgpu_compute', 'webgpu_worker', 'wgsl_mistakes']) process.stdout.write(`${origin}/${page}.html${query()}\n`);
  process.stdout.write('Ctrl-C ends it\n');
}
