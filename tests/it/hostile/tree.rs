//! A small result tree that is whole, until a test breaks something in it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Row, argument, melbot, table};

/// A log of kernbench.
pub const LOG: &str = "3.96user 0.66system 0:20.71elapsed 22%CPU (0avgtext+0avgdata 1maxresident)k\n\
    0inputs+0outputs (0major+0minor)pagefaults 0swaps\n";
/// What `Tree::new` holds: two runs of two iterations with two logs of three times.
pub const SAMPLES: u64 = 24;
/// The run, the iteration and the log that tests break.
pub const RUN: &str = "ivor/workload-kernbench/6.12";
pub const LOGS: &str = "ivor/workload-kernbench/6.12/iter-1/kernbench/logs";
pub const VICTIM: &str = "ivor/workload-kernbench/6.12/iter-1/kernbench/logs/time-1-2";

const COLUMNS: &str = "machine\tconfig\trun\titeration\tbenchmark\toperation\tinterval\tvalue";

pub struct Tree {
    scratch: TempDir,
    options: Vec<String>,
}

/// What `melbot check --json` says.
pub struct Checked {
    pub status: i32,
    report: Value,
}

impl Tree {
    /// Two kernels, whole.
    pub fn new() -> Tree {
        let tree = Tree::empty();
        tree.add_run("ivor/workload-kernbench/6.11");
        tree.add_run(RUN);
        tree
    }

    pub fn empty() -> Tree {
        let tree = Tree { scratch: TempDir::new().unwrap(), options: Vec::new() };
        fs::create_dir(tree.path("")).unwrap();
        tree
    }

    /// An option that every verb gets.
    pub fn with(mut self, option: &str, value: &Path) -> Tree {
        self.options.extend([option.to_owned(), argument(value).to_owned()]);
        self
    }

    /// A run of kernbench on the machine "ivor", whole.
    pub fn add_run(&self, path: impl AsRef<OsStr>) {
        let path = Path::new(path.as_ref());
        for iteration in ["iter-0", "iter-1"] {
            let dir = path.join(iteration);
            self.write(dir.join("kernel.version"), "Linux ivor 6.12.0 #1 SMP x86_64");
            for log in ["time-1-1", "time-1-2"] {
                self.write(dir.join("kernbench/logs").join(log), LOG);
            }
        }
        let activity = "10 run-mmtests: Start\n11 run-mmtests: test start :: kernbench 11\n\
            19 run-mmtests: test end :: kernbench 19 0\n20 run-mmtests: End\n20 status :: 0\n";
        self.write(path.join("mmtests-activity"), activity);
    }

