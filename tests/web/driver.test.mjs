// web.js on a real device: what the core relies on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BINDING,
  Device,
  Host,
  LOST,
  STATUS,
  UNCAPTURED,
  USAGE,
  begin,
  both,
  clear,
  copy,
  dispatch,
  group,
  headers,
  immediates,
  pipeline,
  resolve,
  saxpy,
  script,
  setGpu,
  setGroup,
  spy,
  tables,
  timestamp,
  write,
} from './harness.mjs';

/* A device per test, closed at its end with nothing left. */
const onDevice = (name, body) =>
  test(name, async () => {
    const host = new Host();
    const device = await host.open();
    await body(device, host);
    device.close();
    assert.equal(host.web.objectCount(), 0);
    assert.equal(host.web.deviceCount(), 0);
  });

const range = (n, f) => Array.from({ length: n }, (_, i) => f(i));

test('the numbers spelled out in web.js are those of the headers', () => {
  const constant = (name) => Number(script.match(new RegExp(`const ${name} = (\\w+);`))[1]);
  const ops = headers.driver.match(/typedef enum weft_op \{([^}]*)\}/)[1].match(/WEFT_OP_\w+/g);
  assert.equal(ops.length, 11);
  ops.forEach((name, i) => assert.equal(constant(name.replace('WEFT_', '')), i + 1, name));
  for (const name of ['FUTURE_LOST', 'FUTURE_UNCAPTURED']) {
    assert.equal(constant(name), Number(headers.driver.match(new RegExp(`WEFT_${name} = (\\w+)`))[1]));
  }
  assert.equal(constant('ERROR_CAPACITY'), Number(headers.status.match(/WEFT_ERROR_CAPACITY (\d+)/)[1]));
  for (const name of ['ROW_BYTES', 'QUERIES'])
    assert.equal(constant(name), Number(headers.driver.match(new RegExp(`#define WEFT_${name} (\\d+)`))[1]));
  assert.equal(constant('SLOT_MASK'), Number(headers.driver.match(/WEFT_ID_SLOT\(id\) \(\(id\)&(\w+)u\)/)[1]));
});

