"""Random WGSL compute programs whose results the specification fixes. Used by tests/fuzz/cpu.py.

    program = make(seed)        the same seed gives the same program
    program.source              WGSL, one statement or brace a line, so that a reducer can take lines away
    program.constants           what some of its overrides are given
    program.floats              for each inexact output of an invocation: how far two devices may be apart
    make(seed, zeros=False)     without variables that start as the zero value of an array or a struct

What keeps results fixed:

- An expression is never constant as a whole (constants that overflow are errors); literals and overrides stand beside
  what is not.
- Integers wrap, divide by zero, shift by any amount: all defined. Indices are brought into range.
- Floats are exact. Each carries a bound and a grain: |x| <= size, x a multiple of 2^-grain, size 2^grain <= 2^22; what
  would leave that is cut first. So every device must give the same number, which may then decide branches and indices.
- Functions with an error (sin, exp, …) are only taken at the end, of exact arguments, into outputs with a tolerance.
- Buffer views lie inside their buffer, and see words as what they were written as.
- Loops have a bounded number of turns. Barriers stand in uniform control flow. An invocation writes its own elements of
  storage; atomics are of one commutative operation for each array and their old values are not used.
"""

from __future__ import annotations

import dataclasses
import random

SIZE, GRAIN = 256, 2  # of variables, inputs, parameters, results of functions
INPUTS = 64  # elements of each input array
STRUCT = 64  # words that one S has at most
ELEMENTS = "xyzw"


@dataclasses.dataclass(frozen=True)
class Type:
    base: str  # i32 u32 f32 bool
    n: int = 1

    def __str__(self):
        return self.base if self.n == 1 else f"vec{self.n}<{self.base}>"

    def one(self):
        return Type(self.base)

    def of(self, base):
        return Type(base, self.n)


I, U, F, B = Type("i32"), Type("u32"), Type("f32"), Type("bool")  # noqa: E741
NUMBERS = [I, U, F]


@dataclasses.dataclass
class Expr:
    text: str
    constant: bool = False
    size: float = SIZE
    grain: int = GRAIN


@dataclasses.dataclass
class Variable:
    text: str  # what names it: v1, s.a, (*p)
    type: Type
    writable: bool = True
    length: int = 0  # of an array; 0: a plain value


@dataclasses.dataclass
class Function:
    name: str
    parameters: list  # of (Type, is a pointer)
    result: Type


@dataclasses.dataclass
class Program:
    seed: int
    source: str
    workgroup: int  # invocations
    groups: int
    words: int  # outputs of an invocation in out_i
    constants: dict  # of overrides; the others keep their defaults
    floats: list  # (absolute, relative) for each output of an invocation in out_f


# name, WGSL with {a} {b} for exact floats within SIZE, absolute and relative error that two devices may be apart
ULP = 2.0**-23
INEXACT = [
    ("sin({a} / 128.0)", 2**-10, 0),
    ("cos({a} / 128.0)", 2**-10, 0),
    ("tan({a} / 256.0)", 2**-7, 0),
    ("asin({a} / 256.0)", 2**-9, 0),
    ("acos({a} / 256.0)", 2**-9, 0),
    ("atan({a})", 0, 2 * 4096 * ULP),
    ("atan2({a} + 0.125, abs({b}) + 1.0)", 2**-120, 2 * 4096 * ULP),
    ("sinh({a} / 64.0)", 0.001, 2**-16),
    ("cosh({a} / 64.0)", 0, 2**-16),
    ("tanh({a} / 64.0)", 2e-5, 2**-16),
    ("asinh(abs({a}))", 2**-12, 2**-16),
    ("acosh(abs({a}) + 1.0)", 2**-10, 2**-16),
    ("atanh({a} / 512.0)", 2**-16, 2**-16),
    ("exp({a} / 64.0)", 0, 24 * ULP),
    ("exp2({a} / 64.0)", 0, 24 * ULP),
    ("log(abs({a}) + 0.25)", 2**-20, 6 * ULP),
    ("log2(abs({a}) + 0.25)", 2**-20, 6 * ULP),
    ("sqrt(abs({a}))", 0, 10 * ULP),
    ("inverseSqrt(abs({a}) + 0.25)", 0, 4 * ULP),
    ("({a} / (abs({b}) + 1.0))", 0, 6 * ULP),
    ("pow(abs({a}) + 1.0, {b} / 64.0)", 0, 2**-14),
    ("degrees({a})", 0, 4 * ULP),
    ("radians({a})", 0, 4 * ULP),
    ("length(vec3<f32>({a}, {b}, 1.0))", 0, 16 * ULP),
    ("distance(vec2<f32>({a}, 1.0), vec2<f32>(3.0, {b}))", 2**-60, 16 * ULP),
    ("normalize(vec3<f32>({a}, 2.0, {b})).x", 0, 32 * ULP),
    ("mix({a}, {b}, 0.3)", 2**-13, 4 * ULP),
    ("smoothstep(-200.0, 300.0, {a})", 2**-18, 2**-18),
    ("reflect(vec2<f32>({a}, 1.0), vec2<f32>(0.6, 0.8)).y", 2**-12, 0),
    ("unpack4x8unorm(bitcast<u32>({a} + 0.125)).z", 0, 6 * ULP),
    ("unpack2x16snorm(bitcast<u32>({a} + 0.125) ^ 77u).y", 0, 6 * ULP),
    ("(mat2x2<f32>({a}, 0.1, {b}, 0.3) * vec2<f32>(0.7, {b})).x", 2**-6, 0),
    ("fma({a}, 0.1, {b})", 2**-13, 4 * ULP),
]


