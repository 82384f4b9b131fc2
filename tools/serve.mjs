// Serves the pages on the loopback interface:  serve.mjs [PORT]     (make serve). Also used by the ring `pages`.
//
// Pyodide comes from npm, NumPy from the wheel that WEFT_NUMPY_WHEEL names; without one the pages use Pyodide's public
// distribution for both. There are no COOP/COEP headers, as on most hosts.
import { createServer } from 'node:http';
import { createReadStream, statSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OPEN = ['/examples/', '/node_modules/', '/build/wheel/'];
const NUMPY = '/numpy.whl';
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.py': 'text/plain; charset=utf-8',
  '.wgsl': 'text/plain; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** What a page's address ends with to use what lies here instead of the public distribution. */
export const query = () => (process.env.WEFT_NUMPY_WHEEL ? `?pyodide=/node_modules/pyodide/&numpy=${NUMPY}` : '');

function fileOf(path) {
  if (path === NUMPY) return process.env.WEFT_NUMPY_WHEEL;
  const clean = normalize(decodeURIComponent(path));
  return OPEN.some((folder) => clean.startsWith(folder)) ? join(ROOT, clean) : null;
}

function answer(request, response) {
  try {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname === '/') return response.writeHead(302, { location: `/examples/loading/webgpu_compute.html${query()}` }).end();
    const file = fileOf(pathname);
    const { size } = statSync(file);
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'content-length': size, 'cache-control': 'no-cache' });
    createReadStream(file).pipe(response);
  } catch {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
  }
}

/** A server on the loopback interface that listens; port 0: any. */
export async function serve(port = 0, host = '127.0.0.1') {
  const server = createServer(answer);
  await new Promise((ready, failed) => server.once('error', failed).listen(port, host, ready));
  return server;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const server = await serve(Number(process.argv[2] ?? 8000));
  process.stdout.write(`http://localhost:${server.address().port}/   (Ctrl-C ends it)\n`);
}
