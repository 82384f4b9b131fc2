/* The web driver's half in JavaScript: it owns the GPU objects. web.c embeds this file and calls it; nothing else does.
 *
 *   web.c ── call(entry, device, words, message) ──▶ entries[…](record, HEAPU32, index of the first word)
 *
 *   devices   handle → record
 *   record    ids      [slot] the id that lives there          objects  [slot] its GPU object
 *             mapped   id → the range that map_start asked for
 *             pending  futures that have not settled           done     completions that poll has not taken
 *             texts    future → message, of the latest poll    scopes   error scopes that are open now
 *             queries  the query set of timestamps, null until it is used; `unwritten` while the block that makes it is open
 *             showing  the copy to a canvas that goes with the next submit
 *
 * - This is the body of a function of two parameters, run once per Emscripten module: `Module`, of which only HEAPU8,
 *   HEAPU32 and getWasmTableEntry are used, and `tables`, the lists of C (space-separated strings), so that each list has one home.
 * - `call` is the only way in. An entry reads its arguments from 32-bit words and writes its result over the first of
 *   them; failing is throwing. No exception leaves `call`, a callback or a handler: it becomes a status with a text.
 * - Heap views are looked up at every crossing and never kept: the memory may have grown in between.
 * - A callback holds a record and a future's number, never a buffer or an address: what settles after `close` finds an
 *   empty record and does nothing. */
'use strict';

const list = (names) => names.trim().split(' ');
const STATUS = Object.fromEntries(list(tables.statuses).map((name, code) => [name, code]));
const LIMITS = list(tables.limits);
const FEATURES = list(tables.features);
const LANGUAGES = list(tables.languages);

/* Numbers of core/driver.h, spelled out because a switch wants constants; a test holds them against that file. */
const OP_WRITE = 1;
const OP_BEGIN = 2;
const OP_GROUP = 3;
const OP_PIPELINE = 4;
const OP_SET_GROUP = 5;
const OP_IMMEDIATES = 6;
const OP_DISPATCH = 7;
const OP_COPY = 8;
const OP_CLEAR = 9;
const OP_TIMESTAMP = 10;
const OP_RESOLVE = 11;
const FUTURE_LOST = 0xffffffff;
const FUTURE_UNCAPTURED = 0xfffffffe;
const SLOT_MASK = 0xfffff;
const POWERS = [undefined, 'low-power', 'high-performance'];
const ADAPTERS = { unknown: 0, 'discrete GPU': 1, 'integrated GPU': 2, CPU: 3 };
const BINDINGS = [
  { type: 'uniform' },
  { type: 'uniform', hasDynamicOffset: true },
  { type: 'storage' },
  { type: 'read-only-storage' },
];

const ERROR_CAPACITY = 2048;
const SCOPES = ['internal', 'out-of-memory', 'validation'];
const STAGE_COMPUTE = 4;
const MAP_READ = 1;
const TEXTURE_COPY_DST = 2;
const ROW_BYTES = 256;
const QUERIES = 128;
const SURE_BYTES = 2 ** 20; // smaller buffers are there once they are asked for
const LOSS_DELAY = 50; // ms

const devices = new Map();
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const test = { throwAt: null };
let lastHandle = 0;
const canvases = new Map(); // number → WeakRef of a canvas
const canvasNumbers = new WeakMap();
const configured = new WeakMap(); // canvas → the device it shows
let lastCanvas = 0;
let waiting = null;

/* ---- errors ----------------------------------------------------------------------------------- */

/* A failure whose status is known. */
class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/* Anything can be thrown, also what cannot be turned into text. */
const textOf = (error) => {
  try {
    if (error instanceof Refusal) return error.message;
    const text = String(error?.message ?? error);
    return error instanceof Error && error.name !== 'Error' ? `${error.name}: ${text}` : text;
  } catch {
    return 'something without a message was thrown';
  }
};

const statusOf = (error) => {
  if (error instanceof Refusal) return error.status;
  if (error?.constructor?.name === 'GPUOutOfMemoryError') return STATUS.MEMORY;
  return error?.name === 'AbortError' ? STATUS.STATE : STATUS.DEVICE;
};

/* The tests name a place, and the next pass through it throws. */
const trip = (place) => {
  if (test.throwAt !== place) return;
  test.throwAt = null;
  throw new TypeError(`thrown on request in ${place}`);
};