class Maker:
    def __init__(self, seed, zeros):
        self.random = random.Random(seed)
        self.seed = seed
        self.zeros = zeros
        self.lines, self.depth = [], 0
        self.names = 0
        self.variables = []  # of Variable, in scope
        self.functions = []
        self.budget = self.random.choice([20, 40, 80, 160])  # lines; beyond, only short ones are made
        self.loops = 0  # nesting, here
        self.cost = 1  # how often this runs, about
        self.exits = []  # what may end the innermost statement: "break", "continue"
        self.result = None  # type that the function being made returns
        self.pointers = True
        self.structs = []
        self.overrides = []  # of (name, type)
        self.constants = {}
        self.views = self.chance(0.5)

    # ---- choosing and writing ---------------------------------------------------------------------------------------

    def chance(self, p):
        return self.random.random() < p

    def pick(self, some):
        return self.random.choice(some)

    def name(self, prefix="v"):
        self.names += 1
        return f"{prefix}{self.names}"

    def put(self, line):
        self.lines.append("  " * self.depth + line)

    def block(self, head, body, tail="}"):
        self.put(head + " {")
        self.depth += 1
        seen = len(self.variables)
        body()
        del self.variables[seen:]
        self.depth -= 1
        self.put(tail)

    def a_type(self, bases=NUMBERS):
        base = self.pick(bases)
        return Type(base.base, self.pick([1, 1, 1, 2, 3, 4]))

    # ---- leaves -----------------------------------------------------------------------------------------------------

    def literal(self, t):
        if t.n > 1:
            return Expr(f"{t}({', '.join(self.literal(t.one()).text for _ in range(t.n))})", True, 64, 1)
        if self.chance(0.2):
            name = self.pick([name for name, u in self.overrides if u == t] or [None])
            if name:
                return Expr(name, True, 64, 1)
        if t == B:
            return Expr(self.pick(["true", "false"]), True)
        if t == F:
            return Expr(f"{self.random.randrange(-128, 129) / 2}", True, 64, 1)
        if t == I:
            edge = [0, 1, -1, 2, 31, 32, 255, -128, 65535, 2147483647, -2147483647]
            value = self.pick(edge) if self.chance(0.5) else self.random.randrange(-(2**31) + 1, 2**31)
            return Expr(f"{value}i" if value >= 0 else f"({value}i)", True)
        edge = [0, 1, 2, 3, 31, 32, 255, 65535, 2**31, 2**32 - 1]
        value = self.pick(edge) if self.chance(0.5) else self.random.getrandbits(32)
        return Expr(f"{value}u", True)

    def runtime(self, t):
        """Something of type t that is no constant and cheap."""
        found = [v for v in self.variables if v.type == t and not v.length]
        arrays = [v for v in self.variables if v.type == t and v.length]
        wider = [v for v in self.variables if t.n == 1 and v.type.n > 1 and v.type.base == t.base and not v.length]
        way = self.random.random()
        if found and way < 0.65:
            return Expr(self.pick(found).text)
        if arrays and way < 0.8:
            return Expr(self.element(self.pick(arrays)))
        if wider and way < 0.95:
            v = self.pick(wider)
            if self.chance(0.3):
                return Expr(f"{v.text}[{self.index(v.type.n)}]")
            return Expr(f"{v.text}.{ELEMENTS[self.random.randrange(v.type.n)]}")
        return self.input(t)

    def view(self, t):
        """A number or vector of in_b: words, then as many floats."""
        first = 4 * INPUTS if t.base == "f32" else 0
        align = {1: 4, 2: 8, 3: 16, 4: 16}[t.n]
        count = 4 * INPUTS // align
        at = f"{first}u + {align}u * ({self.index(count)})"
        ways = [f"(*bufferView<{t}>(&in_b, {at}))"]
        start = self.random.randrange(count)
        rest = f"{self.index(count - start)}"
        ways += [f"bufferView<array<{t}, {count - start}>>(&in_b, {first + align * start}u)[{rest}]"]
        ways += [f"bufferArrayView<array<{t}>>(&in_b, {first + align * start}u, {align * (count - start)}u)[{rest}]"]
        if not first:
            ways += [f"bufferView<array<{t}>>(&in_b, {align * start}u)[{rest}]"]
        return Expr(self.pick(ways))

    def input(self, t):
        if self.views and t.base != "bool" and self.chance(0.15):
            return self.view(t)
        if t.n > 1:
            return Expr(f"{t}({', '.join(self.input(t.one()).text for _ in range(t.n))})")
        if t == B:
            return Expr(f"(in_u[{self.index(INPUTS)}] {self.pick(['<', '>', '!='])} {self.literal(U).text})")
        if self.chance(0.15):
            name, length = self.pick([(m, n) for m, u, n in self.structs if u == t] or [(None, 0)])
            if name:
                return Expr(f"in_s[{self.index(4)}].{name}" + (f"[{self.index(length)}]" if length else ""))
        return Expr({"i32": "in_i", "u32": "in_u", "f32": "in_f"}[t.base] + f"[{self.index(INPUTS)}]")

    def index(self, length):
        """An index below length."""
        if self.chance(0.3):
            return f"{self.random.randrange(length)}"
        found = [v.text for v in self.variables if v.type == U and not v.length]
        u = self.pick(found) if found else "turn"
        if self.chance(0.2):
            found = [v.text for v in self.variables if v.type == I and not v.length]
            if found:
                u = f"u32({self.pick(found)})"
        return f"({u} + {self.random.randrange(8)}u) % {length}u"

    def element(self, v):
        return f"{v.text}[{self.index(v.length)}]"

    # ---- exact floats -----------------------------------------------------------------------------------------------

    def within(self, e, t, size=SIZE, grain=GRAIN):
        """e, cut to the bounds."""
        if t.base != "f32":
            return e
        text, s, g = e.text, e.size, e.grain
        if g > grain:
            text, g = f"{self.pick(['floor', 'ceil', 'trunc', 'round'])}({text})", 0
        if s > size:
            text, s = f"clamp({text}, {t}(-{size}.0), {t}({size}.0))", size
        return Expr(text, e.constant, s, g)

    def fits(self, size, grain):
        return size * 2**grain <= 2**22

    def float_binary(self, t, depth):
        a, b = self.pair(t, t, depth)
        op = self.pick(["+", "-", "*", "min", "max", "scale", "fma", "step"])
        if op in "+-":
            a, b = self.within(a, t, 4096, 4), self.within(b, t, 4096, 4)
            return Expr(f"({a.text} {op} {b.text})", False, a.size + b.size, max(a.grain, b.grain))
        if op in ("min", "max"):
            return Expr(f"{op}({a.text}, {b.text})", False, max(a.size, b.size), max(a.grain, b.grain))
        if op == "step":
            return Expr(f"step({a.text}, {b.text})", False, 1, 0)
        if op == "scale":
            a, k = self.within(b if a.constant else a, t, 4096, 4), self.pick([1, 2, 3])
            return Expr(f"({a.text} / {t}({2**k}.0))", False, a.size / 2**k, a.grain + k)
        if not self.fits(a.size * b.size, a.grain + b.grain):
            a, b = self.within(a, t), self.within(b, t)
        if op == "fma":
            c = self.within(self.expr(t, depth - 2), t)
            size, grain = a.size * b.size + c.size, max(a.grain + b.grain, c.grain)
            return Expr(f"fma({a.text}, {b.text}, {c.text})", False, size, grain)
        return Expr(f"({a.text} * {b.text})", False, a.size * b.size, a.grain + b.grain)

    def float_unary(self, t, depth):
        a = self.expr(t, depth - 1, runtime=True)
        op = self.pick(
            [
                "-",
                "abs",
                "floor",
                "ceil",
                "trunc",
                "round",
                "sign",
                "fract",
                "saturate",
                "quantize",
                "modf",
                "frexp",
                "ldexp",
            ]
        )
        if op == "-":
            return Expr(f"(-{a.text})", False, a.size, a.grain)
        if op == "abs":
            return Expr(f"abs({a.text})", False, a.size, a.grain)
        if op == "sign":
            return Expr(f"sign({a.text})", False, 1, 0)
        if op in ("fract", "saturate"):
            return Expr(f"{op}({a.text})", False, 1, a.grain)
        if op == "quantize":
            return Expr(f"quantizeToF16({self.within(a, t).text})")
        if op == "modf":
            return Expr(f"modf({a.text}).{self.pick(['fract', 'whole'])}", False, a.size, a.grain)
        if op == "frexp":
            return Expr(f"frexp({self.within(a, t).text}).fract", False, 1, 14)
        if op == "ldexp":
            k = self.random.randrange(-2, 3)
            a, e = self.within(a, t), self.literal(t.of("i32")).text
            text = f"ldexp({a.text}, ({e} & {t.of('i32')}(0)) + {t.of('i32')}({k}))"
            return Expr(text, False, a.size * 2.0 ** max(k, 0), a.grain + max(-k, 0))
        return Expr(f"{op}({a.text})", False, a.size + 1, 0)

    # ---- expressions ------------------------------------------------------------------------------------------------

    def expr(self, t, depth=3, runtime=False):
        if depth <= 0 or self.chance(0.12):
            return self.literal(t) if not runtime and self.chance(0.3) else self.runtime(t)
        ways = [self.select, self.convert]
        if t.n > 1:
            ways += [self.build, self.swizzle]
        if t.base == "f32":
            ways += [self.float_binary] * 3 + [self.float_unary] * 2 + [self.product]
        elif t.base == "bool":
            ways += [self.compare] * 3 + [self.logic]
        else:
            ways += [self.int_binary] * 4 + [self.int_unary, self.int_call, self.pack]
        if any(f.result == t for f in self.functions):
            ways += [self.call]
        return self.pick(ways)(t, depth)

    def pair(self, t, u, depth):
        """Two operands, not both constant."""
        a = self.expr(t, depth - 1)
        b = self.expr(u, depth - 1, runtime=a.constant)
        return a, b

    def select(self, t, depth):
        a, b = self.pair(t, t, depth)
        c = self.expr(t.of("bool") if self.chance(0.5) else B, depth - 1, runtime=True)
        return Expr(f"select({a.text}, {b.text}, {c.text})", False, max(a.size, b.size), max(a.grain, b.grain))

    def convert(self, t, depth):
        bases = [b for b in ("i32", "u32", "f32", "bool") if b != t.base]
        source = t.of(self.pick(bases))
        a = self.expr(source, depth - 1, runtime=True)
        if t.base == "f32" and source.base != "bool":
            return Expr(f"{t}({a.text} & {source}(127{'i' if source.base == 'i32' else 'u'}))", False, 127, 0)
        if t.base in ("i32", "u32") and source.base in ("i32", "u32") and self.chance(0.5):
            return Expr(f"bitcast<{t}>({a.text})")
        return Expr(f"{t}({a.text})", False, 1, 0)

    def build(self, t, depth):
        if self.chance(0.3):
            a = self.expr(t.one(), depth - 1, runtime=True)
            return Expr(f"{t}({a.text})", False, a.size, a.grain)
        parts, left = [], t.n
        while left:
            n = self.random.randrange(1, min(left, t.n - 1) + 1)
            parts.append(self.expr(Type(t.base, n), depth - 1, runtime=not parts))
            left -= n
        text = ", ".join(p.text for p in parts)
        return Expr(f"{t}({text})", False, max(p.size for p in parts), max(p.grain for p in parts))

    def swizzle(self, t, depth):
        source = Type(t.base, self.pick([2, 3, 4]))
        a = self.expr(source, depth - 1, runtime=True)
        letters = "".join(self.pick((ELEMENTS if self.seed % 2 else "rgba")[: source.n]) for _ in range(t.n))
        return Expr(f"{a.text}.{letters}", False, a.size, a.grain)

    def product(self, t, depth):
        """Products of vectors and matrices, of small whole numbers."""

        def small(type_):
            return self.within(self.expr(type_, depth - 2, runtime=True), type_, 8, 0).text

        n = self.pick([2, 3, 4])
        if t.n == 1:
            v = Type("f32", n)
            return Expr(f"dot({small(v)}, {small(v)})", False, 64 * n, 0)
        if t.n == 3 and self.chance(0.4):
            return Expr(f"cross({small(t)}, {small(t)})", False, 128, 0)
        columns = ", ".join(small(t) for _ in range(n))
        rows = ", ".join(small(Type("f32", n)) for _ in range(t.n))
        v = small(Type("f32", n))
        way = self.random.randrange(4)
        if way == 0:
            return Expr(f"(mat{n}x{t.n}<f32>({columns}) * {v})", False, 64 * n, 0)
        if way == 1:
            return Expr(f"({v} * mat{t.n}x{n}<f32>({rows}))", False, 64 * n, 0)
        if way == 2:
            return Expr(f"(transpose(mat{t.n}x{n}<f32>({rows})) * {v})", False, 64 * n, 0)
        return Expr(f"(mat{n}x{t.n}<f32>({columns}) + mat{n}x{t.n}<f32>({columns}))[{self.index(n)}]", False, 16, 0)

    def compare(self, t, depth):
        u = t.of(self.pick(["i32", "u32", "f32"]))
        a, b = self.pair(u, u, depth)
        return Expr(f"({a.text} {self.pick(['<', '<=', '>', '>=', '==', '!='])} {b.text})")

    def logic(self, t, depth):
        if t.n == 1 and self.chance(0.3):
            a = self.expr(Type("bool", self.pick([2, 3, 4])), depth - 1, runtime=True)
            return Expr(f"{self.pick(['all', 'any'])}({a.text})")
        a, b = self.pair(t, t, depth)
        if self.chance(0.2):
            return Expr(f"(!{self.expr(t, depth - 1, runtime=True).text})")
        op = self.pick(["&", "|", "==", "!="] + ["&&", "||"] * (t.n == 1))
        if a.constant:  # in front of && it may decide alone, and Dawn takes the whole for a constant where there are overrides
            a, b = b, a
        return Expr(f"({a.text} {op} {b.text})")

    def int_binary(self, t, depth):
        op = self.pick(["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"])
        if op in ("<<", ">>"):
            a, b = self.expr(t, depth - 1, runtime=True), self.expr(t.of("u32"), depth - 1, runtime=True)
        elif op in "/%":
            a, b = self.expr(t, depth - 1), self.expr(t, depth - 1, runtime=True)
        else:
            a, b = self.pair(t, t, depth)
        if t.n > 1 and op not in ("<<", ">>", "&", "|", "^") and self.chance(0.2):
            b = self.expr(t.one(), depth - 1, runtime=True)
        return Expr(f"({a.text} {op} {b.text})")

    def int_unary(self, t, depth):
        a = self.expr(t, depth - 1, runtime=True)
        calls = [
            "abs",
            "countOneBits",
            "countLeadingZeros",
            "countTrailingZeros",
            "firstLeadingBit",
            "firstTrailingBit",
            "reverseBits",
        ]
        if t.base == "i32":
            calls += ["sign", "-"]
        op = self.pick([*calls, "~"])
        return Expr(f"({op}{a.text})" if op in "~-" else f"{op}({a.text})")

    def int_call(self, t, depth):
        a, b = self.pair(t, t, depth)
        c = self.expr(t, depth - 1, runtime=True)
        u, v = self.expr(U, depth - 1, runtime=True), self.expr(U, depth - 1, runtime=True)
        ways = [f"min({a.text}, {b.text})", f"max({a.text}, {b.text})", f"clamp({c.text}, {a.text}, {b.text})"]
        ways += [f"extractBits({c.text}, {u.text}, {v.text})", f"insertBits({a.text}, {b.text}, {u.text}, {v.text})"]
        if t == I:
            v = self.expr(Type("i32", 3), depth - 1, runtime=True)
            ways += [f"dot({v.text}, vec3<i32>({a.text}, {b.text}, {c.text}))"]
            ways += [f"frexp({self.within(self.expr(F, depth - 1, runtime=True), F).text}).exp"]
        return Expr(self.pick(ways))

    def pack(self, t, depth):
        if t.n > 1:
            return self.int_binary(t, depth)
        f = self.within(self.expr(Type("f32", 4), depth - 2, runtime=True), Type("f32", 4)).text
        u, v = self.expr(U, depth - 1, runtime=True).text, self.expr(U, depth - 1, runtime=True).text
        i4, u4 = (self.expr(Type(base, 4), depth - 2, runtime=True).text for base in ("i32", "u32"))
        if t == I:
            return Expr(self.pick([f"dot4I8Packed({u}, {v})", f"unpack4xI8({u}).{self.pick(ELEMENTS)}"]))
        # odd numbers of 1024ths and 128ths: their products with 255 and 65535 are exact and never halfway
        bytes_, halves = f"((floor({f}) * 2.0 + 1.0) / 1024.0)", f"((floor({f} / 4.0) * 2.0 + 1.0) / 128.0)"
        ways = [f"pack4x8snorm({bytes_})", f"pack4x8unorm({bytes_})", f"pack2x16float(abs({f}).zx + 1.0)"]
        ways += [f"pack2x16snorm({halves}.xw)", f"pack2x16unorm({halves}.yz)"]
        ways += [
            f"dot4U8Packed({u}, {v})",
            f"pack4xI8({i4})",
            f"pack4xU8({u4})",
            f"pack4xI8Clamp({i4})",
            f"pack4xU8Clamp({u4})",
        ]
        ways += [f"unpack4xU8({u}).{self.pick(ELEMENTS)}", f"(arrayLength(&in_u) + {u})"]
        return Expr(self.pick(ways))

    def call(self, t, depth):
        f = self.pick([f for f in self.functions if f.result == t])
        if self.cost > 40:
            return self.runtime(t)
        arguments, taken = [], set()
        for u, is_pointer in f.parameters:
            if is_pointer:
                local = [v for v in self.variables if v.writable == "local" and not v.length]
                found = [v for v in local if v.type == u and v.text not in taken]
                if not found:
                    return self.runtime(t)
                v = self.pick(found)
                taken.add(v.text)
                arguments.append(f"&{v.text}")
            else:
                arguments.append(self.within(self.expr(u, depth - 2, runtime=True), u).text)
        return Expr(f"{f.name}({', '.join(arguments)})")

    def value(self, t, depth=None):
        """An expression that a variable of type t may be given."""
        depth = depth or self.pick([1, 1, 2, 2, 2, 3])
        return self.within(self.expr(t, depth, runtime=True), t).text

    # ---- statements -------------------------------------------------------------------------------------------------

    def statements(self, n):
        for _ in range(n if len(self.lines) < self.budget else 1):
            ways = [self.declare] * 3 + [self.assign] * 5 + [self.if_, self.switch, self.array, self.struct, self.point]
            if self.loops < 2 and self.cost < 40:
                ways += [self.for_, self.while_, self.loop]
            if self.depth > 6 or len(self.lines) > self.budget:
                ways = [self.declare, self.assign]
            self.pick(ways)()

    def body(self):
        self.statements(self.random.randrange(1, 4))

    def declare(self):
        t, name = self.a_type([I, U, F, B]), self.name()
        word = self.pick(["let", "var", "var"])
        kind = f": {t}" if self.chance(0.5) else ""
        self.put(f"{word} {name}{kind} = {self.value(t)};")
        self.variables.append(Variable(name, t, "local" if word == "var" else False))

    def targets(self):
        return [v for v in self.variables if v.writable]

    def assign(self):
        v = self.pick(self.targets() or [None])
        if not v:
            return self.declare()
        target = self.element(v) if v.length else v.text
        t = v.type
        if t.n > 1 and self.chance(0.3):
            target, t = f"{target}.{ELEMENTS[self.random.randrange(t.n)]}", t.one()
        elif t.n > 1 and self.chance(0.2):
            target, t = f"{target}[{self.index(t.n)}]", t.one()
        elif t.n > 1 and self.chance(0.3):  # several components, or one of several
            n = self.random.randrange(2, t.n + 1)
            target, t = f"{target}.{''.join(self.random.sample(ELEMENTS[: t.n], n))}", Type(t.base, n)
            if self.chance(0.3):
                target, t = f"{target}[{self.index(n)}]", t.one()
                self.put(f"{target} = {self.value(t)};")
                return None
        if t.base in ("i32", "u32") and self.chance(0.3):
            op = self.pick(["+=", "-=", "*=", "&=", "|=", "^=", "<<=", ">>=", "/=", "%="])
            self.put(f"{target} {op} {self.value(t.of('u32') if op in ('<<=', '>>=') else t, 2)};")
        elif t.n == 1 and t.base in ("i32", "u32") and self.chance(0.1):
            self.put(f"{target}{self.pick(['++', '--'])};")
        elif self.chance(0.05):
            self.put(f"_ = {self.value(t)};")
        else:
            self.put(f"{target} = {self.value(t)};")

    def array(self):
        t, name, length = self.a_type(), self.name("a"), self.pick([2, 3, 5, 8])
        way = self.random.random()
        if t.base == "f32" and t.n > 1 and way < 0.4:  # a matrix is an array of its columns
            length = self.pick([2, 3, 4])
            columns = ", ".join(self.value(t, 1) for _ in range(length))
            self.put(f"var {name} = mat{length}x{t.n}<f32>({columns});")
        elif way < 0.4 and self.zeros:
            self.put(f"var {name}: array<{t}, {length}>;")
        elif way < 0.6 and self.zeros:
            rows = self.pick([2, 3])
            self.put(f"var {name}: array<array<{t}, {length}>, {rows}>;")
            name = f"{name}[{self.index(rows)}]"
        else:
            self.put(f"var {name} = array<{t}, {length}>({', '.join(self.value(t, 1) for _ in range(length))});")
        self.variables.append(Variable(name, t, True, length))

    def struct(self):
        name = self.name("s")
        self.put(f"var {name} = {f'in_s[{self.index(4)}]' if self.chance(0.6) or not self.zeros else 'S()'};")
        for member, t, length in self.structs:
            self.variables.append(Variable(f"{name}.{member}", t, True, length))

    def point(self):
        found = [v for v in self.variables if v.writable is True or v.writable == "local"]
        if not found or not self.pointers:
            return self.declare()
        v, name = self.pick(found), self.name("p")
        target = self.element(v) if v.length else v.text
        if target.startswith("(*") or (v.type.n > 1 and "[" in target and "." in target):
            return self.assign()
        self.put(f"let {name} = &{target};")
        self.variables.append(Variable(f"(*{name})", v.type, "pointer"))

    def inner(self, times=1, exits=None):
        """A body that runs `times` as often as what is around it."""
        kept, self.cost = self.exits, self.cost * times
        if exits is not None:
            self.exits = exits
        self.body()
        if self.exits and self.chance(0.3):
            self.block(f"if {self.value(B)}", lambda: self.put(self.pick(self.exits) + ";"))
            self.body()
        elif self.result and self.chance(0.1):
            self.block(f"if {self.value(B)}", lambda: self.put(f"return {self.value(self.result)};"))
        self.exits, self.cost = kept, self.cost // times

    def if_(self):
        two = self.chance(0.5)
        self.block(f"if {self.value(B)}", self.inner, "} else {" if two else "}")
        if two:
            self.depth += 1
            seen = len(self.variables)
            self.inner()
            del self.variables[seen:]
            self.depth -= 1
            self.put("}")

    def turns(self):
        """A bound of a loop's turns: at most 7, often another for each lane."""
        if self.chance(0.4):
            return f"{self.random.randrange(1, 6)}u"
        return f"({self.value(U, 1)} & {self.pick([1, 3, 7])}u)"

    def for_(self):
        i = self.name("n")
        self.loops += 1

        def inside():
            self.variables.append(Variable(i, U, False))
            self.inner(4, ["break", "continue"])

        step = self.pick([f"{i}++", f"{i} += 2u", f"{i} = {i} + 1u"])
        self.block(f"for (var {i} = 0u; {i} < {self.turns()}; {step})", inside)
        self.loops -= 1

    def while_(self):
        i = self.name("w")
        self.loops += 1
        self.put(f"var {i} = {self.turns()};")

        def inside():
            self.put(f"{i}--;")
            self.variables.append(Variable(i, U, False))
            self.inner(4, ["break", "continue"])

        self.block(f"while ({i} > 0u && {i} < 8u)", inside)
        self.loops -= 1

    def loop(self):
        i = self.name("l")
        self.loops += 1
        self.put(f"var {i} = 0u;")

        def inside():
            self.variables.append(Variable(i, U, False))
            self.block(f"if {i} >= {self.turns()}", lambda: self.put("break;"))
            self.inner(4, ["break"])

            def continuing():
                self.put(f"{i}++;")
                if self.chance(0.5):
                    self.put(f"break if {i} > {self.random.randrange(1, 7)}u;")

            self.block("continuing", continuing)

        self.block("loop", inside)
        self.loops -= 1

    def switch(self):
        t = self.pick([I, U])
        mask = "7i" if t == I else "7u"
        suffix = self.pick(["", t.base[0]])
        values = self.random.sample(range(8), self.random.randrange(1, 5))

        def cases():
            exits = [*(e for e in self.exits if e != "break"), "break"]
            for value in self.random.sample([*values, None], len(values) + 1):
                head = "default" if value is None else f"case {value}{suffix}"
                if value is not None and self.chance(0.2):
                    head += f", {value + 8}{suffix}"
                self.block(f"{head}:" if self.chance(0.5) else head, lambda: self.inner(1, exits))

        self.block(f"switch ({self.value(t)} & {mask})", cases)

    # ---- the program --------------------------------------------------------------------------------------------------

    def function(self):
        f = Function(self.name("fun"), [], self.a_type([I, U, F, B]))
        parameters = []
        seen = len(self.variables)
        for _ in range(self.random.randrange(1, 4)):
            t, name, is_pointer = self.a_type([I, U, F, B]), self.name("q"), self.chance(0.3)
            f.parameters.append((t, is_pointer))
            parameters.append(f"{name}: " + (f"ptr<function, {t}>" if is_pointer else f"{t}"))
            self.variables.append(Variable(f"(*{name})" if is_pointer else name, t, "pointer" if is_pointer else False))
        self.result = f.result

        def inside():
            self.statements(self.random.randrange(1, 5))
            self.put(f"return {self.value(f.result)};")

        kept, self.cost = self.cost, 8
        self.block(f"fn {f.name}({', '.join(parameters)}) -> {f.result}", inside)
        self.cost = kept
        self.result = None
        del self.variables[seen:]
        self.functions.append(f)

    def share(self, workgroup):
        """Through workgroup memory and back, with barriers, once or in a loop of uniform turns."""
        t = Type(self.pick(["i32", "u32", "f32"]))
        array, result = f"shared_{t.base}", self.name()
        if self.views and self.chance(0.4):
            at = 4 * workgroup * NUMBERS.index(t)
            ways = [f"bufferView<array<{t}, {workgroup}>>(&room, {at})", f"bufferView<array<{t}>>(&room, {at})"]
            array = self.pick([*ways, f"bufferArrayView<array<{t}>>(&room, {at}, {4 * workgroup})"])
        self.put(f"var {result} = {self.value(t)};")
        self.variables.append(Variable(result, t, "local"))

        def once():
            self.put(f"{array}[lane] = {self.value(t)};")
            self.put("workgroupBarrier();")
            other = f"(lane + {self.random.randrange(workgroup + 1)}u) % {workgroup}u"
            if self.chance(0.2):
                other = f"{self.value(U)} % {workgroup}u"
            if self.chance(0.2):
                one = self.random.randrange(workgroup)
                self.put(f"{result} = workgroupUniformLoad(&{array}[{one}]);")
            else:
                self.put(f"{result} = {array}[{other}];")
            self.put("workgroupBarrier();")

        if self.chance(0.4):
            k = self.name("k")
            self.block(f"for (var {k} = 0u; {k} < {self.random.randrange(1, 4)}u; {k}++)", once)
        else:
            once()

    def atomics(self):
        """Commutative updates; what a workgroup's own gather is read behind a barrier."""
        for array, length in (("group_atomics", 4), ("out_a", 8)):
            op = {"group_atomics": self.group_op, "out_a": self.global_op}[array]
            work = f"{op}(&{array}[{self.index(length)}], {self.value(U)});"
            if self.chance(0.5):
                self.block(f"if {self.value(B)}", lambda work=work: self.put(work))
            else:
                self.put(work)
        self.put("workgroupBarrier();")
        name = self.name()
        self.put(f"let {name} = atomicLoad(&group_atomics[{self.index(4)}]);")
        self.variables.append(Variable(name, U, False))
        self.put("workgroupBarrier();")

    def override(self):
        name, t = self.name("o"), self.pick([I, U, F, B])
        self.put(f"override {name}: {t} = {self.literal(t).text};")
        if self.chance(0.5):
            given = {I: -3, U: 2**32 - 1, F: 12.5, B: True}[t]
            self.constants[name] = self.random.randrange(64) if t in NUMBERS and self.chance(0.5) else given
        self.overrides.append((name, t))

    def main(self, size, workgroup, words, floats):
        x, y, z = size
        self.put("@compute")
        self.put(f"@workgroup_size({x}, {y}, {z})")
        head = "@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32, "
        head += "@builtin(global_invocation_id) id: vec3<u32>"

        def inside():
            self.put(f"let me = group.x * {workgroup}u + lane;")
            for name in ("me", "lane", "id.x", "group.x"):
                self.variables.append(Variable(name, U, False))
            for _ in range(self.random.randrange(2, 5)):
                self.statements(self.random.randrange(2, 6))
                if self.chance(0.5):
                    self.share(workgroup)
                if self.chance(0.3):
                    self.atomics()
            for k in range(words):
                t = self.pick([I, U, F, B])
                self.put(f"out_i[me * {words}u + {k}u] = {'u32' if t != I else 'bitcast<u32>'}({self.value(t)});")
            for k, (text, _, _) in enumerate(floats):
                a, b = self.value(F, 2), self.value(F, 2)
                self.put(f"out_f[me * {len(floats)}u + {k}u] = {text.format(a=a, b=b)};")
            for member, t, length in self.structs:
                target = f"out_s[me].{member}" + (f"[{self.index(length)}]" if length else "")
                self.put(f"{target} = {self.value(t)};")

        self.block(f"fn main({head})", inside)

    def make(self):
        size = self.pick([(1, 1, 1), (7, 1, 1), (32, 1, 1), (64, 1, 1), (8, 8, 1), (4, 2, 3), (16, 4, 1), (3, 5, 1)])
        workgroup = size[0] * size[1] * size[2]
        words, floats = self.random.randrange(2, 6), self.random.sample(INEXACT, 3)
        operations = ["atomicAdd", "atomicMax", "atomicMin", "atomicAnd", "atomicOr", "atomicXor"]
        self.group_op, self.global_op = self.pick(operations), self.pick(operations)
        for _ in range(self.random.randrange(2, 6)):
            self.structs.append((self.name("m"), self.a_type(), self.pick([0, 0, 0, 2, 3])))
        if self.views:
            self.put("requires buffer_view;")
            self.put("@group(0) @binding(8) var<storage, read> in_b: buffer;")
            self.put(f"var<workgroup> room: buffer<{4 * workgroup * len(NUMBERS)}>;")
        members = [f"{m}: {f'array<{t}, {n}>' if n else t}," for m, t, n in self.structs]
        self.block("struct S", lambda: [self.put(member) for member in members])
        self.put("@group(0) @binding(0) var<storage, read> in_i: array<i32>;")
        self.put("@group(0) @binding(1) var<storage, read> in_u: array<u32>;")
        self.put("@group(0) @binding(2) var<storage, read> in_f: array<f32>;")
        self.put("@group(0) @binding(3) var<storage, read> in_s: array<S>;")
        self.put("@group(0) @binding(4) var<storage, read_write> out_i: array<u32>;")
        self.put("@group(0) @binding(5) var<storage, read_write> out_f: array<f32>;")
        self.put("@group(0) @binding(6) var<storage, read_write> out_s: array<S>;")
        self.put("@group(0) @binding(7) var<storage, read_write> out_a: array<atomic<u32>>;")
        for t in NUMBERS:
            self.put(f"var<workgroup> shared_{t}: array<{t}, {workgroup}>;")
        for _ in range(self.random.randrange(0, 4)):
            self.override()
        self.put("var<private> turn = 3u;")
        self.put("var<workgroup> group_atomics: array<atomic<u32>, 4>;")
        for _ in range(self.random.randrange(1, 4)):
            # with initial values: SwiftShader under Dawn computes wrongly with private variables that have none, and it
            # ends the process where a private array of bools decides over an atomic
            t, name, length = self.a_type([I, U, F, B]), self.name("g"), self.pick([0, 0, 4])
            length = 0 if t.base == "bool" else length
            kind = f"array<{t}, {length}>" if length else t
            first = ", ".join(self.literal(t).text for _ in range(length or 1))
            self.put(f"var<private> {name}: {kind} = {f'{kind}({first})' if length else first};")
            self.variables.append(Variable(name, t, "private", length))
        for _ in range(self.random.randrange(0, 4)):
            self.function()
        self.main(size, workgroup, words, floats)
        bounds = [(absolute, relative) for _, absolute, relative in floats]
        source, groups = "\n".join(self.lines) + "\n", self.pick([1, 2, 5])
        return Program(self.seed, source, workgroup, groups, words, self.constants, bounds)


def make(seed: int, zeros: bool = True) -> Program:
    return Maker(seed, zeros).make()


if __name__ == "__main__":
    import sys

    print(make(int(sys.argv[1])).source, end="")
