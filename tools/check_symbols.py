"""Holds the external names of an archive against the rules: check_symbols.py libweft.a

Each starts with weft_, wgsl_ or cpu_ (the CPU driver), and none is defined twice: linked to a program, they share one space with the program's.
"""

import collections
import subprocess
import sys

PREFIXES = ("weft_", "wgsl_", "cpu_")


def main() -> int:
    listed = subprocess.run(["nm", "-A", "--defined-only", "-g", sys.argv[1]], text=True, capture_output=True, check=True)
    homes = collections.defaultdict(list)
    for line in listed.stdout.splitlines():  # archive:member.o:0000000000000010 T name
        member, name = line.split(":")[1], line.split()[-1]
        homes[name].append(member.removesuffix(".o"))
    foreign = [n for n in homes if not n.startswith(PREFIXES)]
    double = [n for n, members in homes.items() if len(members) > 1]
    complaints = [f"{n} ({homes[n][0]}): starts with none of the prefixes" for n in foreign]
    complaints += [f"{n}: defined in {' and in '.join(homes[n])}" for n in double]
    print("\n".join([*complaints, f"{len(homes)} names, {len(complaints)} that do not fit"]))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
