// 3.3: an open comment.
const a = 1;
/* outer /* inner */ still open
