// The web driver's JavaScript without Pyodide: web.js runs on a heap of its own and on WebGPU from npm "webgpu" (Dawn).
// Used by the files beside it, which node:test runs. What C would pass is written into the heap the way web.c does it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { create } from 'webgpu';

const source = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
export const headers = {
  driver: source('src/core/driver.h'),
  status: source('src/base/status.h'),
  web: source('src/drivers/web/web.c'),
};
export const script = source('src/drivers/web/web.js');

/* The first (or second) arguments of X in a list macro, without quotes. */
const xlist = (text, macro, argument) => {
  const body = text.match(new RegExp(`#define ${macro}\\(X\\)((?:.*\\\\\\n)*.*)`))[1];
  return [...body.matchAll(/X\(([^)]*)\)/g)].map((m) => m[1].split(/,\s*/)[argument].replaceAll('"', ''));
};
export const tables = {
  entries: xlist(headers.web, 'ENTRY_LIST', 0),
  statuses: xlist(headers.status, 'WEFT_STATUS_LIST', 0),
  limits: xlist(headers.driver, 'WEFT_LIMIT_LIST', 1),
  features: xlist(headers.driver, 'WEFT_FEATURE_LIST', 1),
  languages: xlist(headers.driver, 'WEFT_LANGUAGE_LIST', 1),
};
export const STATUS = Object.fromEntries(tables.statuses.map((name, code) => [name, code]));
export const LOST = 0xffffffff;
export const UNCAPTURED = 0xfffffffe;
export const USAGE = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, UNIFORM: 64, STORAGE: 128, QUERY_RESOLVE: 512 };
export const BINDING = { UNIFORM: 0, DYNAMIC: 1, STORAGE: 2, READ: 3 };

export const both = (value) => [value >>> 0, Math.floor(value / 2 ** 32)];

/* Commands of a stream. */
const op = (code, ...words) => [code | ((words.length + 1) << 8), ...words];
export const write = (id, offset, pointer, n) => op(1, id, ...both(offset), ...both(pointer), ...both(n));
export const begin = (future = 0) => op(2, future);
export const group = (id, layout, ...entries) =>
  op(
    3,
    id,
    layout,
    entries.length,
    ...entries.flatMap(([binding, buffer, offset, size]) => [binding, buffer, ...both(offset), ...both(size)]),
  );
export const pipeline = (id) => op(4, id);
export const setGroup = (index, id, ...offsets) => op(5, index, id, offsets.length, ...offsets);
export const immediates = (offset, ...words) => op(6, offset, ...words);
export const dispatch = (x, y = 1, z = 1) => op(7, x, y, z);
export const copy = (from, fromOffset, to, toOffset, n) =>
  op(8, from, ...both(fromOffset), to, ...both(toOffset), ...both(n));
export const clear = (id, offset, n) => op(9, id, ...both(offset), ...both(n));
export const timestamp = (query) => op(10, query);
export const resolve = (first, n, id, offset = 0) => op(11, first, n, id, ...both(offset));

/* One WebGPU for all: Dawn wants it kept, and every `create` is an instance of its own. */
const gpu = create([]);
export const setGpu = (value = gpu) => Object.defineProperty(navigator, 'gpu', { value, configurable: true });
setGpu();

/* From now on the next device opened is kept in the answer's `device`: for what only its owner can do to it. */
export const spy = () => {
  const seen = {};
  setGpu({
    async requestAdapter(wish) {
      const adapter = await gpu.requestAdapter(wish);
      const { info, limits, features } = adapter;
      const requestDevice = async (descriptor) => (seen.device = await adapter.requestDevice(descriptor));
      return { info, limits, features, requestDevice };
    },
  });
  return seen;
};

/* A heap with a bump allocator, and web.js on it. */
export class Host {
  constructor(nBytes = 1 << 20) {
    this.module = {};
    this.use(new ArrayBuffer(nBytes));
    this.top = 64;
    this.future = 0;
    const joined = Object.fromEntries(Object.entries(tables).map(([name, values]) => [name, values.join(' ') + ' ']));
    this.web = new Function('Module', 'tables', script)(this.module, joined);
  }

  use(buffer) {
    this.module.HEAPU8 = new Uint8Array(buffer);
    this.module.HEAPU32 = new Uint32Array(buffer);
  }

