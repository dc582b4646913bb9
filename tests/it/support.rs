//! What all tests need: the corpus, the program, and its tables.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use assert_cmd::Command;
use tempfile::TempDir;

/// Where the sources are.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An unpacked archive of `tests/data`; goes away with its last user.
pub struct Unpacked(TempDir);

impl Deref for Unpacked {
    type Target = Path;

    fn deref(&self) -> &Path {
        self.0.path()
    }
}

/// Unpacks the corpus, or hands out the one that another test of this process is using.
pub fn corpus() -> Arc<Unpacked> {
    unpacked("corpus.tar.xz")
}

/// Unpacks an archive of `tests/data`, or hands out the folder that another test is using.
pub fn unpacked(name: &'static str) -> Arc<Unpacked> {
    static SHARED: Mutex<BTreeMap<&str, Weak<Unpacked>>> = Mutex::new(BTreeMap::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(folder) = shared.get(name).and_then(Weak::upgrade) {
        return folder;
    }
    let folder = tempfile::Builder::new().prefix("melbot-data-").tempdir().unwrap();
    let packed = File::open(project().join("tests/data").join(name)).unwrap();
    tar::Archive::new(liblzma::read::XzDecoder::new(packed)).unpack(folder.path()).unwrap();
    let folder = Arc::new(Unpacked(folder));
    shared.insert(name, Arc::downgrade(&folder));
    folder
}

/// Unpacks the simulated results.
pub fn simulated() -> Arc<Unpacked> {
    unpacked("simulated.tar.xz")
}

/// The program under test.
pub fn melbot() -> Command {
    Command::new(env!("CARGO_BIN_EXE_melbot"))
}

/// What `melbot` with these arguments prints, if it succeeds.
pub fn printed(arguments: &[&str]) -> String {
    let scratch = TempDir::new().unwrap();
    let output = melbot().args(arguments).current_dir(scratch.path()).assert().success();
    String::from_utf8(output.get_output().stdout.clone()).unwrap()
}

/// The path as an argument of a command.
pub fn argument(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The lines of a file below a folder.
pub fn lines(path: PathBuf) -> Vec<String> {
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().map(str::to_owned).collect()
}

/// A row of a table, by the names of its columns.
pub type Row = BTreeMap<String, String>;

/// The rows of a table with these columns and no others.
pub fn table(text: &str, separator: char, columns: &str) -> Vec<Row> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(columns), "the header of the table");
    let columns: Vec<&str> = columns.split(separator).collect();
    lines
        .map(|line| {
            let fields = fields(line, separator);
            assert_eq!(fields.len(), columns.len(), "the number of fields in: {line}");
            columns.iter().map(|name| (*name).to_owned()).zip(fields).collect()
        })
        .collect()
}

/// The fields of a line; one that holds the separator is in double quotes.
pub fn fields(line: &str, separator: char) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // A quote in a quoted field stands there twice.
            '"' if quoted && chars.next_if_eq(&'"').is_some() => {
                fields.last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            c if c == separator && !quoted => fields.push(String::new()),
            c => fields.last_mut().unwrap().push(c),
        }
    }
    fields
}

/// Collects what is wrong, so that one failure does not hide the others, and counts what was
/// compared, so that comparing nothing is noticed.
#[derive(Default)]
pub struct Findings {
    faults: Vec<String>,
    counts: BTreeMap<&'static str, usize>,
}

impl Findings {
    /// Notes that a figure was compared; if it was not as expected, `fault` says so.
    pub fn check(&mut self, what: &'static str, right: bool, fault: impl FnOnce() -> String) {
        *self.counts.entry(what).or_default() += 1;
        if !right {
            self.faults.push(fault());
        }
    }

    /// Fails if anything was wrong, or if more or less of these was compared than the corpus holds.
    #[track_caller]
    pub fn assert_all_right(self, expected: &[(&'static str, usize)]) {
        let shown: Vec<&str> = self.faults.iter().take(40).map(String::as_str).collect();
        let total = self.faults.len();
        assert!(total == 0, "{total} faults in {:?}:\n{}", self.counts, shown.join("\n"));
        println!("compared {:?}", self.counts);
        let listed = |what| expected.iter().any(|(name, _)| *name == what);
        let counts = self.counts.into_iter().filter(|(what, _)| listed(*what));
        assert_eq!(counts.collect::<Vec<_>>(), expected, "what was compared");
    }
}

/// How a melbot ended, and what it printed.
#[derive(Debug)]
pub struct Ended {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// Runs a command to its end.
    pub fn of(mut command: std::process::Command) -> Ended {
        let output = command.output().unwrap();
        Ended {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
