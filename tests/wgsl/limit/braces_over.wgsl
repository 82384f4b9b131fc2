fn f() {
  { // repeat: 300
  } // repeat: 300
}
