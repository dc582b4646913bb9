//! `melbot judge` says what is wrong with its files: which file, which line, and what to do.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::{argument, melbot};

const KERNELS: &str = "kernel,track,pos,parent\n6.1,main,0,\n6.2,main,1,6.1\n";
const SERIES: &str = "series,machine,benchmark,better\ncopy,ivor,stream,higher\n";
const SAMPLES: &str = "series,kernel,boot,value\ncopy,6.1,0,1.0\ncopy,6.2,0,1.1\n";

/// Exit status, standard output and standard error, with one of the files changed.
fn judge(file: &str, content: Option<&str>) -> (i32, String, String) {
    let scratch = TempDir::new().unwrap();
    let write = |name: &str, content: &str| fs::write(scratch.path().join(name), content).unwrap();
    write("kernels.csv", KERNELS);
    write("series.csv", SERIES);
    write("samples.csv", SAMPLES);
    match content {
        Some(content) => write(file, content),
        None => fs::remove_file(scratch.path().join(file)).unwrap(),
    }
    run(scratch.path())
}

fn run(dir: &Path) -> (i32, String, String) {
    let output = melbot().args(["judge", argument(dir)]).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The file with these lines added is refused for a reason that holds all of these words.
#[track_caller]
fn refused(file: &str, content: Option<&str>, words: &[&str]) {
    let (status, out, error) = judge(file, content);
    assert_eq!((status, out.as_str()), (2, ""), "{error}");
    for word in words {
        assert!(error.contains(word), "no `{word}` in: {error}");
    }
}

fn with(before: &str, line: &str) -> Option<String> {
    Some(format!("{before}{line}\n"))
}

#[test]
fn a_missing_or_empty_file_is_named_with_its_columns() {
    refused("samples.csv", None, &["samples.csv cannot be read", "series, kernel, boot and value"]);
    refused("series.csv", Some(""), &["series.csv is empty", "machine, benchmark and better"]);
    let missing = Some("series,kernel,boot\ncopy,6.1,0\n");
    let words = ["samples.csv, line 2: missing field `value`", "boot and value"];
    refused("samples.csv", missing, &words);
}

#[test]
fn what_is_not_listed_is_named_with_its_line() {
    let kernel = with(SAMPLES, "copy,6.9,0,1.0");
    let words = ["samples.csv, line 4", "6.9 is not in kernels.csv: add a line"];
    refused("samples.csv", kernel.as_deref(), &words);
    let series = with(SAMPLES, "scale,6.1,0,1.0");
    let words = ["samples.csv, line 4", "scale is not in series.csv: add a line"];
    refused("samples.csv", series.as_deref(), &words);
    let parent = with(KERNELS, "6.3,main,2,6.2-rc9");
    let words = ["kernels.csv, line 4", "6.2-rc9, which is not listed: add it"];
    refused("kernels.csv", parent.as_deref(), &words);
}

#[test]
fn what_cannot_be_understood_is_named_with_its_line() {
    let words = ["samples.csv, line 4", "invalid float", "every line has the columns"];
    refused("samples.csv", with(SAMPLES, "copy,6.1,1,fast").as_deref(), &words);
    let words = ["samples.csv, line 4", "3 fields, and 4 in the first line"];
    refused("samples.csv", with(SAMPLES, "copy,6.1,1").as_deref(), &words);
    let words = ["series.csv, line 3", "`lower` or `higher`"];
    refused("series.csv", with(SERIES, "scale,ivor,stream,smaller").as_deref(), &words);
}

#[test]
fn nothing_is_listed_twice() {
    let words = ["kernels.csv, line 4", "6.2 is listed twice: leave one"];
    refused("kernels.csv", with(KERNELS, "6.2,main,2,6.1").as_deref(), &words);
    let words = ["series.csv, line 3", "copy is listed twice: leave one"];
    refused("series.csv", with(SERIES, "copy,ivor,stream,lower").as_deref(), &words);
}

#[test]
fn no_kernel_is_made_from_itself() {
    let words = ["kernels.csv, line 2: 6.1 is made from itself", "the oldest kernel has none"];
    let kernels = "kernel,track,pos,parent\n6.1,main,0,6.2\n6.2,main,1,6.1\n";
    refused("kernels.csv", Some(kernels), &words);
    refused("kernels.csv", Some("kernel,track,pos,parent\n6.1,main,0,6.1\n"), &words);
}

#[test]
fn what_is_left_out_is_said() {
    let (status, out, error) = judge("samples.csv", with(SAMPLES, "copy,6.1,0,NaN").as_deref());
    assert_eq!(status, 0);
    assert!(error.contains("1 values that are no numbers, the first in line 4"), "{error}");
    assert_eq!(out, judge("samples.csv", Some(SAMPLES)).1, "the rest is judged as without it");
    let (status, _, error) =
        judge("series.csv", with(SERIES, "scale,ivor,stream,lower").as_deref());
    assert_eq!(status, 0);
    assert!(error.contains("1 series without a sample, the first scale"), "{error}");
}

#[test]
fn the_interval_holds_the_effect() {
    let samples: String = (0..5)
        .map(|boot| format!("copy,6.1,{boot},1.00{boot}\ncopy,6.2,{boot},1.20{boot}\n"))
        .collect();
    let all = format!("series,kernel,boot,value\n{samples}");
    let (_, out, _) = judge("samples.csv", Some(&all));
    let fields: Vec<&str> = out.lines().nth(1).unwrap().split(',').collect();
    let [effect, low, high] = [5, 6, 7].map(|at| fields[at].parse::<f64>().unwrap());
    assert!(low < effect && effect < high, "{out}");
}
