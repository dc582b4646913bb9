//! Logs of all benchmarks and monitors, cut off anywhere, packed in any way: what stands before the cut is read,
//! nothing else is, and the cut is told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::logs::Logs;
use super::monitor;
use super::shellpack::testing::parse;
use super::shellpack::{self, Parsed, lookup};
use crate::model::Series;

#[path = "../../benches/speed/shaped.rs"]
mod shaped;

/// Decompressed logs by their names.
type Texts = BTreeMap<String, Vec<u8>>;

/// What wrote logs.
#[derive(Clone, Copy, Debug)]
enum Reader {
    /// A folder of this name.
    Benchmark(&'static str),
    Monitor(&'static monitor::Monitor),
}

/// A benchmark or monitor, and a set of its logs.
struct Case {
    reader: Reader,
    /// Name of the benchmark's folder, or of the monitor.
    name: String,
    texts: Texts,
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn unpacked(name: &str, bytes: Vec<u8>) -> (String, Vec<u8>) {
    let Some(plain) = name.strip_suffix(".gz") else { return (name.to_owned(), bytes) };
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut text).unwrap();
    (plain.to_owned(), text)
}

/// One true folder of logs of each benchmark that there is in the archives, one true log of each monitor, and logs
/// that are only shaped as the program's of all others.
fn cases() -> Vec<Case> {
    // By the name of the folder, from the first run that has it.
    let mut benchmarks: BTreeMap<String, (String, Texts)> = BTreeMap::new();
    let mut monitors: BTreeMap<&str, Texts> = BTreeMap::new();
    let of = |name: &str| {
        let is_its = |monitor: &&monitor::Monitor| {
            name.strip_prefix(monitor.name).is_some_and(|rest| rest.starts_with('-'))
        };
        monitor::ALL.iter().find(is_its).filter(|_| !name.contains(".start"))
    };
    for archive in ["benchmarks", "corpus"] {
        let packed = File::open(data().join(format!("{archive}.tar.xz"))).unwrap();
        let mut archive = tar::Archive::new(liblzma::read::XzDecoder::new(packed));
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().into_owned();
            let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
            if parts[0].ends_with("-broken") {
                continue;
            }
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            let (name, text) = unpacked(parts.last().unwrap(), bytes);
            if let [above @ .., benchmark, "logs", _] = &parts[..] {
                let run = above.join("/");
                let known = benchmarks.entry((*benchmark).to_owned());
                let (of, texts) = known.or_insert_with(|| (run.clone(), Texts::new()));
                if *of == run {
                    texts.insert(name, text);
                }
            } else if let Some(monitor) = of(&name) {
                let texts = monitors.entry(monitor.name).or_default();
                if texts.is_empty() {
                    texts.insert(format!("{}-x", monitor.name), text);
                }
            } else if name == "numactl.txt" {
                // saladfork asks it which CPUs are near each other.
                if let Some((_, texts)) = benchmarks.get_mut("saladfork") {
                    texts.insert("../../numactl.txt".to_owned(), text);
                }
            }
        }
    }
    for entry in fs::read_dir(data().join("monitors")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some(monitor) = of(name) else { continue };
        let (_, text) = unpacked(name, fs::read(&path).unwrap());
        let texts = monitors.entry(monitor.name).or_default();
        // Of two traces the longer one tells more.
        let file = format!("{}-x", monitor.name);
        if texts.get(&file).is_none_or(|known| known.len() < text.len()) {
            texts.insert(file, text);
        }
    }
    let mut cases = Vec::new();
    for (name, (_, texts)) in benchmarks {
        if let Some(shellpack) = lookup(&name) {
            cases.push(Case { reader: Reader::Benchmark(shellpack.name), name, texts });
        }
    }
    let real = cases.len();
    for (benchmark, log, text) in shaped::BENCHMARKS {
        let is_of =
            |case: &Case| matches!(case.reader, Reader::Benchmark(name) if name == *benchmark);
        if !cases[..real].iter().any(is_of) {
            let texts = Texts::from([((*log).to_owned(), text.as_bytes().to_vec())]);
            cases.push(Case {
                reader: Reader::Benchmark(benchmark),
                name: (*benchmark).to_owned(),
                texts,
            });
        }
    }
    for monitor in monitor::ALL {
        let texts = monitors.remove(monitor.name).unwrap_or_else(|| {
            let text = shaped::monitor(monitor.name).as_bytes().to_vec();
            Texts::from([(format!("{}-x", monitor.name), text)])
        });
        cases.push(Case { reader: Reader::Monitor(monitor), name: monitor.name.to_owned(), texts });
    }
    cases
}

impl Case {
    fn read(&self, texts: &Texts) -> Parsed {
        match self.reader {
            Reader::Benchmark(_) => {
                let logs: Vec<_> =
                    texts.iter().map(|(name, log)| (name.as_str(), log.as_slice())).collect();
                parse(&self.name, &logs)
            }
            Reader::Monitor(monitor) => {
                let dir = tempfile::tempdir().unwrap();
                for (name, log) in texts {
                    fs::write(dir.path().join(name), log).unwrap();
                }
                let logs = Logs::open(dir.path(), "iter-0").unwrap();
                monitor.read(&logs, "x").unwrap_or_default()
            }
        }
    }

