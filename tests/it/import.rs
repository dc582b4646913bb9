//! Results of other tools, as those tools left them, beside those of MMTests.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::{argument, melbot, printed, project, table};

const SAMPLES: &str = "machine,config,run,iteration,benchmark,operation,interval,value";

fn real(name: &str) -> String {
    argument(&project().join("tests/data/import").join(name)).to_owned()
}

fn samples(results: &Path, store: &Path) -> Vec<crate::support::Row> {
    let asked = ["extract", argument(results), "--store", argument(store), "--format", "csv"];
    table(&printed(&asked), ',', SAMPLES)
}

/// lkp-tests (2026) over hackbench of rt-tests, two made-up commits with three runs each.
#[test]
fn lkp() {
    let scratch = TempDir::new().unwrap();
    let [results, store] = ["results", "store"].map(|name| scratch.path().join(name));
    let out = ["-o", argument(&results)];
    let dry = printed(&[&["import", &real("lkp"), "--dry-run"], &out[..]].concat());
    assert!(dry.contains("iter-2/hackbench/logs/samples.csv") && !results.exists(), "{dry}");
    let told = printed(&[&["import", &real("lkp")], &out[..]].concat());
    assert_eq!(told, "2 runs, 24 samples: 6 files written\n");
    let rows = samples(&results, &store);
    assert_eq!(rows.len(), 24);
    let first = &rows[0];
    assert_eq!((&*first["machine"], &*first["config"]), ("ivb42", "hackbench-100%-process-pipe"));
    assert_eq!((&*first["run"], &*first["iteration"]), ("111111111111", "0"));
    // What it was before, on its way.
    let stats = Path::new(&real("lkp")).join(
        "hackbench/100%-process-pipe/ivb42/debian-12-x86_64-20240206.cgz/x86_64-rhel-9.4/gcc-12/\
         1111111111111111111111111111111111111111/0/stats.json",
    );
    let stats: serde_json::Value = serde_json::from_slice(&fs::read(stats).unwrap()).unwrap();
    let throughput = rows.iter().find(|row| row["operation"] == "throughput").unwrap();
    let value = stats["hackbench.throughput"].as_f64().unwrap();
    assert_eq!(throughput["value"].parse::<f64>().unwrap(), value);
    // A second time there is nothing to add.
    let told = printed(&[&["import", &real("lkp")], &out[..]].concat());
    assert!(told.contains("6 were there already"), "{told}");
    let told = printed(&["check", argument(&results), "--store", argument(&store)]);
    assert!(!told.contains("activity"), "an imported run has none: {told}");
}

/// Of a commit of which only the matrix is left, its columns are the runs.
#[test]
fn the_matrix_of_lkp() {
    let scratch = TempDir::new().unwrap();
    let [results, store] = ["results", "store"].map(|name| scratch.path().join(name));
    let inside = "hackbench/100%-process-pipe/ivb42/debian/rhel/gcc-12/2222222222222222222222222222222222222222";
    let commit = scratch.path().join(inside);
    fs::create_dir_all(&commit).unwrap();
    let of = "hackbench/100%-process-pipe/ivb42/debian-12-x86_64-20240206.cgz/x86_64-rhel-9.4/gcc-12/\
              2222222222222222222222222222222222222222/matrix.json";
    fs::copy(Path::new(&real("lkp")).join(of), commit.join("matrix.json")).unwrap();
    printed(&["import", argument(scratch.path()), "-o", argument(&results)]);
    let rows = samples(&results, &store);
    let runs: Vec<&str> = rows
        .iter()
        .filter(|row| row["operation"] == "throughput")
        .map(|row| &*row["iteration"])
        .collect();
    assert_eq!(runs, ["0", "1", "2"]);
}

/// Phoronix Test Suite 10.8.6, a test of a shell's sums.
#[test]
fn phoronix() {
    let scratch = TempDir::new().unwrap();
    let [results, store] = ["results", "store"].map(|name| scratch.path().join(name));
    let out = ["-o", argument(&results)];
    let file = real("composite.xml");
    let nameless = melbot().args(["import", &file]).args(out).assert().code(2).get_output().clone();
    let told = String::from_utf8(nameless.stderr).unwrap();
    assert!(told.contains("give --machine NAME"), "{told}");
    printed(&[&["import", &file, "--machine", "ivor"], &out[..]].concat());
    let rows = samples(&results, &store);
    assert_eq!(rows.len(), 30);
    assert_eq!((&*rows[0]["run"], &*rows[0]["benchmark"]), ("6.18.44", "shellsum"));
    assert_eq!((&*rows[0]["operation"], &*rows[0]["value"]), ("Numbers: 20000", "0.0669"));
    let site = scratch.path().join("site");
    let asked = ["site", argument(&results), "-o", argument(&site), "--store", argument(&store)];
    printed(&asked);
    let page = fs::read_to_string(site.join("ivor/shellsum/index.html")).unwrap();
    assert!(page.contains("Seconds") && page.contains("lower is better"), "{page}");
    let run = fs::read_to_string(site.join("ivor/shellsum/6.18.44.html")).unwrap();
    assert!(run.contains("GCC 12.2.0 + LLVM 14.0.6"), "{run}");
}

