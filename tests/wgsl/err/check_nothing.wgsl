// check: --pipeline
const a = 1;
