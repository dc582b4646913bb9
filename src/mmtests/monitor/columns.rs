//! Monitors that print tables with a header: vmstat, mpstat, iostat, turbostat.

use std::borrow::Cow;

use super::{Clock, stamped};
use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::{Parsed, number, words};
use crate::model::{OperationId, Places};

/// More columns than any table has.
const MOST_COLUMNS: usize = 500;

/// Puts the words of a line into the room for them.
fn split<'l>(line: &'l str, row: &mut Vec<&'l str>) {
    row.clear();
    row.extend(words(line).take(MOST_COLUMNS));
}

/// A table, of which more and more rows come: the names of its columns, and the series that rows of one
/// device or CPU go to. Looking a series up takes longer than reading its figure.
#[derive(Default)]
pub(super) struct Table {
    header: Vec<String>,
    /// Columns that hold no figures.
    skipped: usize,
    devices: Places,
    /// The series of each device, as far as they are known.
    series: Vec<Vec<Option<OperationId>>>,
}

impl Table {
    /// `true` once there is a header.
    fn has_header(&self) -> bool {
        !self.header.is_empty()
    }

    /// Takes a header, of which the first `skipped` columns are no figures.
    pub fn begin(&mut self, header: &[&str], skipped: usize) {
        if self.header != header || self.skipped != skipped {
            let header = header.iter().map(|name| (*name).to_owned()).collect();
            *self = Table { header, skipped, ..Table::default() };
        }
    }

    /// Adds the figures of a row of this device, or of none in particular.
    pub fn add(&mut self, at: (&Text, u64), time: f64, of: &str, row: &[&str], out: &mut Parsed) {
        let columns = self.header.len();
        if columns != row.len() {
            return out.complain(at, format!("{} columns below a header of {columns}", row.len()));
        }
        let place = self.devices.of(of);
        self.series.resize_with(self.devices.count(), || vec![None; columns]);
        let Some(series) = self.series.get_mut(place) else { return };
        let columns = self.header.iter().zip(row).zip(series).skip(self.skipped);
        for ((name, value), known) in columns {
            // Other words are no figures.
            let Some(value) = figure(value) else { continue };
            let named = || if of.is_empty() { name.clone() } else { format!("{of}-{name}") };
            if value.is_finite() {
                let id = *known.get_or_insert_with(|| out.samples.operation(&named()));
                out.add_to(at, id, time, value);
            } else {
                out.complain(at, format!("{} is {value}: left out", named()));
            }
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

/// `vmstat -n`: one header of names, `r b swpd free …`. The first row is the mean since boot.
pub(super) fn vmstat(text: &Text, out: &mut Parsed) {
    let mut table = Table::default();
    let mut rows = 0_u64;
    let mut row: Vec<&str> = Vec::new();
    for (line, content) in text.lines() {
        let Some((time, content)) = stamped(content) else { continue };
        split(content, &mut row);
        if row.first() == Some(&"r") {
            table.begin(&row, 0);
        } else if table.has_header() && row.first().is_some_and(|word| word.parse::<u64>().is_ok())
        {
            rows += 1;
            if rows > 1 {
                table.add((text, line), time, "", &row, out);
            }
        }
    }
}

/// `mpstat -P ALL`: tables with a row for all CPUs together and one for each.
pub(super) fn mpstat(text: &Text, out: &mut Parsed) {
    let mut table = Table::default();
    let mut clock = Clock::default();
    let (mut cpu_at, mut row) = (0, Vec::new());
    for (line, content) in text.lines() {
        if clock.set(content, out) {
            continue;
        }
        split(content, &mut row);
        // The time of day in front has one word or two. The means in the end are no interval.
        if let Some(at) = row.iter().take(3).position(|word| *word == "CPU") {
            // Of the header nothing but the time of day changes.
            row[..at].fill("");
            cpu_at = at;
            table.begin(&row, cpu_at + 1);
        } else if table.has_header() && row.len() > cpu_at && row.first() != Some(&"Average:") {
            table.add((text, line), clock.now, row[cpu_at], &row, out);
        }
    }
}

/// `iostat -x`: a table of one row for the CPUs, and one with a row for each disk. The first of each is
/// the mean since boot.
pub(super) fn iostat(text: &Text, out: &mut Parsed) {
    let [mut cpus, mut devices] = [Table::default(), Table::default()];
    let mut of_cpus = false;
    let mut reports = 0;
    for (line, content) in text.lines() {
        let Some((time, content)) = stamped(content) else { continue };
        let content = without_colours(content);
        let row: Vec<&str> = words(&content).take(MOST_COLUMNS).collect();
        match row.first() {
            None => {}
            Some(&"avg-cpu:") => {
                reports += 1;
                of_cpus = true;
                cpus.begin(&row[1..], 0);
            }
            Some(&("Device" | "Device:")) => {
                of_cpus = false;
                devices.begin(&row, 1);
            }
            Some(_) if reports < 2 => {}
            Some(_) if of_cpus => cpus.add((text, line), time, "cpu", &row, out),
            Some(first) => devices.add((text, line), time, first, &row, out),
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
    let mut table = Table::default();
    let mut row = Vec::new();
    for (line, content) in text.lines() {
        let Some((time, content)) = stamped(content) else { continue };
        split(content, &mut row);
        if row.contains(&"Avg_MHz") {
            table.begin(&row, 0);
        } else if row.contains(&"-") && table.has_header() {
            table.add((text, line), time, "", &row, out);
        }
    }
}