/// What `extract` prints, `import` takes: the samples are the same afterwards.
#[test]
fn extract_and_import_are_inverse() {
    let scratch = TempDir::new().unwrap();
    let [again, store, other] = ["again", "store", "other"].map(|name| scratch.path().join(name));
    let sample = project().join("sample-results/simulated1");
    for format in ["csv", "json", "tsv"] {
        let place = ["--store", argument(&store), "--format", format];
        let before = printed(&[&["extract", argument(&sample)], &place[..]].concat());
        let again = again.join(format);
        let out = ["-o", argument(&again), "--format", format];
        melbot().args(["import", "-"]).args(out).write_stdin(before.clone()).assert().success();
        let place = ["--store", argument(&other), "--format", format];
        let after = printed(&[&["extract", argument(&again)], &place[..]].concat());
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&before), sorted(&after), "{format}");
    }
}

#[test]
fn what_mmtests_measured_is_never_added_to() {
    let scratch = TempDir::new().unwrap();
    fs::create_dir_all(scratch.path().join("m/c/6.1/iter-0")).unwrap();
    let rows = "machine,config,run,benchmark,operation,value,better\nm,c,6.1,b,read,1,lower\n";
    let asked = ["import", "-", "--format", "csv", "-o", argument(scratch.path())];
    let output = melbot().args(asked).write_stdin(rows).assert().code(2).get_output().clone();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("there is a run that was not imported"), "{told}");
}

#[test]
fn what_cannot_be_imported_is_told() {
    let scratch = TempDir::new().unwrap();
    let results = scratch.path().join("results");
    let rows =
        "machine,config,run,benchmark,operation,value\nm,c,6.1,b,frobs,1\nm,c,6.1,b,frobs,x\n";
    let asked = ["import", "-", "--format", "csv", "-o", argument(&results)];
    let output = melbot().args(asked).write_stdin(rows).assert().success().get_output().clone();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("line 3: ") && told.contains("say --lower START"), "{told}");
    let nothing = melbot().args(["import", argument(&results), "-o", "x"]).assert().code(2);
    let told = String::from_utf8(nothing.get_output().stderr.clone()).unwrap();
    assert!(told.contains("neither stats.json, matrix.json nor composite.xml"), "{told}");
}

const HEADER: &str = "machine,config,run,iteration,benchmark,operation,value,unit,better";

#[test]
fn another_import_takes_the_place_of_the_whole_run() {
    let scratch = TempDir::new().unwrap();
    let [results, store, source] =
        ["results", "store", "in.csv"].map(|name| scratch.path().join(name));
    let import = |rows: &[&str], more: &[&str]| {
        fs::write(&source, format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
        printed(&[&["import", argument(&source), "-o", argument(&results)], more].concat())
    };
    import(
        &["m,c,6.1,0,b,x,1,s,lower", "m,c,6.1,1,b,x,1,s,lower", "m,c,6.1,0,bb,x,1,s,lower"],
        &[],
    );
    // What an import leaves that was killed.
    let left = results.join("m/c/.6.1.unfinished/iter-0/b/logs");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("samples.csv"), "operation,value\nx,7\n").unwrap();
    import(&["m,c,6.1,0,b,x,9,s,lower"], &["--replace"]);
    let rows = samples(&results, &store);
    let found: Vec<_> = rows.iter().map(|row| (&*row["benchmark"], &*row["value"])).collect();
    assert_eq!(found, [("b", "9")]);
    assert_eq!(fs::read_dir(results.join("m/c")).unwrap().count(), 1, "nothing is left over");
}

#[test]
fn an_operation_of_any_name_keeps_its_unit_and_direction() {
    let scratch = TempDir::new().unwrap();
    let [results, store, source] =
        ["results", "store", "in.csv"].map(|name| scratch.path().join(name));
    let long = "x".repeat(400);
    let rows = ["lat\tp99", &long].map(|name| format!("m,c,6.1,0,b,{name},1,ms,lower"));
    fs::write(&source, format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
    printed(&["import", argument(&source), "-o", argument(&results)]);
    let compared = ["compare", argument(&results), "--store", argument(&store), "--json"];
    let told: serde_json::Value = serde_json::from_str(&printed(&compared)).unwrap();
    let operations = told[0]["benchmarks"][0]["operations"].as_array().unwrap();
    assert_eq!(operations.len(), 2);
    for operation in operations {
        assert_eq!((&operation["unit"], &operation["direction"]), (&"ms".into(), &"lower".into()));
    }
}