/* ---- the heap --------------------------------------------------------------------------------- */

const get64 = (words, at) => words[at] + words[at + 1] * 4294967296;

const put64 = (words, at, value) => {
  words[at] = value;
  words[at + 1] = Math.floor(value / 4294967296);
};

const readText = (pointer, nBytes) => decoder.decode(Module.HEAPU8.subarray(pointer, pointer + nBytes));

/* Where the NUL of the text at `pointer` is. */
const endOf = (pointer) => Module.HEAPU8.indexOf(0, pointer);

/* As snprintf: cut at a character when too long, always with a NUL, returns the whole length in bytes. */
const writeText = (pointer, capacity, text) => {
  const bytes = encoder.encode(text);
  if (capacity === 0) return bytes.length;
  let n = Math.min(bytes.length, capacity - 1);
  while (n > 0 && n < bytes.length && (bytes[n] & 0xc0) === 0x80) n--;
  const heap = Module.HEAPU8;
  heap.set(bytes.subarray(0, n), pointer);
  heap[pointer + n] = 0;
  return bytes.length;
};

/* ---- futures ---------------------------------------------------------------------------------- */

const wake = () => {
  waiting?.resolve();
  waiting = null;
};

const tell = (record, future, status, text) => {
  record.done.push({ future, status, text });
  record.news = true;
  wake();
};

const settle = (record, future, status, text) => {
  if (record.pending.delete(future)) tell(record, future, status, text);
};

const SETTLED = Promise.resolve();

/* `future` settles with `promise`: with OK unless it rejects or `take` throws on its value. A failure is told after what
 * the compiler has to say of the modules so far (`before`), because that is often its reason. */
const watch = (record, future, promise, take, before = record.compiled) => {
  if (future) record.pending.add(future);
  return promise
    .then((value) => {
      if (!record.pending.has(future)) return;
      trip('settled');
      take(value);
      settle(record, future, STATUS.OK, '');
    })
    .catch((error) => before.then(() => settle(record, future, statusOf(error), textOf(error))));
};

const passed = (error) => {
  if (error) throw error;
};

const openScopes = (record, filters) => {
  for (const filter of filters) {
    record.gpu.pushErrorScope(filter);
    record.scopes++;
  }
};

/* A promise of the first error since openScopes, undefined without one. */
const closeScopes = (record) => {
  const answers = [];
  for (; record.scopes > 0; record.scopes--) answers.push(record.gpu.popErrorScope());
  return Promise.all(answers).then((errors) => errors.find(Boolean));
};

/* Closes the scopes that a failure has left open: scopes are a stack, one too many would eat the errors of others. */
const dropScopes = (record) => {
  if (record?.scopes) closeScopes(record).catch(() => {});
};

/* Runs `work`; a future gets the errors that the device finds in it. */
const scoped = (record, future, work) => {
  if (!future) return work();
  openScopes(record, SCOPES);
  const result = work();
  watch(record, future, closeScopes(record), passed);
  return result;
};

/* ---- the table of objects --------------------------------------------------------------------- */

const hex = (id) => `0x${id.toString(16)}`;

const find = (record, id) => {
  const slot = id & SLOT_MASK;
  if (id === 0 || record.ids[slot] !== id) throw new Refusal(STATUS.STATE, `there is no object with the id ${hex(id)}`);
  const object = record.objects[slot];
  if (object === null) throw new Refusal(STATUS.STATE, `the pipeline with the id ${hex(id)} is still being compiled`);
  return object;
};

/* Refuses before anything is made, so that a call that fails leaves nothing. */
const reserve = (record, id) => {
  const held = record.ids[id & SLOT_MASK];
  if (id === 0) throw new Refusal(STATUS.VALUE, 'an object cannot have the id 0');
  if (held) throw new Refusal(STATUS.STATE, `the slot of the id ${hex(id)} is held by the id ${hex(held)}`);
};

const put = (record, id, object) => {
  const slot = id & SLOT_MASK;
  record.ids[slot] = id;
  record.objects[slot] = object;
  record.count++;
};

/* Of all kinds of objects only buffers have a destroy, and only they hold memory worth naming. */
const drop = (record, id) => {
  const slot = id & SLOT_MASK;
  if (id === 0 || record.ids[slot] !== id) return;
  const object = record.objects[slot];
  record.ids[slot] = 0;
  record.objects[slot] = undefined;
  record.mapped.delete(id);
  record.count--;
  object?.destroy?.();
};

