//! Which machine and config a run belongs to, told from where it lies.
//!
//! In order of trust: the run's own `run.toml`; a host name in `kernel.version` that equals one of
//! the folders; folder names that start like MMTests' configs; what the rest of the tree says.
//! What had to be guessed is reported.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Deserialize;

use super::discover::describe;
use super::printable::{printable, printable_path, quote};
use crate::model::{Problem, Severity};

/// Stands in for a config that no folder names.
pub const UNNAMED_CONFIG: &str = "unnamed-config";
/// Stands in for a machine that nothing names.
pub const UNNAMED_MACHINE: &str = "unnamed-machine";

/// The folders that MMTests always puts its runs into: they name nothing.
const OWN_FOLDERS: [&str; 2] = ["work", "log"];

/// Where a run belongs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The machine.
    pub machine: String,
    /// The MMTests config.
    pub config: String,
    /// MMTests' name of the run.
    pub name: String,
}

/// melbot's own note about a run, written by its test runner.
#[derive(Debug, Default, Deserialize)]
struct RunToml {
    machine: Option<String>,
    config: Option<String>,
}

/// First words of the names of MMTests' configs.
const CONFIG_WORDS: &[&str] = &[
    "config",
    "blas",
    "db",
    "functional",
    "hpc",
    "io",
    "jvm",
    "memory",
    "multi",
    "network",
    "numa",
    "pagealloc",
    "pagereclaim",
    "parallelio",
    "reaim",
    "scheduler",
    "stress",
    "vmstat",
    "workload",
];

/// What is known of a run before its place is decided.
struct Clues {
    run: String,
    /// The two folders above the run, outermost first.
    above: Vec<String>,
    host: Option<String>,
    note: RunToml,
    problem: Option<Problem>,
}

/// Decides the place of each run; runs in the order of `dirs`, each with what is to be said of it.
pub fn places(root: &Path, dirs: &[PathBuf]) -> Vec<(Place, Vec<Problem>)> {
    let clues: Vec<Clues> = dirs.par_iter().map(|dir| Clues::of(root, dir)).collect();
    let verdicts: Vec<Option<Order>> = clues.iter().map(Clues::order).collect();
    let tree = Votes::count(&clues, &verdicts);
    let mut places: Vec<(Place, Vec<Problem>)> = clues
        .into_iter()
        .zip(verdicts)
        .zip(dirs)
        .map(|((clues, order), dir)| clues.decide(order, &tree, &printable_path(root, dir)))
        .collect();
    tell_duplicates_apart(root, dirs, &mut places);
    places
}

/// How two folders above a run are to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Order {
    MachineConfig,
    ConfigMachine,
}

/// What the runs with clear clues say about the others.
#[derive(Default)]
struct Votes {
    by_outer_folder: HashMap<String, Vec<Order>>,
    all: Vec<Order>,
}

impl Votes {
    fn count(clues: &[Clues], verdicts: &[Option<Order>]) -> Votes {
        let mut votes = Votes::default();
        for (clues, order) in clues.iter().zip(verdicts) {
            if let ([outer, _], Some(order)) = (clues.above.as_slice(), order) {
                votes.by_outer_folder.entry(outer.clone()).or_default().push(*order);
                votes.all.push(*order);
            }
        }
        votes
    }

    /// The order on which all clear runs in this outer folder agree, or all of the tree.
    fn for_folder(&self, outer: &str) -> Option<Order> {
        let unanimous = |orders: &Vec<Order>| {
            let first = *orders.first()?;
            orders.iter().all(|order| *order == first).then_some(first)
        };
        self.by_outer_folder.get(outer).and_then(unanimous).or_else(|| unanimous(&self.all))
    }
}

impl Clues {
    fn of(root: &Path, dir: &Path) -> Clues {
        let inside = dir.strip_prefix(root).unwrap_or(dir);
        let mut names: Vec<String> =
            inside.components().map(|part| printable(part.as_os_str())).collect();
        let run = names.pop().unwrap_or_else(|| {
            let whole = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
            whole.file_name().map_or("run".to_owned(), printable)
        });
        if names.ends_with(&OWN_FOLDERS.map(str::to_owned)) {
            names.truncate(names.len() - OWN_FOLDERS.len());
        }
        let above = names.split_off(names.len().saturating_sub(2));
        let (note, problem) = read_note(root, dir);
        Clues { run, above, host: host_name(dir), note, problem }
    }

