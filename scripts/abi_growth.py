#!/usr/bin/env python3
"""abi_growth.py RECORDED NOW: prints the ABI dump NOW as a program sees it that was compiled with
RECORDED: structs that begin with their own size end where they ended then, as the library sees which
one it was given. (abidiff has a word for that, has_data_member_inserted_at, but it then overlooks
other changes of the same struct.)
"""

import sys
import xml.etree.ElementTree as xml


def growable(tree):
    """Structs whose first member is `size`, by name."""
    found = {}
    for struct in tree.iter("class-decl"):
        members = struct.findall("data-member")
        if members and members[0].find("var-decl").get("name") == "size":
            found[struct.get("name")] = (struct, members)
    return found


def main(recorded, now):
    then, tree = growable(xml.parse(recorded)), xml.parse(now)
    for name, (struct, members) in growable(tree).items():
        if name not in then:
            continue
        before, kept = then[name]
        for member in members[len(kept):]:
            struct.remove(member)
        if len(members) > len(kept):
            struct.set("size-in-bits", before.get("size-in-bits"))
    tree.write(sys.stdout, encoding="unicode")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
