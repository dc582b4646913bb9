//! Over the monitors' logs in the corpus, and lines of the others.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;

use flate2::write::GzEncoder;

use super::{ALL, Iteration, watched};
use crate::mmtests::logs::Logs;
use crate::mmtests::shellpack::Parsed;
use crate::model::{Figures, Problem, Reading, Stretch, Watched};

/// What a monitor of this name makes of a log.
fn read(monitor: &str, file: &str, log: &[u8]) -> Parsed {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(file), log).unwrap();
    let logs = Logs::open(dir.path(), "iter-0").unwrap();
    let monitor = ALL.iter().find(|known| known.name == monitor).unwrap();
    monitor.read(&logs, "x").unwrap()
}

/// The samples of a series as (seconds, value).
fn series(parsed: &Parsed, name: &str) -> Vec<(f64, f64)> {
    let mut all = parsed.samples.series().iter();
    let series = all.find(|series| series.operation == name);
    series.map_or_else(Vec::new, |series| {
        series.intervals.iter().zip(series.values.clone()).collect()
    })
}

#[test]
fn monitors_of_the_corpus() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus.tar.xz");
    let packed = liblzma::read::XzDecoder::new(File::open(path).unwrap());
    let mut logs = 0;
    for entry in tar::Archive::new(packed).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        let name = path.file_name().unwrap().to_str().unwrap();
        let of = |monitor: &&super::Monitor| name.starts_with(&format!("{}-", monitor.name));
        let Some(monitor) = ALL.iter().find(of).filter(|_| name.ends_with(".gz")) else { continue };
        let mut log = Vec::new();
        entry.read_to_end(&mut log).unwrap();
        let parsed = read(monitor.name, &format!("{}-x.gz", monitor.name), &log);
        assert!(parsed.problems.is_empty(), "{}: {:?}", path.display(), parsed.problems);
        for series in parsed.samples.series() {
            let times: Vec<f64> = series.intervals.iter().collect();
            assert!(times.is_sorted(), "{} {}", path.display(), series.operation);
            assert!(times.iter().all(|time| (0.0..4000.0).contains(time)), "{}", path.display());
        }
        logs += 1;
        if path.ends_with("native2/io-dbench4-async/6.18.44-rerun/iter-0/vmstat-dbench.gz") {
            assert_eq!(series(&parsed, "cs")[..2], [(2.0784, 2309.0), (4.0664, 3093.0)]);
            assert_eq!(series(&parsed, "us").len(), 19);
        } else if path.ends_with("native2/io-dbench4-async/6.18.44-rerun/iter-0/mpstat-dbench.gz") {
            assert_eq!(series(&parsed, "all-%usr")[..2], [(2.0, 72.5), (4.0, 73.82)]);
            assert_eq!(series(&parsed, "1-%idle")[0], (2.0, 0.0));
        } else if path.ends_with("native2/io-dbench4-async/6.18.44-rerun/iter-0/iostat-dbench.gz") {
            assert_eq!(series(&parsed, "vda-r/s")[..2], [(2.0912, 34.5), (4.092, 211.0)]);
            assert_eq!(series(&parsed, "cpu-%user")[0], (2.091, 73.5));
        } else if path
            .ends_with("native2/io-dbench4-async/6.18.44-rerun/iter-0/proc-vmstat-dbench.gz")
        {
            assert_eq!(series(&parsed, "nr_free_pages")[0], (0.0, 2250749.0));
        }
    }
    assert_eq!(logs, 60, "logs of monitors in the corpus");
}

/// Linux 6.18.44 on two CPUs, where sources were left out
#[test]
fn interrupts_of_all_cpus_by_source() {
    let log = "time: 1795624000\n           CPU0       CPU1       \n\
        \x2024:          1          0  IO-APIC   5-edge      ACPI:Ged\n\
        \x2031:          5       1145 PCI-MSIX-0000:00:01.0   3-edge      virtio0-stats\n\
        TLB:     418754     406621   TLB shootdowns\nERR:          0\n\
        time: 1795624010\n           CPU0       CPU1       \nTLB:     418755     406630   TLB shootdowns\n\
        PIN:          x\n";
    let out = read("proc-interrupts", "proc-interrupts-x", log.as_bytes());
    assert_eq!(series(&out, "PCI-MSIX-0000:00:01.0-3-edge-virtio0-stats"), [(0.0, 1150.0)]);
    assert_eq!(series(&out, "TLB-shootdowns"), [(0.0, 825375.0), (10.0, 825385.0)]);
    assert_eq!(series(&out, "ERR"), [(0.0, 0.0)]);
    assert_eq!(out.problems[0].line, Some(10));
}

