//! `melbot machine list` and `show`.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{InLab, Named};
use crate::cli::{Ending, print, warn};
use crate::client::{Entry, Event, Journal};
use crate::lab::grid::Lease;
use crate::lab::{Lab, LabError, Machine, MachineFile, Twins, twins};

/// List the machines of a lab
///
/// Exits with 1 if some of the files cannot be used, and says which.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    of: InLab,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Show what is known of a machine: its facts, who has it, and what its client does
#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    named: Named,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown {
    name: String,
    #[serde(flatten)]
    file: MachineFile,
    /// Who has it.
    lease: Option<Lease>,
    /// The newest job.
    job: Option<String>,
    /// What happened to it.
    journal: Vec<Entry>,
}

impl Shown {
    fn of(machine: &Machine) -> Result<Shown, LabError> {
        let newest = newest_job(machine);
        let journal = match &newest {
            Some(folder) => Journal::read(&folder.join("journal.jsonl"))?,
            None => Vec::new(),
        };
        let name = |folder: PathBuf| Some(folder.file_name()?.to_string_lossy().into_owned());
        Ok(Shown {
            name: machine.name.clone(),
            file: machine.file.clone(),
            // One grid that is away must not hide what is known of the others' machines.
            lease: machine.grid.holder().unwrap_or_else(|error| {
                warn(&format!("{}: who has it is not known: {error}", machine.name));
                Some(Lease {
                    owner: "?".to_owned(),
                    reason: "its grid cannot be asked".to_owned(),
                    until: None,
                })
            }),
            job: newest.and_then(name),
            journal,
        })
    }
}

/// The folder of the job whose journal was written to last.
fn newest_job(machine: &Machine) -> Option<PathBuf> {
    let entries = fs::read_dir(machine.folder.join("jobs")).ok()?.flatten();
    let written = |folder: &PathBuf| fs::metadata(folder.join("journal.jsonl"))?.modified();
    entries.map(|entry| entry.path()).max_by_key(|folder| written(folder).ok())
}

impl List {
    pub fn run(self) -> anyhow::Result<Ending> {
        let lab = Lab::at(&self.of.lab)?;
        let inventory = lab.inventory()?;
        let twins = twins(&inventory.machines);
        let mut faults: Vec<LabError> = twins.iter().map(Twins::fault).collect();
        faults.extend(inventory.faults);
        let mut all = Vec::new();
        for name in inventory.machines.keys() {
            match lab.machine(name).and_then(|machine| Shown::of(&machine)) {
                Ok(shown) => all.push(shown),
                Err(fault) => faults.push(fault),
            }
        }
        faults.iter().for_each(|fault| warn(&fault.to_string()));
        let ending = if faults.is_empty() { Ending::Fine } else { Ending::Found };
        if self.json {
            print(&(serde_json::to_string_pretty(&all)? + "\n"))?;
            return Ok(ending);
        }
        let width = all.iter().map(|shown| shown.name.len()).max().unwrap_or(0);
        let mut text = String::new();
        for shown in &all {
            let state = shown
                .lease
                .as_ref()
                .map_or("free".to_owned(), |lease| format!("{} ({})", lease.owner, lease.reason));
            let what =
                [shown.file.description.as_str(), &shown.file.facts.tags.join(" ")].join("  ");
            text += format!("{:<width$}  {state}  {what}", shown.name).trim_end();
            text.push('\n');
        }
        print(&text)?;
        Ok(ending)
    }
}

impl Show {
    pub fn run(self) -> anyhow::Result<()> {
        let shown = Shown::of(&self.named.open()?)?;
        if self.json {
            return print(&(serde_json::to_string_pretty(&shown)? + "\n"));
        }
        let mut text = format!("{}  {}\n\n", shown.name, shown.file.description);
        text += &toml::to_string(&shown.file)?;
        text += &match &shown.lease {
            Some(lease) => format!("\nreserved by {}: {}\n", lease.owner, lease.reason),
            None => "\nfree\n".to_owned(),
        };
        if let Some(job) = &shown.job {
            text += &format!("\nnewest job {job}\n");
            shown.journal.iter().for_each(|entry| text += &line(entry));
        }
        print(&text)
    }
}

/// A step that was done or failed, and the one that goes on.
fn line(entry: &Entry) -> String {
    let time = &entry.time;
    match &entry.event {
        Event::Began { step } => format!("{time}  {step}\n"),
        Event::Done { step, seconds, facts } => {
            let what = [&facts.release, &facts.boot_id].into_iter().flatten().cloned();
            let what: Vec<String> = what.chain(facts.notes.iter().cloned()).collect();
            format!("{time}  {step} done in {seconds} s  {}", what.join(", ")).trim_end().to_owned()
                + "\n"
        }
        Event::Failed { step, why, what, console, .. } => {
            let mut text = format!("{time}  {step} failed: {why}: {what}\n");
            for line in console.iter().rev().take(5).rev() {
                text += &format!("    | {line}\n");
            }
            text
        }
    }
}
