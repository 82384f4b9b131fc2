// 2.4: 2047 elements in an array's constructor.
const a = array<u32, 2047>(
  #, // repeat: 2047
);
const_assert a[2046] == 2046;
