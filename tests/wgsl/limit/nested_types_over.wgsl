alias A0 = vec4f;
alias A#+1 = array<A#, 1>; // repeat: 300
