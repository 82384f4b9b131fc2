// The limit of showing an array: WebGPU from JavaScript, one draw of a triangle over the whole canvas whose fragments read
// the array and look the colour up. bench/subjects.py calls it.
const WGSL = `
struct P { size: vec2u, limits: vec2f, colours: array<vec4f, 10> }
@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<uniform> p: P;
@vertex fn corner(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
  return vec4f(f32(i & 1u) * 4.0 - 1.0, f32(i >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}
@fragment fn paint(@builtin(position) at: vec4f) -> @location(0) vec4f {
  let v = source[u32(at.y) * p.size.x + u32(at.x)];
  let t = clamp((v - p.limits.x) / (p.limits.y - p.limits.x), 0.0, 1.0) * 9.0;
  let i = min(u32(t), 8u);
  return mix(p.colours[i], p.colours[i + 1u], t - f32(i));
}`;

/* colours: ten of four numbers each */
export async function open(width, height, values, colours) {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter.requestDevice();
  const { queue } = device;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('webgpu');
  context.configure({ device, format: 'rgba8unorm', alphaMode: 'premultiplied' });
  const module = device.createShaderModule({ code: WGSL });
  const pipeline = await device.createRenderPipelineAsync({
    layout: 'auto',
    vertex: { module, entryPoint: 'corner' },
    fragment: { module, entryPoint: 'paint', targets: [{ format: 'rgba8unorm' }] },
  });
  const source = device.createBuffer({ size: values.byteLength, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
  const p = device.createBuffer({ size: 16 + 160, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  queue.writeBuffer(source, 0, values);
  queue.writeBuffer(p, 0, new Uint32Array([width, height]));
  queue.writeBuffer(p, 8, new Float32Array([0, 1, ...colours]));
  const entries = [source, p].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const staging = device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });

  return {
    /* draws, and waits as one waits for anything: by mapping 4 bytes */
    async show(count) {
      const start = performance.now();
      for (let i = 0; i < count; i++) {
        const commands = device.createCommandEncoder();
        const view = context.getCurrentTexture().createView();
        const pass = commands.beginRenderPass({ colorAttachments: [{ view, loadOp: 'clear', storeOp: 'store' }] });
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.draw(3);
        pass.end();
        commands.clearBuffer(staging);
        queue.submit([commands.finish()]);
        await staging.mapAsync(GPUMapMode.READ);
        staging.unmap();
      }
      return performance.now() - start;
    },
  };
}