    /// What the clues say about two folders, if they are clear.
    fn order(&self) -> Option<Order> {
        let [outer, inner] = self.above.as_slice() else { return None };
        let is_machine = |name: &String| {
            self.host.as_ref() == Some(name) || self.note.machine.as_ref() == Some(name)
        };
        let is_config =
            |name: &String| looks_like_config(name) || self.note.config.as_ref() == Some(name);
        match (is_machine(outer), is_machine(inner)) {
            (true, false) => return Some(Order::MachineConfig),
            (false, true) => return Some(Order::ConfigMachine),
            _ => {}
        }
        match (is_config(outer), is_config(inner)) {
            (false, true) => Some(Order::MachineConfig),
            (true, false) => Some(Order::ConfigMachine),
            _ => None,
        }
    }

    fn decide(self, order: Option<Order>, tree: &Votes, path: &str) -> (Place, Vec<Problem>) {
        let mut problems: Vec<Problem> = self.problem.into_iter().collect();
        let host = self.host.clone();
        let (machine, config, guess) = match self.above.as_slice() {
            [outer, inner] => {
                let decided = order.or_else(|| tree.for_folder(outer));
                let (machine, config) = match decided.unwrap_or(Order::MachineConfig) {
                    Order::MachineConfig => (outer, inner),
                    Order::ConfigMachine => (inner, outer),
                };
                let guess = decided.is_none().then(|| {
                    format!(
                        "taken for machine {machine:?} and config {config:?}, could be the reverse"
                    )
                });
                (Some(machine.clone()), Some(config.clone()), guess)
            }
            [folder] if host.as_ref() == Some(folder) => {
                (Some(folder.clone()), None, Some("no folder names the config".to_owned()))
            }
            [folder] => {
                let guess = (!looks_like_config(folder)).then(|| {
                    format!("folder {folder:?} taken for the config, could be the machine")
                });
                (host, Some(folder.clone()), guess)
            }
            _ => (host, None, Some("no folder names the config".to_owned())),
        };
        let told = self.note.machine.is_some() && self.note.config.is_some();
        if let Some(what) = guess.filter(|_| !told) {
            problems.push(Problem {
                severity: Severity::Note,
                path: path.to_owned(),
                line: None,
                what,
                remedy:
                    "if wrong, put a run.toml with machine = \"…\" and config = \"…\" into the run"
                        .to_owned(),
            });
        }
        let place = Place {
            machine: self.note.machine.or(machine).unwrap_or_else(|| UNNAMED_MACHINE.to_owned()),
            config: self.note.config.or(config).unwrap_or_else(|| UNNAMED_CONFIG.to_owned()),
            name: self.run,
        };
        (place, problems)
    }
}

fn looks_like_config(name: &str) -> bool {
    let first = name.split('-').next().unwrap_or(name);
    name.contains('-') && CONFIG_WORDS.contains(&first)
}

fn read_note(root: &Path, dir: &Path) -> (RunToml, Option<Problem>) {
    let path = dir.join("run.toml");
    let problem = |line, what| Problem {
        severity: Severity::Warning,
        path: printable_path(root, &path),
        line,
        what: format!("not valid: {what}"),
        remedy: "correct it, or remove it and let the folders name machine and config".into(),
    };
    let text = match small_text(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Default::default(),
        Err(error) => return (RunToml::default(), Some(problem(None, describe(&error)))),
    };
    match toml::from_str::<RunToml>(&text) {
        Ok(note) => (note.printable(), None),
        Err(error) => {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map(|before| 1 + before.matches('\n').count() as u64);
            (RunToml::default(), Some(problem(line, quote(error.message(), 200))))
        }
    }
}

impl RunToml {
    /// Names that can be shown; an empty one is none.
    fn printable(self) -> RunToml {
        let name = |name: Option<String>| {
            name.map(|name| printable(name.trim().as_ref())).filter(|name| !name.is_empty())
        };
        RunToml { machine: name(self.machine), config: name(self.config) }
    }
}

/// A file of a few lines. Opening a pipe would wait for a writer, and a huge file fill the memory.
fn small_text(path: &Path) -> io::Result<String> {
    const LARGEST: u64 = 64 << 10;
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(io::Error::other("no small file"));
    }
    let bytes = fs::read(path)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The second word of `kernel.version`, which is the output of `uname -a`.
fn host_name(dir: &Path) -> Option<String> {
    let mut iterations: Vec<PathBuf> = fs::read_dir(dir)
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("kernel.version"))
        .filter(|file| file.is_file())
        .collect();
    iterations.sort();
    let text = small_text(iterations.first()?).ok()?;
    let host = text.split_whitespace().nth(1)?;
    Some(printable(host.as_ref()))
}

