#!/bin/sh
# A stand-in for MMTests in a guest that has nothing but busybox: understands the same command line,
# runs one benchmark, and leaves logs of the same shape.
#
#   run-mmtests.sh [-n|-m] [-c CONFIG] RUN
config=configs/config-demo-syscalls
while getopts nmc: option; do
    case $option in
        n | m) ;;
        c) config=$OPTARG ;;
        *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
run=$1
[ -n "$run" ] && [ -r "$config" ] || { echo "usage: $0 [-n|-m] [-c CONFIG] RUN" >&2; exit 2; }
. "./$config"

log=work/log/$run
iteration=$log/iter-0
logs=$iteration/poundsyscall/logs
rm -rf "$log"
mkdir -p "$logs" || exit 1
now() { date +%s; }
active() { echo "$(now) run-mmtests: $1" >> "$log/mmtests-activity"; }
stamp() { echo "$1" >> "$iteration/tests-timestamp"; }

uname -a > "$iteration/kernel.version"
dmesg > "$iteration/dmesg"
active Start
active 'Iteration 1 start'
stamp "start :: $(now)"
stamp "test begin :: poundsyscall $(now)"
active "test start :: poundsyscall $(now)"

status=0
for threads in $DEMO_THREADS; do
    sample=1
    while [ "$sample" -le "$DEMO_SAMPLES" ]; do
        time -f '%Uuser %Ssystem 0:%eelapsed %PCPU' -o "$logs/time-$threads-$sample" \
            sh ./pound "$threads" "$DEMO_CALLS" || status=1
        sample=$((sample + 1))
    done
done

active "test end :: poundsyscall $(now) $status"
stamp "test end :: poundsyscall $(now) $status"
stamp "finish :: $(now)"
active 'Iteration 1 end'
active End
echo "$(now) status :: $status" >> "$log/mmtests-activity"
exit $status