/// Shaped by turbostat's manual page; there was no machine that lets it read its registers.
#[test]
fn the_whole_machine_of_turbostat() {
    let log = " 1795354532.6031   1.0000   1.0000 -- Core\tCPU\tAvg_MHz\tBusy%\tBzy_MHz\tPkgWatt\n\
        \x201795354532.6032   1.0001   0.0001 -- -\t-\t1200\t40.12\t2990\t55.20\n\
        \x201795354532.6032   1.0001   0.0001 -- 0\t0\t1300\t43.00\t3000\n\
        \x201795354534.6032   3.0001   2.0000 -- -\t-\t600\t20.06\t2990\n";
    let out = read("turbostat", "turbostat-x", log.as_bytes());
    assert_eq!(series(&out, "Busy%"), [(1.0001, 40.12)]);
    assert_eq!(series(&out, "PkgWatt"), [(1.0001, 55.2)]);
    assert_eq!(out.problems[0].line, Some(4), "a column is missing");
}

#[test]
fn a_monitor_that_could_not_run_is_told() {
    let log = b" 1795354532.6031   1.0000   1.0000 -- sh: 1: vmstat: not found\n";
    let out = read("vmstat", "vmstat-x", log);
    assert!(out.problems[0].what.contains("vmstat: not found"), "{:?}", out.problems);
}

