//! Over the monitors' logs in the corpus, and lines of the others.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use super::ALL;
use crate::mmtests::logs::Logs;
use crate::mmtests::shellpack::Parsed;

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
