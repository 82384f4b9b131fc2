"""What the CPU device's instruction set must not change: run as a program, prints its name and a checksum for each expression.

    isa_results.py     {"name": …, "sums": {expression: checksum of the bits of the results}}

Which NaN a NaN is may differ, and fma: it rounds once where the machine has the instruction. Every other expression
runs over words of all kinds: small numbers, random bits, the ends of the ranges, infinities and NaNs.
"""

import array
import json
import random
import zlib

import weft

N = 4099  # whole vectors, and a rest

FLOATS = """abs acos acosh asin asinh atan atanh ceil cos cosh degrees exp exp2 floor fract inverseSqrt log log2
  quantizeToF16 radians round saturate sign sin sinh sqrt tan tanh trunc"""
FLOAT_EXPRESSIONS = """x + y; x - y; x * y; x / y; x % y; -x; x * y + z; x * y - z; z - x * y; atan2(x, y); pow(abs(x), y); min(x, y); max(x, y)
  step(x, y); clamp(x, min(y, z), max(y, z)); mix(x, y, z); smoothstep(x, y, z); ldexp(x, i % 300); f32(i); f32(u); select(x, y, x < z)
  modf(x).fract + modf(x).whole; frexp(x).fract; f32(frexp(x).exp); f32(x < y) + f32(x <= y) * 2 + f32(x == y) * 4 + f32(x != y) * 8
  dot(vec3f(x, y, z), vec3f(z, x, y)); length(vec3f(x, y, z)); distance(vec2f(x, y), vec2f(z, x)); normalize(vec4f(x, y, z, 1)).y
  cross(vec3f(x, y, z), vec3f(y, z, x)).z; reflect(vec2f(x, y), vec2f(y, z)).x; refract(vec2f(x, y), vec2f(y, z), 0.5).y
  faceForward(vec2f(x, y), vec2f(y, z), vec2f(z, x)).x; determinant(mat3x3f(x, y, z, y, z, x, z, x, 1))
  (mat2x3f(x, y, z, z, y, x) * vec2f(y, z)).z; unpack2x16float(u).x; unpack2x16snorm(u).y; unpack2x16unorm(u).x
  unpack4x8snorm(u).z; unpack4x8unorm(u).w; f32(f16(x)); f32(f16(x) * f16(y) + f16(z)); f32(sin(f16(x))); f32(sqrt(f16(abs(x))))"""
INTEGERS = """abs(i); i + j; i - j; i * j; i / j; i % j; -i; i & j; i | j; i ^ j; ~i; i << (u % 40); i >> (v % 40); min(i, j); max(i, j); clamp(i, -j, j); sign(i)
  i32(x); countLeadingZeros(i); firstLeadingBit(i); extractBits(i, u % 40, v % 40); insertBits(i, j, u % 33, v % 33); dot4I8Packed(u, v)
  dot(vec3i(i, j, i), vec3i(j, j, i)); select(i, j, i < j)"""
WORDS = """u + v; u * v; u / v; u % v; u << (v % 40); u >> (v % 40); min(u, v); max(u, v); u32(x); countOneBits(u); countTrailingZeros(u); reverseBits(u)
  firstLeadingBit(u); firstTrailingBit(u); extractBits(u, v % 40, u % 40); dot4U8Packed(u, v); pack2x16float(vec2f(x, y))
  pack2x16snorm(vec2f(x, y)); pack2x16unorm(vec2f(x, y)); pack4x8snorm(vec4f(x, y, z, x)); pack4x8unorm(vec4f(x, y, z, x))
  pack4xI8(vec4i(i, j, i, j)); pack4xU8Clamp(vec4u(u, v, u, v)); unpack4xI8(u).x == i; unpack4xU8(u).y
  subgroupAdd(u); subgroupInclusiveMul(v); subgroupMin(u); subgroupXor(u); subgroupShuffle(u, v % 32); subgroupBallot(u > v).x"""


def expressions():
    """Each with how its result becomes a word."""
    for name in FLOATS.split():
        yield f"{name}(x)", "one_nan(E)"
    for text, form in ((FLOAT_EXPRESSIONS, "one_nan(E)"), (INTEGERS, "bitcast<u32>(E)"), (WORDS, "u32(E)")):
        for expression in text.replace("\n", ";").split(";"):
            yield expression.strip(), form


def words(seed):
    """Floats near 1, integers near 0, bits of all kinds and the special ones, one third each and then some."""
    rng = random.Random(seed)
    special = [0, 1 << 31, 1, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7F7FFFFF, 0x00800000, 0x3F800000, 0xBF800000, 2**32 - 1, 2**31 - 1]
    floats = array.array("I", array.array("f", [rng.uniform(-4, 4) * 10 ** rng.randint(-3, 3) for _ in range(N // 3)]).tobytes())
    out = list(floats) + [rng.randint(-50, 50) & 0xFFFFFFFF for _ in range(N // 4)] + special * 20
    out += [rng.getrandbits(32) for _ in range(N - len(out))]
    rng.shuffle(out)
    return out


def results(expression, form, inputs, out):
    source = f"""
      enable f16; enable subgroups;
      diagnostic(off, subgroup_uniformity);
      @group(0) @binding(0) var<storage> a: array<u32>;
      @group(0) @binding(1) var<storage> b: array<u32>;
      @group(0) @binding(2) var<storage> c: array<u32>;
      @group(0) @binding(3) var<storage, read_write> out: array<u32>;
      fn one_nan(f: f32) -> u32 {{
        let r = bitcast<u32>(f);
        return select(r, 0x7fc00000u, (r & 0x7fffffffu) > 0x7f800000u);
      }}
      @compute @workgroup_size(96) fn main(@builtin(global_invocation_id) id: vec3u) {{
        let k = id.x;
        if (k < arrayLength(&out)) {{
          let u = a[k]; let v = b[k]; let i = bitcast<i32>(u); let j = bitcast<i32>(v);
          let x = bitcast<f32>(u); let y = bitcast<f32>(v); let z = bitcast<f32>(c[k]);
          out[k] = {form.replace("E", expression)};
        }}
      }}"""
    weft.kernel(source)(a=inputs[0], b=inputs[1], c=inputs[2], out=out, threads=N)
    return out.to_memoryview().tobytes()


def main():
    inputs = [weft.asarray(words(seed), "uint32") for seed in range(3)]
    out = weft.zeros(N, "uint32")
    sums = {e: zlib.crc32(results(e, form, inputs, out)) for e, form in expressions()}
    print(json.dumps({"name": weft.device().name, "sums": sums}))


if __name__ == "__main__":
    main()
