// 14.4: sizes fit 32 bits.
struct Large { @size(2147483647) a: u32, @size(2147483647) b: u32, @size(8) c: u32 }
struct Rounded { @align(1073741824) @size(2147483644) a: u32, @size(2147483640) b: u32 }
struct Sizes { @size(2147483648) a: u32 }
alias Many = array<vec4f, 4294967295>;