test('every entry of web.c has its function in web.js', () => {
  const defined = [...script.match(/const entries = \{([\s\S]*?)\n\};/)[1].matchAll(/^ {2}(\w+)\(/gm)].map((m) => m[1]);
  assert.deepEqual([...defined].sort(), [...tables.entries].sort());
});

onDevice('a stream of dispatches with dynamic offsets gives the sum', async (device) => {
  const n = 1000;
  const k = saxpy(device, n);
  device.run(
    begin(),
    pipeline(k.pipeline),
    ...range(4, (i) => [setGroup(0, k.group, 256 * i), dispatch(k.groups)]).flat(),
  );
  assert.deepEqual(
    [...(await device.read(k.y, 4 * n))],
    range(n, (i) => 10 * i),
  );
  assert.equal((await device.settled(k.future)).status, STATUS.OK);
  assert.deepEqual(device.uncaptured, []);
});

onDevice(
  'copies and clears keep their place between dispatches, writes come before all of them',
  async (device, host) => {
    const n = 64;
    const k = saxpy(device, n);
    const kept = device.buffer(4 * n);
    const call = [pipeline(k.pipeline), setGroup(0, k.group, 0), dispatch(1)].flat();
    const ones = host.bytes(Float32Array.from(range(n, () => 1)));
    device.run(
      write(k.y, 0, ones, 4 * n),
      begin(),
      call,
      copy(k.y, 0, kept, 0, 4 * n),
      clear(k.y, 0, 128),
      call,
      begin(),
      call,
    );
    assert.deepEqual(
      [...(await device.read(kept, 4 * n))],
      range(n, (i) => i + 1),
    );
    assert.deepEqual(
      [...(await device.read(k.y, 4 * n))],
      range(n, (i) => (i < 32 ? 2 * i : 3 * i + 1)),
    );
  },
);

onDevice('immediates and override constants reach the kernel', async (device) => {
  const layout = device.layout([0, BINDING.STORAGE, 0]);
  const { id: module } = device.module(`
    requires immediate_address_space;
    override scale: f32; @id(7) override shift: f32;
    struct I { a: u32, b: u32 }
    var<immediate> i: I;
    @group(0) @binding(0) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(1) fn other() { y[0] = f32(i.a) * scale + shift; y[1] = f32(i.b); }`);
  const { id, future } = device.pipeline(module, [layout], {
    entry: 'other',
    constants: { scale: 3, 7: 0.5 },
    nImmediates: 8,
  });
  const [y, bound] = [device.buffer(8), device.id()];
  device.run(
    begin(),
    group(bound, layout, [0, y, 0, 8]),
    pipeline(id),
    setGroup(0, bound),
    immediates(0, 5),
    immediates(4, 6),
    dispatch(1),
  );
  assert.deepEqual(await device.settled(future), { status: STATUS.OK, text: '' });
  assert.deepEqual([...(await device.read(y, 8))], [15.5, 6]);
});

onDevice('timestamps tell the time between passes', async (device, host) => {
  const k = saxpy(device, 64);
  const ticks = device.buffer(24, USAGE.QUERY_RESOLVE | USAGE.COPY_SRC);
  const call = [pipeline(k.pipeline), setGroup(0, k.group, 0), dispatch(1)].flat();
  device.run(begin(), timestamp(4), call, timestamp(5), call, timestamp(6), resolve(4, 3, ticks), call);
  const [first, second, third] = await device.read(ticks, 24, BigUint64Array);
  assert.ok(first <= second && second <= third && third > 0n, `${[first, second, third]}`);
  assert.deepEqual(
    [...(await device.read(k.y, 256))],
    range(64, (i) => 3 * i),
  );
  const refused = device.try('submit', host.words([...begin(), ...timestamp(128)]), 4);
  assert.equal(refused.status, STATUS.VALUE);
  assert.deepEqual(device.uncaptured, []);
});

onDevice('timestamps go on after a block that failed with the first of them', async (device, host) => {
  const ticks = device.buffer(16, USAGE.QUERY_RESOLVE | USAGE.COPY_SRC);
  const [bad, good] = [host.next(), host.next()];
  device.run(begin(bad), timestamp(0), copy(ticks, 0, ticks, 0, 16), begin(good), timestamp(1), resolve(0, 2, ticks));
  assert.notEqual((await device.settled(bad)).status, STATUS.OK);
  assert.equal((await device.settled(good)).status, STATUS.OK);
  device.run(begin(), timestamp(0), timestamp(1), resolve(0, 2, ticks));
  const [first, second] = await device.read(ticks, 16, BigUint64Array);
  assert.ok(first > 0n && first <= second);
  assert.deepEqual(device.uncaptured, []);
});

test('queries that no block has written are made anew', async () => {
  const seen = spy();
  const host = new Host();
  const device = await host.open();
  setGpu();
  let made = 0;
  const create = seen.device.createQuerySet.bind(seen.device);
  seen.device.createQuerySet = (descriptor) => (made++, create(descriptor));
  const unknown = [...begin(), ...timestamp(0), ...pipeline(77)];
  assert.equal(device.try('submit', host.words(unknown), unknown.length).status, STATUS.STATE);
  device.run(begin(), timestamp(0));
  device.run(begin(), timestamp(1));
  assert.equal(made, 2);
  device.close();
});

test('a device without timestamps says so', async () => {
  const { gpu } = navigator;
  setGpu({
    async requestAdapter(wish) {
      const adapter = await gpu.requestAdapter(wish);
      const features = new Set([...adapter.features].filter((name) => name !== 'timestamp-query'));
      return { info: adapter.info, limits: adapter.limits, features, requestDevice: (d) => adapter.requestDevice(d) };
    },
  });
  const host = new Host();
  const device = await host.open();
  setGpu();
  const { status, message } = device.try('submit', host.words([...begin(), ...timestamp(0)]), 4);
  assert.equal(status, STATUS.UNSUPPORTED);
  assert.match(message, /timestamp-query/);
  device.close();
});

onDevice('a BEGIN block that the device rejects fails alone, and says why', async (device, host) => {
  const n = 64;
  const k = saxpy(device, n);
  const [first, bad, last] = [host.next(), host.next(), host.next()];
  const call = [pipeline(k.pipeline), setGroup(0, k.group, 0), dispatch(1)].flat();
  device.run(begin(first), call, begin(bad), call, copy(k.x, 0, k.y, 2, 4), begin(last), call);
  assert.equal((await device.settled(first)).status, STATUS.OK);
  const failure = await device.settled(bad);
  assert.equal(failure.status, STATUS.DEVICE);
  assert.match(failure.text, /multiple of 4|aligned/i);
  assert.equal((await device.settled(last)).status, STATUS.OK);
  assert.deepEqual(
    [...(await device.read(k.y, 4 * n))],
    range(n, (i) => 2 * i),
  );
  assert.deepEqual(device.uncaptured, []);
});

onDevice(
  'a submit that fails keeps the finished blocks, submits nothing after them, and its futures never settle',
  async (device, host) => {
    const n = 64;
    const k = saxpy(device, n);
    const [first, second] = [host.next(), host.next()];
    const call = [pipeline(k.pipeline), setGroup(0, k.group, 0), dispatch(1)].flat();
    const { status, message } = device.submit(
      begin(first),
      call,
      begin(second),
      call,
      setGroup(0, 0xabc00077),
      begin(),
      call,
    );
    assert.equal(status, STATUS.STATE);
    assert.match(message, /0xabc00077/);
    assert.deepEqual(
      [...(await device.read(k.y, 4 * n))],
      range(n, (i) => i),
    );
    await device.quiet();
    assert.ok(!device.done.has(first) && !device.done.has(second));
    device.ok('buffer_create', device.id(), ...both(2 ** 40), USAGE.STORAGE, 0);
    await device.quiet();
    assert.equal(device.uncaptured.length, 1, 'the scopes of the broken block are closed');
  },
);

onDevice('a damaged stream is refused', (device) => {
  const refused = (pattern, ...commands) => {
    const { status, message } = device.submit(...commands);
    assert.equal(status, STATUS.VALUE);
    assert.match(message, pattern);
  };
  refused(/no command 99/, begin(), [99 | (1 << 8)]);
  refused(/0 words long/, begin(), [4]);
  refused(/9 words long, 2 are left/, begin(), [8 | (9 << 8), 0]);
  refused(/before the first BEGIN/, dispatch(1));
});

onDevice('an id is good for one life of its slot', (device) => {
  const [old, young] = [(1 << 20) | 5, (2 << 20) | 5];
  device.ok('buffer_create', old, 16, 0, USAGE.STORAGE | USAGE.COPY_DST, 0);
  device.fails('STATE', /held by the id 0x100005/, 'buffer_create', young, 16, 0, USAGE.STORAGE, 0);
  device.release(young);
  assert.equal(device.count(), 1);
  device.release(old, old, 0, 0x7ff00001);
  assert.equal(device.count(), 0);
  device.ok('buffer_create', young, 16, 0, USAGE.STORAGE | USAGE.COPY_DST, 0);
  device.fails('STATE', /no object with the id 0x100005/, 'buffer_write', old, 0, 0, 64, 16, 0, 0);
  device.ok('buffer_write', young, 0, 0, 64, 16, 0, 0);
  device.fails('VALUE', /id 0/, 'buffer_create', 0, 16, 0, USAGE.STORAGE, 0);
  assert.equal(device.count(), 1);
});

onDevice('ids above 2^31 are ids like others', async (device) => {
  const id = 0xfff00009;
  device.ok('buffer_create', id, 16, 0, USAGE.STORAGE | USAGE.COPY_DST | USAGE.COPY_SRC, 0);
  device.upload(id, Float32Array.of(1, 2, 3, 4));
  assert.deepEqual([...(await device.read(id, 16))], [1, 2, 3, 4]);
});

onDevice('creation futures tell of what the device rejects', async (device, host) => {
  const [good, bad, late] = [host.next(), host.next(), host.next()];
  device.buffer(16, USAGE.STORAGE | USAGE.COPY_DST, good);
  const broken = device.buffer(2 ** 42, USAGE.STORAGE | USAGE.COPY_DST, bad);
  device.ok('buffer_write', broken, 0, 0, 64, 16, 0, late);
  assert.deepEqual(await device.settled(good), { status: STATUS.OK, text: '' });
  const failure = await device.settled(bad);
  assert.equal(failure.status, STATUS.DEVICE);
  assert.match(failure.text, /size/i);
  assert.equal((await device.settled(late)).status, STATUS.DEVICE);
  assert.deepEqual(device.uncaptured, []);
});

onDevice('without a future an error is uncaptured, each one with its text', async (device) => {
  device.buffer(2 ** 42);
  device.buffer(2 ** 43);
  await device.quiet();
  assert.equal(device.uncaptured.length, 2);
  for (const { status, text } of device.uncaptured) assert.ok(status === STATUS.DEVICE && /size/i.test(text), text);
  assert.notEqual(device.uncaptured[0].text, device.uncaptured[1].text);
});

onDevice('a shader that does not compile settles with its messages, line and column', async (device) => {
  const { future } = device.module('fn f() -> i32 {\n  return 1.5;\n}');
  const { status, text } = await device.settled(future);
  assert.equal(status, STATUS.SHADER);
  assert.match(text, /^2:\d+: ./);
  assert.deepEqual(await device.settled(device.module('// ä\n').future), { status: STATUS.OK, text: '' });
  assert.deepEqual(device.uncaptured, []);
});

for (const background of [0, 1]) {
  onDevice(`a module tells what is wrong with it before its pipeline fails (background ${background})`, async (device) => {
    const module = device.module('@compute @workgroup_size(1) fn main() { return 1.5; }');
    const pipeline = device.pipeline(module.id, [], { background });
    assert.equal((await device.settled(pipeline.future)).status, STATUS.DEVICE);
    assert.equal((await device.settled(module.future)).status, STATUS.SHADER);
    const told = [...device.done.keys()].filter((future) => [module.future, pipeline.future].includes(future));
    assert.deepEqual(told, [module.future, pipeline.future]);
  });

  onDevice(`a pipeline that the device rejects settles with the reason (background ${background})`, async (device) => {
    const { id: module } = device.module('@compute @workgroup_size(1) fn main() {}');
    const { id, future } = device.pipeline(module, [], { entry: 'absent', background });
    const { status, text } = await device.settled(future);
    assert.equal(status, STATUS.DEVICE);
    assert.match(text, background ? /absent/ : /ComputePipelineDescriptor "+absent/);
    assert.deepEqual(device.uncaptured, []);
    device.release(id);
    assert.equal(device.count(), 1);
  });
}

onDevice(
  'a pipeline compiled in the background can be used once it has settled, and be released before',
  async (device) => {
    const { id: module } = device.module('@compute @workgroup_size(1) fn main() {}');
    const [kept, dropped] = [
      device.pipeline(module, [], { background: 1 }),
      device.pipeline(module, [], { background: 1 }),
    ];
    device.release(dropped.id);
    assert.equal(device.submit(begin(), pipeline(kept.id)).status, STATUS.STATE);
    assert.equal((await device.settled(kept.future)).status, STATUS.OK);
    assert.equal((await device.settled(dropped.future)).status, STATUS.OK);
    device.run(begin(), pipeline(kept.id), dispatch(1));
    assert.equal(device.submit(begin(), pipeline(dropped.id)).status, STATUS.STATE);
    assert.equal(device.count(), 2);
  },
);

onDevice('a mapped range is read in any pieces, inside the range only', async (device, host) => {
  const id = device.buffer(64, USAGE.MAP_READ | USAGE.COPY_DST);
  device.upload(id, Uint8Array.from(range(64, (i) => i)));
  const future = host.next();
  const to = host.alloc(64);
  device.fails('STATE', /not mapped/, 'map_read', id, 0, 0, to, 8, 0);
  device.ok('map_start', id, 8, 0, 48, 0, future);
  assert.deepEqual(await device.settled(future), { status: STATUS.OK, text: '' });
  for (const [offset, n] of [
    [8, 48],
    [9, 3],
    [10, 5],
    [55, 1],
  ]) {
    device.ok('map_read', id, offset, 0, to, n, 0);
    assert.deepEqual(
      [...host.read(to, n)],
      range(n, (i) => offset + i),
    );
  }
  device.fails('VALUE', /outside/, 'map_read', id, 0, 0, to, 16, 0);
  device.fails('VALUE', /outside/, 'map_read', id, 50, 0, to, 7, 0);
  device.ask('map_finish', id);
  device.ask('map_finish', id);
  device.fails('STATE', /not mapped/, 'map_read', id, 8, 0, to, 8, 0);
});

onDevice('a map that cannot be settles with the reason, in the future alone', async (device, host) => {
  const [plain, staging] = [device.buffer(64), device.buffer(64, USAGE.MAP_READ | USAGE.COPY_DST)];
  const [wrong, aborted] = [host.next(), host.next()];
  device.ok('map_start', plain, 0, 0, 64, 0, wrong);
  device.ok('map_start', staging, 0, 0, 64, 0, aborted);
  device.release(staging);
  const { status, text } = await device.settled(wrong);
  assert.equal(status, STATUS.DEVICE);
  assert.match(text, /MapRead|MAP_READ/i);
  assert.notEqual((await device.settled(aborted)).status, STATUS.OK);
  device.ok('map_start', plain, 0, 0, 64, 0, host.next());
  device.fails('STATE', /mapped already/, 'map_start', plain, 0, 0, 64, 0, host.next());
  await device.quiet();
  assert.deepEqual(device.uncaptured, []);
});

onDevice('a lost device settles all that is pending, says so once, and refuses work', async (device, host) => {
  const staging = device.buffer(64, USAGE.MAP_READ | USAGE.COPY_DST);
  const [map, block] = [host.next(), host.next()];
  device.ok('map_start', staging, 0, 0, 64, 0, map);
  device.run(begin(block), clear(device.buffer(16), 0, 16));
  device.ask('lose');
  device.ask('lose');
  for (const future of [map, block, LOST]) {
    const { status, text } = await device.settled(future);
    assert.equal(status, STATUS.LOST);
    assert.equal(text, future === LOST ? 'the device was given up on request' : '');
  }
  await device.quiet();
  device.fails('LOST', /request|destroyed|thrown/, 'buffer_create', device.id(), 16, 0, USAGE.STORAGE, 0);
  assert.equal(device.submit(begin()).status, STATUS.LOST);
  assert.equal(device.count(), 2);
  device.release(staging);
  assert.equal(device.count(), 1);
  assert.deepEqual(device.uncaptured, []);
});

for (const place of [null, 'lost']) {
  test(`a device that goes by itself is lost as on request (throwing at ${place})`, async () => {
    const seen = spy();
    const host = new Host();
    const device = await host.open();
    setGpu();
    const staging = device.buffer(64, USAGE.MAP_READ | USAGE.COPY_DST);
    const map = host.next();
    device.ok('map_start', staging, 0, 0, 64, 0, map);
    host.web.test.throwAt = place;
    seen.device.destroy();
    const { status, text } = await device.settled(LOST);
    assert.equal(status, STATUS.LOST);
    assert.match(text, place ? /thrown on request/ : /./);
    assert.notEqual((await device.settled(map)).status, STATUS.OK);
    device.fails('LOST', /request|destroyed|thrown/, 'buffer_create', device.id(), 16, 0, USAGE.STORAGE, 0);
    device.close();
    assert.equal(host.web.objectCount(), 0);
  });
}

onDevice(
  'a released buffer is destroyed at once, its memory does not wait for a garbage collector',
  async (device, host) => {
    const k = saxpy(device, 64);
    const block = host.next();
    device.release(k.x);
    device.run(begin(block), pipeline(k.pipeline), setGroup(0, k.group, 0), dispatch(1));
    const { status, text } = await device.settled(block);
    assert.equal(status, STATUS.DEVICE);
    assert.match(text, /destroyed/);
  },
);

test('a device can be lost or closed before it is open', async () => {
  const host = new Host();
  const [lost, closed] = [host.start(), host.start()];
  lost.device.fails('STATE', /not open yet/, 'buffer_create', 1 << 20, 16, 0, USAGE.STORAGE, 0);
  lost.device.ask('lose');
  closed.device.close();
  assert.equal((await lost.device.settled(lost.ready)).status, STATUS.LOST);
  await lost.device.quiet();
  lost.device.close();
  assert.equal(host.web.deviceCount(), 0);
});

test('closing while promises are pending writes nowhere and tells nobody', async () => {
  const host = new Host();
  const device = await host.open();
  const staging = device.buffer(64, USAGE.MAP_READ | USAGE.COPY_DST);
  device.ok('map_start', staging, 0, 0, 64, 0, host.next());
  device.module('@compute @workgroup_size(1) fn main() {}');
  const wait = host.web.promise();
  device.close();
  await wait;
  const before = host.read(0, host.module.HEAPU8.length);
  await new Promise((resolve) => {
    setTimeout(resolve, 100);
  });
  assert.deepEqual(host.read(0, before.length), before);
  assert.equal(host.web.objectCount(), 0);
  device.fails('STATE', /closed/, 'object_count');
  const again = await host.open();
  assert.notEqual(again.handle, device.handle);
  again.close();
});

test('an exception at any entry becomes a status with its text', async () => {
  const host = new Host();
  const device = await host.open();
  const module = device.module('@compute @workgroup_size(1) fn main() {}');
  await device.settled(module.future);
  for (const name of tables.entries) {
    host.web.test.throwAt = name;
    device.fails('DEVICE', new RegExp(`TypeError: thrown on request in ${name}$`), name);
    host.web.test.throwAt = name;
    const { status } = host.call(name, device.handle, [0], true);
    assert.equal(status, STATUS.DEVICE);
    await host.web.promise();
    host.web.test.throwAt = null;
    device.uncaptured.length = 0;
    device.poll();
    assert.equal(device.uncaptured.length, 1, name);
    assert.match(device.uncaptured[0].text, new RegExp(`thrown on request in ${name}$`));
  }
  assert.equal(device.count(), 1);
  device.close();
});

test('an exception in a callback settles the future or is uncaptured', async () => {
  const host = new Host();
  const device = await host.open();
  host.web.test.throwAt = 'settled';
  const future = host.next();
  device.buffer(16, USAGE.STORAGE, future);
  assert.match((await device.settled(future)).text, /thrown on request in settled/);
  host.web.test.throwAt = 'uncaptured';
  device.buffer(2 ** 42);
  await device.quiet();
  assert.match(device.uncaptured[0].text, /thrown on request in uncaptured/);
  device.close();
});

test('exceptions that WebIDL throws are statuses too', async () => {
  const host = new Host();
  const device = await host.open();
  const buffer = device.buffer(16);
  assert.equal(device.submit(begin(), pipeline(buffer)).status, STATUS.DEVICE);
  device.fails('DEVICE', /./, 'buffer_write', buffer, 0, 0, 2 ** 31, 64, 0, 0);
  device.fails('DEVICE', /./, 'layout_create', device.id(), 2 ** 31, 1);
  const layout = device.layout([0, BINDING.STORAGE, 0]);
  device.fails('DEVICE', /mapAsync/, 'map_start', layout, 0, 0, 16, 0, host.next());
  assert.equal(device.count(), 2);
  device.buffer(2 ** 42);
  await device.quiet();
  assert.equal(device.uncaptured.length, 1, 'no scope is left open');
  device.close();
});

test('what has no message still has a text', async () => {
  const host = new Host();
  for (const [thrown, text] of [
    [null, 'null'],
    ['word', 'word'],
    [
      {
        get message() {
          throw new Error('trap');
        },
      },
      'something without',
    ],
  ]) {
    setGpu({ requestAdapter: () => Promise.reject(thrown) });
    const { device, ready } = host.start();
    assert.match((await device.settled(ready)).text, new RegExp(text));
    device.close();
  }
  setGpu();
});

test('why there is no device is one sentence each', async () => {
  const host = new Host();
  const refusal = async (gpu, pattern, ...args) => {
    setGpu(gpu);
    const { answer, device, ready } = host.start(...args);
    const { status, text } = answer.status
      ? { status: answer.status, text: answer.message }
      : await device.settled(ready);
    if (!answer.status) device.close();
    setGpu();
    assert.match(text, pattern);
    return status;
  };
  assert.equal(await refusal(null, /no navigator\.gpu/), STATUS.DEVICE);
  globalThis.isSecureContext = false;
  assert.equal(await refusal(null, /not a secure context/), STATUS.DEVICE);
  delete globalThis.isSecureContext;
  assert.equal(await refusal({ requestAdapter: async () => null }, /no adapter/), STATUS.DEVICE);
  assert.equal(
    await refusal(navigator.gpu, /"no-such-thing"; the browser offers ".+"/, 'no-such-thing'),
    STATUS.DEVICE,
  );
  assert.equal(
    await refusal(navigator.gpu, /maxBufferSize is \d+ .* 1125899906842624/, '', {
      limits: { maxBufferSize: 2 ** 50 },
    }),
    STATUS.UNSUPPORTED,
  );
  assert.equal(
    await refusal({ requestAdapter: async () => ({ info: {}, limits: {}, features: new Set() }) }, /shader-f16/, '', {
      features: 1,
    }),
    STATUS.UNSUPPORTED,
  );
  assert.equal(host.web.deviceCount(), 0);
});

onDevice('a part of the name selects, limits and features are the adapter’s own', async (device, host) => {
  const text = host.alloc(512);
  const read = (which) => {
    device.ask('text', which, text, 512);
    return host.readText(text);
  };
  const [name, , , backend, library, features] = range(6, read);
  assert.ok(name.length > 2 && backend === 'WebGPU' && /navigator\.gpu of /.test(library));
  assert.ok(!features.includes('experimental') && features.split(' ').includes('timestamp-query'));
  const other = await host.open(name.slice(1, -1).toUpperCase());
  other.close();
  const [limits, bits, languages, kind] = [
    host.alloc(8 * tables.limits.length),
    host.alloc(8),
    host.alloc(8),
    host.alloc(4),
  ];
  device.ask('query', limits, bits, languages, kind);
  const { info, limits: has } = await navigator.gpu.requestAdapter();
  tables.limits.forEach((limit, i) => {
    const [low, high] = host.module.HEAPU32.slice(limits / 4 + 2 * i);
    assert.equal(low + high * 2 ** 32, has[limit] ?? 0, limit);
  });
  const bit = (names, at, wanted) => (host.module.HEAPU32[at / 4] >>> names.indexOf(wanted)) & 1;
  assert.equal(bit(tables.features, bits, 'timestamp-query'), 1);
  assert.equal(bit(tables.languages, languages, 'immediate_address_space'), 1);
  if (info.architecture === 'swiftshader') assert.equal(host.module.HEAPU32[kind / 4], 3);
});

onDevice('texts are cut at a character and their whole length is told', (device, host) => {
  const short = host.alloc(16);
  host.web.test.throwAt = null;
  const whole = device.ask('text', 4, short, 0);
  assert.ok(whole > 20);
  assert.equal(device.ask('text', 4, short, 8), whole);
  assert.equal(host.readText(short), 'navigat');
  assert.equal(device.ask('text', 99, short, 8), 0);
  assert.equal(host.readText(short), '');
  const answer = device.try('submit', 0, 0);
  assert.equal(answer.status, STATUS.OK, 'an empty stream is fine');
});

onDevice('a message in many bytes per character stays decodable when it is cut', async (device, host) => {
  setGpu({ requestAdapter: () => Promise.reject(new Error('ä€𝄞'.repeat(10))) });
  const { device: failed, ready } = host.start();
  await host.web.promise();
  setGpu();
  const out = host.alloc(8);
  const text = host.alloc(64);
  assert.equal(failed.ask('poll', out, 1), 1);
  assert.equal(host.module.HEAPU32[out / 4], ready);
  for (let capacity = 1; capacity < 40; capacity++) {
    assert.equal(failed.ask('completion_text', ready, text, capacity), 90);
    assert.ok('ä€𝄞'.repeat(10).startsWith(host.readText(text)), `${capacity}`);
  }
  failed.close();
});

onDevice('a heap that has grown between two calls is the heap of the next', async (device, host) => {
  const k = saxpy(device, 64);
  host.grow(1 << 21);
  device.run(begin(), pipeline(k.pipeline), setGroup(0, k.group, 256), dispatch(1));
  host.grow(1 << 22);
  assert.deepEqual(
    [...(await device.read(k.y, 256))],
    range(64, (i) => 2 * i),
  );
});

onDevice('several waits end together, and a wait with news ends at once', async (device, host) => {
  const waits = [host.web.promise(), host.web.promise(), host.web.promise()];
  device.buffer(16, USAGE.STORAGE, host.next());
  await Promise.all(waits);
  await host.web.promise();
  assert.equal(device.poll(), 1);
  assert.equal(device.poll(), 0);
});

onDevice('poll gives no more than it is asked for', async (device, host) => {
  const futures = range(5, () => host.next());
  for (const future of futures) device.buffer(16, USAGE.STORAGE, future);
  await new Promise((resolve) => {
    setTimeout(resolve, 50);
  });
  assert.deepEqual([device.poll(2), device.poll(2), device.poll(2), device.poll(2)], [2, 2, 1, 0]);
  for (const future of futures) assert.equal(device.done.get(future).status, STATUS.OK);
});

onDevice('devices do not know each other’s objects', async (device, host) => {
  const other = await host.open();
  const id = device.buffer(16);
  other.fails('STATE', /no object/, 'buffer_write', id, 0, 0, 64, 16, 0, 0);
  assert.ok(other instanceof Device);
  assert.equal(host.web.objectCount(), 1);
  assert.equal(other.count(), 0);
  other.close();
  assert.equal(UNCAPTURED, 0xfffffffe);
});