  /* What the growth of a WebAssembly memory does: the old views are empty from now on. */
  grow(nBytes) {
    this.use(this.module.HEAPU8.buffer.transfer(nBytes));
  }

  alloc(n) {
    const at = this.top;
    this.top += Math.ceil(n / 8) * 8;
    assert.ok(this.top <= this.module.HEAPU8.length, 'the heap of the test is full');
    return at;
  }

  bytes(data) {
    const at = this.alloc(data.byteLength);
    this.module.HEAPU8.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    return at;
  }

  words(values) {
    return this.bytes(Uint32Array.from(values));
  }

  text(text) {
    return this.bytes(new TextEncoder().encode(`${text}\0`));
  }

  read(pointer, nBytes) {
    return this.module.HEAPU8.slice(pointer, pointer + nBytes);
  }

  readText(pointer) {
    const heap = this.module.HEAPU8;
    return new TextDecoder('utf-8', { fatal: true }).decode(heap.subarray(pointer, heap.indexOf(0, pointer)));
  }

  next() {
    return ++this.future;
  }

  /* One crossing; `quiet` as web.c makes it for functions that have no error. */
  call(name, handle, words = [], quiet = false) {
    const top = this.top;
    const at = this.words(words.length ? words : [0]);
    const message = quiet ? 0 : this.alloc(2048);
    const status = this.web.call(tables.entries.indexOf(name), handle, at, message);
    const answer = {
      status,
      result: this.module.HEAPU32[at / 4],
      message: status && !quiet ? this.readText(message) : '',
    };
    this.top = top;
    return answer;
  }

  start(selector = '', { power = 0, limits = {}, features = 0 } = {}) {
    const wanted = this.words(tables.limits.flatMap((name) => both(limits[name] ?? 0)));
    const ready = this.next();
    const answer = this.call('open', 0, [this.text(selector), power, wanted, features, ready]);
    return { answer, ready, device: new Device(this, answer.result) };
  }

  async open(...args) {
    const { answer, ready, device } = this.start(...args);
    assert.equal(answer.status, 0, answer.message);
    assert.deepEqual(await device.settled(ready), { status: 0, text: '' });
    return device;
  }
}

/* A device of the driver, seen as the core sees it. */
export class Device {
  constructor(host, handle) {
    Object.assign(this, { host, handle, done: new Map(), uncaptured: [], slots: 0 });
  }

  id(generation = 1) {
    return ((generation << 20) | ++this.slots) >>> 0;
  }

  try(name, ...words) {
    return this.host.call(name, this.handle, words);
  }

  ok(name, ...words) {
    const answer = this.try(name, ...words);
    assert.equal(answer.status, 0, `${name}: ${answer.message}`);
    return answer.result;
  }

  ask(name, ...words) {
    return this.host.call(name, this.handle, words, true).result;
  }

  fails(status, pattern, name, ...words) {
    const answer = this.try(name, ...words);
    assert.equal(tables.statuses[answer.status], status, answer.message);
    assert.match(answer.message, pattern);
  }

  poll(capacity = 16) {
    const { host } = this;
    const out = host.alloc(8 * capacity);
    const text = host.alloc(4096);
    const n = this.ask('poll', out, capacity);
    const taken = [];
    for (let i = 0; i < n; i++) {
      const [future, status] = host.module.HEAPU32.slice(out / 4 + 2 * i);
      this.ask('completion_text', future, text, 4096);
      taken.push({ future, status, text: host.readText(text) });
    }
    host.top = out;
    for (const { future, ...rest } of taken) {
      if (future === UNCAPTURED) this.uncaptured.push(rest);
      else {
        assert.ok(!this.done.has(future), `future ${future} settles once`);
        this.done.set(future, rest);
      }
    }
    return n;
  }

