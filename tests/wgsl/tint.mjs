// A second opinion on WGSL: what Dawn's checker says, on its null backend, which needs no GPU.
//
//   node tests/wgsl/tint.mjs < paths            one line for each path: "ok" or "error LINE:COLUMN message"
//   node tests/wgsl/tint.mjs --time < paths     one line for each: its bytes and the seconds of a check, the median of nine
//
// Used by tests/wgsl/differences.py and bench/check.py.
import { readFileSync } from 'node:fs'
import { create } from 'webgpu'

const gpu = create(['backend=null']) // must live as long as its devices
globalThis.gpu = gpu
const adapter = await gpu.requestAdapter()
const features = [...adapter.features].filter((name) => !name.startsWith('chromium-'))
const device = await adapter.requestDevice({ requiredFeatures: features })
device.lost.catch(() => {})

async function verdict(code) {
  device.pushErrorScope('validation')
  const module = device.createShaderModule({ code })
  const { messages } = await module.getCompilationInfo()
  await device.popErrorScope()
  const error = messages.find((each) => each.type === 'error')
  return error ? `error ${error.lineNum}:${error.linePos} ${error.message.replaceAll('\n', ' ')}` : 'ok'
}

// Dawn keeps modules by their text, so every round has a comment of its own.
async function seconds(code) {
  const times = []
  for (let round = 0; round < 9; round++) {
    const text = `${code}\n// ${round}`
    const began = performance.now()
    const module = device.createShaderModule({ code: text })
    await module.getCompilationInfo()
    times.push(performance.now() - began)
  }
  return times.sort((a, b) => a - b)[4] / 1000
}

for (const path of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const code = readFileSync(path, 'utf8')
  if (process.argv.includes('--time')) console.log(Buffer.byteLength(code), await seconds(code))
  else console.log(await verdict(code))
}
process.exit(0)
