// An expression of 1000 terms; WGSL has no limit here, implementations do.
const sum = 1
  + # // repeat: 1000
;
const_assert sum == 499501;