/* The record, when work can be given to its device. */
const opened = (record) => {
  if (record.lost !== null) throw new Refusal(STATUS.LOST, record.lost);
  if (!record.gpu) throw new Refusal(STATUS.STATE, 'the device is not open yet');
  return record;
};

/* ---- opening a device ------------------------------------------------------------------------- */

/* Chromium gives a number as the device and keeps the words in the description, Dawn for Node the other way round; both
 * may be empty to hide what the machine is. */
const nameOf = (info) => {
  const device = info.device && !info.device.startsWith('0x') ? info.device : info.description;
  return device || `${info.vendor} ${info.architecture}`.trim() || 'unnamed adapter';
};

const kindOf = (info) => {
  const software =
    info.isFallbackAdapter || /swiftshader|llvmpipe|basic render/i.test(`${info.architecture} ${nameOf(info)}`);
  return software ? ADAPTERS.CPU : (ADAPTERS[info.type] ?? ADAPTERS.unknown);
};

/* Whether an adapter is what a selector asks for: a kind, or a part of its names. */
const fits = (info, selector) => {
  const kind = kindOf(info);
  const kinds = {
    gpu: kind !== ADAPTERS.CPU,
    software: kind === ADAPTERS.CPU,
    discrete: kind === ADAPTERS['discrete GPU'],
    integrated: kind === ADAPTERS['integrated GPU'],
  };
  if (Object.hasOwn(kinds, selector)) return kinds[selector];
  return `${nameOf(info)} ${info.vendor} ${info.architecture}`.toLowerCase().includes(selector.toLowerCase());
};

const browserOf = ({ userAgentData, userAgent }) => {
  const brands = (userAgentData?.brands ?? []).filter(({ brand }) => !/not.*brand/i.test(brand));
  return brands.map(({ brand, version }) => `${brand} ${version}`).join(', ') || userAgent || 'an unnamed browser';
};

/* navigator.gpu, or the reason why there is none. */
const webgpu = () => {
  const gpu = globalThis.navigator?.gpu;
  if (gpu) return gpu;
  throw new Refusal(
    STATUS.DEVICE,
    globalThis.isSecureContext === false
      ? 'no WebGPU: the page is not a secure context; it must come over https or from localhost'
      : 'no WebGPU: this browser, or this kind of worker in it, has no navigator.gpu',
  );
};

const findAdapter = async (gpu, selector, powerPreference) => {
  const wishes = [{ powerPreference }];
  if (selector) {
    wishes.push({ powerPreference: POWERS[2] }, { powerPreference: POWERS[1] }, { forceFallbackAdapter: true });
  }
  const seen = new Set();
  for (const wish of wishes) {
    const adapter = await gpu.requestAdapter(wish);
    if (!adapter) continue;
    if (fits(adapter.info, selector)) return adapter;
    seen.add(nameOf(adapter.info));
  }
  const text = seen.size
    ? `no adapter is called "${selector}"; the browser offers ${[...seen].map((name) => `"${name}"`).join(', ')}`
    : 'no adapter: the browser has WebGPU but offers no GPU (switched off, blocked for its driver, or crashed)';
  throw new Refusal(STATUS.DEVICE, text);
};

/* What requestDevice is asked for: all that the adapter has. What `wish` asks for and the adapter lacks is an error. */
const descriptorOf = (adapter, wish) => {
  const requiredLimits = {};
  LIMITS.forEach((name, i) => {
    const has = adapter.limits[name];
    const wants = wish.limits[i];
    if (wants && !(name.startsWith('min') ? has <= wants : has >= wants)) {
      throw new Refusal(STATUS.UNSUPPORTED, `${name} is ${has ?? 'not known'} on this adapter, required is ${wants}`);
    }
    if (has !== undefined) requiredLimits[name] = has;
  });
  FEATURES.forEach((name, bit) => {
    if ((wish.features >>> bit) & 1 && !adapter.features.has(name)) {
      throw new Refusal(STATUS.UNSUPPORTED, `this adapter lacks the feature ${name}`);
    }
  });
  const requiredFeatures = [...adapter.features].filter((name) => !name.includes('experimental'));
  return { label: 'weft', requiredLimits, requiredFeatures };
};

