//! What of a job people should know. No I/O.

use crate::notify::{Kind, Message};

use super::fault::Why;
use super::journal::{Entry, Event, Step};
use super::plan::Outcome;

/// Whose job it is.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Machine.
    pub machine: &'a str,
    /// Name of the job.
    pub job: &'a str,
    /// Where more can be seen, if that has an address.
    pub link: Option<&'a str>,
}

/// A problem: all faults of one kind in one job.
struct Problem<'a> {
    why: Why,
    step: Step,
    /// Of the first fault.
    time: &'a str,
    what: &'a str,
    console: &'a [String],
    count: u32,
    /// When the step was done after all.
    settled: Option<&'a str>,
}

/// All that is to be told about a job, with what is known now: the begin of each problem, and its end
/// where it has one. `outcome` is there when the job is over.
pub fn messages(
    subject: Subject,
    entries: &[Entry],
    long: Option<&str>,
    outcome: Option<&Outcome>,
) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for problem in problems(entries) {
        messages.push(subject.opened(&problem));
        messages.extend(subject.closed(&problem));
    }
    let last = entries.last().map_or("", |entry| entry.time.as_str());
    if let Some(long) = long {
        messages.push(subject.message("long", Kind::Opened, last, long, &format!("{long}\n")));
    }
    let unsettled = outcome.and_then(Outcome::reason);
    if let Some(reason) = unsettled {
        let body = format!(
            "{reason}\n\nIt was tried as often as the job says. What came home is published, the \
             machine is switched off and given back, unless somebody else has it.\n"
        );
        messages.push(subject.message("given-up", Kind::Opened, last, "job given up", &body));
    }
    messages
}

fn problems(entries: &[Entry]) -> Vec<Problem<'_>> {
    let mut all: Vec<Problem> = Vec::new();
    for entry in entries {
        match &entry.event {
            Event::Failed { step, why, what, console, .. } => {
                match all.iter_mut().find(|known| known.why == *why && known.step == *step) {
                    Some(known) => {
                        known.count += 1;
                        known.settled = None;
                    }
                    None => all.push(Problem {
                        why: *why,
                        step: *step,
                        time: &entry.time,
                        what,
                        console,
                        count: 1,
                        settled: None,
                    }),
                }
            }
            Event::Done { step, .. } => {
                for known in all.iter_mut().filter(|known| known.step == *step) {
                    known.settled.get_or_insert(&entry.time);
                }
            }
            Event::Began { .. } => {}
        }
    }
    all
}

impl Subject<'_> {
    fn opened(&self, problem: &Problem) -> Message {
        let Problem { why, step, what, .. } = problem;
        let mut body = format!("{step} failed at {}: {why}: {what}\n", problem.time);
        if !problem.console.is_empty() {
            body += "\nThe last lines of the console:\n\n";
            problem.console.iter().for_each(|line| body += &format!("  {line}\n"));
        }
        body += &format!("\n{}\n", remedy(*why, *step));
        let subject = format!("{why} in {step}");
        self.message(&problem.key(), Kind::Opened, problem.time, &subject, &body)
    }

    fn closed(&self, problem: &Problem) -> Option<Message> {
        let time = problem.settled?;
        let times =
            if problem.count == 1 { "once".to_owned() } else { format!("{} times", problem.count) };
        let (why, step) = (problem.why, problem.step);
        let body = format!("{step} is done now; it had failed {times} with {why}.\n");
        let subject = format!("settled: {why} in {step}");
        Some(self.message(&problem.key(), Kind::Closed, time, &subject, &body))
    }

    fn message(&self, key: &str, kind: Kind, time: &str, subject: &str, body: &str) -> Message {
        let mut body = format!("Machine {}, job {}\n\n{body}", self.machine, self.job);
        if let Some(link) = self.link {
            let link = link.trim_end_matches('/');
            body += &format!("\n{link}/state/{}/jobs/{}/\n", self.machine, self.job);
        }
        body += &format!("\nMore: melbot machine show {}\n", self.machine);
        Message {
            problem: format!("{} {} {key}", self.machine, self.job),
            kind,
            time: time.to_owned(),
            subject: format!("[melbot] {}: {subject}", self.machine),
            body,
        }
    }
}

impl Problem<'_> {
    fn key(&self) -> String {
        format!("{} {}", self.step, self.why)
    }
}

/// What melbot does about it.
fn remedy(why: Why, step: Step) -> &'static str {
    match (why, step) {
        (Why::LeaseLost, _) => "The machine is left alone from now on; what is home is published.",
        (Why::DiskFull, _) => {
            "The logs are rescued, then the machine gets a clean system, and the iteration begins again."
        }
        (_, Step::Run(_)) => {
            "The machine is booted with its known-good kernel, the logs are rescued, and the iteration \
             begins again."
        }
        (_, Step::Boot(_)) => "The power is switched off and on, and the kernel is booted again.",
        (_, Step::Publish | Step::PowerOff | Step::Release) => "It is tried again, and then left.",
        _ => "It is tried again.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Facts;

    const SUBJECT: Subject = Subject { machine: "ivor", job: "j", link: None };

    fn failed(step: Step, why: Why) -> Event {
        let console = vec!["Kernel panic".to_owned()];
        Event::Failed { step, why, what: "oh".to_owned(), console, seconds: 1 }
    }

    fn done(step: Step) -> Event {
        Event::Done { step, facts: Facts::default(), seconds: 1 }
    }

    fn told(events: &[Event], outcome: Option<&Outcome>) -> Vec<String> {
        let entries: Vec<Entry> = events
            .iter()
            .map(|event| Entry { time: "t".to_owned(), event: event.clone() })
            .collect();
        let messages = messages(SUBJECT, &entries, None, outcome);
        messages.into_iter().map(|message| message.subject).collect()
    }

    #[test]
    fn a_problem_is_one_however_often_it_happens() {
        let panic = failed(Step::Run(0), Why::Panic);
        let events = [panic.clone(), panic, failed(Step::Run(0), Why::Silent)];
        let subjects = ["[melbot] ivor: kernel panic in run 0", "[melbot] ivor: silence in run 0"];
        assert_eq!(told(&events, None), subjects);
    }

    #[test]
    fn what_is_settled_is_told_and_what_is_given_up_too() {
        let events = [failed(Step::Boot(1), Why::Panic), done(Step::Boot(1))];
        assert_eq!(told(&events, None)[1], "[melbot] ivor: settled: kernel panic in boot 1");
        let outcome = Outcome::Failed { reason: "x".to_owned() };
        assert_eq!(told(&events[..1], Some(&outcome))[1], "[melbot] ivor: job given up");
        assert!(told(&[done(Step::Boot(1))], Some(&Outcome::Finished)).is_empty());
    }
}
