//! What takes the CPUs away from programs that want them all (sysjitter).
//!
//! `sysjitter.log` has a row for each figure and a column for each CPU; `core_i:` names the CPUs.

use super::parsed::REPEAT;
use super::words::{number, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::model::SummaryKind;

/// Interruptions of a CPU: how many, and how long.
pub const SYSJITTER: Shellpack = Shellpack {
    name: "sysjitter",
    aliases: &[],
    title: "Interruptions of CPUs (sysjitter)",
    kind: SummaryKind::Singleops,
    decimals: 2,
    metrics: &[
        Metric::lower("int_n_per_sec", "1/s"),
        Metric::lower("int_n-", "interruptions"),
        Metric::lower("int_total_%", "%"),
        Metric::lower("", "ns"),
    ],
    parse,
};

/// More than any machine has.
const MOST_CPUS: usize = 10_000;

fn parse(source: &Source, out: &mut Parsed) {
    let Some(text) = out.read(&source.logs, "sysjitter.log") else { return };
    let mut cpus: Vec<String> = Vec::new();
    let mut figures: Vec<Option<f64>> = Vec::new();
    let mut seen = false;
    let (mut metric, mut operation) = (String::new(), String::new());
    for (line, content) in text.lines() {
        let Some((name, values)) = content.split_once(':') else { continue };
        if name == "core_i" {
            let names = words(values).take(MOST_CPUS);
            cpus = names.map(|cpu| format!("-cpu{cpu}")).collect();
        }
        if !name.starts_with("int_") {
            continue;
        }
        seen = true;
        // int_median(ns) is int_median_ns, int_total(%) is int_total_%age.
        metric.clear();
        for c in name.chars() {
            match c {
                '(' => metric.push('_'),
                ')' => {}
                '%' => metric.push_str("%age"),
                other => metric.push(other),
            }
        }
        figures.clear();
        figures.extend(words(values).take(cpus.len() + 1).map(number));
        if figures.len() != cpus.len() {
            out.complain((&text, line), format!("{name}: not a figure for each CPU"));
            continue;
        }
        let is_ratio = metric == "int_n_per_sec";
        for (cpu, value) in cpus.iter().zip(&figures) {
            operation.clear();
            operation.push_str(&metric);
            operation.push_str(cpu);
            match *value {
                Some(value) if is_ratio => {
                    out.add_ratio((&text, line), &operation, 1.0, value);
                }
                Some(value) => out.add((&text, line), &operation, 1.0, value),
                None => out.missing_in((&text, line), content, "number"),
            }
        }
    }
    if !seen {
        out.missing(&text, "table of interruptions", REPEAT);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    /// sysjitter 1.4
    #[test]
    fn figures_by_cpu() {
        let log = "core_i: 0 3\nthreshold(ns): 200 200\nint_n: 3269 4352\nint_n_per_sec: 653.229 870.680\n\
            int_90(ns): 55333 41027\nint_total(%): 41.507 42.727\nint_max(ns): 2003\n";
        let out = parse("sysjitter", &[("sysjitter.log", log)]);
        let expected = [
            ("int_n-cpu0", 1.0, 3269.0),
            ("int_n-cpu3", 1.0, 4352.0),
            ("int_n_per_sec-cpu0", 1.0, 653.229),
            ("int_n_per_sec-cpu3", 1.0, 870.68),
            ("int_90_ns-cpu0", 1.0, 55333.0),
            ("int_90_ns-cpu3", 1.0, 41027.0),
            ("int_total_%age-cpu0", 1.0, 41.507),
            ("int_total_%age-cpu3", 1.0, 42.727),
        ];
        assert_eq!(rows(&out), expected);
        assert_eq!(out.problems[0].line, Some(7));
    }
}
