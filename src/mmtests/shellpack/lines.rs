//! What reads the benchmarks whose logs hold the results in one column of the lines that contain a
//! certain text. Which text and which column is told by a table in the benchmark's own file.

use super::parsed::REPEAT;
use super::words::{number, operation, word};
use super::{Parsed, Source};
use crate::mmtests::logs::Text;

/// Which lines of which logs hold a result, and where in them it stands.
pub(super) struct Lines {
    pub logs: Names,
    /// What such lines contain: the first of these that occurs in the log at all.
    pub with: &'static [&'static str],
    /// `true` if the line has to start with it.
    pub at_start: bool,
    pub column: Column,
    /// Makes the value of the word in that column.
    pub number: fn(&str) -> Option<f64>,
    /// Which of the lines of a log count.
    pub take: Take,
    pub metric: &'static str,
    /// What to do about a log without a result.
    pub remedy: &'static str,
}

/// Names of logs: `<start><factor>-<factor>[-<iteration>]<end>`. A factor `_` is absent.
pub(super) struct Names {
    pub start: &'static str,
    pub end: &'static str,
    /// How many factors there are.
    pub factors: usize,
}

/// A word of a line, numbers from 0.
pub(super) enum Column {
    Number(usize),
    /// Counted from the end.
    FromEnd(usize),
    /// The first one after a colon.
    AfterColon,
}

/// Lines of a log that hold results.
#[derive(PartialEq, Eq)]
pub(super) enum Take {
    All,
    First,
    Last,
}

/// Start of most tables: logs with two factors, the value as it stands there.
pub(super) const BENCHLOG: Lines = Lines {
    logs: Names { start: "benchlog-", end: "", factors: 2 },
    with: &[],
    at_start: false,
    column: Column::FromEnd(0),
    number,
    take: Take::All,
    metric: "",
    remedy: REPEAT,
};

impl Names {
    /// The factors in a name; the iteration if there is one.
    fn split<'n>(&self, between: &'n str) -> Option<(Vec<&'n str>, Option<u32>)> {
        let mut parts: Vec<&str> = between.split('-').collect();
        let iteration = match parts.len().checked_sub(self.factors)? {
            0 => None,
            1 => Some(parts.pop()?.parse().ok()?),
            _ => return None,
        };
        Some((parts, iteration))
    }
}

impl Column {
    fn of<'l>(&self, line: &'l str) -> Option<&'l str> {
        match self {
            Column::Number(n) => word(line, *n),
            Column::FromEnd(n) => line.split_ascii_whitespace().nth_back(*n),
            Column::AfterColon => word(line.split_once(':')?.1, 0),
        }
    }
}

impl Lines {
    /// Takes the samples from all logs; those of an operation are numbered from 1.
    pub fn parse(&self, source: &Source, out: &mut Parsed) {
        let Names { start, end, .. } = self.logs;
        for (name, between) in source.logs.between(start, end) {
            let Some((factors, iteration)) = self.logs.split(between) else { continue };
            // Where there is a log for all iterations, MMTests reads no others.
            if iteration.is_some() && !factors.is_empty() {
                let of_all = format!("{start}{}{end}", factors.join("-"));
                if source.logs.has(&of_all) {
                    continue;
                }
            }
            let complaints = out.problems.len();
            let Some(text) = out.read(&source.logs, name) else { continue };
            // The last line of what is left of a log is not the last of the log.
            if self.take == Take::Last && out.problems.len() > complaints {
                continue;
            }
            self.one_log(&text, &operation(self.metric, &factors), out);
        }
    }

    fn one_log(&self, text: &Text, operation: &str, out: &mut Parsed) {
        let occurs = |with: &&&str| text.lines_with(with).next().is_some();
        let Some(with) = self.with.iter().find(occurs).or(self.with.first()) else { return };
        let fits = |(_, line): &(u64, &str)| !self.at_start || line.starts_with(with);
        let mut lines = text.lines_with(with).filter(fits).peekable();
        if lines.peek().is_none() {
            return out.missing(text, &format!("line with \"{with}\""), self.remedy);
        }
        let mut id = None;
        let mut take = |found: Option<(u64, &str)>| {
            let Some((line, content)) = found else { return };
            match self.column.of(content).and_then(self.number) {
                Some(value) => {
                    let id = *id.get_or_insert_with(|| out.samples.operation(operation));
                    out.add_next((text, line), id, value);
                }
                None => out.missing_in((text, line), content, "number"),
            }
        };
        match self.take {
            Take::All => lines.for_each(|found| take(Some(found))),
            Take::First => take(lines.next()),
            Take::Last => take(lines.last()),
        }
    }
}
