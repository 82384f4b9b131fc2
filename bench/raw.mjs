// The limit in the browser: WebGPU used from JavaScript as well as it can be, for the work of bench/kernels.py. Every
// method does its work once and returns the milliseconds that took; bench/subjects.py calls them.
const KEPT_READ = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
const ARRAY = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/* `heap()` gives Pyodide's memory as it is now; n: elements of the small arrays */
export async function open(heap, wgsl, n, nBig) {
  const adapter = await navigator.gpu.requestAdapter();
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
  const { queue } = device;
  const array = (size, usage = ARRAY) => device.createBuffer({ size, usage });

  const layout = device.createBindGroupLayout({
    entries: ['read-only-storage', 'storage', 'uniform'].map((type, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type },
    })),
  });
  const pipeline = await device.createComputePipelineAsync({
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module: device.createShaderModule({ code: wgsl }), entryPoint: 'step' },
  });
  const x = array(4 * n);
  const y = array(4 * n);
  const p = array(8, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
  queue.writeBuffer(x, 0, new Float32Array(n).fill(1));
  queue.writeBuffer(p, 0, new Uint32Array([0x3f800000, n]));
  const group = device.createBindGroup({
    layout,
    entries: [x, y, p].map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  let big = null;
  const staging = new Map(); // size → a buffer kept for reads of that size
  const big_ = () => (big ??= array(nBig));

  const encodeRead = (commands, from, size) => {
    if (!staging.has(size)) staging.set(size, array(size, KEPT_READ));
    commands.copyBufferToBuffer(from, 0, staging.get(size), 0, size);
  };
  const finishRead = async (size, address) => {
    const buffer = staging.get(size);
    await buffer.mapAsync(GPUMapMode.READ, 0, size);
    heap().set(new Uint8Array(buffer.getMappedRange(0, size)), address);
    buffer.unmap();
  };
  const read = async (from, size, address) => {
    const commands = device.createCommandEncoder();
    encodeRead(commands, from, size);
    queue.submit([commands.finish()]);
    await finishRead(size, address);
  };
  const timed = async (work) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };

  return {
    /* `count` dispatches in one pass, then the small array to `address` */
    dispatch: (count, address) =>
      timed(() => {
        const commands = device.createCommandEncoder();
        const pass = commands.beginComputePass();
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        for (let i = 0; i < count; i++) pass.dispatchWorkgroups(Math.ceil(n / 64));
        pass.end();
        encodeRead(commands, y, 4 * n);
        queue.submit([commands.finish()]);
        return finishRead(4 * n, address);
      }),
    /* the bytes at `address` to the device, until it has them */
    upload: (address, scratch) =>
      timed(() => {
        queue.writeBuffer(big_(), 0, heap(), address, nBig);
        return read(big, 4, scratch);
      }),
    read: (address) => timed(() => read(big_(), nBig, address)),
    readSmall: (count, address) =>
      timed(async () => {
        for (let i = 0; i < count; i++) await read(y, 4 * n, address);
      }),
    close: () => device.destroy(),
  };
}
