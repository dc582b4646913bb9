//! `melbot import`: results of other tools.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use walkdir::WalkDir;

use super::{Ending, print, warn};
use crate::import::table::{Defaults, Form};
use crate::import::{Found, How, Wishes, lkp, phoronix, table, write};

/// A file of results is at most so large.
const MAX_BYTES: u64 = 256 << 20;

/// Bring results of LKP, the Phoronix Test Suite or a plain table into a folder of results
///
/// They are laid down as runs, which all other verbs read beside those of MMTests. docs/IMPORT.md tells
/// what becomes of what.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot import /result/will-it-scale -o results\n  \
    melbot import ~/.phoronix-test-suite/test-results/zstd --machine ivor -o results\n  \
    melbot import samples.csv -o results --dry-run\n  \
    melbot extract work/log --format csv | melbot import - --format csv -o results")]
pub struct Import {
    /// Files (stats.json, matrix.json, composite.xml, a table), folders that hold such, or - for standard
    /// input
    #[arg(required = true)]
    sources: Vec<PathBuf>,
    /// Folder of results to add them to; made if there is none
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// What the files are [default: told by their names]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Name of the machine, where the files do not name it
    #[arg(long, value_name = "NAME")]
    machine: Option<String>,
    /// Name of what was run there, where the files do not name it
    #[arg(long, value_name = "NAME")]
    config: Option<String>,
    /// Name of the run, such as its kernel, where the files do not name it
    #[arg(long, value_name = "NAME")]
    run: Option<String>,
    /// Of operations whose names start like this, less is better; may be given more than once
    #[arg(long, value_name = "START")]
    lower: Vec<String>,
    /// Of operations whose names start like this, more is better; may be given more than once
    #[arg(long, value_name = "START")]
    higher: Vec<String>,
    /// Only say what would be written
    #[arg(long)]
    dry_run: bool,
    /// Write over what was imported before
    #[arg(long)]
    replace: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// stats.json or matrix.json of LKP
    Lkp,
    /// composite.xml of the Phoronix Test Suite
    Phoronix,
    /// Comma-separated values with a header
    Csv,
    /// Tab-separated values with a header
    Tsv,
    /// One JSON object a line
    Json,
}

impl Format {
    fn of(path: &Path) -> Option<Format> {
        let name = path.file_name()?.to_str()?;
        let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
        match (name, end) {
            ("stats.json" | "matrix.json", _) => Some(Format::Lkp),
            ("composite.xml", _) => Some(Format::Phoronix),
            (_, "csv") => Some(Format::Csv),
            (_, "tsv") => Some(Format::Tsv),
            (_, "json" | "jsonl" | "ndjson") => Some(Format::Json),
            _ => None,
        }
    }

    fn tool(self) -> &'static str {
        match self {
            Format::Lkp => "LKP",
            Format::Phoronix => "Phoronix Test Suite",
            Format::Csv | Format::Tsv | Format::Json => "table",
        }
    }
}

impl Import {
    pub(super) fn run(self) -> anyhow::Result<Ending> {
        let mut files: Vec<(PathBuf, Format)> = Vec::new();
        for source in &self.sources {
            self.look_at(source, &mut files)?;
        }
        let mut all: Vec<(Format, Found)> = Vec::new();
        let mut lost = false;
        for (path, format) in &files {
            match self.read(path, *format) {
                Ok(found) => {
                    for what in &found.left_out {
                        warn(&format!("{}: left out: {what}", path.display()));
                    }
                    match all.iter_mut().find(|(known, _)| known == format) {
                        Some((_, known)) => known.append(found),
                        None => all.push((*format, found)),
                    }
                }
                Err(what) => {
                    lost = true;
                    warn(&format!("{}: {what}", path.display()));
                }
            }
        }
        let how = How {
            wishes: Wishes { lower: self.lower.clone(), higher: self.higher.clone() },
            dry_run: self.dry_run,
            replace: self.replace,
        };
        let (mut runs, mut count, mut samples, mut kept) = (0, 0, 0, 0);
        for (format, found) in &all {
            let written = write(&self.output, &found.runs, format.tool(), &how)?;
            if !written.unsure.is_empty() {
                let names: Vec<&str> = written.unsure.iter().take(5).map(String::as_str).collect();
                warn(&format!(
                    "nothing tells which way is better for {} of the operations, such as {}: more was taken \
                     for better; say --lower START where it is not",
                    written.unsure.len(),
                    names.join(", ")
                ));
            }
            if self.dry_run {
                for file in &written.files {
                    print(&format!("{}\n", self.output.join(file).display()))?;
                }
            }
            runs += found.runs.len();
            count += written.files.len();
            samples += written.samples;
            kept += written.kept.len();
        }
        let verb = if self.dry_run { "would be written" } else { "written" };
        let there = match kept {
            0 => String::new(),
            kept => format!("; {kept} were there already and stay as they are (--replace)"),
        };
        print(&format!("{runs} runs, {samples} samples: {count} files {verb}{there}\n"))?;
        if samples == 0 && kept == 0 {
            bail!("nothing was found that can be imported");
        }
        Ok(if lost { Ending::Found } else { Ending::Fine })
    }

