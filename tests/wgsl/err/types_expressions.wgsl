// 6.9: a type is a name with arguments.
alias S = array<1 + 2>;
alias T = vec2<array>;
alias U = array<u32, u32>;
