// The ring `node`: Pyodide in Node 24 on Dawn (npm `webgpu`).   run.mjs JOB.json
// The way out is process.exit: Dawn's threads would keep the process alive.
import { readFileSync } from 'node:fs';
import { create, globals } from 'webgpu';
import { loadPyodide } from 'pyodide';
import { runJob } from '../pyodide.mjs';

const job = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const gpu = create([]); // referenced here to the end: a collected instance takes its devices with it
Object.assign(globalThis, globals);
if (job.gpu) Object.defineProperty(navigator, 'gpu', { value: gpu });

const read = (name) => new Uint8Array(readFileSync(name)); // Pyodide does not know Buffer
const print = (line) => process.stdout.write(`${line}\n`);
let status = 1;
try {
  status = await runJob(loadPyodide, job, read, print);
} catch (error) {
  // the stack of an error inside Pyodide quotes a line of a megabyte
  print(String(error.message ?? error).slice(0, 4000));
}
process.exit(status);
