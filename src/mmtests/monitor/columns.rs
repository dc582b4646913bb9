//! Monitors that print tables with a header: vmstat, mpstat, iostat, turbostat.

use std::borrow::Cow;

use super::{Clock, stamped};
use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::{Parsed, number};

/// More columns than any table has.
const MOST_COLUMNS: usize = 500;

/// Puts the words of a line into the room for them.
fn split<'l>(line: &'l str, row: &mut Vec<&'l str>) {
    row.clear();
    row.extend(line.split_ascii_whitespace().take(MOST_COLUMNS));
}

fn words(line: &str) -> Vec<&str> {
    line.split_ascii_whitespace().take(MOST_COLUMNS).collect()
}

/// Adds the figures of a row, of which the first `skipped` columns are none. `series` is room for names.
fn add_row(
    series: &mut String,
    at: (&Text, u64),
    time: f64,
    of: &str,
    (header, row): (&[impl AsRef<str>], &[&str]),
    skipped: usize,
    out: &mut Parsed,
) {
    if header.len() != row.len() {
        return out
            .complain(at, format!("{} columns below a header of {}", row.len(), header.len()));
    }
    for (name, value) in header.iter().zip(row).skip(skipped) {
        // Other words are no figures.
        let Some(value) = figure(value) else { continue };
        let name = name.as_ref();
        if !of.is_empty() {
            series.clear();
            [of, "-", name].iter().for_each(|part| series.push_str(part));
        }
        let series = if of.is_empty() { name } else { series.as_str() };
        if value.is_finite() {
            out.add(at, series, time, value);
        } else {
            out.complain(at, format!("{series} is {value}: left out"));
        }
    }
}

/// A number, which may be none such as `nan`. A decimal comma is that of the test machine's language.
fn figure(word: &str) -> Option<f64> {
    if let Some(value) = number(word) {
        return Some(value);
    }
    if word.contains(',') { word.replace(',', ".").parse().ok() } else { word.parse().ok() }
}

fn owned(header: &[&str]) -> Vec<String> {
    header.iter().map(|name| (*name).to_owned()).collect()
}

/// `vmstat -n`: one header of names, `r b swpd free …`. The first row is the mean since boot.
pub(super) fn vmstat(text: &Text, out: &mut Parsed) {
    let mut series = String::new();
    let mut header = Vec::new();
    let mut rows = 0_u64;
    let mut row: Vec<&str> = Vec::new();
    for (line, content) in text.lines() {
        let Some((time, content)) = stamped(content) else { continue };
        split(content, &mut row);
        if row.first() == Some(&"r") {
            header = owned(&row);
        } else if !header.is_empty() && row.first().is_some_and(|word| word.parse::<u64>().is_ok())
        {
            rows += 1;
            if rows > 1 {
                add_row(&mut series, (text, line), time, "", (&header, &row), 0, out);
            }
        }
    }
}

/// `mpstat -P ALL`: tables with a row for all CPUs together and one for each.
pub(super) fn mpstat(text: &Text, out: &mut Parsed) {
    let mut series = String::new();
    let mut clock = Clock::default();
    let mut header: Vec<String> = Vec::new();
    let (mut cpu_at, mut row) = (0, Vec::new());
    for (line, content) in text.lines() {
        if clock.set(content) {
            continue;
        }
        split(content, &mut row);
        // The time of day in front has one word or two. The means in the end are no interval.
        if let Some(at) = row.iter().take(3).position(|word| *word == "CPU") {
            (header, cpu_at) = (owned(&row), at);
        } else if !header.is_empty() && row.len() > cpu_at && row.first() != Some(&"Average:") {
            add_row(
                &mut series,
                (text, line),
                clock.now,
                row[cpu_at],
                (&header, &row),
                cpu_at + 1,
                out,
            );
        }
    }
}

/// `iostat -x`: a table of one row for the CPUs, and one with a row for each disk. The first of each is
/// the mean since boot.
pub(super) fn iostat(text: &Text, out: &mut Parsed) {
    let mut series = String::new();
    let (mut header, mut cpus): (Vec<String>, bool) = (Vec::new(), false);
    let mut reports = 0;
    for (line, content) in text.lines() {
        let Some((time, content)) = stamped(content) else { continue };
        let content = without_colours(content);
        let row = words(&content);
        match row.first() {
            None => {}
            Some(&"avg-cpu:") => {
                reports += 1;
                (header, cpus) = (owned(&row[1..]), true);
            }
            Some(&("Device" | "Device:")) => (header, cpus) = (owned(&row), false),
            Some(first) if reports > 1 => {
                let (of, skipped) = if cpus { ("cpu", 0) } else { (*first, 1) };
                add_row(&mut series, (text, line), time, of, (&header, &row), skipped, out);
            }
            Some(_) => {}
        }
    }
}

/// The line without the escape sequences by which sysstat colours its figures.
fn without_colours(line: &str) -> Cow<'_, str> {
    let mut parts = line.split("\u{1b}[");
    let first = parts.next().unwrap_or_default();
    if first.len() == line.len() {
        return Cow::Borrowed(line);
    }
    let plain = parts.map(|part| part.split_once('m').map_or("", |(_, rest)| rest));
    Cow::Owned(std::iter::once(first).chain(plain).collect())
}

/// turbostat: a row for the whole machine, where package, core and CPU are `-`, and one for each CPU,
/// which are left out.
pub(super) fn turbostat(text: &Text, out: &mut Parsed) {
    let mut series = String::new();
    let mut header: Vec<String> = Vec::new();
    for (line, content) in text.lines() {
        let Some((time, content)) = stamped(content) else { continue };
        let row = words(content);
        if row.contains(&"Avg_MHz") {
            header = owned(&row);
        } else if row.contains(&"-") && !header.is_empty() {
            add_row(&mut series, (text, line), time, "", (&header, &row), 0, out);
        }
    }
}
