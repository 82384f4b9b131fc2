const sum = 1
  + # // repeat: 2000
;
