//! `melbot client`: takes a machine through its jobs.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::bail;
use clap::Args;

use super::{Ending, print, warn};
use crate::client::{
    Event, Facts, Folders, Job, Journal, Next, Outcome, Progress, Step, Work, jobs_of, plan,
};
use crate::coordinator::{Desk, Runner, Told};
use crate::lab::{Inventory, Lab};
use crate::notes;

/// Run jobs on a machine: reserve it, boot each kernel, run MMTests, bring the logs home, give it back
///
/// Everything that happens is kept in a journal in LAB/state/MACHINE. A client that was killed goes on
/// where it was when it is started again; MMTests goes on meanwhile. What fails is tried again, what a
/// failed run left is rescued, and at the end the machine is switched off and given back, whatever came
/// of it. Exits with 0 if all iterations of all jobs are home, else with 1.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot client ivor                                     all jobs in jobs/ for ivor, one by one\n  \
    melbot client ivor --job jobs/6.18-netperf.toml\n  \
    melbot client ivor --dry-run                           only say what would be done\n  \
    melbot client ivor --again                             once more what has failed\n  \
    melbot client ivor --queue                             what the coordinator queues, until it is killed\n\n\
    A job:\n  \
    machines = [\"ivor\"]\n  \
    config = \"config-network-netperf\"\n  \
    iterations = 3                  # each in a boot of its own\n  \
    [kernel]\n  \
    package = \"kernels/linux-image-6.18.deb\"\n  \
    [mmtests]\n  \
    source = \"https://example.org/mmtests.git\"\n  \
    revision = \"638401e0\"")]
