#!/bin/bash
# Packs the corpus of the tests: real MMTests results with what MMTests' own reporting makes of
# them. The argument is the folder that holds <machine>/<config>/{<run>,_meta,oracle}.
#
#   tests/data/pack.sh FOLDER [NAME]
#
# NAME is that of the archive: corpus (the default) or simulated; README.md tells what is in them.
# The same folder always gives the same bytes.
set -euo pipefail

if [ $# -lt 1 ] || [ $# -gt 2 ] || [ ! -d "$1" ]; then
    echo "usage: $0 FOLDER [NAME]" >&2
    exit 2
fi
target=$(cd "$(dirname "$0")" && pwd)/${2:-corpus}.tar.xz

cd "$1"
# Left out: what no test reads, and what tells about a machine without being a measurement.
find . -mindepth 2 -type f \
    ! -name 'kconfig-*' ! -name 'timer_list.*' ! -name 'interrupts.*' ! -name 'timings.tsv' -print0 |
    LC_ALL=C sort -z |
    tar --create --null --no-recursion --files-from=- --transform='s,^\./,,' --format=ustar \
        --owner=0 --group=0 --numeric-owner --mode=0644 --mtime='2026-01-01 00:00:00Z' |
    xz -9e --threads=1 >"$target"
ls -l "$target"
