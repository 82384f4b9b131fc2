// 3.5.2: what is left of a number.
const a = 01;
const b = 1x;
const c = 0b11;
