// 9: statements that are none.
fn f(n: i32) {
  n + 1;
  n;
  n = ;
  break if true;
  continuing { }
  switch n { case 1: { } }
  switch n { default: {} default: {} }
  switch n { else: {} }
  for (var i = 0, i < 2; i++) {}
  if (n) n = 1;
  @compute { }
  @align(4) let k = 1;
}