    /// A path in the results.
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.scratch.path().join("results").join(inside)
    }

    /// A path beside the results.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    pub fn store(&self) -> PathBuf {
        self.beside("store")
    }

    /// Writes a file, making the folders that it needs.
    pub fn write(&self, inside: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path(inside);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(path).unwrap().write_all(content.as_ref()).unwrap();
    }

    /// Removes the log that tests break.
    pub fn remove_victim(&self) {
        fs::remove_file(self.path(VICTIM)).unwrap();
    }

    /// What a verb does with the tree. It must not panic, and ends by itself.
    pub fn melbot(&self, verb: &str, arguments: &[&str]) -> Output {
        let mut command = melbot();
        command.arg(verb).arg(self.path("")).args(["--store", argument(&self.store())]);
        command.args(&self.options).args(arguments).current_dir(self.scratch.path());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked"), "{verb} {arguments:?}: {said}");
        assert!(output.status.code().is_some(), "{verb} {arguments:?}: {}", output.status);
        output
    }

    /// What a verb prints that must be able to do its work.
    pub fn printed(&self, verb: &str, arguments: &[&str]) -> String {
        let output = self.melbot(verb, arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{verb} {arguments:?}: {}: {said}", output.status);
        String::from_utf8(output.stdout).expect("the output is UTF-8")
    }

    /// What a verb says that cannot do its work.
    pub fn refused(&self, verb: &str, arguments: &[&str]) -> String {
        let output = self.melbot(verb, arguments);
        assert_eq!(output.status.code(), Some(2), "{verb} {arguments:?}");
        assert!(output.stdout.is_empty(), "{verb} {arguments:?} prints nothing half");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("melbot: ") || said.starts_with("error: "), "{said}");
        said
    }

    pub fn check(&self) -> Checked {
        let output = self.melbot("check", &["--json"]);
        let status = output.status.code().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(status < 2, "check: {said}");
        let report = serde_json::from_slice(&output.stdout).expect("check --json prints JSON");
        let checked = Checked { status, report };
        checked.is_well_formed();
        checked
    }

    /// As `check`, and all other verbs can do their work, too.
    pub fn check_all(&self) -> Checked {
        let checked = self.check();
        self.melbot("check", &[]);
        for format in ["text", "markdown", "html", "csv", "json"] {
            let out = self.printed("compare", &["--format", format]);
            let markup = matches!(format, "html" | "markdown");
            assert!(!markup || !out.contains("<script>alert"), "{format}");
            assert!(!out.contains("NaN") && !out.contains("inf%"), "{format}: {out}");
            assert!(!out.contains('\u{1b}'), "{format}: {out:?}");
            self.printed("compare", &["--ratio", "--format", format]);
        }
        assert_eq!(self.samples().len() as u64, checked.samples(), "extract gives all samples");
        self.printed("extract", &["--format", "parquet", "-o", argument(&self.beside("out"))]);
        self.check_site(&checked);
        checked
    }

    /// All samples.
    pub fn samples(&self) -> Vec<Row> {
        table(&self.printed("extract", &[]), '\t', COLUMNS)
    }

    /// Whether the site tells of all problems, and no name became markup.
    fn check_site(&self, checked: &Checked) {
        let site = self.beside("site");
        self.printed("site", &["-o", argument(&site)]);
        let shown = text_of(&fs::read_to_string(site.join("problems.html")).unwrap_or_default());
        for problem in checked.problems() {
            let what = spaced(problem["what"].as_str().unwrap());
            assert!(shown.contains(&what), "problems.html does not say: {what}");
        }
        for file in files(&site) {
            let content = fs::read_to_string(&file).unwrap_or_default();
            assert!(!content.contains("<script>alert"), "{}", file.display());
        }
    }
}

impl Checked {
    pub fn samples(&self) -> u64 {
        self.report["samples"].as_u64().unwrap()
    }

    pub fn problems(&self) -> &[Value] {
        self.report["problems"].as_array().unwrap()
    }

    fn is_well_formed(&self) {
        for problem in self.problems() {
            let text = |key: &str| problem[key].as_str().unwrap().to_owned();
            assert!(!text("what").is_empty() && !text("remedy").is_empty(), "{problem}");
            assert!(text("what").len() < 1000 && text("remedy").len() < 3000, "{problem}");
            for key in ["path", "what", "remedy"] {
                assert!(!text(key).contains(char::is_control), "{problem}");
            }
        }
        let lost = self.problems().iter().any(|problem| problem["severity"] != "note");
        assert_eq!(self.status, i32::from(lost), "{:#?}", self.problems());
        let mut all: Vec<String> = self.problems().iter().map(Value::to_string).collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), self.problems().len(), "nothing is said twice: {all:#?}");
    }

    /// Nothing was lost and nothing is odd.
    #[track_caller]
    pub fn finds_nothing(&self) {
        assert_eq!(self.problems(), [] as [Value; 0]);
        assert_eq!(self.status, 0);
    }

    /// A problem has this path and says this, and something was lost.
    #[track_caller]
    pub fn tells(self, path: &str, what: &str) -> Checked {
        let said = |problem: &&Value| {
            problem["path"] == path && problem["what"].as_str().unwrap().contains(what)
        };
        let found = self.problems().iter().find(said);
        assert!(found.is_some(), "nobody says {what:?} of {path:?}: {:#?}", self.problems());
        assert_eq!(self.status, 1);
        self
    }

    /// So many samples were read.
    #[track_caller]
    pub fn has(self, samples: u64) -> Checked {
        assert_eq!(self.samples(), samples, "{:#?}", self.problems());
        self
    }
}

/// All files in a folder and below.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut found = Vec::new();
    for path in entries {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// The words of a page as a reader sees them.
fn text_of(page: &str) -> String {
    let mut text = String::new();
    for (at, part) in page.split('<').enumerate() {
        let visible =
            if at == 0 { part } else { part.split_once('>').map_or("", |(_, rest)| rest) };
        text += visible;
    }
    for (entity, c) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#x2F;", "/"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, c);
    }
    spaced(&text)
}

fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_tree_is_whole_before_it_is_broken() {
    let tree = Tree::new();
    tree.check_all().has(SAMPLES).finds_nothing();
}
