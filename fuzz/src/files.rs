//! Targets that read files.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::mmtests::logs::{Logs, MAX_LOG_BYTES};
use crate::mmtests::monitor::{ALL, Iteration, watched};
use crate::mmtests::shellpack::{Parsed, Source, lookup};

/// Stands between two files of one input.
const SEPARATOR: &[u8] = b"\n\0\n";

/// Any bytes as a log, plain or packed. The first byte tells how.
pub fn logs(data: &[u8]) {
    let Some((kind, content)) = data.split_first() else { return };
    let ending = ["", ".gz", ".xz", ".zst"][usize::from(kind % 4)];
    in_folder(|dir| {
        fs::write(dir.join(format!("log{ending}")), content).unwrap();
        let logs = Logs::open(dir, "shown").unwrap();
        let (text, problem) = logs.read("log").expect("it is there");
        assert!(text.as_str().len() as u64 <= MAX_LOG_BYTES);
        assert_eq!(text.path(), format!("shown/log{ending}"));
        if ending.is_empty() {
            assert!(problem.is_none());
            assert_eq!(text.as_str().len(), content.len());
        }
        if problem.is_some() && !text.as_str().is_empty() {
            assert!(text.as_str().ends_with('\n'), "a line cut by damage is left out");
        }
        let needle = "a";
        let slow: Vec<_> = text.lines().filter(|(_, line)| line.contains(needle)).collect();
        assert_eq!(text.lines_with(needle).collect::<Vec<_>>(), slow);
    });
}

/// Any bytes in the logs of any benchmark. The first line names the benchmark; each file is its
/// name in its first line, and its content in the others.
pub fn shellpacks(data: &[u8]) {
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return };
    let Some(shellpack) = str::from_utf8(&data[..end]).ok().and_then(lookup) else { return };
    let files = &data[end + 1..];
    in_folder(|dir| {
        let logs = dir.join(shellpack.name).join("logs");
        fs::create_dir_all(&logs).unwrap();
        for file in split(files, SEPARATOR).into_iter().take(8) {
            write(&logs, file);
        }
        let source = Source {
            benchmark: shellpack.name.to_owned(),
            logs: Logs::open(&logs, "logs").unwrap(),
            iteration: Logs::open(dir, "").unwrap(),
        };
        check(&shellpack.read(&source));
    });
}

/// Any bytes as the logs of any monitor in two iterations. The first line names the monitor.
pub fn monitors(data: &[u8]) {
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return };
    let name = str::from_utf8(&data[..end]).ok();
    let Some(monitor) = ALL.iter().find(|monitor| Some(monitor.name) == name) else { return };
    in_folder(|dir| {
        let logs: Vec<Logs> = (0..)
            .zip(split(&data[end + 1..], SEPARATOR).into_iter().take(2))
            .map(|(number, log)| {
                let folder = dir.join(format!("iter-{number}"));
                fs::create_dir(&folder).unwrap();
                fs::write(folder.join(format!("{}-x", monitor.name)), log).unwrap();
                Logs::open(&folder, "shown").unwrap()
            })
            .collect();
        for logs in &logs {
            check(&monitor.read(logs, "x").expect("it is there"));
        }
        let iterations = (0..).zip(&logs).map(|(number, logs)| Iteration {
            number,
            logs,
            ended: Some((10.0, 1_795_354_540.0)),
        });
        let mut problems = Vec::new();
        for watched in watched("x", iterations, &mut problems) {
            let count = watched.iterations.len();
            assert!(count <= 2 && watched.series.len() <= 400);
            for seen in &watched.series {
                assert_eq!(seen.iterations.len(), count);
                let figures = seen.iterations.iter().flatten();
                assert!(figures.flat_map(|f| [f.mean, f.p95, f.increase]).all(f64::is_finite));
                let points = seen.curve.iter().flat_map(|curve| curve.points());
                assert!(points.inspect(|(at, value)| assert!(at.is_finite() && value.is_finite())).count() <= 200);
            }
        }
    });
}

/// What holds of all that any parser gives.
pub fn check(parsed: &Parsed) {
    for series in parsed.samples.series() {
        assert_eq!(series.intervals.iter().count(), series.values.len());
        assert!(series.intervals.iter().chain(series.values.iter().copied()).all(f64::is_finite));
        assert!(!series.operation.is_empty());
        assert!(!series.operation.chars().any(char::is_control), "{:?}", series.operation);
    }
    for problem in &parsed.problems {
        assert!(!problem.what.is_empty() && !problem.remedy.is_empty());
        assert!(problem.what.len() < 4000 && problem.path.len() < 4000);
        assert!(!problem.what.chars().any(char::is_control), "{:?}", problem.what);
        assert!(!problem.path.chars().any(char::is_control), "{:?}", problem.path);
    }
}

/// Writes a file whose name is its first line; names that cannot be are passed over.
fn write(dir: &Path, file: &[u8]) {
    let end = file.iter().position(|byte| *byte == b'\n').unwrap_or(file.len());
    let Ok(name) = str::from_utf8(&file[..end]) else { return };
    let parts: Vec<&str> = name.split('/').collect();
    let plain = |part: &&str| !matches!(*part, "" | "." | "..") && part.len() < 200;
    if parts.len() > 2 || !parts.iter().all(plain) || name.contains('\0') {
        return;
    }
    let path: PathBuf = dir.join(name);
    let folder = path.parent().expect("it is in a folder");
    // A file may have the name already.
    if fs::create_dir_all(folder).is_ok() && !path.is_dir() {
        fs::write(path, file.get(end + 1..).unwrap_or_default()).unwrap();
    }
}

fn split<'d>(data: &'d [u8], separator: &[u8]) -> Vec<&'d [u8]> {
    let mut parts = Vec::new();
    let mut rest = data;
    while let Some(at) = memchr::memmem::find(rest, separator) {
        parts.push(&rest[..at]);
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest);
    parts
}

/// Calls this with an empty folder, in memory where there is such.
fn in_folder(run: impl FnOnce(&Path)) {
    thread_local!(static FOLDER: RefCell<Option<TempDir>> = const { RefCell::new(None) });
    FOLDER.with_borrow_mut(|folder| {
        let memory = Path::new("/dev/shm");
        let folder = folder.get_or_insert_with(|| {
            let all = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
            tempfile::Builder::new().prefix("melbot-fuzz-").tempdir_in(all).unwrap()
        });
        let dir = folder.path().join("input");
        fs::create_dir(&dir).unwrap();
        run(&dir);
        fs::remove_dir_all(&dir).unwrap();
    });
}