const lose = (record, reason) => {
  if (record.lost !== null || record.closed) return;
  record.lost = reason;
  tell(record, FUTURE_LOST, STATUS.LOST, reason);
  for (const future of [...record.pending]) settle(record, future, STATUS.LOST, '');
};

const listen = (record, device) => {
  device.onuncapturederror = (event) => {
    try {
      trip('uncaptured');
      event.preventDefault?.();
      tell(record, FUTURE_UNCAPTURED, statusOf(event.error), textOf(event.error));
    } catch (error) {
      tell(record, FUTURE_UNCAPTURED, STATUS.DEVICE, textOf(error));
    }
  };
  device.lost
    .then((info) => {
      trip('lost');
      lose(record, info.message || info.reason);
    })
    .catch((error) => lose(record, textOf(error)));
};

const openDevice = async (record, gpu, wish) => {
  const adapter = await findAdapter(gpu, wish.selector, POWERS[wish.power]);
  const device = await adapter.requestDevice(descriptorOf(adapter, wish));
  if (record.closed || record.lost !== null) return device.destroy();
  listen(record, device);
  const { info } = adapter;
  record.gpu = device;
  record.queue = device.queue;
  record.kind = kindOf(info);
  record.languages = gpu.wgslLanguageFeatures ?? new Set();
  const library = `navigator.gpu of ${browserOf(globalThis.navigator)}`;
  record.info = [nameOf(info), info.vendor, info.architecture, 'WebGPU', library, [...device.features].join(' ')];
};

/* ---- canvases --------------------------------------------------------------------------------- */

/* The number of a canvas, 0 for anything else. The page owns its canvases: one that is gone is refused. */
const numberOf = (object) => {
  const kinds = [globalThis.HTMLCanvasElement, globalThis.OffscreenCanvas];
  if (!kinds.some((kind) => kind && object instanceof kind)) return 0;
  if (!canvasNumbers.has(object)) {
    canvasNumbers.set(object, ++lastCanvas);
    canvases.set(lastCanvas, new WeakRef(object));
  }
  return canvasNumbers.get(object);
};

/* The context of a canvas, configured for this device, at this size. */
const contextOf = (gpu, number, width, height) => {
  const canvas = canvases.get(number)?.deref();
  if (!canvas) throw new Refusal(STATUS.VALUE, `there is no canvas with the number ${number}`);
  const most = gpu.limits.maxTextureDimension2D;
  if (width > most || height > most)
    throw new Refusal(STATUS.VALUE, `a picture of ${width} x ${height} pixels; this device shows at most ${most} x ${most}`);
  const context = canvas.getContext('webgpu');
  if (!context) throw new Refusal(STATUS.VALUE, 'the canvas is used with another kind of context already');
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  if (configured.get(canvas) !== gpu) {
    context.configure({ device: gpu, format: 'rgba8unorm', usage: TEXTURE_COPY_DST, alphaMode: 'premultiplied' });
    configured.set(canvas, gpu);
  }
  return context;
};

/* ---- the command stream ----------------------------------------------------------------------- */

const createGroup = (record, words, at) => {
  reserve(record, words[at + 1]);
  const entries = [];
  for (let i = 0, e = at + 4; i < words[at + 3]; i++, e += 6) {
    const resource = { buffer: find(record, words[e + 1]), offset: get64(words, e + 2), size: get64(words, e + 4) };
    entries.push({ binding: words[e], resource });
  }
  put(record, words[at + 1], record.gpu.createBindGroup({ layout: find(record, words[at + 2]), entries }));
};

/* A pass that only tells the time: its end waits for all before it, its beginning may not. */
const stamp = (commands, querySet, query) =>
  commands.beginComputePass({ timestampWrites: { querySet, endOfPassWriteIndex: query } }).end();

/* The set of queries, made when the first is used. A browser may wait for ever for a query that was never written, as is
 * one whose block fails; so all are written first. */
const queriesOf = (record, commands, first, n) => {
  if (first + n > QUERIES) throw new Refusal(STATUS.VALUE, `${n} queries from the ${first}th; there are ${QUERIES}`);
  if (!record.gpu.features.has('timestamp-query'))
    throw new Refusal(STATUS.UNSUPPORTED, 'this device has no timestamps (the feature timestamp-query)');
  if (!record.queries) {
    record.queries = record.unwritten = record.gpu.createQuerySet({ type: 'timestamp', count: QUERIES });
    for (let query = 0; query < QUERIES; query++) stamp(commands, record.queries, query);
  }
  return record.queries;
};

