//! What melbot knows about each MMTests benchmark ("shellpack"): how to read its logs, which way
//! its operations are better, how they are summarised.
//!
//! One file a benchmark, or a family whose logs look alike. To add one, write a file with a
//! `pub const … : Shellpack` and name it in [`ALL`].

mod aim9;
mod benchlog;
mod bonniepp;
mod coremark;
mod cyclictest;
mod dbench;
mod ebizzy;
mod fio;
mod fsmark;
mod futexbench;
mod gnu_time;
mod hackbench;
mod io_uring;
mod iperf3;
mod klp;
mod libmicro;
mod lines;
mod ltp;
mod netperf;
mod pagealloc;
mod parsed;
mod perfnuma;
mod pft;
mod pgbench;
mod redis;
mod rt_tests;
mod saladfork;
mod schbench;
mod simoop;
mod specjbb;
mod sstartup;
mod stream;
mod stressng;
mod stutterp;
mod sysjitter;
mod thpchallenge;
mod unixbenchd;
mod words;
mod xfstests;

#[cfg(test)]
mod catalogue_tests;
#[cfg(test)]
mod robustness_tests;
#[cfg(test)]
pub(in crate::mmtests) mod testing;

use super::logs::Logs;
use crate::model::{Direction, FAILURES, SummaryKind};

pub use parsed::Parsed;
pub(super) use words::{Words, after, halves, number, number_at, words};

/// All benchmarks that melbot reads by itself.
pub const ALL: &[&Shellpack] = &[
    &aim9::AIM9,
    &benchlog::APACHEBENCH,
    &benchlog::BLOGBENCH,
    &benchlog::EASYWAVE,
    &benchlog::PEDSORT,
    &benchlog::PERFFUTEXWAKE,
    &benchlog::PERFPIPE,
    &benchlog::PERFSYSCALL,
    &benchlog::SEMBENCH,
    &benchlog::SIEGE,
    &benchlog::SQLITE,
    &benchlog::SYSBENCH,
    &benchlog::SYSBENCHCPU,
    &benchlog::SYSBENCHMUTEX,
    &benchlog::WIS,
    &benchlog::XSBENCH,
    &bonniepp::BONNIEPP,
    &coremark::COREMARK,
    &cyclictest::CYCLICTEST,
    &dbench::DBENCH,
    &dbench::TBENCH,
    &ebizzy::EBIZZY,
    &fio::FIO,
    &fsmark::FSMARK,
    &futexbench::FUTEXBENCH,
    &gnu_time::AUTONUMABENCH,
    &gnu_time::GITCHECKOUT,
    &gnu_time::GITSOURCE,
    &gnu_time::KERNBENCH,
    &gnu_time::KVMSTART,
    &gnu_time::NAS,
    &gnu_time::POUNDSYSCALL,
    &gnu_time::STOCKFISH,
    &gnu_time::TIME_UNMAP,
    &gnu_time::TRUNC,
    &gnu_time::USEMEM,
    &gnu_time::XFSREPAIR,
    &hackbench::HACKBENCH,
    &io_uring::IO_URING,
    &iperf3::IPERF3,
    &libmicro::LIBMICRO,
    &klp::KLP,
    &ltp::LTP,
    &netperf::NETPERF,
    &pagealloc::PAGEALLOC,
    &perfnuma::PERFNUMA,
    &pft::PFT,
    &pgbench::PGBENCH,
    &redis::REDIS,
    &redis::REDIS_MEMTIER,
    &rt_tests::PISTRESS,
    &rt_tests::PMQTEST,
    &rt_tests::RTMIGRATION,
    &saladfork::SALADFORK,
    &schbench::SCHBENCH,
    &simoop::SIMOOP,
    &specjbb::SPECJBB,
    &specjbb::SPECJBB2015,
    &sstartup::SSTARTUP,
    &stream::STREAM,
    &stressng::STRESSNG,
    &stutterp::STUTTERP,
    &sysjitter::SYSJITTER,
    &thpchallenge::THPCHALLENGE,
    &unixbenchd::UNIXBENCHD,
    &xfstests::XFSTESTS,
];

