//! The logs of one benchmark in one iteration: which there are, and their decompressed text.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;

use super::discover::describe;
use super::printable::printable;
use crate::model::{Problem, Severity, natural_cmp};

/// A log may not decompress to more than this, or it is taken for a decompression bomb.
pub const MAX_LOG_BYTES: u64 = 256 << 20;
/// More memory than this is not given to a decompressor; `xz -9` needs 65 MiB.
const MAX_XZ_MEMORY: u64 = 256 << 20;

thread_local! {
    static REFUSALS: Cell<u64> = const { Cell::new(0) };
}

/// How often the system has refused this thread a file or folder that had been seen: it may be there
/// again at the next look (too many open files, a network share, a run that somebody moves). What was
/// read meanwhile is not all that there is, and must not be kept for it.
pub fn refusals() -> u64 {
    REFUSALS.get()
}

/// Counts a refusal.
pub(super) fn refused() {
    REFUSALS.set(REFUSALS.get() + 1);
}

/// How a log is compressed; told by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Packing {
    Plain,
    Gzip,
    Xz,
    Zstd,
}

impl Packing {
    /// Splits `name.gz` into (`name`, gzip).
    fn split(name: &str) -> (&str, Packing) {
        [(".gz", Packing::Gzip), (".xz", Packing::Xz), (".zst", Packing::Zstd)]
            .into_iter()
            .find_map(|(end, packing)| Some((name.strip_suffix(end)?, packing)))
            .unwrap_or((name, Packing::Plain))
    }
}

/// One log of a folder, under its printable name without `.gz`, `.xz` or `.zst`.
#[derive(Clone, Debug)]
struct Entry {
    name: String,
    packing: Packing,
    file: OsString,
}

/// The files of one folder, by their names without the ending of the compressor, in natural order.
///
/// Where a log exists both plain and compressed, the plain one is read: compressors remove the
/// original only after they have finished, so a pair means that the compressed one is incomplete.
#[derive(Clone, Debug)]
pub struct Logs {
    dir: PathBuf,
    /// The open folder: names are looked up in it, not by their whole paths.
    folder: Arc<File>,
    shown: String,
    entries: Arc<[Entry]>,
}

/// The text of one log.
#[derive(Debug)]
pub struct Text {
    path: String,
    content: String,
}

thread_local! {
    /// The memory of the last text that was dropped. Logs come by the thousand, and memory fresh
    /// from the system costs as much as what is then read into it.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Memory that is kept for the next text is at most this.
const MAX_SPARE: usize = 64 << 20;

impl Drop for Text {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.content).into_bytes();
        let kept = SPARE.take();
        if bytes.capacity() > kept.capacity() && bytes.capacity() <= MAX_SPARE {
            bytes.clear();
            SPARE.set(bytes);
        } else {
            SPARE.set(kept);
        }
    }
}

impl Text {
    /// Makes a text from memory; `path` is what problems name.
    pub fn new(path: impl Into<String>, bytes: Vec<u8>) -> Text {
        Text { path: path.into(), content: without_garbage(bytes) }
    }

    /// The path of the log relative to the results folder, printable.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text; each byte that is no UTF-8 is replaced by a question mark.
    pub fn as_str(&self) -> &str {
        &self.content
    }

    /// Takes a last line that does not end off the text, with its number.
    pub fn cut_unended(&mut self) -> Option<(u64, String)> {
        let start = memchr::memrchr(b'\n', self.content.as_bytes()).map_or(0, |end| end + 1);
        let cut = self.content.split_off(start);
        let line = || 1 + memchr::memchr_iter(b'\n', self.content.as_bytes()).count() as u64;
        (!cut.trim().is_empty()).then(|| (line(), cut))
    }

    /// Lines with their numbers, from 1, as [`str::lines`] has them; that takes twice as long, for it looks
    /// for ends of lines byte by byte.
    #[inline]
    pub fn lines(&self) -> impl Iterator<Item = (u64, &str)> {
        let (mut at, mut number) = (0, 0);
        std::iter::from_fn(move || {
            let rest = self.content.get(at..).filter(|rest| !rest.is_empty())?;
            let end = memchr::memchr(b'\n', rest.as_bytes());
            // No byte of another character looks like an end of a line.
            let line = rest.get(..end.unwrap_or(rest.len()))?;
            at += line.len() + 1;
            number += 1;
            let returned = end.is_some() && line.as_bytes().last() == Some(&b'\r');
            Some((number, line.get(..line.len() - usize::from(returned))?))
        })
    }