/* `last`: what `present` asked for goes with the last block of a stream. */
const endBlock = (record, commands, pass, future, last = false) => {
  pass?.end();
  if (last && record.showing) commands.copyBufferToTexture(...record.showing);
  record.queue.submit([commands.finish()]);
  const { unwritten } = record;
  record.unwritten = null;
  if (!future) return;
  watch(record, future, closeScopes(record), (error) => {
    if (error && record.queries === unwritten) record.queries = null; // may be what is wrong
    passed(error);
  });
};

/* The words from `at` to `end`. `begun` collects the futures of its blocks. The hot loop: no allocation of ours per
 * dispatch, and the words themselves are handed on as dynamic offsets and immediates. */
const walk = (record, words, at, end, begun) => {
  let commands = null;
  let pass = null;
  let future = 0;
  while (at < end) {
    const op = words[at] & 0xff;
    const next = at + (words[at] >>> 8);
    if (next === at || next > end)
      throw new Refusal(STATUS.VALUE, `command ${op} is ${next - at} words long, ${end - at} are left`);
    if (commands === null && op > OP_GROUP)
      throw new Refusal(STATUS.VALUE, `command ${op} comes before the first BEGIN`);
    switch (op) {
      case OP_DISPATCH:
        pass ??= commands.beginComputePass();
        pass.dispatchWorkgroups(words[at + 1], words[at + 2], words[at + 3]);
        break;
      case OP_SET_GROUP:
        pass ??= commands.beginComputePass();
        if (words[at + 3] === 0) pass.setBindGroup(words[at + 1], find(record, words[at + 2]));
        else pass.setBindGroup(words[at + 1], find(record, words[at + 2]), words, at + 4, words[at + 3]);
        break;
      case OP_PIPELINE:
        pass ??= commands.beginComputePass();
        pass.setPipeline(find(record, words[at + 1]));
        break;
      case OP_IMMEDIATES:
        pass ??= commands.beginComputePass();
        if (!pass.setImmediates) throw new Refusal(STATUS.UNSUPPORTED, 'this browser has no setImmediates');
        pass.setImmediates(words[at + 1], words, at + 2, next - at - 2);
        break;
      case OP_GROUP:
        createGroup(record, words, at);
        break;
      case OP_COPY:
        pass = pass?.end() ?? null;
        commands.copyBufferToBuffer(
          find(record, words[at + 1]),
          get64(words, at + 2),
          find(record, words[at + 4]),
          get64(words, at + 5),
          get64(words, at + 7),
        );
        break;
      case OP_CLEAR:
        pass = pass?.end() ?? null;
        commands.clearBuffer(find(record, words[at + 1]), get64(words, at + 2), get64(words, at + 4));
        break;
      case OP_TIMESTAMP:
        pass = pass?.end() ?? null;
        stamp(commands, queriesOf(record, commands, words[at + 1], 1), words[at + 1]);
        break;
      case OP_RESOLVE:
        pass = pass?.end() ?? null;
        commands.resolveQuerySet(
          queriesOf(record, commands, words[at + 1], words[at + 2]),
          words[at + 1],
          words[at + 2],
          find(record, words[at + 3]),
          get64(words, at + 4),
        );
        break;
      case OP_WRITE:
        record.queue.writeBuffer(
          find(record, words[at + 1]),
          get64(words, at + 2),
          Module.HEAPU8,
          get64(words, at + 4),
          get64(words, at + 6),
        );
        break;
      case OP_BEGIN:
        if (commands) endBlock(record, commands, pass, future);
        pass = null;
        future = words[at + 1];
        if (future) begun.push(future);
        if (future) openScopes(record, SCOPES);
        commands = record.gpu.createCommandEncoder();
        break;
      default:
        throw new Refusal(STATUS.VALUE, `there is no command ${op}`);
    }
    at = next;
  }
  if (commands) endBlock(record, commands, pass, future, true);
};

/* ---- the entries: the functions of weft_driver, with the order of their words ----------------- */

