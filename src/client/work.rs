//! Does one step after the other.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::lab::exec;
use crate::lab::grid::GridError;
use crate::lab::{Lab, LabError};

use super::attached::Attached;
use super::fault::{Fault, Why};
use super::folders::Folders;
use super::history;
use super::job::Job;
use super::journal::{Event, Facts, Journal, Step};
use super::notifier::Notifier;
use super::plan::{self, Next, Outcome};
use super::publish;
use super::results;
use super::running;
use super::sources;
use super::up;

/// A machine that is taken is asked for again after that.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// Copying MMTests or installing packages takes no longer.
const PREPARE: Duration = Duration::from_secs(3600);

/// Removes MMTests from a folder, but for what it left in `work`.
const CLEAR: &str = r#"cd "$1" 2> /dev/null && [ -e run-mmtests.sh ] || exit 0
for name in * .[!.]*; do [ "$name" = work ] || rm -rf -- "$name"; done
"#;

/// What is told while it works.
#[derive(Clone, Debug)]
pub enum Progress<'a> {
    /// A step begins.
    Begins(Step),
    /// It is done.
    Done(Step, &'a Facts, Duration),
    /// It failed.
    Failed(Step, &'a Fault),
    /// Something that people should know, and that does not stop it.
    Note(&'a str),
}

/// A job at work on a machine.
pub struct Work {
    /// The machine.
    pub attached: Attached,
    /// The job.
    pub job: Job,
    /// What happened so far.
    pub journal: Journal,
    /// Where what came home is kept.
    pub folders: Folders,
    /// Where runs are put.
    pub results: PathBuf,
    cache: PathBuf,
    wait: Duration,
    notifier: Notifier,
    /// Held by the one melbot that works on the machine.
    #[expect(dead_code, reason = "it is there to be let go at the end")]
    lock: File,
}

impl Work {
    /// Begins a job, or goes on with it. A machine that somebody else has is waited for so long.
    pub fn open(
        lab: &Lab,
        machine: &str,
        job: Job,
        results: &Path,
        wait: Duration,
    ) -> Result<Work, LabError> {
        let machine = lab.machine(machine)?;
        let lock = lock(&machine.folder)?;
        let folders = Folders::of(&machine.folder, &job.id);
        let journal = Journal::open(&folders.journal())?;
        let owner = format!("client {}", job.id);
        let mut work = Work {
            attached: Attached::to(machine, owner)?,
            journal,
            folders,
            results: results.to_owned(),
            cache: lab.folder().join("state").join("mmtests"),
            wait,
            notifier: Notifier::of(lab)?,
            lock,
            job,
        };
        if work.did(Step::Reserve).is_some() && work.did(Step::Release).is_none() {
            work.attached.keep_lease();
        }
        Ok(work)
    }

    /// Works until the job is over.
    pub fn run(&mut self, tell: &mut dyn FnMut(&Progress)) -> Result<Outcome, LabError> {
        // What could not be put among the results the last time is there still.
        let mut again = plan::unpublished(self.job.shape(), self.journal.events());
        loop {
            let step = match plan::next(self.job.shape(), self.journal.events()) {
                Next::End(_) if again => {
                    again = false;
                    Step::Publish
                }
                Next::End(outcome) => {
                    self.notify(None, Some(&outcome), tell);
                    return Ok(outcome);
                }
                Next::Do(step) => step,
            };
            self.journal.add(Event::Began { step })?;
            tell(&Progress::Begins(step));
            let began = Instant::now();
            let wanted = || if step.undoes() { Ok(()) } else { self.attached.still_wanted() };
            let ours = || if step.needs_machine() { self.attached.still_ours() } else { Ok(()) };
            let ready = ours().and_then(|()| wanted());
            let result = ready.and_then(|()| self.step(step, tell));
            let spent = began.elapsed();
            let seconds = spent.as_secs();
            match result {
                Ok(facts) => {
                    tell(&Progress::Done(step, &facts, spent));
                    self.journal.add(Event::Done { step, facts, seconds })?;
                }
                Err(fault) => {
                    tell(&Progress::Failed(step, &fault));
                    let console = self.attached.tail();
                    let Fault { why, what } = fault;
                    self.journal.add(Event::Failed { step, why, what, console, seconds })?;
                }
            }
            self.notify(None, None, tell);
        }
    }

    /// People are told what happened. That they cannot be does not stop the work.
    fn notify(
        &self,
        long: Option<&str>,
        outcome: Option<&Outcome>,
        tell: &mut dyn FnMut(&Progress),
    ) {
        let of = (self.attached.machine.name.as_str(), self.job.id.as_str());
        if let Some(error) = self.notifier.tell(of, self.journal.entries(), long, outcome) {
            tell(&Progress::Note(&format!("nobody could be told: {error}")));
        }
    }

    fn step(&mut self, step: Step, tell: &mut dyn FnMut(&Progress)) -> Result<Facts, Fault> {
        match step {
            Step::Reserve => self.reserve(),
            Step::Deploy => self.deploy(),
            Step::Prepare => self.prepare(),
            Step::Install => self.install(),
            Step::Boot(number) => self.boot(number),
            Step::Run(number) => self.run_mmtests(number, tell),
            Step::Collect(number) => self.collect(number),
            Step::Rescue(number) => self.rescue(number),
            Step::Publish => {
                let outcome = plan::outcome(self.job.shape(), self.journal.events());
                let results = publish::publish(self, &outcome)?;
                Ok(Facts { results, ..Facts::default() })
            }
            Step::PowerOff => {
                let cancelled = up::cancel(&self.attached);
                up::off(&self.attached)?;
                cancelled?;
                Ok(Facts::default())
            }
            Step::Release => {
                self.attached.let_lease_go();
                let released = self.attached.machine.grid.release(&self.attached.owner);
                released.map_err(|error| Fault::new(Why::Lab, error.to_string()))?;
                Ok(Facts::default())
            }
        }
    }

    fn reserve(&mut self) -> Result<Facts, Fault> {
        let began = Instant::now();
        publish::has_room(self)?;
        let file = &self.job.file;
        // What is not there is missed before a machine waits for it.
        sources::all_there(file, &self.cache)?;
        let reason = format!("{} of {}", file.config, self.job.id);
        loop {
            let grid = &self.attached.machine.grid;
            match grid.reserve(&self.attached.owner, &reason, self.attached.lease()) {
                Ok(_) => break,
                Err(GridError::Held(_)) if began.elapsed() < self.wait => thread::sleep(ASK_AGAIN),
                Err(error) => return Err(Fault::new(Why::Lab, error.to_string())),
            }
        }
        self.attached.keep_lease();
        Ok(Facts::default())
    }

    fn deploy(&self) -> Result<Facts, Fault> {
        let attached = &self.attached;
        up::off(attached)?;
        // That may take hours, and the machine may be somebody else's meanwhile.
        let goes_on = || attached.still_ours().and_then(|()| attached.still_wanted());
        let deployed = attached.machine.deploy(attached.exec.as_ref(), &|| goes_on().is_err());
        goes_on()?;
        Ok(deployed.map(|()| Facts::default())?)
    }

    fn prepare(&mut self) -> Result<Facts, Fault> {
        let mmtests = &self.job.file.mmtests;
        let source = sources::mmtests(mmtests, &self.cache)?;
        up::known_good(&self.attached, &self.folders.known_good_console())?;
        let exec = self.attached.exec.as_ref();
        let notes = self.attached.machine.file.prepare.run(exec)?;
        if let Some(folder) = &source.folder {
            // What another revision had and this one has not is in nobody's way; what it built is kept.
            exec::text(exec, &["sh", "-c", CLEAR, "sh", &mmtests.folder], PREPARE)?;
            exec::push(exec, folder, &mmtests.folder, PREPARE)?;
        }
        let configs = format!("{}/configs", mmtests.folder);
        let config = format!("{configs}/{}", self.job.original_config());
        if let Some(file) = &mmtests.config_file {
            exec::push(exec, file, &configs, PREPARE)?;
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            if name != self.job.file.config.as_str() {
                exec::text(exec, &["mv", "--", &format!("{configs}/{name}"), &config], PREPARE)?;
            }
        }
        let run = format!("{configs}/{}", self.job.config_file());
        if run != config {
            let copy = r#"cp -- "$1" "$2" && printf '\n%s' "$3" >> "$2""#;
            let words = ["sh", "-c", copy, "sh", &config, &run, &mmtests.lines()];
            exec::text(exec, &words, PREPARE)?;
        }
        let text = exec::text(exec, &["cat", "--", &run], PREPARE)?;
        exec::text(exec, &["sync"], PREPARE)?;
        Ok(Facts {
            mmtests: source.revision,
            config: Some(blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()),
            notes,
            ..Facts::default()
        })
    }

    fn install(&mut self) -> Result<Facts, Fault> {
        let machine = &self.attached.machine;
        if machine.boot.needs_system() && up::probe(&self.attached).is_none() {
            up::known_good(&self.attached, &self.folders.known_good_console())?;
        }
        let kernel = &self.job.file.kernel;
        let exec = self.attached.exec.as_ref();
        let installed = machine.boot.install(exec, &kernel.package, kernel.release.as_deref())?;
        Ok(Facts {
            release: Some(installed.release),
            kconfig: installed.kconfig,
            ..Facts::default()
        })
    }

    fn boot(&mut self, number: u32) -> Result<Facts, Fault> {
        let release = self.release()?;
        let up = up::boot(&self.attached, &release, &self.folders.console(number))?;
        let before = self.boot_ids();
        if before.contains(&up.boot_id) {
            return Err(Fault::new(Why::Power, "it was switched off and on, and did not reboot"));
        }
        Ok(Facts {
            boot_id: Some(up.boot_id),
            command_line: Some(up.command_line),
            ..Facts::default()
        })
    }

    fn run_mmtests(
        &mut self,
        number: u32,
        tell: &mut dyn FnMut(&Progress),
    ) -> Result<Facts, Fault> {
        let release = self.release()?;
        let boot_id = self.boot_ids().pop().unwrap_or_default();
        if let Some(console) = &self.attached.console {
            console.resume_boot(&self.folders.console(number))?;
        }
        let (machine, file) = (&self.attached.machine.name, &self.job.file);
        let budget = history::budget(&self.results, machine, &file.config, file.minutes);
        let notes = running::run(
            &self.attached,
            &self.job,
            &running::This { iteration: number, release: &release, boot_id: &boot_id },
            budget,
            &mut |note| {
                let note = format!("run {number} {note}");
                tell(&Progress::Note(&note));
                self.notify(Some(&note), None, tell);
            },
        )?;
        Ok(Facts { notes, ..Facts::default() })
    }

    fn collect(&mut self, number: u32) -> Result<Facts, Fault> {
        let release = self.release()?;
        if up::probe(&self.attached).is_none() {
            up::known_good(&self.attached, &self.folders.known_good_console())?;
        }
        let to = self.folders.collected(number);
        let notes = results::collect(self.attached.exec.as_ref(), &self.job, &release, &to)?;
        Ok(Facts { notes, ..Facts::default() })
    }

    /// In the known-good kernel: that of the job may be what went wrong.
    fn rescue(&mut self, number: u32) -> Result<Facts, Fault> {
        let release = self.release()?;
        let partial = self.folders.partial();
        let to = (0..)
            .map(|attempt| partial.join(format!("iteration-{number}-attempt-{attempt}")))
            .find(|path| !path.exists())
            .unwrap_or_else(|| partial.join("last"));
        fs::create_dir_all(&to).map_err(LabError::file(&to))?;
        let console = self.folders.console(number);
        if console.is_file() {
            let kept = to.join("console.log");
            fs::rename(&console, &kept).map_err(LabError::file(&kept))?;
        }
        up::known_good(&self.attached, &self.folders.known_good_console())?;
        let exec = self.attached.exec.as_ref();
        let notes = results::rescue(exec, &self.job, &release, &to.join("log"))?;
        Ok(Facts { notes, ..Facts::default() })
    }

    /// What a step that was done found out, the last time.
    fn did(&self, wanted: Step) -> Option<&Facts> {
        let found = |event: &'_ Event| matches!(event, Event::Done { step, .. } if *step == wanted);
        let last = self.journal.events().iter().rev().find(|event| found(event))?;
        match last {
            Event::Done { facts, .. } => Some(facts),
            _ => None,
        }
    }

    /// Where what came home was put, if anything did.
    pub fn published(&self) -> Option<&Path> {
        self.did(Step::Publish)?.results.as_deref()
    }

    fn release(&self) -> Result<String, Fault> {
        let facts = self.did(Step::Install);
        facts.and_then(|facts| facts.release.clone()).ok_or_else(|| {
            Fault::new(Why::Lab, "the journal does not say which kernel was installed")
        })
    }

    /// All boots of the job, in their order.
    fn boot_ids(&self) -> Vec<String> {
        let of_boot = |event: &Event| match event {
            Event::Done { step: Step::Boot(_), facts, .. } => facts.boot_id.clone(),
            _ => None,
        };
        self.journal.events().iter().filter_map(of_boot).collect()
    }
}

/// `true` if a job left something in the folder of its machine that belongs among the results.
pub fn unpublished(machine: &Path, job: &Job) -> bool {
    let entries = Journal::read(&Folders::of(machine, &job.id).journal()).unwrap_or_default();
    let events: Vec<Event> = entries.into_iter().map(|entry| entry.event).collect();
    plan::unpublished(job.shape(), &events)
}

fn lock(folder: &Path) -> Result<File, LabError> {
    let path = folder.join("client.lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(LabError::file(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LabError::new(
            format!("{}: another melbot client works on this machine", folder.display()),
            "see melbot machine show; wait for it to end",
        )),
        Err(TryLockError::Error(error)) => Err(LabError::file(&path)(error)),
    }
}