pub struct ClientVerb {
    /// Name of the machine
    machine: String,
    /// Folder of the lab
    #[arg(long, value_name = "DIR", default_value = ".")]
    lab: PathBuf,
    /// Only this job; may be given several times
    #[arg(long = "job", value_name = "FILE")]
    jobs: Vec<PathBuf>,
    /// Folder of the results [default: LAB/results]
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// Wait so many minutes for a machine that somebody else has
    #[arg(long, value_name = "N", default_value_t = 0)]
    wait: u64,
    /// Begin those jobs anew that are over and not finished
    #[arg(long)]
    again: bool,
    /// Take jobs from the queue of the lab, or from that file or postgres:// URL, one by one for ever
    #[arg(long, value_name = "PLACE", num_args = 0..=1, conflicts_with_all = ["jobs", "dry_run", "wait", "again"])]
    queue: Option<Option<PathBuf>>,
    /// With --queue: end when nothing is to be done
    #[arg(long, requires = "queue")]
    until_empty: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl ClientVerb {
    pub fn run(self) -> anyhow::Result<Ending> {
        let lab = Lab::at(&self.lab)?;
        Inventory::machine(lab.folder(), &self.machine)?;
        let results = self.results.clone().unwrap_or_else(|| lab.folder().join("results"));
        if let Some(queue) = &self.queue {
            return self.serve(&lab, queue.as_deref(), &results);
        }
        let jobs = self.find(&lab)?;
        if jobs.is_empty() {
            bail!(
                "{}: no job names {} in machines; write one, or name it with --job FILE",
                lab.folder().join("jobs").display(),
                self.machine
            );
        }
        if self.dry_run {
            return print(&self.planned(&lab, jobs)?).map(|()| Ending::Fine);
        }
        let wait = Duration::from_secs(60 * self.wait);
        let mut all = true;
        for job in jobs {
            let (job, events) = self.newest(&lab, job)?;
            let (id, path) = (job.id.clone(), job.path.clone());
            if let Some(outcome) = over(&job, &events) {
                let finished = outcome == Outcome::Finished;
                let anew = if finished { "" } else { "; --again begins it anew" };
                warn(&format!("{}: {} before{anew}", path.display(), said(&outcome)));
                all &= finished;
                continue;
            }
            let mut work = Work::open(&lab, &self.machine, job, &results, wait)?;
            warn(&format!("{} on {}", path.display(), self.machine));
            let outcome = work.run(&mut told)?;
            warn(&format!("{id}: {}", said(&outcome)));
            all &= outcome == Outcome::Finished;
        }
        Ok(if all { Ending::Fine } else { Ending::Found })
    }

    fn serve(&self, lab: &Lab, queue: Option<&Path>, results: &Path) -> anyhow::Result<Ending> {
        let queue = match queue {
            Some(place) => place.to_owned(),
            None => Desk::queue_of(lab.folder())?,
        };
        let runner = Runner {
            lab,
            machine: &self.machine,
            queue: &queue,
            results,
            until_empty: self.until_empty,
        };
        runner.run(&mut |what| match what {
            Told::Taken(job) => warn(&format!("job {}: {} on {}", job.id, job.title, self.machine)),
            Told::Step(progress) => told(progress),
            Told::Over(how) => warn(how),
        })?;
        Ok(Ending::Fine)
    }

    /// The last try of a job, or with --again the next one, and what happened in it. Each has a journal of
    /// its own.
    fn newest(&self, lab: &Lab, job: Job) -> anyhow::Result<(Job, Vec<Event>)> {
        let state = lab.state(&self.machine);
        let path = |job: &Job| Folders::of(&state, &job.id).journal();
        let numbered = |number: u32| Job { id: format!("{}-{number}", job.id), ..job.clone() };
        let later = (2..).map(numbered).take_while(|job| path(job).exists()).last();
        let newest = later.unwrap_or_else(|| job.clone());
        let entries = Journal::read(&path(&newest))?;
        let events: Vec<Event> = entries.into_iter().map(|entry| entry.event).collect();
        if !self.again || over(&newest, &events).is_none_or(|how| how == Outcome::Finished) {
            return Ok((newest, events));
        }
        let free = (2..).map(numbered).find(|job| !path(job).exists());
        Ok((free.unwrap_or(job), Vec::new()))
    }

    /// The steps that are left, if all goes well.
    fn planned(&self, lab: &Lab, jobs: Vec<Job>) -> anyhow::Result<String> {
        let mut text = String::new();
        for job in jobs {
            let (job, mut events) = self.newest(lab, job)?;
            let begun = if events.is_empty() { "" } else { " (begun before)" };
            text += &format!("{} on {}{begun}\n", job.path.display(), self.machine);
            text += &format!("  kernel   {}\n", job.file.kernel.package.display());
            let mmtests = &job.file.mmtests.source;
            text += &format!("  config   {}, MMTests from {mmtests}\n", job.file.config);
            let mut steps = Vec::new();
            if plan::unpublished(job.shape(), &events) {
                steps.push(Step::Publish.to_string());
            }
            while let Next::Do(step) = plan::next(job.shape(), &events) {
                steps.push(step.to_string());
                events.push(done(step));
            }
            let steps =
                if steps.is_empty() { "none: it is over".to_owned() } else { steps.join(", ") };
            text += &format!("  steps    {steps}\n");
        }
        Ok(text)
    }

    fn find(&self, lab: &Lab) -> anyhow::Result<Vec<Job>> {
        if !self.jobs.is_empty() {
            return self.jobs.iter().map(|path| read(path, lab)).collect();
        }
        let (jobs, faults) = jobs_of(lab.folder(), &self.machine)?;
        faults.iter().for_each(|fault| warn(&fault.to_string()));
        Ok(jobs)
    }
}

fn read(path: &Path, lab: &Lab) -> anyhow::Result<Job> {
    Ok(Job::read(path, lab.folder())?)
}

fn over(job: &Job, events: &[Event]) -> Option<Outcome> {
    if plan::unpublished(job.shape(), events) {
        return None;
    }
    match plan::next(job.shape(), events) {
        Next::End(outcome) => Some(outcome),
        Next::Do(_) => None,
    }
}

fn said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Finished => "finished".to_owned(),
        Outcome::Partial { reason } => format!("only a part of it: {reason}"),
        Outcome::Failed { reason } => format!("failed: {reason}"),
    }
}

/// A line for each step, with the time of day.
fn told(progress: &Progress) {
    let now = notes::utc(SystemTime::now());
    let time = now.get(11..19).unwrap_or_default();
    match progress {
        Progress::Begins(step) => warn(&format!("{time}  {step}")),
        Progress::Done(step, facts, spent) => {
            let mut what = Vec::new();
            what.extend(facts.release.clone());
            what.extend(facts.boot_id.as_ref().map(|id| format!("boot {id}")));
            what.extend(facts.results.as_ref().map(|path| path.display().to_string()));
            what.extend(facts.notes.iter().cloned());
            // What took no time and found nothing needs no line.
            if !what.is_empty() || spent.as_secs() > 0 {
                let what = what.join(", ");
                let seconds = format!("{:.1} s", spent.as_secs_f64());
                warn(&format!("{time}  {step}: done in {seconds}  {what}"));
            }
        }
        Progress::Failed(step, fault) => warn(&format!("{time}  {step}: failed: {fault}")),
        Progress::Note(note) => warn(&format!("{time}  {note}")),
    }
}

fn done(step: Step) -> Event {
    Event::Done { step, facts: Facts::default(), seconds: 0 }
}
