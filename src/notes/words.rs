//! Own words on a page: Markdown files that stand beside the results, one for each page.
//!
//! `RESULTS/words/front.md` is for the front page, `words/machines/ivor.md` for the page of a machine,
//! and so on; a file is named after what it is about.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::file::{problem, shown, text};
use crate::model::Problem;

/// Name of the folder in that of the results.
pub const FOLDER: &str = "words";
/// The file for the front page.
const FRONT: &str = "front.md";

/// What words can be about. Each kind has a folder, the front page has a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// The whole.
    Front,
    /// A kernel, by the name of its runs.
    Kernel,
    /// A machine.
    Machine,
    /// A config, on all machines.
    Config,
    /// A benchmark, on all machines.
    Benchmark,
}

impl About {
    /// Those that have a folder.
    const FOLDERS: [About; 4] = [About::Kernel, About::Machine, About::Config, About::Benchmark];

    /// What one of them is called.
    pub fn noun(self) -> &'static str {
        match self {
            About::Front => "front page",
            About::Kernel => "kernel",
            About::Machine => "machine",
            About::Config => "config",
            About::Benchmark => "benchmark",
        }
    }
}

/// All words of a folder, and what could not be read of them.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Markdown, by what it is about.
    pub texts: BTreeMap<(About, String), String>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

impl Words {
    /// Reads a folder; one that is not there holds no words.
    pub fn read(folder: &Path) -> Words {
        let mut words = Words::default();
        words.add(About::Front, "", &folder.join(FRONT));
        for about in About::FOLDERS {
            for path in words.files(&folder.join(format!("{}s", about.noun()))) {
                match path.file_stem().and_then(|stem| stem.to_str()) {
                    Some(name) => words.add(about, name, &path),
                    None => words.complain(&path, "its name is not UTF-8".to_owned()),
                }
            }
        }
        words
    }

    /// What is said about something.
    pub fn on(&self, about: About, name: &str) -> Option<&str> {
        self.texts.get(&(about, name.to_owned())).map(String::as_str)
    }

    /// Complains about files that are about something that is not `known`: they are on no page.
    pub fn astray(&self, known: impl Fn(About, &str) -> bool) -> Vec<Problem> {
        let strangers = self
            .texts
            .keys()
            .filter(|(about, name)| *about != About::Front && !known(*about, name));
        let complain = |(about, name): &(About, String)| {
            let noun = about.noun();
            problem(
                &format!("{noun}s/{name}.md"),
                None,
                format!("is on no page: these results have no {noun} {name:?}"),
                "name the file as the pages name what it is about, with .md behind it",
            )
        };
        strangers.map(complain).collect()
    }

    fn files(&mut self, folder: &Path) -> Vec<PathBuf> {
        super::paths(folder).unwrap_or_else(|error| {
            self.complain(folder, error.to_string());
            Vec::new()
        })
    }

    fn add(&mut self, about: About, name: &str, path: &Path) {
        match text(path) {
            Ok(Some(text)) => drop(self.texts.insert((about, name.to_owned()), text)),
            Ok(None) => {}
            Err(what) => self.complain(path, what),
        }
    }

    fn complain(&mut self, path: &Path, what: String) {
        let what = format!("words for a page cannot be read: {what}");
        let remedy = "make it a readable text file in UTF-8, or remove it";
        self.problems.push(problem(&shown(path), None, what, remedy));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_about_what_it_is_named_after() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let write = |name: &str, text: &[u8]| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap_or(dir.path()))?;
            fs::write(path, text)
        };
        write("front.md", b"hello")?;
        write("kernels/6.12.1.md", b"*bad*")?;
        write("machines/ivor.md", b"in rack 3")?;
        write("machines/ivy.md", b"\xff")?;
        write("machines/.ivor.md.swp", b"x")?;
        fs::create_dir(dir.path().join("machines/ivan.md"))?;
        std::os::unix::fs::symlink("nowhere", dir.path().join("machines/ivo.md"))?;
        let words = Words::read(dir.path());
        assert_eq!(words.on(About::Front, ""), Some("hello"));
        assert_eq!(words.on(About::Kernel, "6.12.1"), Some("*bad*"));
        assert_eq!(words.on(About::Config, "6.12.1"), None);
        let told: Vec<&str> = words.problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(told.len(), 3, "{:?}", words.problems);
        for (told, name) in told.iter().zip(["ivan.md", "ivo.md", "ivy.md"]) {
            assert!(told.ends_with(name), "{told}");
        }
        let astray = words.astray(|about, name| (about, name) == (About::Machine, "ivor"));
        assert!(astray.len() == 1 && astray[0].what.contains("no kernel \"6.12.1\""), "{astray:?}");
        assert!(Words::read(&dir.path().join("none")).texts.is_empty());
        Ok(())
    }
}