/// One benchmark of MMTests.
#[derive(Debug)]
pub struct Shellpack {
    /// MMTests' name, such as `hackbench`. Names like `hackbench-process-pipes` lead here too.
    pub name: &'static str,
    /// Other names that folders of this benchmark have or had.
    pub aliases: &'static [&'static str],
    /// What it measures, in a few words, for headings.
    pub title: &'static str,
    /// How the samples of an operation are summarised.
    pub kind: SummaryKind,
    /// Digits after the decimal point in tables (`DecimalPlaces` in MMTests; 2 where it says none).
    pub decimals: usize,
    /// What each operation means; the first that fits the operation's name holds.
    pub metrics: &'static [Metric],
    /// Reads the logs of one iteration. Call [`Shellpack::read`], which also tells of no results.
    pub parse: fn(&Source, &mut Parsed),
}

/// The meaning of the operations whose names start with a text.
#[derive(Debug)]
pub struct Metric {
    /// Start of the operation's name; empty for all.
    pub start: &'static str,
    /// `true` if the text may stand anywhere in the name.
    pub anywhere: bool,
    /// Which way is better.
    pub direction: Direction,
    /// Unit of the values: `s`, `ms`, `µs`, `MB/s`, `ops/s` …
    pub unit: &'static str,
}

impl Metric {
    /// Operations of which less is better.
    pub const fn lower(start: &'static str, unit: &'static str) -> Metric {
        Metric { start, anywhere: false, direction: Direction::Lower, unit }
    }

    /// Operations of which more is better.
    pub const fn higher(start: &'static str, unit: &'static str) -> Metric {
        Metric { start, anywhere: false, direction: Direction::Higher, unit }
    }

    /// The same, wherever in the name the text stands.
    pub const fn anywhere(self) -> Metric {
        Metric { anywhere: true, ..self }
    }

    fn is_of(&self, operation: &str) -> bool {
        operation.starts_with(self.start) || (self.anywhere && operation.contains(self.start))
    }
}

/// Where a parser reads from.
#[derive(Debug)]
pub struct Source {
    /// Name of the benchmark's folder, such as `netperf-udp`.
    pub benchmark: String,
    /// Its logs: the files of `iter-N/<benchmark>/logs`.
    pub logs: Logs,
    /// The files of `iter-N` itself, for the few benchmarks that need one of them.
    pub iteration: Logs,
}

impl Shellpack {
    /// The meaning of an operation.
    ///
    /// Every table of metrics ends with one that fits all that the parser makes; a name that fits none
    /// is treated as the last.
    pub fn metric(&self, operation: &str) -> &Metric {
        const UNKNOWN: Metric = Metric::lower("", "");
        self.metrics
            .iter()
            .find(|metric| metric.is_of(operation))
            .or(self.metrics.last())
            .unwrap_or(&UNKNOWN)
    }

    /// `true` if it tells how many tests failed: then zeros are what was hoped for, and not a sign that
    /// nothing was measured.
    pub fn counts_failures(&self) -> bool {
        self.metrics.iter().any(|metric| metric.unit == FAILURES)
    }

    /// Reads the logs of one iteration and notes what MMTests itself said went wrong. That nothing
    /// was measured is always a problem of severity error.
    pub fn read(&self, source: &Source) -> Parsed {
        let mut out = Parsed::default();
        (self.parse)(source, &mut out);
        if out.samples.is_empty()
            && let Some(profile) = source.profile()
        {
            (self.parse)(&profile, &mut out);
        }
        out.finish(&source.logs);
        // What foreign benchmarks measure may be a difference.
        out.path = source.logs.path().to_owned();
        out.note_negative();
        out
    }

    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

impl Source {
    /// The logs of MMTests before 2019, which lay one folder deeper: with or without a profiler.
    fn profile(&self) -> Option<Source> {
        let logs = ["default", "noprofile"].iter().find_map(|name| self.logs.folder(name))?;
        Some(Source { benchmark: self.benchmark.clone(), logs, iteration: self.iteration.clone() })
    }
}

/// The benchmark that a folder name such as `netperf-tcp` belongs to: the name itself, or the name
/// with endings taken off at hyphens, as MMTests does it.
pub fn lookup(folder: &str) -> Option<&'static Shellpack> {
    let mut name = folder;
    loop {
        if let Some(found) = ALL.iter().find(|shellpack| shellpack.is_called(name)) {
            return Some(found);
        }
        name = &name[..name.rfind('-')?];
    }
}
