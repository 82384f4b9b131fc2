// 6.1.2: a pointer to a buffer does not become one to a larger buffer, nor one elsewhere.
@group(0) @binding(0) var<storage> raw: buffer<64>;
@group(0) @binding(1) var<storage> all: buffer;
fn large(p: ptr<storage, buffer<128>>) {}
fn written(p: ptr<storage, buffer, read_write>) {}
fn f() {
  large(&raw);
  large(&all);
  written(&raw);
}
