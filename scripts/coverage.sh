#!/bin/bash
# Runs the unit tests of the coverage build and prints, for each source file, how many of its lines
# ran.
set -u
cd "$(dirname "$0")/.." || exit
find build/coverage -name '*.gcda' -delete
scripts/test.sh --unit coverage || exit 1
cd build/coverage || exit 1
find CMakeFiles -path '*/src/*' -name '*.gcda' -exec gcov -n -r -s "$(cd ../.. && pwd)" {} + 2>/dev/null |
    awk -F"[':% ]+" '
        /^File/ { file = $2 }
        /^Lines executed/ && file ~ /^src\// {
            printf "%6.1f %%  of %5d  %s\n", $3, $5, file
            ran += $3 * $5 / 100; all += $5; file = ""
        }
        END { if (all) printf "%6.1f %%  of %5d  all\n", 100 * ran / all, all }' | sort -k4