    /// Lines that contain `needle`, with their numbers; much faster than looking at every line.
    pub fn lines_with<'t>(&'t self, needle: &'t str) -> impl Iterator<Item = (u64, &'t str)> {
        let bytes = self.content.as_bytes();
        let finder = memchr::memmem::Finder::new(needle);
        // `at` is always the start of a line, and `line` its number. Lines that hold the needle often
        // follow each other and look the same: `column` is where it stood in the last one.
        let (mut at, mut line, mut column) = (0, 1, None);
        std::iter::from_fn(move || {
            let rest = bytes.get(at..)?;
            let same = column.and_then(|column| end_of_same(rest, column, needle.as_bytes()));
            let (start, end, number) = match same {
                Some(length) => (at, at + length, line),
                None => {
                    let hit = finder.find(rest)?;
                    let (before, after) = rest.split_at(hit);
                    let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
                    column = Some(hit - start);
                    let end = at + hit + memchr::memchr(b'\n', after).unwrap_or(after.len());
                    let number = line + memchr::memchr_iter(b'\n', before).count() as u64;
                    (at + start, end, number)
                }
            };
            (at, line) = (end + 1, number + 1);
            // As in `lines`, a carriage return that ends no line is a part of it.
            let returned = end > start && bytes[end - 1] == b'\r' && end < bytes.len();
            Some((number, self.content.get(start..end - usize::from(returned))?))
        })
    }
}

/// The length of the first line, if it holds the needle in this column.
fn end_of_same(text: &[u8], column: usize, needle: &[u8]) -> Option<usize> {
    let (before, hit) = text.split_at_checked(column)?;
    let after = hit.strip_prefix(needle)?;
    // The needle holds no end of a line.
    memchr::memchr(b'\n', before).is_none().then_some(())?;
    Some(text.len() - after.len() + memchr::memchr(b'\n', after).unwrap_or(after.len()))
}

/// The bytes as text, in place: 256 MiB of garbage must not become three times as much.
fn without_garbage(bytes: Vec<u8>) -> String {
    let (mut bytes, mut at) = match String::from_utf8(bytes) {
        Ok(text) => return text,
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            (error.into_bytes(), at)
        }
    };
    while let Err(error) = str::from_utf8(&bytes[at..]) {
        let start = at + error.valid_up_to();
        at = error.error_len().map_or(bytes.len(), |length| start + length);
        bytes[start..at].fill(b'?');
    }
    // All that was no UTF-8 has been replaced.
    String::from_utf8(bytes).unwrap_or_default()
}

impl Logs {
    /// Lists a folder that is there. `shown` is its path relative to the results folder, as people
    /// see it.
    pub fn open(dir: &Path, shown: impl Into<String>) -> io::Result<Logs> {
        Logs::list(dir, shown.into()).inspect_err(|_| refused())
    }

    fn list(dir: &Path, shown: String) -> io::Result<Logs> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = File::from(openat(CWD, dir, flags, Mode::empty())?);
        let mut entries = Vec::new();
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            let file = OsStr::from_bytes(entry.file_name().to_bytes());
            if file == "." || file == ".." {
                continue;
            }
            let shown = printable(file);
            let (name, packing) = Packing::split(&shown);
            let name = name.to_owned();
            entries.push(Entry { name, packing, file: file.to_owned() });
        }
        entries.sort_by(|a, b| {
            natural_cmp(&a.name, &b.name).then(a.packing.cmp(&b.packing)).then(a.file.cmp(&b.file))
        });
        entries.dedup_by(|later, first| later.name == first.name);
        Ok(Logs { dir: dir.to_owned(), folder: folder.into(), shown, entries: entries.into() })
    }

    /// A folder in this one, if there is one with this name and it can be listed.
    pub fn folder(&self, name: &str) -> Option<Logs> {
        let dir = self.dir.join(&self.find(name)?.file);
        if !dir.is_dir() {
            return None;
        }
        Logs::open(
            &dir,
            if self.shown.is_empty() { name.to_owned() } else { format!("{}/{name}", self.shown) },
        )
        .ok()
    }

    /// The folder's path relative to the results folder, printable.
    pub fn path(&self) -> &str {
        &self.shown
    }

    /// Printable names of all logs without the ending of the compressor, in natural order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// Logs whose name has this start and end, each with what stands between.
    pub fn between<'s>(
        &'s self,
        start: &'s str,
        end: &'s str,
    ) -> impl Iterator<Item = (&'s str, &'s str)> {
        self.names()
            .filter_map(move |name| Some((name, name.strip_prefix(start)?.strip_suffix(end)?)))
    }

    /// `true` if there is a log with this name, compressed or not.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn find(&self, name: &str) -> Option<&Entry> {
        self.entries
            .binary_search_by(|entry| natural_cmp(&entry.name, name))
            .ok()
            .map(|at| &self.entries[at])
    }

    /// Reads a log, decompressing it. `None` if there is none with this name.
    ///
    /// What was readable of a damaged log is returned beside the problem; a line cut in its middle
    /// by the damage is left out, lest half a number be taken for a whole one.
    pub fn read(&self, name: &str) -> Option<(Text, Option<Problem>)> {
        self.read_start(name, MAX_LOG_BYTES)
    }

    /// As [`Logs::read`], at most so many bytes.
    pub fn read_start(&self, name: &str, limit: u64) -> Option<(Text, Option<Problem>)> {
        let entry = self.find(name)?;
        let file = printable(&entry.file);
        let path = if self.shown.is_empty() { file } else { format!("{}/{file}", self.shown) };
        let mut bytes = SPARE.take();
        let problem =
            match read_capped((&self.folder, &entry.file), entry.packing, limit, &mut bytes) {
                Ok(()) => None,
                Err(damage) => {
                    if let Damage::Io(error) = &damage
                        && error.raw_os_error().is_some()
                    {
                        refused();
                    }
                    bytes.truncate(memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1));
                    Some(damage.problem(&path, bytes.is_empty()))
                }
            };
        Some((Text::new(path, bytes), problem))
    }
}

