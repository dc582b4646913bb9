//! One file of notes: reading it, and adding to it.

use std::fs::{self, File};
use std::io::ErrorKind::NotFound;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::{AlertNotes, Entry, MAX_BYTES, NoteError, State, Subject, is_date};
use crate::model::{Problem, Severity};

/// Stands before and after the front matter.
const FENCE: &str = "+++";
/// Starts an entry.
const HEAD: &str = "## ";
/// Between date, state and author.
const BETWEEN: &str = " · ";

/// Reads a file. Absent if it does not say which alert it is about; entries that cannot be understood
/// are left out. Either is said in `problems`.
pub fn read(path: &Path, problems: &mut Vec<Problem>) -> Option<AlertNotes> {
    let shown = shown(path);
    let text = match text(path) {
        Ok(Some(text)) => text,
        Ok(None) => return None,
        Err(what) => {
            let what = format!("cannot be read: {what}");
            let remedy = "make it a readable text file in UTF-8, or remove it";
            problems.push(problem(&shown, None, what, remedy));
            return None;
        }
    };
    let (matter, first_line, body) = match split(&text) {
        Ok(parts) => parts,
        Err(what) => {
            let remedy = "start it with the front matter, as melbot alerts note writes it";
            problems.push(problem(&shown, Some(1), what.to_owned(), remedy));
            return None;
        }
    };
    let subject: Subject = match toml::from_str(matter) {
        Ok(subject) => subject,
        Err(error) => {
            let before = error.span().and_then(|span| matter.get(..span.start));
            let line = before.map_or(2, |before| 2 + before.matches('\n').count() as u64);
            let what = format!("front matter is not valid: {}", error.message());
            problems.push(problem(&shown, Some(line), what, "correct it: it must be TOML"));
            return None;
        }
    };
    let entries = entries(body, first_line, &shown, problems);
    Some(AlertNotes { subject, entries })
}

/// The front matter, the number of the line at which the rest starts, and the rest.
fn split(text: &str) -> Result<(&str, u64, &str), &'static str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().unwrap_or("");
    if first.trim_end() != FENCE {
        return Err("has no front matter: its first line is not +++");
    }
    let (mut at, mut number) = (first.len(), 1);
    for line in lines {
        number += 1;
        if line.trim_end() == FENCE {
            return Ok((&text[first.len()..at], number + 1, &text[at + line.len()..]));
        }
        at += line.len();
    }
    Err("has no end of its front matter: there is no second line +++")
}

fn entries(body: &str, first_line: u64, shown: &str, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    // Text below a head that was not understood belongs to no entry.
    let mut open = false;
    for (number, line) in (first_line..).zip(body.lines()) {
        match head(line) {
            Head::Good(entry) => {
                entries.push(entry);
                open = true;
            }
            Head::Bad(what) => {
                let remedy = "write it as ## DATE · STATE · AUTHOR; states are new, acknowledged, \
                              explained, fixed and false-alarm";
                problems.push(problem(shown, Some(number), what, remedy));
                open = false;
            }
            Head::None => {
                if let Some(entry) = entries.last_mut().filter(|_| open) {
                    // What is meant for a terminal is no part of a reason.
                    let shown = |c: &char| *c == '\t' || !c.is_control();
                    entry.reason.extend(unescaped(line).chars().filter(shown));
                    entry.reason.push('\n');
                }
            }
        }
    }
    for entry in &mut entries {
        entry.reason = entry.reason.trim().to_owned();
    }
    entries
}

enum Head {
    Good(Entry),
    /// Looks like one, but cannot be understood.
    Bad(String),
    None,
}

fn head(line: &str) -> Head {
    let Some(rest) = line.strip_prefix(HEAD) else { return Head::None };
    let mut parts = rest.splitn(3, BETWEEN).map(str::trim);
    let (Some(date), Some(state)) = (parts.next(), parts.next()) else { return Head::None };
    let author = parts.next().unwrap_or("").to_owned();
    match (is_date(date), State::from_word(state)) {
        (true, Some(state)) => {
            let (date, reason) = (date.to_owned(), String::new());
            Head::Good(Entry { date, state, author, reason })
        }
        (false, _) => Head::Bad(format!("entry left out: {date:?} is no date")),
        (true, None) => Head::Bad(format!("entry left out: {state:?} is no state")),
    }
}

/// A line of a reason that would be taken for a head is written with a backslash, which Markdown
/// shows as the bare sign.
fn escaped(line: &str) -> String {
    match head(line.trim_start_matches('\\')) {
        Head::None => line.to_owned(),
        _ => format!("\\{line}"),
    }
}

