//! Monitors that tell which programs used CPUs and disks: pidstat and iotop. Programs of one name are told
//! together.

use super::snapshots::Snapshots;
use super::{Clock, stem};
use crate::mmtests::logs::Text;
use crate::mmtests::shellpack::{Parsed, after, number, words};

/// Columns of pidstat that are kept.
const KEPT: [&str; 3] = ["%CPU", "kB_rd/s", "kB_wr/s"];

/// `pidstat -H -h -u -d -r`: below a header `# Time UID PID … Command`, a row for each program that did
/// anything, with the time in seconds since 1970.
pub(super) fn pidstat(text: &Text, out: &mut Parsed) {
    let mut programs = Snapshots::default();
    let mut header: Vec<&str> = Vec::new();
    let (mut start, mut now) = (None, None);
    for (line, content) in text.lines() {
        if let Some(names) = after(content, "#") {
            header = words(names).collect();
            continue;
        }
        let mut row = words(content);
        let Some(time) = row.next().and_then(number).filter(|_| header.len() > 1) else { continue };
        if now != Some(time) {
            (now, out.last) = (Some(time), Some(time));
            programs.look(line, time - *start.get_or_insert(time));
        }
        let figures: Vec<&str> = row.by_ref().take(header.len() - 2).collect();
        // A name may hold blanks.
        let name = row.rest().trim_ascii();
        if name.is_empty() {
            out.missing_in((text, line), content, "name of a program");
            continue;
        }
        for (column, word) in header[1..].iter().zip(figures) {
            if !KEPT.contains(column) {
                continue;
            }
            match number(word) {
                // −1 where the kernel did not tell.
                Some(figure) if figure > 0.0 => programs.add(&[stem(name), "-", column], figure),
                Some(_) => {}
                None => out.missing_in((text, line), content, column),
            }
        }
    }
    programs.finish(text, out);
}

/// `iotop -k -b`, with the time in front of each look: the sum of all threads, and a row for each thread that
/// read or wrote.
pub(super) fn iotop(text: &Text, out: &mut Parsed) {
    let mut clock = Clock::default();
    let mut programs = Snapshots::default();
    for (line, content) in text.lines() {
        if clock.set(content, out) {
            programs.look(line, clock.now);
        } else if let Some(sums) = after(content, "Total DISK READ") {
            for (name, sum) in
                ["all-kB_rd/s", "all-kB_wr/s"].iter().zip(words(sums).filter_map(number))
            {
                programs.add(&[name], sum);
            }
        } else if words(content).next().is_some_and(|id| number(id).is_some()) {
            match thread(content) {
                Some((name, figures)) => {
                    for (column, figure) in KEPT[1..].iter().zip(figures) {
                        programs.add(&[name, "-", column], figure);
                    }
                }
                None => out.missing_in((text, line), content, "figure of a thread"),
            }
        }
    }
    programs.finish(text, out);
}

/// `651 be/3 root 0.00 K/s 11.75 K/s 0.00 % 1.20 % [jbd2/vda-8]`: the kind of task, and what it read and
/// wrote. Kernels that do not account for delays have `?unavailable?` in place of the shares.
fn thread(row: &str) -> Option<(&str, [f64; 2])> {
    let mut words = words(row);
    let read = number(words.nth(3)?)?;
    let written = number(words.nth(1)?)?;
    let share = words.nth(1)?;
    let command = if number(share).is_some() { words.nth(3)? } else { words.next()? };
    let task = command.strip_prefix('[').map(|task| task.trim_end_matches(']'));
    let name = task.unwrap_or_else(|| command.rsplit('/').next().unwrap_or(command));
    Some((stem(name), [read, written])).filter(|_| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::thread;

    #[test]
    fn threads_of_all_kernels() {
        for (row, expected) in [
            (
                "  651 be/3 root        0.00 K/s   11.75 K/s  0.00 %  1.20 % [jbd2/vda-8]",
                ("jbd", 11.75),
            ),
            (
                "  77 be/4 root  0.00 K/s    1.00 K/s ?unavailable?  /usr/bin/dd if=x of=y",
                ("dd", 1.0),
            ),
            (
                "  78 be/4 root  0.00 K/s    2.00 K/s ?unavailable?  [kworker/u8:1-flush]",
                ("kworker", 2.0),
            ),
        ] {
            assert_eq!(thread(row), Some((expected.0, [0.0, expected.1])), "{row}");
        }
        assert_eq!(thread("1 be/4 root 0.00 K/s"), None);
    }
}