const entries = {
  /* nothing: it is enough that this file has run */
  start() {},

  /* → handle; selector, power, address of the required limits, required features, future */
  open(_, words, at) {
    const gpu = webgpu();
    const selector = readText(words[at], endOf(words[at]) - words[at]);
    const limits = LIMITS.map((_name, i) => get64(words, (words[at + 2] >>> 2) + 2 * i));
    const wish = { selector, power: words[at + 1], limits, features: words[at + 3] };
    const record = {
      handle: ++lastHandle,
      gpu: null,
      queue: null,
      info: [],
      kind: ADAPTERS.unknown,
      languages: new Set(),
      ids: [],
      objects: [],
      count: 0,
      mapped: new Map(),
      pending: new Set(),
      done: [],
      news: false,
      texts: new Map(),
      scopes: 0,
      compiled: SETTLED, // when the compiler has told of every module
      lost: null,
      queries: null,
      unwritten: null,
      showing: null,
      closed: false,
    };
    devices.set(record.handle, record);
    watch(record, words[at + 4], openDevice(record, gpu, wish), () => {});
    words[at] = record.handle;
  },

  close(record) {
    devices.delete(record.handle);
    record.closed = true;
    record.pending.clear();
    record.done.length = 0;
    record.texts.clear();
    for (const id of record.ids) if (id) drop(record, id);
    if (record.gpu) record.gpu.onuncapturederror = null;
    record.gpu?.destroy();
    wake();
  },

  lose(record) {
    record.gpu?.destroy();
    lose(record, 'the device was given up on request');
  },

  /* addresses of the limits, the features, the languages, the kind of adapter */
  query(record, words, at) {
    const { gpu } = record;
    const [limits, features, languages, kind] = words.subarray(at, at + 4).map((pointer) => pointer >>> 2);
    const bits = (names, set) => names.reduce((sum, name, bit) => sum + (set.has(name) ? 2 ** bit : 0), 0);
    LIMITS.forEach((name, i) => put64(words, limits + 2 * i, gpu.limits[name] ?? 0));
    put64(words, features, bits(FEATURES, gpu.features));
    put64(words, languages, bits(LANGUAGES, record.languages));
    words[kind] = record.kind;
  },

  /* → length; which, address, capacity */
  text(record, words, at) {
    words[at] = writeText(words[at + 1], words[at + 2], record.info[words[at]] ?? '');
  },

  /* id, size (2), usage, future */
  buffer_create(record, words, at) {
    const { gpu } = opened(record);
    const id = words[at];
    const descriptor = { size: get64(words, at + 1), usage: words[at + 3] };
    reserve(record, id);
    put(
      record,
      id,
      scoped(record, words[at + 4], () => gpu.createBuffer(descriptor)),
    );
  },

  /* id, offset (2), address, size (2), future */
  buffer_write(record, words, at) {
    const { queue } = opened(record);
    const buffer = find(record, words[at]);
    const offset = get64(words, at + 1);
    const nBytes = get64(words, at + 4);
    scoped(record, words[at + 6], () => queue.writeBuffer(buffer, offset, Module.HEAPU8, words[at + 3], nBytes));
  },

  /* id, address, length, future. The device's complaint about a bad module is swallowed by the scopes: the compiler's
   * own messages say more. */
  module_create(record, words, at) {
    const { gpu } = opened(record);
    const [id, pointer, nBytes, future] = words.subarray(at, at + 4);
    reserve(record, id);
    openScopes(record, SCOPES);
    const module = gpu.createShaderModule({ code: readText(pointer, nBytes) });
    const answers = Promise.all([closeScopes(record), module.getCompilationInfo()]);
    put(record, id, module);
    const take = ([error, { messages }]) => {
      const mistakes = messages.filter(({ type }) => type === 'error');
      const lines = mistakes.map(({ lineNum, linePos, message }) => `${lineNum}:${linePos}: ${message}`);
      if (lines.length) throw new Refusal(STATUS.SHADER, lines.join('\n'));
      passed(error);
    };
    const told = watch(record, future, answers, take, SETTLED);
    record.compiled = Promise.all([record.compiled, told]).then(() => {});
  },

  /* id, address of the entries, how many */
  layout_create(record, words, at) {
    const { gpu } = opened(record);
    const [id, pointer, n] = words.subarray(at, at + 3);
    reserve(record, id);
    const layout = [];
    for (let i = 0, e = pointer >>> 2; i < n; i++, e += 3) {
      const buffer = { ...BINDINGS[words[e + 1]], minBindingSize: words[e + 2] };
      layout.push({ binding: words[e], visibility: STAGE_COMPUTE, buffer });
    }
    put(record, id, gpu.createBindGroupLayout({ entries: layout }));
  },

  /* id, module, address of the entry point, of the layouts, how many, bytes of immediates, address of the constants, of
   * the values, how many, background, future */
  pipeline_create(record, words, at) {
    const { gpu } = opened(record);
    const [id, module, entry, layouts, nLayouts, immediateSize, names, values, nConstants, background, future] =
      words.subarray(at, at + 11);
    reserve(record, id);
    const heap = new DataView(words.buffer);
    const constants = {};
    for (let i = 0, name = names; i < nConstants; i++) {
      const end = endOf(name);
      constants[readText(name, end - name)] = heap.getFloat64(values + 8 * i, true);
      name = end + 1;
    }
    const bindGroupLayouts = [...words.subarray(layouts >>> 2, (layouts >>> 2) + nLayouts)].map((l) => find(record, l));
    const compute = { module: find(record, module), entryPoint: readText(entry, endOf(entry) - entry), constants };
    const describe = () => ({
      label: compute.entryPoint, // for the device's own messages, and for what shows its work
      layout: gpu.createPipelineLayout({ bindGroupLayouts, ...(immediateSize && { immediateSize }) }),
      compute,
    });
    if (!background)
      return put(
        record,
        id,
        scoped(record, future, () => gpu.createComputePipeline(describe())),
      );
    openScopes(record, SCOPES);
    const compiling = gpu.createComputePipelineAsync(describe());
    put(record, id, null);
    watch(record, future, Promise.all([closeScopes(record).then(passed), compiling]), ([, pipeline]) => {
      if (record.ids[id & SLOT_MASK] === id) record.objects[id & SLOT_MASK] = pipeline;
    });
  },

  /* address of the ids, how many */
  release(record, words, at) {
    const from = words[at] >>> 2;
    for (let i = from; i < from + words[at + 1]; i++) drop(record, words[i]);
  },

  /* address of the words, how many. The blocks that went out before a failure stay out, but as the call fails none of
   * its futures settles. */
  submit(record, words, at) {
    const from = words[at] >>> 2;
    const begun = [];
    try {
      walk(opened(record), words, from, from + words[at + 1], begun);
    } catch (error) {
      for (const future of begun) record.pending.delete(future);
      throw error;
    } finally {
      record.showing = null;
      if (record.unwritten) record.queries = record.unwritten = null; // their block was not submitted
    }
  },

  /* id, offset (2), size (2), future. A bad range is both a rejected promise and an error of the device: the scope
   * takes the second, which has the better text. Its answer costs as much time as a small read does, so a map with
   * nothing wrong goes without; a large buffer may yet turn out not to exist. */
  map_start(record, words, at) {
    const { mapped } = opened(record);
    const id = words[at];
    const range = { offset: get64(words, at + 1), nBytes: get64(words, at + 3), bytes: null };
    const buffer = find(record, id);
    if (mapped.has(id)) throw new Refusal(STATUS.STATE, `the buffer with the id ${hex(id)} is mapped already`);
    const sound =
      buffer.size < SURE_BYTES &&
      (buffer.usage & MAP_READ) !== 0 &&
      range.offset % 8 === 0 &&
      range.nBytes % 4 === 0 &&
      range.offset + range.nBytes <= buffer.size;
    if (!sound) openScopes(record, ['validation']);
    const mapping = buffer.mapAsync(MAP_READ, range.offset, range.nBytes);
    const answers = sound ? mapping : Promise.all([closeScopes(record).then(passed), mapping]);
    mapped.set(id, range);
    /* A browser may refuse the map of a device that goes before it tells of the loss, which is the better reason. */
    const forget = async (error) => {
      if (mapped.get(id) === range) mapped.delete(id);
      await Promise.race([record.gpu.lost, new Promise((resolve) => setTimeout(resolve, LOSS_DELAY))]);
      throw error;
    };
    watch(record, words[at + 5], answers.catch(forget), () => {});
  },

  /* id, offset (2), address, size (2). The range is taken whole and once, because ranges that overlap are refused. */
  map_read(record, words, at) {
    const buffer = find(record, words[at]);
    const range = record.mapped.get(words[at]);
    if (!range) throw new Refusal(STATUS.STATE, `the buffer with the id ${hex(words[at])} is not mapped`);
    const start = get64(words, at + 1) - range.offset;
    const end = start + get64(words, at + 4);
    if (start < 0 || end > range.nBytes) {
      throw new Refusal(STATUS.VALUE, `bytes ${start} to ${end} lie outside the mapped range of ${range.nBytes} bytes`);
    }
    range.bytes ??= new Uint8Array(buffer.getMappedRange(range.offset, range.nBytes));
    Module.HEAPU8.set(range.bytes.subarray(start, end), words[at + 3]);
  },

  /* id */
  map_finish(record, words, at) {
    if (record.mapped.delete(words[at])) find(record, words[at]).unmap();
  },

  /* → how many; address, capacity. Messages are kept by future: a second one of the same number waits for the next. */
  poll(record, words, at) {
    const { done, texts } = record;
    let out = words[at] >>> 2;
    let n = 0;
    texts.clear();
    while (n < done.length && n < words[at + 1] && !texts.has(done[n].future)) {
      const { future, status, text } = done[n++];
      texts.set(future, text);
      words[out++] = future;
      words[out++] = status;
    }
    done.splice(0, n);
    words[at] = n;
  },

  /* → length; future, address, capacity */
  completion_text(record, words, at) {
    words[at] = writeText(words[at + 1], words[at + 2], record.texts.get(words[at]) ?? '');
  },

  /* the callback's place in the table of functions, its argument */
  defer(record, words, at) {
    const [callback, argument] = words.subarray(at, at + 2);
    queueMicrotask(() => {
      try {
        trip('deferred');
        if (!record.closed) Module.getWasmTableEntry(callback)(argument);
      } catch (error) {
        tell(record, FUTURE_UNCAPTURED, statusOf(error), textOf(error));
      }
    });
  },

  /* number of the canvas, buffer, offset (2), width, height. A copy and no draw: the pixels are made already. The texture
   * is there until this turn of the event loop ends, and the submit follows in it. */
  present(record, words, at) {
    const { gpu } = opened(record);
    const [number, id, , , width, height] = words.subarray(at, at + 6);
    const buffer = find(record, id);
    const context = contextOf(gpu, number, width, height);
    const bytesPerRow = Math.ceil((width * 4) / ROW_BYTES) * ROW_BYTES;
    const source = { buffer, offset: get64(words, at + 2), bytesPerRow };
    record.showing = [source, { texture: context.getCurrentTexture() }, [width, height]];
  },

  /* → how many */
  object_count(record, words, at) {
    words[at] = record.count;
  },
};

