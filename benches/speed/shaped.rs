//! Logs of benchmarks and monitors that no real log is there of: shaped by what writes them, as in the
//! parsers' own tests. They are good enough to be repeated until they are long.

/// GNU time, by MMTests' shellpacks.
const GNU_TIME: &str = "8.69user 1.19system 0:50.71elapsed 19%CPU (0avgtext+0avgdata 80876maxresident)k\n\
    8440inputs+9704outputs (55major+365744minor)pagefaults 0swaps\n";

/// Name of the benchmark, of the log, and its content.
pub const BENCHMARKS: &[(&str, &str, &str)] = &[
    (
        "aim9",
        "aim9-1",
        "     1 page_test            15.00       6412  427.46667       726693.33 System Allocations & Pages/second\r\n\
         \x20    2 brk_test             15.00       3021  201.40000      3423800.00 System Memory Allocations/second\r\n\
         \x20    3 jmp_test             15.00     113021 7534.73333      7534733.33 Non-local gotos/second\r\n",
    ),
    ("gitsource", "time-t0000-1", GNU_TIME),
    ("kvmstart", "time-2-1", GNU_TIME),
    ("nas", "time-ep.A-1", GNU_TIME),
    (
        "klp",
        "klp.log",
        "ok 1 Patch under pressure\nnot ok 2 Patch while CPUs are busy\n# (in test file /tmp/x, line 12)\n\
         ok 3 Trace patched function # skip\nok 4 Patch traced function\n",
    ),
    (
        "pagealloc",
        "pagealloc.log",
        "order  0 batch      1 alloc 1459 free 486\norder  0 batch      1 alloc 470 free 290\n\
         order  0 batch      1 alloc 459 free 286\norder  0 batch      1 alloc 461 free 287\n\
         order  1 batch      1 alloc 500 free 300\norder  1 batch      1 alloc 501 free 301\n",
    ),
    (
        "simoop",
        "simoop.log",
        "Warmup complete (10s)\nRun time: 20 seconds\n\
         Read latency usec: (p50: 11,204) (p95: 45,120) (p99: 88,192) (max: 1,120,331)\n\
         Write latency usec: (p50: 5) (p95: 6) (p99: 7) (max: 8)\n\
         work rate = 9.92/sec (avg 10.02/sec) (p50: 9.9)\nalloc stall rate = 0.00/sec\n",
    ),
    (
        "specjbb",
        "base/SPECjbbSingleJVM/SPECjbb.001.txt",
        "   SPEC scores\n\n   Warehouses     Thrput\n            1      13029\n      *     2      25011\n",
    ),
    (
        "specjbb2015",
        "default/specjbb2015.log",
        "jbb2015.result.metric.critical-jOPS = 5000\njbb2015.result.metric.max-jOPS = 20000\n\
         jbb2015.result.SLA-10000-jOPS = 4000\njbb2015.result.SLA-100000-jOPS = 15000\n",
    ),
    (
        "sstartup",
        "results/replayed_xterm_startup/repetition0/mq-deadline-0r0w-seq-single_times.txt",
        "0.41\n 0.43\n 0.44\n",
    ),
];

/// A log of a monitor.
pub fn monitor(name: &str) -> &'static str {
    match name {
        "proc-latency_stats" => {
            "time: 1795354530\nLatency Top version : v0.1\n2 3000 2000 do_wait kernel_wait4 do_syscall_64\n\
             1 500 500 io_schedule folio_wait_bit_common filemap_read vfs_read ksys_read\n"
        }
        "syscalls" => {
            "time: 1795354530\n      8000       7000             fsstress                   read           60       120000000\n\
             \x20     8001       7000             fsstress                  fsync           70         1000000\n"
        }
        "bdi" => {
            "time: 1795354530\nBdiWriteback:                0 kB\nBdiReclaimable:           1024 kB\n\
             BdiDirtied:               4096 kB\nBdiWriteBandwidth:      102400 kBps\n"
        }
        "inbox-open" => "1795354530 3\n1795354533 4\n",
        "kcache" => {
            "time: 1795354530\n  total kmem_cache_allocs      1204512       120451/sec\n\
             \x20 total kmem_cache_frees       1204312       120431/sec\n\
             \x20 total kmallocs                301245        30124/sec\n\
             \x20 total kfrees                  301200        30120/sec\n"
        }
        "kcache-slabs" => {
            "time: 1795354530\n  total kmallocs          kmalloc-64                            7012     701/sec\n\
             \x20 total kmem_cache_allocs dentry                                2045     204/sec\n"
        }
        "mmap-access-latency" => "1795354530.712 1500\n1795354531.231 2234\n",
        "numa-convergence" => "1795354530 0.500123\n1795354540 0.750321\n",
        "proc-interrupts" => {
            "time: 1795354530\n           CPU0       CPU1       \n\
             \x2024:          1          0  IO-APIC   5-edge      ACPI:Ged\n\
             \x2031:          5       1145 PCI-MSIX-0000:00:01.0   3-edge      virtio0-stats\n\
             TLB:     418754     406621   TLB shootdowns\nERR:          0\n"
        }
        "turbostat" => {
            " 1795354532.6031   1.0000   1.0000 -- Core\tCPU\tAvg_MHz\tBusy%\tBzy_MHz\tPkgWatt\n\
             \x201795354532.6032   1.0001   0.0001 -- -\t-\t1200\t40.12\t2990\t55.20\n\
             \x201795354532.6032   1.0001   0.0001 -- 0\t0\t1300\t43.00\t3000\n"
        }
        _ => panic!("no log of {name}: add one here, or to tests/data/monitors"),
    }
}
