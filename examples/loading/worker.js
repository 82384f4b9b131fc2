// The worker of webgpu_worker.html: Pyodide and weft behind a small RPC (comlink).
import * as Comlink from '../../node_modules/comlink/dist/esm/comlink.mjs';
import { loadSession, obstacle } from './python.js';

let call = null;
let canvas = null;

Comlink.expose({
  obstacle,
  /** Loads everything; `screen` is the page's canvas, handed over. */
  async start(sources, screen, report) {
    canvas = screen;
    call = await loadSession(sources, report);
    return call('open');
  },
  /** Compiles, uploads, steps and draws; the result's bytes are copied once, into a buffer that is handed over. */
  async simulate(python, wgsl, size, rounds) {
    await call('load', python, wgsl, size);
    await call('begin');
    for (let i = 0; i < rounds; i++) await call('frame', canvas);
    const bytes = await call.bytes();
    return Comlink.transfer(bytes, [bytes]);
  },
});
