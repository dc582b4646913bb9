//! Which kernels of a track build with a configuration, and since when they do not. No I/O but for the queue.

use super::builds::broken;
use super::tasks::BuildTask;
use crate::queue::{Filter, Job, Kind, Queue, QueueError, State};

/// A kernel of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Number of its job.
    pub job: i64,
    /// What people call it.
    pub kernel: String,
    /// Why it does not build, if it does not.
    pub broken: Option<String>,
}

/// The kernels of a track that were built with one configuration, in the order in which they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Name of the tree.
    pub tree: String,
    /// The track.
    pub track: String,
    /// Name of the configuration.
    pub kconfig: String,
    tried: Vec<Tried>,
}

/// How it is with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The newest kernel builds, or nothing was built.
    Builds,
    /// It does not.
    Broken {
        /// The first that does not.
        since: Tried,
        /// The newest that does not.
        newest: Tried,
        /// The last that did.
        last_built: Option<String>,
    },
}

impl Standing {
    /// `does not build since 6.12-rc3, last built 6.12-rc2`.
    pub fn sentence(&self) -> String {
        match self {
            Standing::Builds => "builds".to_owned(),
            Standing::Broken { since, last_built, .. } => match last_built {
                Some(last) => format!("does not build since {}, last built {last}", since.kernel),
                None => format!("does not build since {}, none was built before", since.kernel),
            },
        }
    }
}

impl Line {
    /// That of a job.
    pub fn of(queue: &Queue, job: &Job) -> Result<Line, QueueError> {
        let Ok(task) = BuildTask::of(job) else {
            return Ok(Line::new("", &job.lane, ""));
        };
        let found = Line::all(queue)?.into_iter();
        let mut found = found.filter(|line| {
            line.tree == task.tree && line.kconfig == task.kconfig && line.track == job.lane
        });
        Ok(found.next().unwrap_or_else(|| Line::new(&task.tree, &job.lane, &task.kconfig)))
    }

    /// All of them; builds of searches are in none.
    pub fn all(queue: &Queue) -> Result<Vec<Line>, QueueError> {
        let states = vec![State::Done, State::Failed];
        let filter = Filter { kind: Some(Kind::Build), states, ..Filter::default() };
        let mut lines: Vec<Line> = Vec::new();
        for job in queue.jobs(&filter)? {
            let Ok(task) = BuildTask::of(&job) else { continue };
            let broken = broken(&job);
            // What failed for want of room or of a network says nothing of the kernel.
            if task.silent || (job.state == State::Failed && broken.is_none()) {
                continue;
            }
            let tried = Tried { job: job.id, kernel: task.kernel, broken };
            let same = |line: &&mut Line| {
                line.tree == task.tree && line.track == job.lane && line.kconfig == task.kconfig
            };
            match lines.iter_mut().find(same) {
                Some(line) => line.tried.push(tried),
                None => {
                    let mut line = Line::new(&task.tree, &job.lane, &task.kconfig);
                    line.tried.push(tried);
                    lines.push(line);
                }
            }
        }
        Ok(lines)
    }

    fn new(tree: &str, track: &str, kconfig: &str) -> Line {
        let owned = str::to_owned;
        Line { tree: owned(tree), track: owned(track), kconfig: owned(kconfig), tried: Vec::new() }
    }

    /// The same, with what came of another kernel.
    #[must_use]
    pub fn with(&self, job: &Job, built: bool) -> Line {
        let mut line = self.clone();
        line.tried.retain(|tried| tried.job != job.id);
        let kernel = BuildTask::of(job).map_or_else(|_| job.title.clone(), |task| task.kernel);
        let broken = (!built).then(String::new);
        line.tried.push(Tried { job: job.id, kernel, broken });
        line.tried.sort_by_key(|tried| tried.job);
        line
    }

    /// The newest kernel.
    pub fn newest(&self) -> &str {
        self.tried.last().map_or("", |tried| tried.kernel.as_str())
    }

