//! How fast each parser and each reader of monitors is, beside the least that any reader has to do with the
//! same files: open them, decompress them, count their lines. Both in CPU time.
//!
//! The logs are real ones from `tests/data`, or where there is none, shaped as in the parser's own test; each
//! line is repeated with other digits until there are some megabytes, and packed, as MMTests packs most of
//! them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use liblzma::read::XzDecoder;
use melbot::mmtests::logs::Logs;
use melbot::mmtests::monitor;
use melbot::mmtests::shellpack::{self, Source};

use super::shaped;
use super::trees::Noise;
use super::{Bench, least_cpu};

/// Text of all logs of one benchmark together, before it is packed.
const BYTES: usize = 4 << 20;
/// More than this times the floor is too slow.
const MOST: f64 = 4.0;

/// One line a parser.
pub fn parsers(bench: &Bench) -> io::Result<()> {
    let real = bench.dir("real");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for archive in ["benchmarks", "corpus"] {
        let path = data.join(format!("{archive}.tar.xz"));
        tar::Archive::new(XzDecoder::new(File::open(path)?)).unpack(&real)?;
    }
    println!("{:<52} {:>12} {:>12} {:>9}", "MB/s of text", "melbot", "floor", "slower");
    let mut slow = Vec::new();
    let mut row = |name: &str, bytes: usize, melbot: Duration, floor: Duration| {
        let speed = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
        let ratio = melbot.as_secs_f64() / floor.as_secs_f64();
        println!("{name:<52} {:>12.0} {:>12.0} {ratio:>9.2}", speed(melbot), speed(floor));
        if ratio > MOST {
            slow.push(name.to_owned());
        }
    };
    let logs = folders_of_logs(&real);
    let shaped = shaped_logs(&bench.dir("shaped"))?;
    for shellpack in shellpack::ALL {
        let is_real = logs.contains_key(shellpack.name);
        let folder = logs.get(shellpack.name).or(shaped.get(shellpack.name));
        let Some(folder) = folder else {
            panic!("no log of {}: add one to shaped.rs", shellpack.name)
        };
        let to = bench.dir("grown").join(shellpack.name).join("logs");
        let bytes = grow_folder(folder, &to)?;
        let iteration = folder.parent().and_then(Path::parent).unwrap_or(folder);
        let name = folder.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        let benchmark = name.unwrap_or(shellpack.name).to_owned();
        let melbot = least_cpu(|| {
            let source = Source {
                benchmark: benchmark.clone(),
                logs: Logs::open(&to, "logs").expect("it was written"),
                iteration: Logs::open(iteration, "").expect("it is there"),
            };
            shellpack.read(&source).samples.len()
        });
        let mark = if is_real { "" } else { " (shaped log)" };
        row(&format!("{}{mark}", shellpack.name), bytes, melbot, floor(&to)?);
    }
    for monitor in monitor::ALL {
        let to = bench.dir("grown").join(monitor.name);
        fs::create_dir_all(&to)?;
        let log = log_of(&real, monitor.name);
        let log = log.or_else(|| log_of(&data.join("monitors"), monitor.name));
        let (text, mark) = match &log {
            Some(log) => (text_of(log)?, ""),
            None => (shaped::monitor(monitor.name).as_bytes().to_vec(), " (shaped log)"),
        };
        let bytes = grow(&text, BYTES, &to.join(format!("{}-x", monitor.name)))?;
        let melbot = least_cpu(|| {
            let logs = Logs::open(&to, "logs").expect("it was written");
            monitor.read(&logs, "x").map(|parsed| parsed.samples.len())
        });
        row(&format!("monitor {}{mark}", monitor.name), bytes, melbot, floor(&to)?);
    }
    if slow.is_empty() {
        println!("none is slower than {MOST} times the floor");
    } else {
        println!("slower than {MOST} times the floor: {}", slow.join(", "));
    }
    Ok(())
}

/// The least that a reader of all these files does.
fn floor(folder: &Path) -> io::Result<Duration> {
    let files = walkdir::WalkDir::new(folder).into_iter().flatten();
    let files = files.filter(|entry| entry.file_type().is_file());
    let files: Vec<PathBuf> = files.map(walkdir::DirEntry::into_path).collect();
    let lines = |path: &PathBuf| {
        let text = text_of(path).unwrap_or_default();
        memchr::memchr_iter(b'\n', &text).count()
    };
    Ok(least_cpu(|| files.iter().map(lines).sum::<usize>()))
}