  /* How `future` has settled; fails after `seconds`. */
  async settled(future, seconds = 10) {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      while (this.poll());
      if (this.done.has(future)) return this.done.get(future);
      assert.ok(Date.now() < end, `future ${future} has not settled after ${seconds} s`);
      const timeout = new Promise((resolve) => {
        setTimeout(resolve, 200).unref();
      });
      await Promise.race([this.host.web.promise(), timeout]);
    }
  }

  /* All that is on its way has arrived. */
  async quiet() {
    for (let i = 0; i < 5; i++)
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    while (this.poll());
  }

  buffer(nBytes, usage = USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST, future = 0) {
    const id = this.id();
    this.ok('buffer_create', id, ...both(nBytes), usage, future);
    return id;
  }

  upload(id, data, offset = 0) {
    const { top } = this.host;
    this.ok('buffer_write', id, ...both(offset), this.host.bytes(data), ...both(data.byteLength), 0);
    this.host.top = top;
  }

  submit(...commands) {
    const { top } = this.host;
    const words = commands.flat();
    const answer = this.try('submit', this.host.words(words), words.length);
    this.host.top = top;
    return answer;
  }

  run(...commands) {
    const { status, message } = this.submit(...commands);
    assert.equal(status, 0, message);
  }

  /* The bytes of a buffer, by the way that the core takes: copy, map, copy out. */
  async read(id, nBytes, Type = Float32Array) {
    const staging = this.buffer(nBytes, USAGE.MAP_READ | USAGE.COPY_DST);
    this.run(begin(), copy(id, 0, staging, 0, nBytes));
    const future = this.host.next();
    this.ok('map_start', staging, 0, 0, ...both(nBytes), future);
    assert.equal((await this.settled(future)).status, 0);
    const { top } = this.host;
    const to = this.host.alloc(nBytes);
    this.ok('map_read', staging, 0, 0, to, ...both(nBytes));
    this.ask('map_finish', staging);
    this.release(staging);
    this.host.top = top;
    return new Type(this.host.read(to, nBytes).buffer);
  }

  release(...ids) {
    const { top } = this.host;
    this.ask('release', this.host.words(ids), ids.length);
    this.host.top = top;
  }

  module(code) {
    const { host } = this;
    const [id, future] = [this.id(), host.next()];
    const pointer = host.text(code);
    this.ok('module_create', id, pointer, host.module.HEAPU8.indexOf(0, pointer) - pointer, future);
    return { id, future };
  }

  layout(...entries) {
    const id = this.id();
    this.ok('layout_create', id, this.host.words(entries.flat()), entries.length);
    return id;
  }

  pipeline(module, layouts, { entry = 'main', constants = {}, nImmediates = 0, background = 0 } = {}) {
    const { host } = this;
    const [id, future] = [this.id(), host.next()];
    const names = host.text(Object.keys(constants).join('\0'));
    const values = host.bytes(Float64Array.from(Object.values(constants)));
    this.ok(
      'pipeline_create',
      id,
      module,
      host.text(entry),
      host.words(layouts),
      layouts.length,
      nImmediates,
      names,
      values,
      Object.keys(constants).length,
      background,
      future,
    );
    return { id, future };
  }

  count() {
    return this.ask('object_count');
  }

  close() {
    this.ask('close');
  }
}

/* y = a * x + y with a and n in a uniform at a dynamic offset: enough to run anything. */
export const saxpy = (device, n) => {
  const layout = device.layout([0, BINDING.READ, 0], [1, BINDING.STORAGE, 0], [2, BINDING.DYNAMIC, 8]);
  const { id: module } = device.module(`
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> y: array<f32>;
    struct P { a: f32, n: u32 }
    @group(0) @binding(2) var<uniform> p: P;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
      if (id.x < p.n) { y[id.x] = p.a * x[id.x] + y[id.x]; }
    }`);
  const { id: compiled, future } = device.pipeline(module, [layout]);
  const [x, y, ring] = [
    device.buffer(4 * n),
    device.buffer(4 * n),
    device.buffer(1024, USAGE.UNIFORM | USAGE.COPY_DST),
  ];
  const uniforms = new DataView(new ArrayBuffer(1024));
  for (let i = 0; i < 4; i++) {
    uniforms.setFloat32(256 * i, i + 1, true);
    uniforms.setUint32(256 * i + 4, n, true);
  }
  device.upload(
    x,
    Float32Array.from({ length: n }, (_, i) => i),
  );
  device.upload(ring, uniforms);
  const bound = device.id();
  device.run(group(bound, layout, [0, x, 0, 4 * n], [1, y, 0, 4 * n], [2, ring, 0, 8]));
  return { x, y, ring, layout, module, pipeline: compiled, group: bound, future, groups: Math.ceil(n / 64) };
};