    /// How it is with the newest kernel.
    pub fn standing(&self) -> Standing {
        let after = self.tried.iter().rposition(|tried| tried.broken.is_none());
        let broken = &self.tried[after.map_or(0, |place| place + 1)..];
        match (broken.first(), broken.last()) {
            (Some(since), Some(newest)) => Standing::Broken {
                since: since.clone(),
                newest: newest.clone(),
                last_built: after.map(|place| self.tried[place].kernel.clone()),
            },
            _ => Standing::Builds,
        }
    }

    /// The kernel before it or after it does not build either: people have heard of it.
    pub fn is_known_broken_beside(&self, job: i64) -> bool {
        let mut before = self.tried.iter().rev().filter(|tried| tried.job < job);
        let mut after = self.tried.iter().filter(|tried| tried.job > job);
        let is_broken = |tried: Option<&Tried>| tried.is_some_and(|tried| tried.broken.is_some());
        is_broken(before.next()) || is_broken(after.next())
    }

    /// What people are told of a kernel that builds again, if those before it did not and they have not heard it of
    /// the one after it.
    pub fn repaired(&self, job: i64) -> Option<String> {
        let after = self.tried.iter().find(|tried| tried.job > job);
        if after.is_some_and(|tried| tried.broken.is_none()) {
            return None;
        }
        let mut line = self.clone();
        line.tried.retain(|tried| tried.job < job);
        let Standing::Broken { since, .. } = line.standing() else { return None };
        let count = line.tried.iter().filter(|tried| tried.job >= since.job).count();
        let kernels = if count == 1 { "1 kernel" } else { &format!("{count} kernels") };
        Some(format!(
            "It builds again: {kernels} did not, since {}.\n\n  track          {}\n  \
             configuration  {}\n",
            since.kernel, self.track, self.kconfig
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kernels 1, 2, …: `b` was built, `x` is broken, `?` is not done.
    fn line(course: &str) -> Line {
        let done = (1..).zip(course.chars()).filter(|(_, came)| *came != '?');
        let tried = done.map(|(number, came)| Tried {
            job: number,
            kernel: format!("rc{number}"),
            broken: (came == 'x').then(|| "does not build: no x".to_owned()),
        });
        Line { tried: tried.collect(), ..Line::new("t", "mainline", "k") }
    }

    #[test]
    fn a_line_says_since_when_it_does_not_build() {
        for (course, says) in [
            ("", "builds"),
            ("bb", "builds"),
            ("bxb", "builds"),
            ("bbx", "does not build since rc3, last built rc2"),
            ("bxx", "does not build since rc2, last built rc1"),
            ("xbxx", "does not build since rc3, last built rc2"),
            ("xx", "does not build since rc1, none was built before"),
        ] {
            assert_eq!(line(course).standing().sentence(), says, "{course}");
        }
    }

    #[test]
    fn people_hear_once_that_it_broke_and_once_that_it_was_repaired() {
        for (course, id, known) in
            [("b", 2, false), ("x", 2, true), ("bx", 3, true), ("xb", 3, false), ("", 1, false)]
        {
            assert_eq!(line(course).is_known_broken_beside(id), known, "{course}");
        }
        // Two builders: the later one was done first, and told of.
        let mut later = line("b");
        later.tried.push(Tried { job: 3, ..line("x").tried[0].clone() });
        assert!(later.is_known_broken_beside(2));
        for (course, id, says) in [
            ("b", 2, None),
            ("bx", 3, Some("1 kernel did not, since rc2")),
            ("bxx", 4, Some("2 kernels did not, since rc2")),
            ("bxb", 4, None),
            // Two builders: the later one was done first.
            ("bx?b", 3, None),
            ("bx?x", 3, Some("1 kernel did not, since rc2")),
        ] {
            let told = line(course).repaired(id);
            assert_eq!(told.is_some(), says.is_some(), "{course}: {told:?}");
            assert!(says.is_none_or(|says| told.unwrap_or_default().contains(says)), "{course}");
        }
    }
}