/// A folder of real logs of each benchmark: that with the most text.
fn folders_of_logs(root: &Path) -> BTreeMap<&'static str, PathBuf> {
    let mut found: BTreeMap<&'static str, (u64, PathBuf)> = BTreeMap::new();
    for entry in walkdir::WalkDir::new(root).sort_by_file_name().into_iter().flatten() {
        let path = entry.path();
        let parent = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        let shellpack = parent.and_then(shellpack::lookup);
        let (true, Some(shellpack)) = (entry.file_name() == "logs", shellpack) else { continue };
        let sizes = fs::read_dir(path).into_iter().flatten().flatten();
        let size = sizes.filter_map(|file| Some(file.metadata().ok()?.len())).sum();
        let known = found.entry(shellpack.name).or_insert((0, PathBuf::new()));
        if size > known.0 {
            *known = (size, path.to_owned());
        }
    }
    found.into_iter().map(|(name, (_, path))| (name, path)).collect()
}

/// Writes the logs of benchmarks that no real one is there of.
fn shaped_logs(root: &Path) -> io::Result<BTreeMap<&'static str, PathBuf>> {
    let mut folders = BTreeMap::new();
    for (benchmark, name, text) in shaped::BENCHMARKS {
        let folder = root.join(benchmark).join("logs");
        let log = folder.join(name);
        fs::create_dir_all(log.parent().unwrap_or(&folder))?;
        fs::write(log, text)?;
        folders.insert(*benchmark, folder);
    }
    Ok(folders)
}

/// A real log of a monitor.
fn log_of(root: &Path, monitor: &str) -> Option<PathBuf> {
    let start = format!("{monitor}-");
    let is_of = |name: &str| name.starts_with(&start) && !name.ends_with(".start");
    let all = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().flatten();
    let found = all.filter(|entry| entry.file_name().to_str().is_some_and(is_of));
    found.max_by_key(|entry| entry.metadata().map_or(0, |about| about.len())).map(|e| e.into_path())
}

/// Grows all logs of a folder alike; the size of the text.
fn grow_folder(from: &Path, to: &Path) -> io::Result<usize> {
    fs::create_dir_all(to)?;
    let files = walkdir::WalkDir::new(from).into_iter().flatten();
    let mut texts: Vec<(String, Vec<u8>)> = Vec::new();
    for entry in files.filter(|entry| entry.file_type().is_file()) {
        let name = entry.path().strip_prefix(from).unwrap_or(entry.path());
        let name = name.to_string_lossy().into_owned();
        let plain = [".gz", ".xz", ".zst"].iter().find_map(|end| name.strip_suffix(end));
        texts.push((plain.unwrap_or(&name).to_owned(), text_of(entry.path())?));
    }
    let total: usize = texts.iter().map(|(_, text)| text.len()).sum();
    let mut bytes = 0;
    for (name, text) in &texts {
        // Lists of names are read as they are.
        let is_list = text.len() < 64 && !text.contains(&b'.');
        let share = BYTES * text.len() / total.max(1);
        fs::create_dir_all(to.join(name).parent().unwrap_or(to))?;
        bytes += grow(text, if is_list { text.len() } else { share }, &to.join(name))?;
    }
    Ok(bytes)
}

/// Writes a text, packed, each line as often as it takes, with other digits behind decimal points and from
/// the third on: so much is different in real logs.
fn grow(text: &[u8], size: usize, to: &Path) -> io::Result<usize> {
    let mut packed = to.to_owned().into_os_string();
    packed.push(".gz");
    let mut out = GzEncoder::new(File::create(packed)?, Compression::default());
    let mut noise = Noise(7);
    let mut bytes = 0;
    let times = size.div_ceil(text.len().max(1)).max(1);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        // A last line without an end stays the last one.
        let times = if line.ends_with(b"\n") { times } else { 1 };
        for time in 0..times {
            let mut copy = line.to_vec();
            let (mut digits, mut behind) = (0, false);
            for byte in &mut copy {
                match byte {
                    b'0'..=b'9' => {
                        digits += 1;
                        if time > 0 && (behind || digits > 2) {
                            *byte = b'0' + (noise.next() % 10) as u8;
                        }
                    }
                    b'.' => behind = digits > 0,
                    _ => (digits, behind) = (0, false),
                }
            }
            out.write_all(&copy)?;
            bytes += copy.len();
        }
    }
    out.finish()?;
    Ok(bytes)
}

fn text_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let file = File::open(path)?;
    match path.extension().and_then(|end| end.to_str()) {
        Some("gz") => flate2::read::MultiGzDecoder::new(file).read_to_end(&mut text)?,
        Some("xz") => XzDecoder::new(file).read_to_end(&mut text)?,
        _ => io::BufReader::new(file).read_to_end(&mut text)?,
    };
    Ok(text)
}