fn unescaped(line: &str) -> &str {
    match line.strip_prefix('\\') {
        Some(rest) if !matches!(head(rest.trim_start_matches('\\')), Head::None) => rest,
        _ => line,
    }
}

/// Adds an entry to the file of an alert, which is made where there is none.
pub fn append(folder: &Path, subject: &Subject, entry: &Entry) -> Result<PathBuf, NoteError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if subject.id.is_empty() || subject.id.len() > 64 || !subject.id.bytes().all(allowed) {
        return Err(NoteError::Name(subject.id.clone()));
    }
    if !is_date(&entry.date) {
        return Err(NoteError::Date(entry.date.clone()));
    }
    fs::create_dir_all(folder).map_err(NoteError::io(folder))?;
    // Two people at once must not lose each other's words; the lock goes with the open folder.
    let lock = File::open(folder).map_err(NoteError::io(folder))?;
    lock.lock().map_err(NoteError::io(folder))?;
    let path = known_file(folder, &subject.id)
        .unwrap_or_else(|| folder.join(format!("{}.md", subject.id)));
    let mut text = if path.exists() { existing(&path)? } else { new_file(subject) };
    text.truncate(text.trim_end().len());
    text += &format!(
        "\n\n{HEAD}{}{BETWEEN}{}{BETWEEN}{}\n",
        entry.date,
        entry.state.word(),
        one_line(&entry.author)
    );
    if !entry.reason.trim().is_empty() {
        text.push('\n');
        for line in entry.reason.trim().lines() {
            text += &escaped(line);
            text.push('\n');
        }
    }
    replace(&path, text.as_bytes())?;
    Ok(path)
}

/// The file that says it is about this alert, whatever its name.
fn known_file(folder: &Path, id: &str) -> Option<PathBuf> {
    let is_about =
        |path: &PathBuf| read(path, &mut Vec::new()).is_some_and(|notes| notes.subject.id == id);
    super::paths(folder).ok()?.into_iter().find(is_about)
}

/// What is in a file, if it can be understood so far that nothing is lost by adding to it.
fn existing(path: &Path) -> Result<String, NoteError> {
    let mut problems = Vec::new();
    if read(path, &mut problems).is_some() {
        return fs::read_to_string(path).map_err(NoteError::io(path));
    }
    let first = problems.into_iter().next();
    let (line, what, remedy) = first.map_or_else(Default::default, |p| (p.line, p.what, p.remedy));
    let line = line.map_or(String::new(), |line| format!(":{line}"));
    Err(NoteError::Damaged { what: format!("{}{line}: {what}", path.display()), remedy })
}

fn new_file(subject: &Subject) -> String {
    let matter = toml::to_string(subject).unwrap_or_default();
    format!("{FENCE}\n{matter}{FENCE}\n")
}

fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.trim().to_owned()
}

/// Writes beside the place and renames: whoever reads sees the old file or the new one.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), NoteError> {
    let unfinished = path.with_extension(format!("md.{}.unfinished", std::process::id()));
    let written = File::create(&unfinished).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    });
    written.map_err(|error| {
        // What is left of the attempt is of no use; that it cannot be removed is no second error.
        let _ = fs::remove_file(&unfinished);
        NoteError::io(path)(error)
    })
}