/// The logs of `tests/data/monitors`, each written as MMTests' monitor writes it: by perf 6.1.192, top
/// (procps-ng 4.0.2), df, iotop, pidstat and Linux 6.18.44 (slabinfo) on two CPUs, the others by Linux 6.12.117 with two nodes in QEMU.
#[test]
fn true_output_of_the_other_monitors() {
    /// Monitor, series, and how the series begins.
    type Expected = (&'static str, &'static str, &'static [(f64, f64)]);
    let expected: &[Expected] = &[
        ("df", "/-Used", &[(0.0, 71053604.0)]),
        ("iotop", "all-kB_wr/s", &[(0.0, 2380.63), (3.0, 6789.97)]),
        ("iotop", "pidstat-kB_wr/s", &[(0.0, 0.0), (3.0, 1.8), (6.0, 3.31), (8.0, 0.0)]),
        ("pidstat", "kworker-%CPU", &[(0.0, 0.96), (2.0, 1.0)]),
        ("pidstat", "pidstat-kB_wr/s", &[(0.0, 0.0), (2.0, 2.0), (4.0, 3.98), (6.0, 4.0)]),
        ("slabinfo", "dentry", &[(0.0, 801318.0 * 192.0 / 1024.0)]),
        ("ftrace", "sched_process_fork", &[(0.0, 0.0), (0.9953240000000001, 270.0)]),
        ("numa-scheduling", "Node0-threads", &[(0.0, 31.0), (3.0, 31.0)]),
        ("numa-scheduling", "away-from-memory", &[(0.0, 0.0), (3.0, 0.0)]),
        ("proc-buddyinfo", "Node0-DMA32-order10", &[(0.0, 18.0), (2.0, 11.0), (5.0, 0.0)]),
        ("proc-buddyinfo", "Node1-DMA32-order1", &[(0.0, 7.0), (2.0, 12.0), (5.0, 38.0)]),
        ("proc-pagetypeinfo", "Node0-DMA32-Movable-free", &[(0.0, 19221.0), (2.0, 12770.0)]),
        ("proc-pagetypeinfo", "Node0-DMA-Movable-blocks", &[(0.0, 7.0)]),
        ("proc-zoneinfo", "Node0-DMA32-free", &[(0.0, 20997.0)]),
        ("proc-zoneinfo", "Node0-nr_active_file", &[(0.0, 0.0)]),
        ("numa-meminfo", "Node1-MemFree", &[(0.0, 352384.0), (2.0, 335776.0)]),
        ("numa-numastat", "Node1-numa_hit", &[(0.0, 6406.0), (2.0, 16556.0)]),
        ("perf-event-stat", "page-faults", &[(0.0, 0.0), (3.003143634, 117413.0)]),
        ("perf-event-stat", "task-clock", &[(0.0, 0.0), (3.003143634, 6006.3)]),
        ("perf-time-stat", "context-switches", &[(0.0, 2832.0), (2.0, 2927.0)]),
        ("perf-time-stat", "cpu-clock", &[(0.0, 4014.37), (2.0, 4011.66)]),
        ("proc-meminfo", "MemFree", &[(0.0, 677692.0), (2.0, 653956.0)]),
        ("proc-net-dev", "lo-rbytes", &[(0.0, 1008.0), (2.0, 30240.0)]),
        ("proc-schedstat", "ttwu_count", &[(0.0, 51.0), (2.0, 12903.0)]),
        ("read-latency", "latency", &[(0.0, 0.0), (1.501, 0.0)]),
        ("sync-latency", "latency", &[(0.0, 0.42)]),
        ("top", "rustc-%CPU", &[(2.0, 126.0), (4.0, 0.0)]),
        ("top", "cpu-us", &[(2.0, 70.1), (4.0, 35.1)]),
        ("write-latency", "latency", &[(0.0, 0.0), (1.501, 0.0)]),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/monitors");
    for (monitor, name, values) in expected {
        let file = format!("{monitor}-x.gz");
        let out = read(monitor, &file, &fs::read(folder.join(&file)).unwrap());
        assert!(out.problems.is_empty(), "{monitor}: {:?}", out.problems);
        for series in out.samples.series() {
            assert!(series.intervals.iter().is_sorted(), "{monitor} {}", series.operation);
        }
        let found = series(&out, name);
        assert!(found.len() >= values.len(), "{monitor} {name}: {found:?}");
        for ((time, value), expected) in found.iter().zip(*values) {
            let at = format!("{monitor} {name}: {found:?}");
            assert!((time - expected.0).abs() < 1e-6 && *value == expected.1, "{at}");
        }
    }
}

/// A trace of `dd` and of programs that need more memory than there is, on a Linux 6.12.117 with two nodes in QEMU. A
/// few lines of Python had the same sums of it.
#[test]
fn stalls_of_a_true_trace() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/monitors/ftrace-stalls.gz");
    let log = fs::read(path).unwrap();
    let out = read("ftrace", "ftrace-x.gz", &log);
    assert!(out.problems.is_empty(), "{:?}", out.problems);
    for (name, stalls, longest) in [
        ("direct_reclaim", 111, 609.209),
        ("shrink_slab", 1645, 11.284),
        ("kswapd-shrink_slab", 207, 25.524),
        ("kcompactd-compaction", 2, 134.441),
    ] {
        let found = series(&out, &format!("{name}-stall"));
        assert_eq!(found.len(), stalls, "{name}");
        let max = found.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        assert!((max - longest).abs() < 1e-6, "{name} {max}");
    }
    for (name, sum) in [
        ("direct_reclaim-stalled", 9886.907),
        ("kswapd-awake", 570.305),
        ("mm_page_alloc_extfrag-fragmenting", 1274.0),
        ("mm_page_alloc_extfrag-unmovable", 18.0),
        ("mm_page_alloc_extfrag-unmovable-among-movable", 9.0),
        ("kswapd-lru_scanned-anon", 15834.0),
        ("kswapd-lru_reclaimed-file", 2996.0),
        ("lru_scanned-file", 6855.0),
        ("lru_reclaimed-anon", 5243.0),
        ("slab_reclaimed", 2791.0),
        ("sched_stick_numa-no-cpu", 1.0),
    ] {
        let found = series(&out, name).last().map_or(f64::NAN, |(_, value)| *value);
        assert!((found - sum).abs() < 1e-6, "{name} {found}");
    }
    let (seen, _) = condense(&[("iter-0/ftrace-x.gz", log.as_slice())], None);
    let figures = |name: &str| {
        let found = seen[0].series.iter().find(|series| series.name == name).unwrap();
        (found.reading, found.unit.as_str(), found.iterations[0].unwrap())
    };
    let (reading, unit, stall) = figures("direct_reclaim-stall");
    assert_eq!((reading, unit), (Reading::Level, "ms"));
    assert!((stall.mean - 89.0712).abs() < 1e-4, "{stall:?}");
    let (reading, unit, stalled) = figures("direct_reclaim-stalled");
    assert_eq!((reading, unit), (Reading::Counter, "ms"));
    assert!((stalled.increase - 9886.907).abs() < 1e-6, "{stalled:?}");
}

/// Lines of other kernels, after the formats in their sources.
#[test]
fn waits_that_an_event_tells() {
    let log = "dd-7 [000] ..... 1.0: balance_dirty_pages: bdi 8:0: limit=1 dirtied_pause=9 paused=3 pause=40 period=4\n\
        dd-7 [000] ..... 1.5: balance_dirty_pages: bdi 8:0: limit=1 dirtied_pause=9 paused=3 pause=-28 period=0\n\
        kswapd0-9 [000] ..... 2.0: writeback_congestion_wait: usec_timeout=100000 usec_delayed=2500\n\
        dd-7 [000] ..... 2.5: mm_vmscan_throttled: nid=0 usec_timeout=20000 usect_delayed=8000 reason=X\n\
        a-8 [001] ..... 2.6: sched_swap_numa: src_pid=8 src_tgid=8 src_ngid=5 src_cpu=1 src_nid=1 dst_pid=9 dst_tgid=9 \
        dst_ngid=5 dst_cpu=0 dst_nid=0\n\
        a-8 [001] ..... 2.7: mm_migrate_misplaced_pages: comm=a pid=8 tgid=8 src_nid=0 dst_nid=1 nr_pages=3\n\
        a-8 [001] ..... 2.8: mm_compaction_end: zone_start=0x1 status=complete\n\
        a-8 [001] ..... 2.9: mm_vmscan_throttled: nid=0\n";
    let out = read("ftrace", "ftrace-x", log.as_bytes());
    for (name, expected) in [
        ("balance_dirty_pages-stall", vec![(0.0, 40.0)]),
        ("kswapd-congestion_wait-stall", vec![(1.0, 2.5)]),
        ("throttled-stall", vec![(1.5, 8.0)]),
        ("sched_swap_numa-local", vec![]),
        ("compaction-stall", vec![]),
    ] {
        assert_eq!(series(&out, name), expected, "{name}");
    }
    for (name, sum) in [
        ("sched_swap_numa-group", 1.0),
        ("misplaced_pages-from-node0", 3.0),
        ("misplaced_pages-to-node1", 3.0),
    ] {
        assert_eq!(series(&out, name).last().map(|(_, value)| *value), Some(sum), "{name}");
    }
    assert_eq!(out.problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [Some(8)]);
}

/// Shaped by the monitors of MMTests that print them; what they need was not to be had.
#[test]
fn what_no_true_output_is_there_of() {
    // Milliseconds without leading zeros.
    let log = "1795646525.7 1500\n1795646526.31 22\n1795646526 1\n";
    let out = read("mmap-access-latency", "mmap-access-latency-x", log.as_bytes());
    let found = series(&out, "latency");
    assert!((found[1].0 - 1.024).abs() < 1e-6 && found[1].1 == 22.0, "{found:?}");
    assert_eq!(out.problems[0].line, Some(3));

    let out =
        read("numa-convergence", "numa-convergence-x", b"1795646525 0.500000\n1795646535 0.75\n");
    assert_eq!(series(&out, "convergence"), [(0.0, 0.5), (10.0, 0.75)]);

    let log = "time: 100\n  total kmem_cache_allocs          120           12/sec\n\
        \x20 total kmem_cache_frees            50            5/sec\n\
        \x20 total kmallocs                    30            3/sec\n\
        \x20 total kfrees                      10            1/sec\n\ntime: 110\n";
    let out = read("kcache", "kcache-x", log.as_bytes());
    assert_eq!(series(&out, "allocs"), [(0.0, 15.0), (10.0, 0.0)]);
    assert_eq!(series(&out, "frees"), [(0.0, 6.0), (10.0, 0.0)]);
    let log = "time: 100\n  total kmallocs          kmalloc-64                               70       7/sec\n\
        time: 110\n  total kmem_cache_allocs dentry                                   20       2/sec\n\
        \x20 total kfrees            kmalloc-64                               20\n";
    let out = read("kcache-slabs", "kcache-slabs-x", log.as_bytes());
    assert_eq!(series(&out, "dentry-allocs"), [(0.0, 0.0), (10.0, 2.0)]);
    assert_eq!(series(&out, "kmalloc-64-allocs"), [(0.0, 7.0), (10.0, 0.0)]);
    assert_eq!(out.problems[0].line, Some(5));

    // Threads of two programs, one of which has a name with a blank.
    let log = "time: 100\n     8000       7000                  a b                   read           60       120000000\n\
        \x20     8001       7000                  a b                   read           50         1000000\n\
        \ntime: 110\n  9  9 c futex 70 5000000\n9 9 c\n";
    let out = read("syscalls", "syscalls-x", log.as_bytes());
    assert_eq!(series(&out, "read-calls"), [(0.0, 110.0), (10.0, 0.0)]);
    assert_eq!(series(&out, "read-time"), [(0.0, 121.0), (10.0, 0.0)]);
    assert_eq!(series(&out, "futex-time"), [(0.0, 0.0), (10.0, 5.0)]);
    assert_eq!(out.problems[0].line, Some(7));

    // After kernel/latencytop.c.
    let log = "\ntime: 100\nLatency Top version : v0.1\n2 3000 2000 do_wait kernel_wait4 \n\
        1 500 500 io_schedule folio_wait_bit \n\ntime: 110\nLatency Top version : v0.1\n\
        4 7000 2500 do_wait kernel_wait4 \n1 500 500 io_schedule folio_wait_bit \n1 x\n";
    let out = read("proc-latency_stats", "proc-latency_stats-x", log.as_bytes());
    assert_eq!(series(&out, "all-waits"), [(0.0, 3.0), (10.0, 5.0)]);
    assert_eq!(series(&out, "do_wait-time"), [(0.0, 3.0), (10.0, 7.0)]);
    assert_eq!(out.problems[0].line, Some(11));

    // Two nodes; a thread that was gone; one whose memory is elsewhere.
    let log = "  PID   TID NAME              CPU  RN  C0 C1   N0   N1\ntime: 100\n\
        \x20   1     1 init                1   1   .  X  10%  90% \n\
        \x20   7     7 x                   0   0   X  .  20%  80%  STUPID 0 != 1\n\
        \x20   8     8                     0   0   X  . \n    9     9 y                   3\n";
    let out = read("numa-scheduling", "numa-scheduling-x", log.as_bytes());
    assert_eq!(series(&out, "Node0-threads"), [(0.0, 2.0)]);
    assert_eq!(series(&out, "Node1-threads"), [(0.0, 1.0)]);
    assert_eq!(series(&out, "away-from-memory"), [(0.0, 1.0)]);
    assert_eq!(out.problems[0].line, Some(6));

    // The kernel stops counting.
    let log = "time: 1\nNode    0, zone   Normal, type      Movable >100000      2      1 \n";
    let out = read("proc-pagetypeinfo", "proc-pagetypeinfo-x", log.as_bytes());
    assert_eq!(series(&out, "Node0-Normal-Movable-free"), [(0.0, 100_008.0)]);

    let log = "time: 100\nBdiWriteback:                0 kB\nBdiDirtied:               4096 kB\n\
        BdiWriteBandwidth:      102400 kBps\ntime: 110\nBdiDirtied:               8192 kB\n";
    let (seen, problems) = condense(&[("iter-0/bdi-x", log.as_bytes())], None);
    assert!(problems.is_empty(), "{problems:?}");
    let dirtied = seen[0].series.iter().find(|series| series.name == "BdiDirtied").unwrap();
    assert_eq!(dirtied.iterations[0].unwrap().mean, 409.6);
}

#[test]
fn programs_are_told_by_kind() {
    let log = "time: 100 short\ntop - 1\n  PID USER  %CPU COMMAND\n    1 root  99.0 init\n\
        time: 110 short\ntop - 12:00:00 up 1 day,  1 user,  load average: 0.50, 0.25, 0.10\n\
        %Cpu(s):  1.5 us,  0.8 sy\n  PID USER  %CPU  %MEM     TIME+ COMMAND\n\
        \x20  50 root  10.0  0.0  0:01.00 kswapd0\n   51 root   5.0  0.0  0:01.00 kswapd1\n\
        \x20  60 root   2.5  0.0  0:01.00 kworker/u8:1-events\n   61 root   x    0.0  0:01.00 bash\n\
        time: 120 short\nCpu(s): 11.5%us,  0.8%sy\n";
    let out = read("top", "top-x", log.as_bytes());
    assert_eq!(series(&out, "kswapd-%CPU"), [(10.0, 15.0), (20.0, 0.0)]);
    assert_eq!(series(&out, "kworker-%CPU"), [(10.0, 2.5), (20.0, 0.0)]);
    assert_eq!(series(&out, "cpu-us"), [(10.0, 1.5), (20.0, 11.5)]);
    assert_eq!(series(&out, "load-5min"), [(10.0, 0.25)]);
    assert_eq!(out.problems[0].line, Some(12));
}

/// Condenses what monitors wrote into `iter-0` and `iter-1`, of a benchmark that ended at this time.
fn condense(files: &[(&str, &[u8])], ended: Option<(f64, f64)>) -> (Vec<Watched>, Vec<Problem>) {
    let dir = tempfile::tempdir().unwrap();
    let mut problems = Vec::new();
    let folders: Vec<Logs> = ["iter-0", "iter-1"]
        .iter()
        .map(|iteration| {
            fs::create_dir(dir.path().join(iteration)).unwrap();
            for (name, log) in files.iter().filter(|(name, _)| name.starts_with(iteration)) {
                fs::write(dir.path().join(name), log).unwrap();
            }
            Logs::open(&dir.path().join(iteration), *iteration).unwrap()
        })
        .collect();
    let iterations =
        folders.iter().zip(0..).map(|(logs, number)| Iteration { number, logs, ended });
    let seen = watched("x", iterations, &mut problems);
    (seen, problems)
}

fn counters(rows: &[(u64, u64, u64)]) -> String {
    let row = |(time, faults, free): &(u64, u64, u64)| {
        format!("time: {time}\npgfault {faults}\nnr_free_pages {free}\npswpin 7\n")
    };
    rows.iter().map(row).collect()
}

#[test]
fn counters_become_increases_and_levels_means() {
    let one = counters(&[(100, 1000, 50), (110, 2000, 70), (120, 5000, 60)]);
    let other = counters(&[(500, 9000, 10), (520, 9000, 20)]);
    let files =
        [("iter-0/proc-vmstat-x", one.as_bytes()), ("iter-1/proc-vmstat-x", other.as_bytes())];
    let (seen, problems) = condense(&files, None);
    assert!(problems.is_empty(), "{problems:?}");
    let [watched] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(watched.iterations[1], Stretch { number: 1, seconds: 20.0 });
    assert_eq!(watched.still, ["pswpin"]);
    let faults = &watched.series[0];
    assert_eq!((faults.name.as_str(), faults.reading), ("pgfault", Reading::Counter));
    let figures = Figures { mean: 200.0, p95: 290.0, increase: 4000.0 };
    assert_eq!(faults.iterations[0], Some(figures));
    assert_eq!(faults.iterations[1].unwrap().increase, 0.0, "it stood still, and was read");
    let curve: Vec<(f64, f64)> = faults.curve.as_ref().unwrap().points().collect();
    assert_eq!(curve, [(10.0, 100.0), (20.0, 300.0)]);
    let free = &watched.series[1];
    assert_eq!((free.iterations[0].unwrap().mean, free.unit.as_str()), (60.0, "pages"));
}

#[test]
fn a_monitor_that_died_is_told_and_used() {
    let rows = counters(&[(100, 1, 1), (110, 2, 1), (120, 3, 1)]);
    let files = [("iter-0/proc-vmstat-x", rows.as_bytes()), ("iter-1/vmstat-x.start", b"100\n")];
    let (seen, problems) = condense(&files, Some((100.0, 200.0)));
    assert_eq!(seen[0].series.len(), 2);
    let told: Vec<&str> = problems.iter().map(|problem| problem.what.as_str()).collect();
    assert!(told[0].starts_with("proc-vmstat of x ends 80 s before"), "{told:?}");
    assert_eq!(told[1], "vmstat was started with x and left no log");
    // It looks every ten seconds: this is as it should be.
    assert_eq!(condense(&files[..1], Some((35.0, 135.0))).1, []);
    // MMTests took its time to stop and pack; or the monitor to start.
    assert_eq!(condense(&files[..1], Some((20.0, 200.0))).1, []);
    assert_eq!(condense(&files[..1], Some((200.0, 125.0))).1, []);
}

#[test]
fn a_cut_log_is_told_and_the_rest_used() {
    let rows: Vec<(u64, u64, u64)> = (0..5000).map(|at| (100 + at, 17 * at * at, at % 7)).collect();
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(counters(&rows).as_bytes()).unwrap();
    let mut packed = packed.finish().unwrap();
    packed.truncate(packed.len() / 2);
    let (seen, problems) = condense(&[("iter-0/proc-vmstat-x.gz", &packed)], None);
    assert!(seen[0].iterations[0].seconds > 1000.0, "{:?}", seen[0].iterations);
    assert_eq!(problems[0].path, "iter-0/proc-vmstat-x.gz");
}

#[test]
fn what_cannot_be_is_told() {
    let fell = counters(&[(100, 10, 1), (110, 4, 1), (120, 20, 1)]);
    let (seen, problems) = condense(&[("iter-0/proc-vmstat-x", fell.as_bytes())], None);
    assert!(seen[0].series.iter().all(|series| series.name != "pgfault"));
    assert!(problems[0].what.contains("such as pgfault, fell"), "{problems:?}");
    let log = " 1795354532.6 1.0 1.0 -- Device r/s w/s\n 1795354532.6 1.0 1.0 -- avg-cpu: %user\n\
        \x201795354534.6 3.0 1.0 -- avg-cpu: %user\n 1795354534.6 3.0 1.0 -- Device r/s w/s\n\
        \x201795354534.6 3.0 1.0 -- vda -nan -3.5\n";
    let (_, problems) = condense(&[("iter-0/iostat-x", log.as_bytes())], None);
    let told: Vec<&str> = problems.iter().map(|problem| problem.what.as_str()).collect();
    let expected =
        ["vda-r/s is NaN: left out", "vda-w/s was -3.5, which nothing of its kind can be"];
    assert_eq!(told, expected);
}

#[test]
fn long_and_wide_logs_stay_small() {
    let rows: Vec<(u64, u64, u64)> = (0..20_000).map(|at| (100 + at, at * at, at % 7)).collect();
    let log = counters(&rows);
    let mut wide = String::from("time: 1\n           CPU0\n");
    for time in ["", "time: 11\n           CPU0\n"] {
        wide += time;
        for source in 0..3000 {
            let count = if time.is_empty() { 0 } else { 5 };
            wide += &format!("{source}: {count} chip {source}-edge device{source}\n");
        }
    }
    let files =
        [("iter-0/proc-vmstat-x", log.as_bytes()), ("iter-0/proc-interrupts-x", wide.as_bytes())];
    let (seen, _) = condense(&files, None);
    assert_eq!((seen[0].series.len(), seen[0].left_out), (400, 2600));
    let size = serde_json::to_string(&seen).unwrap().len();
    assert!(size < 100_000, "{size} bytes");
}

#[test]
fn a_counter_has_a_name() {
    let out = read("proc-vmstat", "proc-vmstat-x", b"time: 1\n 7\npgfault 3\n");
    assert_eq!(out.samples.series().len(), 1);
    assert_eq!(out.problems[0].line, Some(2));
}
