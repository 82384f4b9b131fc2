// What the page of the ring `browser` does: takes its job from tests/browser/run.mjs, runs it, tells how it ended.
import { loadPyodide } from '/node_modules/pyodide/pyodide.mjs';
import { runJob } from '/tests/pyodide.mjs';

const { job, files } = await globalThis.weftJob();
const read = async (name) => {
  const response = await fetch(files[name]);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
};
try {
  const status = await runJob(loadPyodide, job, read, globalThis.weftPrint, { indexURL: '/node_modules/pyodide/' });
  await globalThis.weftEnd(status, '');
} catch (error) {
  await globalThis.weftEnd(1, String(error.message ?? error).slice(0, 4000));
}
