//! How fast melbot is, as ratios: against the least that any reader has to do, against itself with
//! nothing or one run changed, and against MMTests' compare-kernels.sh.
//!
//! `cargo bench` prints them all; `cargo bench -- cold` only those whose name contains `cold`.

mod fleet;
mod floor;
mod histories;
mod machines;
mod parsers;
mod reference;
mod shaped;
mod trees;

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, io};

use rayon::prelude::*;

fn main() -> io::Result<()> {
    let filter =
        env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let sections: [(&str, Section); 10] = [
        ("cold", cold),
        ("unchanged", unchanged),
        ("one-more", one_more),
        ("samples", samples),
        ("linear", linear),
        ("parsers", parsers::parsers),
        ("judge", judge),
        ("fleet", fleet),
        ("machines", machines::machines),
        ("compare-kernels", reference::compare_kernels),
    ];
    let bench = Bench { scratch: scratch()? };
    println!("{:<52} {:>12} {:>12} {:>9}", "", "melbot", "against", "ratio");
    for (name, section) in sections {
        if name.contains(&filter) {
            section(&bench)?;
        }
    }
    fs::remove_dir_all(&bench.scratch)
}

/// Prints some of the ratios.
type Section = fn(&Bench) -> io::Result<()>;

/// A folder on the disk that holds the build, not on a memory file system.
fn scratch() -> io::Result<PathBuf> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("speed");
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    fs::create_dir_all(&dir)?;
    Ok(dir)
}

struct Bench {
    scratch: PathBuf,
}

/// What one call of melbot took.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    cpu: Duration,
    peak_bytes: u64,
}

impl Bench {
    fn dir(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }

    /// Runs the program and waits for it.
    fn melbot(&self, arguments: &[&str], store: &Path) -> Cost {
        let start = Instant::now();
        let before = children();
        let status = Command::new(env!("CARGO_BIN_EXE_melbot"))
            .args(arguments)
            .arg("--store")
            .arg(store)
            .stdout(Stdio::null())
            .status()
            .expect("the program was built");
        assert!(status.success(), "{arguments:?} ended with {:?}", status.into_raw());
        let after = children();
        Cost { wall: start.elapsed(), cpu: after.0 - before.0, peak_bytes: after.1 }
    }

    /// Makes the site from nothing, the quickest of three.
    fn cold_site(&self, results: &Path) -> Cost {
        (0..3)
            .map(|_| {
                let (store, site) = (self.dir("store"), self.dir("site"));
                for old in [&store, &site] {
                    let _ = fs::remove_dir_all(old);
                }
                self.site(results)
            })
            .min_by_key(|cost| cost.wall)
            .expect("three")
    }

    /// Makes the site again.
    fn site(&self, results: &Path) -> Cost {
        let site = self.dir("site");
        let arguments = ["site", text(results), "-o", text(&site)];
        self.melbot(&arguments, &self.dir("store"))
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("the scratch folder has a plain name")
}

/// CPU time and greatest memory of all children so far. The memory is that of the largest of them.
fn children() -> (Duration, u64) {
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the call writes to the structure given, and cannot fail with these arguments.
    unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage) };
    let time = |t: libc::timeval| Duration::new(t.tv_sec as u64, t.tv_usec as u32 * 1000);
    (time(usage.ru_utime) + time(usage.ru_stime), usage.ru_maxrss as u64 * 1024)
}

fn quickest<T>(mut what: impl FnMut() -> T) -> Duration {
    let time = |_| {
        let start = Instant::now();
        std::hint::black_box(what());
        start.elapsed()
    };
    (0..3).map(time).min().expect("three")
}

/// CPU time of what this thread does, the least of several times: whatever else the machine is at hardly
/// changes it.
fn least_cpu<T>(mut what: impl FnMut() -> T) -> Duration {
    let now = || {
        // SAFETY: all-zero bytes are a valid timespec; the call only writes it.
        let mut now: libc::timespec = unsafe { std::mem::zeroed() };
        // SAFETY: `now` lives until the call returns.
        unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
        Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
    };
    let time = |_| {
        let start = now();
        std::hint::black_box(what());
        now() - start
    };
    (0..7).map(time).min().expect("seven")
}

fn row(name: &str, melbot: Duration, against: Duration) {
    let ratio = melbot.as_secs_f64() / against.as_secs_f64();
    println!("{name:<52} {melbot:>12.1?} {against:>12.1?} {ratio:>9.3}");
}

/// Everything read, analysed and published, against opening and decompressing the same files.
fn cold(bench: &Bench) -> io::Result<()> {
    let everyday = bench.dir("everyday");
    for number in 0..40 {
        trees::everyday_run(&everyday, "workload-mixed", number)?;
    }
    let floor = quickest(|| floor::read_everything(&everyday));
    row("cold ingest, 40 runs of 320 logs (floor: read)", ingest(bench, &everyday), floor);
    row("cold site, the same", bench.cold_site(&everyday).wall, floor);
    let many = bench.dir("many-samples-cold");
    for number in 0..8 {
        trees::run_of_many_samples(&many, number, 1_000_000)?;
    }
    let floor = quickest(|| floor::read_everything(&many));
    row("cold ingest, 8 runs of 10^6 samples (floor: read)", ingest(bench, &many), floor);
    fs::remove_dir_all(everyday)?;
    fs::remove_dir_all(many)
}

