//! Memory bandwidth (STREAM).
//!
//! `benchlog-<threads>-_-<iteration>` has a table with the best rate of each kernel; until 2025 the
//! same stood in `stream-<iteration>.log`. Until 2016 there was `vmr-stream`, which went through
//! working set sizes: `stream-<buffer>/stream-<kernel>.instances`, rows of array size and rate.

use super::parsed::REPEAT;
use super::words::{number_at, operation, word};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::{Logs, Text};
use crate::model::SummaryKind;

/// Memory bandwidth, by the number of threads or the size of the arrays.
pub const STREAM: Shellpack = Shellpack {
    name: "stream",
    aliases: &["vmr-stream"],
    title: "Memory bandwidth (STREAM)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[Metric::higher("", "MB/s")],
    parse,
};

const KERNELS: [&str; 4] = ["Copy", "Scale", "Add", "Triad"];

fn parse(source: &Source, out: &mut Parsed) {
    for (name, rest) in source.logs.between("benchlog-", "") {
        let mut parts = rest.split('-');
        let (threads, iteration) = (parts.next().unwrap_or("_"), parts.nth(1));
        let Some(iteration) = iteration.and_then(|number| number.parse().ok()) else { continue };
        let Some(text) = out.read(&source.logs, name) else { continue };
        table(&text, threads, iteration, out);
    }
    for (name, iteration) in source.logs.between("stream-", ".log") {
        let Ok(iteration) = iteration.parse() else { continue };
        let Some(text) = out.read(&source.logs, name) else { continue };
        let counted = text.lines_with("Threads counted =").next();
        let threads = counted.and_then(|(_, line)| line.split_ascii_whitespace().next_back());
        table(&text, threads.unwrap_or("_"), iteration, out);
    }
    let buffers: Vec<_> = source.logs.between("stream-", "").collect();
    let folders: Vec<_> = buffers
        .into_iter()
        .filter_map(|(name, buffer)| Some((buffer, source.logs.folder(name)?)))
        .collect();
    for (buffer, folder) in &folders {
        // MMTests mixes the buffer types, where there are two.
        instances(folder, if folders.len() > 1 { buffer } else { "_" }, out);
    }
}

/// The table that STREAM prints.
fn table(text: &Text, threads: &str, iteration: u32, out: &mut Parsed) {
    let mut found = false;
    for (line, content) in text.lines_with(":") {
        let Some(kernel) = KERNELS.iter().find(|kernel| is_row(content, kernel)) else { continue };
        found = true;
        match number_at(content, 1) {
            Some(rate) => {
                out.add((text, line), &operation(kernel, &[threads]), iteration.into(), rate);
            }
            None => out.missing_in((text, line), content, "rate"),
        }
    }
    if !found {
        out.missing(text, "table of rates", REPEAT);
    }
}

fn is_row(line: &str, kernel: &str) -> bool {
    word(line, 0).and_then(|word| word.strip_suffix(':')) == Some(kernel)
}

/// The working set sizes of vmr-stream; each line is one repetition.
fn instances(folder: &Logs, buffer: &str, out: &mut Parsed) {
    for kernel in ["Add", "Copy", "Scale", "Triad"] {
        let Some(text) = out.read(folder, &format!("stream-{kernel}.instances")) else { continue };
        let mut last = None;
        for (line, content) in text.lines() {
            let (Some(elements), Some(rate)) = (number_at(content, 0), number_at(content, 1))
            else {
                out.missing_in((&text, line), content, "rate");
                continue;
            };
            let id = match last {
                Some((size, id)) if size == elements => id,
                _ => {
                    let size = format!("{}K", (elements / 1024.0).trunc());
                    out.samples.operation(&operation(kernel, &[buffer, &size]))
                }
            };
            last = Some((elements, id));
            out.add_next((&text, line), id, rate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    const LOG: &str = "\
-------------------------------------------------------------
Each test below will take on the order of 113938 microseconds.
Number of Threads counted = 2
Function    Best Rate MB/s  Avg time     Min time     Max time
Copy:            1077.0     0.045266     0.015577     0.096814
Scale:            613.7     0.080653     0.027339     0.140753
Add:              711.4     0.095610     0.035377     0.199422
Triad:            639.3     0.111064     0.039362     0.288620
";

    #[test]
    fn best_rates_by_thread_and_iteration() {
        let out = parse("stream", &[("benchlog-1-_-6", LOG)]);
        let expected = [
            ("Copy-1", 6.0, 1077.0),
            ("Scale-1", 6.0, 613.7),
            ("Add-1", 6.0, 711.4),
            ("Triad-1", 6.0, 639.3),
        ];
        assert_eq!(rows(&out), expected);
        assert!(out.problems.is_empty());
    }

    #[test]
    fn older_logs_tell_the_threads_themselves() {
        let out = parse("stream", &[("stream-3.log", LOG)]);
        assert_eq!(rows(&out)[0], ("Copy-2", 3.0, 1077.0));
    }

    #[test]
    fn vmr_stream_has_working_set_sizes() {
        let log = "87381 5100.5 0.01 0.01 0.01\n87381 5200.5\n174762 4000\nrubbish\n";
        let name = "stream-malloc-small/stream-Add.instances";
        for name in [name.to_owned(), format!("default/{name}")] {
            let out = parse("vmr-stream", &[(&name, log)]);
            let expected = [("Add-85K", 1.0, 5100.5), ("Add-85K", 2.0, 5200.5)];
            assert_eq!(rows(&out)[..2], expected);
            assert_eq!(rows(&out)[2], ("Add-170K", 1.0, 4000.0));
            assert_eq!(out.problems.len(), 1);
        }
    }

    #[test]
    fn a_failed_run_quotes_its_last_words() {
        let out = parse("stream", &[("benchlog-_-_-1", "Segmentation fault\n")]);
        assert_eq!(out.problems[0].what, "no table of rates, it ends with \"Segmentation fault\"");
    }
}
