#!/bin/bash
# Packs the series with known truth that hold verdicts to account; README.md says what they are.
# The argument is the folder that holds input, truth, blip, mmtests and mmtests_kit.
#
#   tests/data/pack-detect.sh FOLDER
#
# The same folder always gives the same bytes.
set -euo pipefail

if [ $# -ne 1 ] || [ ! -d "$1" ]; then
    echo "usage: $0 FOLDER" >&2
    exit 2
fi
target=$(cd "$(dirname "$0")" && pwd)/detect.tar.xz

cd "$1"
find input truth blip mmtests mmtests_kit -type f -print0 |
    LC_ALL=C sort -z |
    tar --create --null --no-recursion --files-from=- --format=ustar \
        --owner=0 --group=0 --numeric-owner --mode=0644 --mtime='2026-01-01 00:00:00Z' |
    xz -9e --threads=1 >"$target"
ls -l "$target"
