// The worker of webgpu_worker.html: Pyodide and weft behind a small RPC (comlink).
import * as Comlink from 'comlink';
import { loadSession, textOf } from './python.js';

const REPORT = 100; // ms between two reports of progress
let call = null;
let canvas = null;
let texts = null;

/** Counts, and tells the page now and then. */
function counter(report) {
  let ran = 0;
  let told = 0;
  return (n) => {
    ran += n;
    if (performance.now() - told < REPORT) return;
    told = performance.now();
    report(ran);
  };
}

Comlink.expose({
  /** Takes a lock and holds it until the worker is gone, however it goes: that is how the page hears of it. */
  live: (name) => new Promise((held) => navigator.locks.request(name, () => (held(), new Promise(() => {})))),
  /** Loads everything; `screen` is the page's canvas, handed over. */
  async start(sources, screen, report) {
    canvas = screen;
    const read = (ending) => textOf(`${sources.here}kernels/heat.${ending}`);
    texts = await Promise.all([read('py'), read('wgsl')]);
    call = await loadSession(sources, report);
    return call('open', sources.patience);
  },
  /** Compiles, uploads, runs a long batch, draws; the result's bytes are copied once, into a buffer that is handed over. */
  async simulate(size, rounds, every, report) {
    await call('load', ...texts, size);
    const same = await call('simulate', canvas, rounds, every, counter(report));
    const bytes = await call.bytes();
    return Comlink.transfer({ bytes, same }, [bytes]);
  },
});
