// Runs Python inside Pyodide for the rings `node` and `browser` and for the demo: what both share.
//
//   job.json  ──▶  tests/pyodide.mjs  ──▶  tests/pyodide_entry.py  ──▶  pytest, or one script
//
// job: {archives: [[name, folder], ...], wheels: [name, ...], site, paths, numpy: bool, folder, entry: [argument, ...],
// environ: {...}}, made by tools/pyodide_job.py; wheels go to `site`. `read(name)` gives the bytes of one of its files; `print(text)` takes each line of output.
export async function runJob(loadPyodide, job, read, print, options = {}) {
  const pyodide = await loadPyodide({ ...options, stdout: print, stderr: print });
  for (const [name, folder] of job.archives) pyodide.unpackArchive(await read(name), 'zip', { extractDir: folder });
  for (const name of job.wheels) pyodide.unpackArchive(await read(name), 'wheel', { extractDir: job.site });
  if (!job.numpy) {
    // Pyodide's own distribution, for those who can reach it
    await pyodide.loadPackage('numpy', { messageCallback: () => {}, errorCallback: () => {} }).catch(() => {});
  }
  pyodide.globals.set('job_paths', pyodide.toPy(job.paths));
  pyodide.runPython('import sys; sys.path[:0] = job_paths');
  pyodide.globals.set('job_text', JSON.stringify(job));
  return pyodide.runPythonAsync('import pyodide_entry; pyodide_entry.run(job_text)');
}
