#!/usr/bin/env python3
"""Counts individual tests: tally.py FILE... prints "PASSED FAILED".

Files are JUnit XML as ctest, Surefire and pytest write them. A ctest entry is one program of many cmocka tests: its
own closing lines count. A skipped test counts as failed, and so does a program that ended without closing lines. Only a
Java test that cannot exist on this system, and says why, is neither.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree


def cmocka_counts(case, broken):
    output = case.findtext("system-out") or ""
    passed = sum(int(n) for n in re.findall(r"\[  PASSED  \] (\d+) test", output))
    failed = sum(int(n) for n in re.findall(r"\[  FAILED  \] (\d+) test\(s\), listed", output))
    skipped = sum(int(n) for n in re.findall(r"\[  SKIPPED \] (\d+) test", output))
    if passed + failed + skipped == 0:
        return (0, 1) if broken else (1, 0)
    return passed, max(failed + skipped, int(broken))


def foreign(case):
    """JUnit's @EnabledOnOs or @DisabledOnOs with a reason."""
    skipped = case.find("skipped")
    why = "" if skipped is None else skipped.get("message") or skipped.text or ""
    return re.match(r"\s*(Enabled|Disabled) on operating system: .*? ==> \S", why) is not None


def count(path):
    passed = failed = 0
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        if foreign(case):
            continue
        broken = any(case.find(tag) is not None for tag in ("failure", "error", "skipped"))
        if case.get("status") in ("run", "fail", "notrun", "disabled"):
            good, bad = cmocka_counts(case, broken or case.get("status") != "run")
        else:
            good, bad = (0, 1) if broken else (1, 0)
        passed, failed = passed + good, failed + bad
    return passed, failed


def main(paths):
    totals = [count(path) for path in paths]
    print(sum(p for p, _ in totals), sum(f for _, f in totals))


if __name__ == "__main__":
    main(sys.argv[1:])
