// Every import of the given side modules must be something that Pyodide's main module or the module itself offers; a
// name that is missing would show up only as a crash at its first call.
//   check_imports.mjs pyodide.asm.wasm WHEEL.whl|MODULE.so ...
import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';

// The members of a zip archive whose names end in .so: [name, bytes].
function* modulesOf(path) {
  const bytes = readFileSync(path);
  if (!path.endsWith('.whl')) {
    yield [path, bytes];
    return;
  }
  let at = bytes.readUInt32LE(bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1') + 16); // of the central directory
  while (bytes.readUInt32LE(at) === 0x02014b50) {
    const packed = bytes.readUInt16LE(at + 10) !== 0;
    const size = bytes.readUInt32LE(at + 20);
    const [nName, nExtra, nComment] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field));
    const name = bytes.toString('utf8', at + 46, at + 46 + nName);
    const local = bytes.readUInt32LE(at + 42);
    if (name.endsWith('.so')) {
      const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
      const data = bytes.subarray(start, start + size);
      yield [name, packed ? inflateRawSync(data) : data];
    }
    at += 46 + nName + nExtra + nComment;
  }
}

const names = (list) => list.map((entry) => entry.name);
const [main, ...paths] = process.argv.slice(2);
const offered = new WebAssembly.Module(readFileSync(main));
const loader = ['memory', '__stack_pointer', '__memory_base', '__table_base', '__indirect_function_table'];
const known = new Set([
  ...loader,
  ...names(WebAssembly.Module.exports(offered)),
  ...names(WebAssembly.Module.imports(offered)), // JavaScript functions, which side modules are given too
]);

let failed = false;
for (const path of paths) {
  for (const [name, bytes] of modulesOf(path)) {
    const module = new WebAssembly.Module(bytes);
    const own = names(WebAssembly.Module.exports(module));
    const scripts = own.filter((n) => n.startsWith('__em_js__')).map((n) => n.slice('__em_js__'.length));
    const mine = new Set([...own, ...scripts]);
    const imports = [...new Set(names(WebAssembly.Module.imports(module)))];
    const missing = imports.filter((n) => !known.has(n) && !mine.has(n));
    const kib = (bytes.length / 1024).toFixed(1);
    if (missing.length === 0) {
      console.log(`${name}: ${kib} KiB, ${imports.length} imports, all offered by Pyodide`);
    } else {
      failed = true;
      console.error(`${name}: Pyodide does not offer ${missing.join(', ')}`);
    }
  }
}
process.exit(failed ? 1 : 0);