    /// The files of a source.
    fn look_at(&self, source: &Path, files: &mut Vec<(PathBuf, Format)>) -> anyhow::Result<()> {
        let is_input = source == Path::new("-");
        if is_input || source.is_file() {
            let format = self.format.or_else(|| Format::of(source));
            let Some(format) = format else {
                bail!(
                    "{}: say what it is: --format lkp, phoronix, csv, tsv or json",
                    source.display()
                );
            };
            files.push((source.to_owned(), format));
            return Ok(());
        }
        if !source.is_dir() {
            bail!("{}: no such file or folder", source.display());
        }
        let before = files.len();
        let wanted = [Format::Lkp, Format::Phoronix];
        for entry in WalkDir::new(source).sort_by_file_name().into_iter().flatten() {
            let format = Format::of(entry.path()).filter(|format| wanted.contains(format));
            if let Some(format) = format.filter(|_| entry.file_type().is_file()) {
                files.push((entry.into_path(), format));
            }
        }
        // Of a matrix the runs below it are the source: it fills gaps with zeros.
        let stats: Vec<PathBuf> = files
            .iter()
            .filter(|(path, _)| path.ends_with("stats.json"))
            .filter_map(|(path, _)| Some(path.parent()?.parent()?.to_owned()))
            .collect();
        files.retain(|(path, _)| {
            !path.ends_with("matrix.json")
                || !stats.iter().any(|dir| path.parent() == Some(dir.as_path()))
        });
        if files.len() == before {
            bail!("{}: neither stats.json, matrix.json nor composite.xml in it", source.display());
        }
        Ok(())
    }

    fn read(&self, path: &Path, format: Format) -> anyhow::Result<Found> {
        let bytes = read_capped(path)?;
        let told = |result: Result<Found, String>| result.map_err(anyhow::Error::msg);
        let mut found = match format {
            Format::Lkp => {
                let whole = path.canonicalize()?;
                let above = whole.parent().unwrap_or(&whole);
                let folders: Vec<String> = above
                    .components()
                    .filter(|part| matches!(part, Component::Normal(_)))
                    .map(|part| part.as_os_str().to_string_lossy().into_owned())
                    .collect();
                let place = lkp::Place::of(&folders, path.ends_with("matrix.json"));
                let place = place.map_err(anyhow::Error::msg)?;
                let job = fs::read_to_string(path.with_file_name("job.yaml")).ok();
                told(lkp::read(&place, &bytes, job.as_deref()))?
            }
            Format::Phoronix => {
                let xml = std::str::from_utf8(&bytes).context("no text")?;
                let Some(machine) = &self.machine else {
                    bail!("it does not name its machine: give --machine NAME");
                };
                told(phoronix::read(xml, machine, self.config.as_deref()))?
            }
            Format::Csv | Format::Tsv | Format::Json => {
                let form = match format {
                    Format::Csv => Form::Separated(b','),
                    Format::Tsv => Form::Separated(b'\t'),
                    _ => Form::JsonLines,
                };
                let defaults = Defaults {
                    machine: self.machine.as_deref(),
                    config: self.config.as_deref(),
                    run: self.run.as_deref(),
                };
                told(table::read(&bytes, form, defaults))?
            }
        };
        if format == Format::Lkp {
            for run in &mut found.runs {
                let wishes = [
                    (&self.machine, &mut run.machine),
                    (&self.config, &mut run.config),
                    (&self.run, &mut run.name),
                ];
                for (wish, own) in wishes {
                    if let Some(wish) = wish {
                        own.clone_from(wish);
                    }
                }
            }
        }
        Ok(found)
    }
}

fn read_capped(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match path == Path::new("-") {
        true => io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes)?,
        false => fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?,
    };
    if bytes.len() as u64 > MAX_BYTES {
        bail!("larger than {} MiB: split it", MAX_BYTES >> 20);
    }
    Ok(bytes)
}
