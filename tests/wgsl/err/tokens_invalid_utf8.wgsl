// 3: invalid UTF-8
const a = 1; // café