const names = list(tables.entries);
const functions = names.map((name) => entries[name]);

const recordOf = (handle) => {
  const record = devices.get(handle);
  if (!record) throw new Refusal(STATUS.STATE, 'the device is closed');
  return record;
};

return {
  /* Runs an entry on the device `handle` (0: none); `words` is the address of its arguments. Returns a status. The text
   * of a failure goes to `message`, an address of ERROR_CAPACITY bytes; an entry that has no error to give (message 0)
   * leaves it to the next poll. */
  call(entry, handle, words, message) {
    let record = null;
    try {
      trip(names[entry]);
      if (handle) record = recordOf(handle);
      functions[entry](record, Module.HEAPU32, words >>> 2);
      return STATUS.OK;
    } catch (error) {
      dropScopes(record);
      record ??= devices.get(handle);
      const status = record && record.lost !== null && !(error instanceof Refusal) ? STATUS.LOST : statusOf(error);
      if (message) writeText(message >>> 0, ERROR_CAPACITY, textOf(error));
      else if (record) tell(record, FUTURE_UNCAPTURED, status, textOf(error));
      return status;
    }
  },

  /* A promise that resolves when poll may have something new on any device; at once when it has. All waits share it.
   * At once only once: what nobody polls, on a device that nobody asks, must not keep the waits for others spinning. */
  promise() {
    let news = false;
    for (const record of devices.values()) {
      news ||= record.news && record.done.length > 0;
      record.news = false;
    }
    if (news) return Promise.resolve();
    if (!waiting) {
      waiting = {};
      waiting.promise = new Promise((resolve) => {
        waiting.resolve = resolve;
      });
    }
    return waiting.promise;
  },

  /* Objects alive on all devices, and devices: what the tests hold against zero. */
  objectCount: () => [...devices.values()].reduce((sum, record) => sum + record.count, 0),
  deviceCount: () => devices.size,

  canvas: numberOf,

  test,
};