    /// The texts with another log in the place of this one.
    fn with(&self, name: &str, end: &str, log: Vec<u8>) -> Texts {
        let mut texts = self.texts.clone();
        texts.remove(name);
        texts.insert(format!("{name}{end}"), log);
        texts
    }

    /// What the other logs give.
    fn without(&self, name: &str) -> Parsed {
        let mut others = self.texts.clone();
        others.remove(name);
        self.read(&others)
    }

    /// Samples as text, with how often each is there; not what is worked out from all lines of a log.
    fn samples(&self, parsed: &Parsed) -> BTreeMap<String, usize> {
        let mut samples = BTreeMap::new();
        for series in parsed.samples.series() {
            let of_all_lines = ["huge-", "local-", "remote-"];
            if matches!(self.reader, Reader::Benchmark("thpchallenge"))
                && of_all_lines.iter().any(|start| series.operation.starts_with(start))
            {
                continue;
            }
            // Names of threads hold their priorities, which stand in the last lines of the log.
            let operation = match self.reader {
                Reader::Benchmark("rtmigration") => series.operation.split("-p").next().unwrap(),
                _ => &series.operation,
            };
            for (time, value) in series.intervals.iter().zip(&series.values) {
                let mut sample = format!("{operation} {value}");
                if let Reader::Monitor(_) = self.reader {
                    write!(sample, " at {time}").unwrap();
                }
                *samples.entry(sample).or_default() += 1;
            }
        }
        samples
    }

    /// Samples of a damaged log that the whole one does not have.
    fn invented(&self, whole: &Parsed, damaged: &Parsed) -> Vec<String> {
        let known = self.samples(whole);
        let end = damaged.samples.series().iter().flat_map(|series| series.intervals.iter());
        let end = format!(" at {}", end.fold(0.0, f64::max));
        // What was counted until the last event is right at its time, for which the whole trace has no sum.
        let is_sum = |sample: &str| {
            let is_stall = sample.split(' ').next().is_some_and(|name| name.ends_with("-stall"));
            self.name == "ftrace" && !is_stall && sample.ends_with(&end)
        };
        let samples = self.samples(damaged).into_iter();
        samples
            .filter(|(sample, count)| known.get(sample).copied().unwrap_or(0) < *count)
            .map(|(sample, _)| sample)
            .filter(|sample| !is_sum(sample))
            .collect()
    }

    /// Samples that a damaged log of a monitor lacks, although they stand before its last one.
    fn lost(&self, whole: &Parsed, damaged: &Parsed) -> Vec<String> {
        let Reader::Monitor(_) = self.reader else { return Vec::new() };
        let mut lost = Vec::new();
        for series in damaged.samples.series() {
            let last = series.intervals.iter().last().unwrap_or(0.0);
            let is_it = |other: &&Series| other.operation == series.operation;
            let other = whole.samples.series().iter().find(is_it);
            let before =
                |series: &Series| series.intervals.iter().filter(|time| *time < last).count();
            let expected = other.map_or(0, before);
            if before(series) != expected {
                lost.push(format!("{} before {last}", series.operation));
            }
        }
        lost
    }
}

/// What was seen of all cuts.
#[derive(Default)]
struct Seen {
    faults: Vec<String>,
    readers: BTreeSet<String>,
    cuts: usize,
    used: usize,
}

impl Seen {
    /// One damaged log.
    fn take(&mut self, case: &Case, whole: &Parsed, at: &str, texts: &Texts, is_told: bool) {
        let parsed = case.read(texts);
        let invented = case.invented(whole, &parsed);
        let lost = case.lost(whole, &parsed);
        let shown = |list: &[String]| list.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
        if !invented.is_empty() {
            self.faults.push(format!("{at}: invented {}", shown(&invented)));
        }
        if !lost.is_empty() {
            self.faults.push(format!("{at}: lost {}", shown(&lost)));
        }
        if is_told {
            self.cuts += 1;
            self.readers.insert(match case.reader {
                Reader::Benchmark(name) => name.to_owned(),
                Reader::Monitor(monitor) => format!("monitor {}", monitor.name),
            });
            self.used += usize::from(!parsed.samples.is_empty());
            if parsed.problems.len() <= whole.problems.len() {
                self.faults.push(format!("{at}: no problem"));
            }
        }
    }

