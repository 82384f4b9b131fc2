// A second opinion on WGSL: what Dawn's checker (Tint) says, on its null backend, which needs no GPU.
//
//   node tests/wgsl/tint.mjs          reads paths, a line each, and answers each with a line:
//                                     "= ok" or "= error LINE:COLUMN message"
//   node tests/wgsl/tint.mjs --time   answers "= MILLISECONDS" of one check of the file
//
// Dawn prints warnings of its own in between, hence the "= ".
// Used by tests/wgsl/differences.py and bench/check.py.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { create } from 'webgpu'

globalThis.gpu = create(['backend=null']) // it must live as long as its devices
const adapter = await globalThis.gpu.requestAdapter()
const features = [...adapter.features].filter((name) => !name.startsWith('chromium-'))
const device = await adapter.requestDevice({ requiredFeatures: features })

async function verdict(code) {
  device.pushErrorScope('validation')
  const module = device.createShaderModule({ code })
  const { messages } = await module.getCompilationInfo()
  await device.popErrorScope()
  const error = messages.find((each) => each.type === 'error')
  return error ? `error ${error.lineNum}:${error.linePos} ${error.message.replaceAll('\n', ' ')}` : 'ok'
}

let round = 0
function milliseconds(code) {
  const text = `${code}\n// ${round++}` // modules are kept by their text
  const began = performance.now()
  device.createShaderModule({ code: text })
  return performance.now() - began
}

for await (const path of createInterface({ input: process.stdin })) {
  const code = readFileSync(path, 'utf8')
  console.log(`= ${process.argv.includes('--time') ? milliseconds(code) : await verdict(code)}`)
}
process.exit(0)
