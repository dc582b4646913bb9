//! One line a figure. The columns are a contract with other programs.

use csv::Writer;

use super::{Options, ReportError};
use crate::analysis::{BenchmarkTable, Comparison};

/// Columns of the table of figures.
const FIGURES: [&str; 9] = [
    "machine",
    "config",
    "benchmark",
    "operation",
    "statistic",
    "run",
    "value",
    "change_pct",
    "starred",
];

/// Columns of the table of ratios.
const RATIOS: [&str; 8] =
    ["machine", "config", "benchmark", "operation", "run", "ratio", "change_pct", "score"];

pub fn render(comparisons: &[Comparison], options: Options) -> Result<String, ReportError> {
    let mut out = Writer::from_writer(Vec::new());
    if options.ratio {
        out.write_record(RATIOS)?;
    } else {
        out.write_record(FIGURES)?;
    }
    for comparison in comparisons {
        for benchmark in &comparison.benchmarks {
            if options.ratio {
                ratios(&mut out, comparison, benchmark)?;
            } else {
                figures(&mut out, comparison, benchmark)?;
            }
        }
    }
    let bytes = out.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn figures(
    out: &mut Writer<Vec<u8>>,
    comparison: &Comparison,
    benchmark: &BenchmarkTable,
) -> csv::Result<()> {
    for operation in &benchmark.operations {
        for statistic in &operation.statistics {
            for (column, figure) in comparison.columns.iter().zip(&statistic.cells) {
                out.write_record([
                    comparison.machine.as_str(),
                    &comparison.config,
                    &benchmark.name,
                    &operation.name,
                    &statistic.name,
                    &column.run,
                    &number(figure.value),
                    &number(figure.change),
                    if figure.starred { "true" } else { "false" },
                ])?;
            }
        }
    }
    Ok(())
}

fn ratios(
    out: &mut Writer<Vec<u8>>,
    comparison: &Comparison,
    benchmark: &BenchmarkTable,
) -> csv::Result<()> {
    let mut row = |operation: &str, run: &str, figures: [Option<f64>; 3]| {
        let [ratio, change, score] = figures.map(number);
        let place = [comparison.machine.as_str(), &comparison.config, &benchmark.name];
        out.write_record(place.into_iter().chain([operation, run, &ratio, &change, &score]))
    };
    for ratios in &benchmark.ratios.rows {
        for (column, cell) in comparison.columns.iter().zip(&ratios.cells) {
            let figures = [
                cell.map(|cell| cell.ratio),
                cell.map(|cell| cell.change),
                cell.and_then(|cell| cell.score),
            ];
            row(&ratios.operation, &column.run, figures)?;
        }
    }
    let table = &benchmark.ratios;
    for (name, means) in [
        ("Dmean", &table.dmean),
        ("Dmin", &table.dmin),
        ("Dmax", &table.dmax),
        ("Gmean", &table.gmean),
    ] {
        for (column, mean) in comparison.columns.iter().zip(means) {
            row(name, &column.run, [*mean, None, None])?;
        }
    }
    Ok(())
}

/// All digits of a number; nothing where there is none.
fn number(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}