/// The text of a file; nothing if there is none.
pub fn text(path: &Path) -> Result<Option<String>, String> {
    match fs::metadata(path) {
        // Opened, a pipe would be waited for.
        Ok(metadata) if !metadata.is_file() => return Err("it is no file".to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == NotFound && fs::symlink_metadata(path).is_err() => {
            return Ok(None);
        }
        Err(error) => return Err(error.to_string()),
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    match text.len() as u64 > MAX_BYTES {
        true => Err(format!("it has more than {MAX_BYTES} bytes")),
        false => Ok(Some(text)),
    }
}

/// `alerts/k3v9x2ma.md`: the path from the folder of the results on.
pub fn shown(path: &Path) -> String {
    let mut parts: Vec<String> = path
        .components()
        .rev()
        .take(if path.extension().is_some() { 2 } else { 1 })
        .map(|part| {
            part.as_os_str().to_string_lossy().chars().filter(|c| !c.is_control()).collect()
        })
        .collect();
    parts.reverse();
    parts.join("/")
}

/// A problem that loses what somebody wrote.
pub fn problem(path: &str, line: Option<u64>, what: String, remedy: &str) -> Problem {
    Problem {
        severity: Severity::Warning,
        path: path.to_owned(),
        line,
        what,
        remedy: remedy.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        Subject {
            id: "k3v9x2ma".to_owned(),
            machine: "ivor \"the\" box".to_owned(),
            config: "network".to_owned(),
            benchmark: "netperf-udp".to_owned(),
            direction: "regression".to_owned(),
            last_good: "6.8".to_owned(),
            first_bad: "6.9".to_owned(),
        }
    }

    fn entry(state: State, reason: &str) -> Entry {
        Entry {
            date: "2026-11-24".to_owned(),
            state,
            author: "Jane · Doe <jane@example.org>".to_owned(),
            reason: reason.to_owned(),
        }
    }

    fn notes_of(folder: &Path) -> super::super::Notes {
        super::super::Notes::read(folder)
    }

    #[test]
    fn what_was_written_is_read_again() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let folder = dir.path().join("alerts");
        let reasons = [
            "",
            "plain",
            "two\n\nparagraphs\n## a heading",
            "## 2026-01-01 · new · a trap\nand text",
            "\\## 2026-01-01 · new · an escaped trap",
            "+++",
        ];
        for reason in reasons {
            append(&folder, &subject(), &entry(State::Explained, reason)).expect("writable");
        }
        let notes = notes_of(&folder);
        assert!(notes.problems.is_empty(), "{:?}", notes.problems);
        let alert = notes.of("k3v9x2ma").expect("it was written");
        assert_eq!(alert.subject, subject());
        let read: Vec<&str> = alert.entries.iter().map(|entry| entry.reason.as_str()).collect();
        assert_eq!(read, reasons);
        assert_eq!(alert.entries[0].author, "Jane · Doe <jane@example.org>");
        assert_eq!(alert.state(), State::Explained);
        let left: Vec<_> = fs::read_dir(&folder).expect("it is there").collect();
        assert_eq!(left.len(), 1, "no unfinished file is left");
    }

    #[test]
    fn damage_is_reported_with_its_line_and_loses_nothing_else() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let folder = dir.path().to_owned();
        append(&folder, &subject(), &entry(State::Fixed, "good")).expect("writable");
        let path = folder.join("k3v9x2ma.md");
        let mut text = fs::read_to_string(&path).expect("just written");
        text += "\n## 2026-11-25 · sleeping · somebody\n\nlost\n\n## 2026-11-26 · new · me\n";
        fs::write(&path, &text).expect("writable");
        for (name, content) in [
            ("no-matter.md", &b"hello\n"[..]),
            ("open.md", b"+++\nid = \"x\"\n"),
            ("no-toml.md", b"+++\nid = \"x\"\nmachine\n+++\n"),
            ("bytes.md", b"\xff\xfe"),
            ("empty.md", b""),
            ("README.txt", b"no notes"),
        ] {
            fs::write(folder.join(name), content).expect("writable");
        }
        let notes = notes_of(&folder);
        let lines: Vec<(&str, Option<u64>)> = notes
            .problems
            .iter()
            .map(|p| (p.path.rsplit('/').next().unwrap_or(""), p.line))
            .collect();
        let expected = [
            ("bytes.md", None),
            ("empty.md", Some(1)),
            ("k3v9x2ma.md", Some(15)),
            ("no-matter.md", Some(1)),
            ("no-toml.md", Some(3)),
            ("open.md", Some(1)),
        ];
        assert_eq!(lines, expected);
        let alert = notes.of("k3v9x2ma").expect("the rest of it is good");
        let states: Vec<State> = alert.entries.iter().map(|entry| entry.state).collect();
        assert_eq!(states, [State::Fixed, State::New]);
        // An entry that is not understood is kept when another is added.
        append(&folder, &subject(), &entry(State::Explained, "more")).expect("writable");
        assert!(fs::read_to_string(&path).expect("there").contains("sleeping"));
    }

    #[test]
    fn nothing_is_added_to_what_cannot_be_read_again() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("k3v9x2ma.md");
        fs::write(&path, "somebody's own text\n").expect("writable");
        let error = append(dir.path(), &subject(), &entry(State::New, "")).expect_err("refused");
        assert!(error.to_string().contains(":1: "), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("there"), "somebody's own text\n");
    }

    #[test]
    fn many_at_once_are_all_heard() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::thread::scope(|scope| {
            for at in 0..8 {
                let folder = dir.path();
                scope.spawn(move || {
                    let said = entry(State::Acknowledged, &format!("word {at}"));
                    append(folder, &subject(), &said).expect("writable");
                });
            }
        });
        let notes = notes_of(dir.path());
        assert_eq!(notes.of("k3v9x2ma").map(|alert| alert.entries.len()), Some(8));
    }

    #[test]
    fn a_name_cannot_leave_the_folder() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for id in ["", "../x", "a/b", "A", "x y"] {
            let subject = Subject { id: id.to_owned(), ..subject() };
            assert!(append(dir.path(), &subject, &entry(State::New, "")).is_err(), "{id:?}");
        }
    }
}