/// Runs of the same place get a number, so that none hides another, and a line that says so.
fn tell_duplicates_apart(root: &Path, dirs: &[PathBuf], places: &mut [(Place, Vec<Problem>)]) {
    let mut taken: HashMap<Place, String> = HashMap::new();
    for ((place, problems), dir) in places.iter_mut().zip(dirs) {
        let path = printable_path(root, dir);
        if let Some(first) = taken.get(place).cloned() {
            place.name = free_name(place, &taken);
            problems.push(Problem {
                severity: Severity::Warning,
                path: path.clone(),
                line: None,
                what: format!(
                    "same machine, config and run as {first:?}; shown as {:?}",
                    place.name
                ),
                remedy: "rename or remove one of the two".to_owned(),
            });
        }
        taken.insert(place.clone(), path);
    }
}

/// The name of the place with the first number that is not taken.
fn free_name(place: &Place, taken: &HashMap<Place, String>) -> String {
    let mut numbered = place.clone();
    let mut number = 2_u64;
    loop {
        numbered.name = format!("{} ({number})", place.name);
        if !taken.contains_key(&numbered) {
            return numbered.name;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(runs: &[(&str, &str)]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let root = tempfile::tempdir().expect("a temporary folder");
        let dirs = runs.iter().map(|(path, host)| {
            let dir = root.path().join(path);
            fs::create_dir_all(dir.join("iter-0")).expect("writable");
            fs::write(dir.join("iter-0/kernel.version"), format!("Linux {host} 6.1"))
                .expect("writable");
            dir
        });
        let dirs = dirs.collect();
        (root, dirs)
    }

    fn found(runs: &[(&str, &str)]) -> Vec<(String, usize)> {
        let (root, dirs) = tree(runs);
        places(root.path(), &dirs)
            .into_iter()
            .map(|(p, problems)| (format!("{}|{}|{}", p.machine, p.config, p.name), problems.len()))
            .collect()
    }

    #[test]
    fn both_orders_of_folders_are_told_apart() {
        let places = found(&[
            ("ivor/network-tbench/6.1", "ivor"),
            ("network-tbench/ivy/6.1", "ivy"),
            ("tcg1/scheduler-pipes/6.1", "other"),
        ]);
        assert_eq!(
            places,
            [
                ("ivor|network-tbench|6.1".to_owned(), 0),
                ("ivy|network-tbench|6.1".to_owned(), 0),
                ("tcg1|scheduler-pipes|6.1".to_owned(), 0),
            ]
        );
    }

    #[test]
    fn the_rest_of_the_tree_decides_where_names_do_not() {
        let places = found(&[("a/db-x/6.1", "h"), ("a/strange/6.1", "h"), ("b/odd/6.1", "h")]);
        assert_eq!(places[1], ("a|strange|6.1".to_owned(), 0));
        assert_eq!(places[2], ("b|odd|6.1".to_owned(), 0));
    }

    #[test]
    fn guesses_are_reported() {
        assert_eq!(found(&[("x/y/6.1", "h")]), [("x|y|6.1".to_owned(), 1)]);
        assert_eq!(found(&[("6.1", "ivor")]), [("ivor|unnamed-config|6.1".to_owned(), 1)]);
        assert_eq!(found(&[("db-x/6.1", "ivor")]), [("ivor|db-x|6.1".to_owned(), 0)]);
    }

    #[test]
    fn folders_that_mmtests_always_makes_name_nothing() {
        let run = |above: &str| [above, OWN_FOLDERS[0], OWN_FOLDERS[1], "6.1"].join("/");
        let places = found(&[(&run("one"), "ivor"), (&run("db-x/ivy"), "ivy")]);
        assert_eq!(places[0].0, "ivor|one|6.1");
        assert_eq!(places[1].0, "ivy|db-x|6.1");
        assert_eq!(found(&[("work/log/6.1", "ivor")])[0].0, "ivor|unnamed-config|6.1");
    }

    #[test]
    fn a_note_in_the_run_decides() {
        let (root, dirs) = tree(&[("x/y/6.1", "h")]);
        fs::write(dirs[0].join("run.toml"), "machine = \"m\"\nconfig = \"c\"").expect("writable");
        let (place, problems) = places(root.path(), &dirs).remove(0);
        assert_eq!((place.machine.as_str(), place.config.as_str()), ("m", "c"));
        assert!(problems.is_empty());
    }

    #[test]
    fn duplicates_keep_their_data() {
        let places = found(&[("2024/ivor/db-x/6.1", "ivor"), ("2025/ivor/db-x/6.1", "ivor")]);
        assert_eq!(places[0], ("ivor|db-x|6.1".to_owned(), 0));
        assert_eq!(places[1], ("ivor|db-x|6.1 (2)".to_owned(), 1));
    }
}
