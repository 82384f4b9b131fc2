// 3: tabs and wide characters before the caret
fn f() {
	let 値 = 1;	/* 漢字 */ let b = nothing;
}
