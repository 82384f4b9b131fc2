// 8.1.1: an expression that mentions an override is no const-expression, also where && skips it.
override late: bool;
const_assert !(false && late);