/// Discovery, reading, condensing and storing, in this process.
fn ingest(bench: &Bench, results: &Path) -> Duration {
    quickest(|| {
        let dir = bench.dir("ingest-store");
        let _ = fs::remove_dir_all(&dir);
        let store = melbot::store::Store::open(&dir, results, None, || {}).expect("writable");
        let found = melbot::mmtests::discover(results);
        store.load(&found.runs, |_| {}).expect("readable").len()
    })
}

/// A tree of 100,000 logs that did not change since the last site.
fn unchanged(bench: &Bench) -> io::Result<()> {
    let results = bench.dir("many-logs");
    for number in 0..100 {
        trees::run_of_many_logs(&results, number, 1000)?;
    }
    let cold = bench.site(&results).wall;
    let again = (0..3).map(|_| bench.site(&results).wall).min().expect("three");
    row("site, 100,000 logs unchanged (against cold)", again, cold);
    fs::remove_dir_all(results)
}

/// One run more in a tree of 100 kernels: of real runs, of many small logs and of few long ones.
fn one_more(bench: &Bench) -> io::Result<()> {
    let real = |root: &Path, number| {
        let configs =
            if number < 100 { trees::REAL_CONFIGS.as_slice() } else { &["scheduler-pipes"] };
        configs.iter().try_for_each(|config| trees::real_run(root, config, number).map(|_| ()))
    };
    one_more_of(bench, "site, one more of 500 real runs in 5 configs", real)?;
    let everyday =
        |root: &Path, number| trees::everyday_run(root, "workload-mixed", number).map(|_| ());
    one_more_of(bench, "site, one more run of 100 (320 logs each)", everyday)?;
    let long = |root: &Path, number| trees::run_of_many_samples(root, number, 200_000).map(|_| ());
    one_more_of(bench, "site, one more run of 100 (200,000 samples each)", long)
}

fn one_more_of(
    bench: &Bench,
    name: &str,
    make: impl Fn(&Path, usize) -> io::Result<()>,
) -> io::Result<()> {
    let results = bench.dir("hundred");
    for number in 0..100 {
        make(&results, number)?;
    }
    let cold = bench.cold_site(&results);
    let more = (100..105)
        .map(|number| make(&results, number).map(|()| bench.site(&results)))
        .collect::<io::Result<Vec<_>>>()?;
    let least = |of: fn(&Cost) -> Duration| more.iter().map(of).min().expect("five");
    row(name, least(|cost| cost.wall), cold.wall);
    row("  CPU time", least(|cost| cost.cpu), cold.cpu);
    let look = quickest(|| melbot::mmtests::discover(&results).runs.len());
    row("  of it, to look at the size and times of every log", look, cold.wall);
    fs::remove_dir_all(results)
}

/// Twelve machines, forty configs, sixty kernels: from nothing, and with one run more.
fn fleet(bench: &Bench) -> io::Result<()> {
    let results = bench.dir("fleet");
    let places = (0..fleet::MACHINES).flat_map(|m| (0..fleet::CONFIGS).map(move |c| (m, c)));
    let runs = places.flat_map(|(m, c)| (0..fleet::KERNELS).map(move |k| (m, c, k)));
    runs.par_bridge().try_for_each(|place| fleet::run(&results, place).map(|_| ()))?;
    let cold = bench.site(&results);
    println!(
        "{:<52} {:>12.1?} {:>12.1?} CPU",
        "site of 12 × 40 × 60 runs, cold", cold.wall, cold.cpu
    );
    println!("{:<52} {:>9.0} MB", "  greatest memory", cold.peak_bytes as f64 / 1e6);
    let look = quickest(|| melbot::mmtests::discover(&results).runs.len());
    for config in 0..4 {
        fleet::run(&results, (5, config, fleet::KERNELS))?;
        let more = bench.site(&results);
        row("  one run more (against cold)", more.wall, cold.wall);
        println!("{:<52} {:>12.1?} CPU", "", more.cpu);
    }
    row("  of it, to look at the size and times of every log", look, cold.wall);
    fs::remove_dir_all(results)
}

/// 10^8 samples.
fn samples(bench: &Bench) -> io::Result<()> {
    let results = bench.dir("samples");
    for number in 0..100 {
        trees::run_of_many_samples(&results, number, 1_000_000)?;
    }
    let floor = quickest(|| floor::read_everything(&results));
    let cost = bench.site(&results);
    row("cold site, 10^8 samples (floor: read)", cost.wall, floor);
    println!("{:<52} {:>9.0} MB", "  greatest memory", cost.peak_bytes as f64 / 1e6);
    fs::remove_dir_all(results)
}

/// Ten times the samples, against the time for a tenth of them times ten.
fn linear(bench: &Bench) -> io::Result<()> {
    let cost = |samples: usize| -> io::Result<Duration> {
        let results = bench.dir("linear");
        trees::run_of_many_samples(&results, 0, samples)?;
        let time = ingest(bench, &results);
        fs::remove_dir_all(results)?;
        Ok(time)
    };
    let small = cost(500_000)?;
    row("ingest, 5,000,000 samples (against 10 × 500,000)", cost(5_000_000)?, small * 10);
    Ok(())
}

/// Verdicts on ten times the series, against the time for a tenth of them times ten.
fn judge(_: &Bench) -> io::Result<()> {
    let cost = |series| {
        let histories = histories::Histories::new(series);
        let start = Instant::now();
        let (judged, alerts) = histories.judge();
        assert_eq!(judged, series);
        (start.elapsed(), alerts)
    };
    let (small, _) = cost(4_000);
    let (all, alerts) = cost(40_000);
    row("judge, 40,000 series × 60 kernels (against 10 × 4,000)", all, small * 10);
    println!("{:<52} {alerts:>9}", "  alerts");
    Ok(())
}
