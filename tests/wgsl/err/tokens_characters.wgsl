// 3.6: characters that no token has.
const a = 1;
const b = "text";
