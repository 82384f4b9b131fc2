// 6.9: a type is a name with arguments.
alias R = 1 + 2;