    fn assert(&self, readers: usize, cuts: usize, used: usize) {
        let Seen { faults, .. } = self;
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
        let seen = (self.readers.len(), self.cuts, self.used);
        assert!(seen.0 >= readers && seen.1 >= cuts && seen.2 >= used, "only {seen:?} were seen");
    }
}

/// Calls this with each case, the name of one log of each kind, what the whole gives, and whether the log is read at
/// all.
fn for_each_log(mut check: impl FnMut(&Case, &str, &Parsed, bool)) {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(cases);
    for case in CASES.iter() {
        let whole = case.read(&case.texts);
        assert!(!whole.samples.is_empty(), "{}: no samples", case.name);
        let mut kinds = BTreeSet::new();
        for name in case.texts.keys() {
            let kind: String = name.chars().filter(|c| !c.is_ascii_digit()).collect();
            if kinds.insert(kind) {
                let is_read = case.samples(&case.without(name)) != case.samples(&whole);
                check(case, name, &whole, is_read);
            }
        }
    }
}

/// Every reader is tried.
fn readers() -> usize {
    shellpack::ALL.len() + monitor::ALL.len()
}

#[test]
fn a_log_cut_in_a_line_gives_what_stands_before_and_a_problem() {
    let mut seen = Seen::default();
    for_each_log(|case, name, whole, is_read| {
        let log = &case.texts[name];
        for nth in 1..=8 {
            // Into the middle of the line that the place is in.
            let place = log.len() * nth / 9;
            let start = log[..place].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
            let length = log[start..].iter().position(|b| *b == b'\n').unwrap_or(log.len() - start);
            let cut = start + length.div_ceil(2);
            let texts = case.with(name, "", log[..cut].to_vec());
            let is_in_line = !log[start..cut].trim_ascii().is_empty();
            let at = format!("{}/{name} cut at {cut} of {}", case.name, log.len());
            seen.take(case, whole, &at, &texts, is_read && is_in_line);
        }
    });
    seen.assert(readers(), 1000, 800);
}

#[test]
fn an_archive_cut_anywhere_gives_what_stands_before_and_a_problem() {
    let mut seen = Seen::default();
    for_each_log(|case, name, whole, is_read| {
        for (end, packed) in packed(&case.texts[name]) {
            for nth in 1..=3 {
                let cut = packed.len() * nth / 4;
                let texts = case.with(name, end, packed[..cut].to_vec());
                let at = format!("{}/{name}{end} cut at {cut} of {}", case.name, packed.len());
                seen.take(case, whole, &at, &texts, is_read);
            }
        }
    });
    seen.assert(readers(), 1100, 800);
}

/// A log as each of the compressors packs it.
fn packed(log: &[u8]) -> [(&'static str, Vec<u8>); 3] {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(log).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 6);
    xz.write_all(log).unwrap();
    let zst = zstd::encode_all(log, 3).unwrap();
    [(".gz", gz.finish().unwrap()), (".xz", xz.finish().unwrap()), (".zst", zst)]
}

#[test]
fn an_empty_log_is_told() {
    let mut faults = Vec::new();
    for_each_log(|case, name, whole, is_read| {
        let before = whole.problems.len().min(case.without(name).problems.len());
        let silent = case.read(&case.with(name, "", Vec::new())).problems.len() <= before;
        faults.extend((is_read && silent).then(|| format!("{}/{name}: no problem", case.name)));
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
