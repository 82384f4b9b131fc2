"""Writes src/wgsl/xid.inc: the code points that may start and continue a WGSL identifier (UAX31, Unicode 14).

Python 3.11's str.isidentifier() is XID_Start XID_Continue* of Unicode 14.0.0, with `_` added to the starts.
Run: python3.11 tools/make_xid.py > src/wgsl/xid.inc
"""

import sys
import unicodedata


def ranges(test):
    out, start = [], None
    for c in range(0x80, 0x110001):
        inside = c < 0x110000 and not 0xD800 <= c < 0xE000 and test(chr(c))
        if inside and start is None:
            start = c
        elif not inside and start is not None:
            out.append((start, c - 1))
            start = None
    return out


def show(name, table):
    print(f"static const struct xid_range {name}[] = {{")
    line = "   "
    for first, last in table:
        item = f" {{0x{first:X}, 0x{last:X}}},"
        if len(line) + len(item) > 118:
            print(line)
            line = "   "
        line += item
    print(line + "\n};")


if __name__ == "__main__":
    if unicodedata.unidata_version != "14.0.0":
        sys.exit(f"this Python has Unicode {unicodedata.unidata_version}; the specification names 14.0.0")
    print("/* Made by tools/make_xid.py from Unicode 14.0.0; ASCII is decided in lex.c. */")
    show("xid_start", ranges(str.isidentifier))
    show("xid_continue", ranges(lambda c: ("a" + c).isidentifier()))