/// Why a log could not be read to its end.
enum Damage {
    NotAFile,
    LargerThan(u64),
    Io(io::Error),
}

impl Damage {
    fn problem(&self, path: &str, nothing_left: bool) -> Problem {
        let (what, remedy) = match self {
            Damage::NotAFile => (
                "not a regular file".to_owned(),
                "remove it, or put the log itself in its place".to_owned(),
            ),
            Damage::LargerThan(limit) => (
                format!("larger than {} MiB when decompressed, the rest was not read", limit >> 20),
                "check whether this is a log at all; if it is, split it".to_owned(),
            ),
            Damage::Io(error) if error.kind() == io::ErrorKind::NotFound => (
                "a link that leads nowhere".to_owned(),
                "copy the log itself from the test machine, or remove the link".to_owned(),
            ),
            Damage::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => (
                "permission denied".to_owned(),
                "make the file readable for the user who runs melbot".to_owned(),
            ),
            Damage::Io(error) => (
                format!("damaged: {}", describe(error)),
                "copy the file again from the test machine, or repeat the run".to_owned(),
            ),
        };
        let severity = if nothing_left { Severity::Error } else { Severity::Warning };
        Problem { severity, path: path.to_owned(), line: None, what, remedy }
    }
}

/// Appends the decompressed content of a file, at most `limit` bytes of it.
fn read_capped(
    (folder, name): (&File, &OsStr),
    packing: Packing,
    limit: u64,
    into: &mut Vec<u8>,
) -> Result<(), Damage> {
    // Without NONBLOCK, opening a pipe would wait for a writer.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = openat(folder, name, flags, Mode::empty());
    let mut file = File::from(opened.map_err(|error| match error {
        // What opening a socket says.
        Errno::NXIO => Damage::NotAFile,
        error => Damage::Io(error.into()),
    })?);
    let status = fstat(&file).map_err(|error| Damage::Io(error.into()))?;
    if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
        return Err(Damage::NotAFile);
    }
    match packing {
        Packing::Plain => read_plain(&mut file, status.st_size as u64, limit, into),
        // A file may hold several members, one after the other; all three readers go through them.
        Packing::Gzip => copy_capped(&mut flate2::read::MultiGzDecoder::new(file), limit, into),
        Packing::Xz => {
            let stream = xz_decoder().map_err(|error| Damage::Io(error.into()))?;
            copy_capped(&mut liblzma::read::XzDecoder::new_stream(file, stream), limit, into)
        }
        Packing::Zstd => {
            let mut reader = zstd::stream::read::Decoder::new(file).map_err(Damage::Io)?;
            copy_capped(&mut reader, limit, into)
        }
    }
}

/// Appends the content of a file of this size. One that has just this size is read by one call: a
/// second one, to see that there is no more, would cost as much as the first.
fn read_plain(file: &mut File, size: u64, limit: u64, into: &mut Vec<u8>) -> Result<(), Damage> {
    if size == 0 || size > limit {
        return copy_capped(file, limit, into);
    }
    let size = size as usize;
    into.reserve(size);
    match rustix::io::read(&*file, rustix::buffer::spare_capacity(into)) {
        Ok(read) if read == size => Ok(()),
        _ => copy_capped(file, limit, into),
    }
}

/// A header of a few bytes may ask for a dictionary of 4 GiB.
fn xz_decoder() -> Result<liblzma::stream::Stream, liblzma::stream::Error> {
    liblzma::stream::Stream::new_stream_decoder(MAX_XZ_MEMORY, liblzma::stream::CONCATENATED)
}

/// Appends what a reader gives, until there are `limit` bytes.
fn copy_capped(reader: &mut impl Read, limit: u64, into: &mut Vec<u8>) -> Result<(), Damage> {
    reader
        .take((limit + 1).saturating_sub(into.len() as u64))
        .read_to_end(into)
        .map_err(Damage::Io)?;
    if into.len() as u64 > limit {
        into.truncate(limit as usize);
        return Err(Damage::LargerThan(limit));
    }
    Ok(())
}
