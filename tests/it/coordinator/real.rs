//! The whole way with real kernels: made of Debian's linux-source, built as each kind of package, booted in QEMU.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::bob::{Bob, Served, git};
use crate::lab::world::World;
use crate::support::project;

/// A small kernel takes some minutes of two processors that nobody else wants.
const PATIENCE: Duration = Duration::from_secs(3000);

#[test]
fn bob_builds_real_kernels_as_each_kind_of_package_and_they_run() {
    if std::env::var_os("MELBOT_SLOW_TESTS").is_none() {
        println!("skipped: set MELBOT_SLOW_TESTS=1");
        return;
    }
    let world = World::new();
    let tree = world.path("tree");
    let versions = kernels(&tree);
    let served = Served::new(&world);
    settings(&world, &served.url);
    let mails = || fs::read_to_string(world.path("mails")).unwrap_or_default();

    for (version, package) in versions.iter().zip(["tar", "deb", "rpm"]) {
        world.edit("coordinator.toml", |text| {
            let old = text.lines().find(|line| line.starts_with("package = ")).unwrap();
            text.replace(old, &format!("package = {package:?}"))
        });
        if package == "deb" {
            // Nothing is left but what ccache has.
            fs::remove_dir_all(world.path("state/builds/small/objects")).unwrap();
        }
        let (before, began) = (hits(&world), Instant::now());
        let mut bob = Bob::start(&world);
        served.push(&world, &format!("v{version}"));
        let line = format!("Subject: [melbot] {version} on vm1: ");
        bob.wait(&line, PATIENCE, || {
            assert!(!mails().contains("does not build"), "{}", mails());
            mails().contains(&line)
        });
        println!("{}", what_was_done(&world, version, package, began.elapsed()));
        let record = world.read(&format!("results/vm1/config-demo-syscalls/{version}/run.toml"));
        let record: toml::Table = record.parse().unwrap();
        assert_eq!(record["outcome"].as_str(), Some("finished"), "{record}");
        let commit = git(&tree, &["rev-parse", &format!("v{version}^{{commit}}")]);
        let release = record["kernel"]["release"].as_str().unwrap();
        assert!(release.starts_with(version) && release.ends_with(&commit[..12]), "{release}");
        let name = record["kernel"]["package"].as_str().unwrap();
        assert!(name.ends_with(if package == "tar" { ".tar.gz" } else { package }), "{name}");
        // It says so itself.
        let booted = world
            .read(&format!("results/vm1/config-demo-syscalls/{version}/iter-0/kernel.version"));
        assert_eq!(booted.split(' ').nth(2), Some(release));
        if package == "deb" {
            let hits = hits(&world) - before;
            println!("{hits} objects out of ccache");
            assert!(hits > 500, "ccache was of no use: {hits}");
        }
        bob.end();
    }
    assert!(mails().contains(&format!("{} on vm1: nothing to compare with yet", versions[0])));
    let slower = format!("Subject: [melbot] {} on vm1: ", versions[1]);
    let told = mails();
    let told = told.lines().find(|line| line.starts_with(&slower)).unwrap();
    // Two kernels are too few for more than a guess, but what was measured is plain.
    assert!(told.contains("regression") || told.contains("inconclusive"), "{told}");
    let change = change(&world, "System-1", &versions[1]);
    assert!(change < -100.0, "{change}");
    assert!(world.read("site/index.html").contains(&versions[2]));
    world.assert_given_back("vm1");
}

/// A tree with three releases: that of linux-source, one in which `/dev/null` is slow, and one more.
fn kernels(tree: &Path) -> Vec<String> {
    fs::remove_dir_all(tree).unwrap();
    fs::create_dir_all(tree).unwrap();
    let sources = fs::read_dir("/usr/src").into_iter().flatten().flatten().map(|file| file.path());
    let is_source = |path: &PathBuf| {
        path.to_string_lossy().starts_with("/usr/src/linux-source-")
            && path.extension().is_some_and(|extension| extension == "xz")
    };
    let source = sources.filter(is_source).max();
    let source = source.expect("there is no linux-source: apt-get install linux-source");
    let unpacked = Command::new("tar")
        .arg("-xJf")
        .arg(source)
        .arg("-C")
        .arg(tree)
        .args(["--strip-components=1", "--exclude=*/drivers/gpu/drm/amd/include"])
        .args(["--exclude=*/tools/testing", "--exclude=*/arch/*/boot/dts"])
        .status();
    assert!(unpacked.unwrap().success());
    let makefile = fs::read_to_string(tree.join("Makefile")).unwrap();
    let number = |name: &str| -> u32 {
        let line = makefile.lines().find_map(|line| line.strip_prefix(&format!("{name} = ")));
        line.unwrap().parse().unwrap()
    };
    let series = format!("{}.{}", number("VERSION"), number("PATCHLEVEL"));
    let first = number("SUBLEVEL");
    let tree = &tree.to_path_buf();
    git(tree, &["init", "--quiet"]);
    let mut versions = Vec::new();
    for sublevel in first..first + 3 {
        let now = makefile
            .replace(&format!("\nSUBLEVEL = {first}\n"), &format!("\nSUBLEVEL = {sublevel}\n"));
        fs::write(tree.join("Makefile"), now).unwrap();
        if sublevel == first + 1 {
            let path = tree.join("drivers/char/mem.c");
            let text = fs::read_to_string(&path).unwrap();
            let start = "static ssize_t write_null(struct file *file, const char __user *buf,\n\t\t\t  size_t count, loff_t *ppos)\n{\n";
            assert!(text.contains(start), "write_null looks different here");
            let slow = "\tint turns = 40000;\n\n\twhile (turns)\n\t\tasm volatile(\"dec %0\" : \"+r\" (turns));\n";
            fs::write(&path, text.replace(start, &format!("{start}{slow}"))).unwrap();
        }
        git(tree, &["add", "--all", "--force"]);
        let version = format!("{series}.{sublevel}");
        git(tree, &["commit", "--quiet", "--message", &format!("Linux {version}")]);
        git(tree, &["tag", "--annotate", "--message", &version, &format!("v{version}")]);
        versions.push(version);
    }
    versions
}

/// The smallest configuration that finds disk and network of the machine.
fn settings(world: &World, url: &str) {
    let made = Command::new("make")
        .args(["-s", "-C"])
        .arg(world.path("tree"))
        .arg(format!("O={}", world.path("tiny").display()))
        .arg("tinyconfig")
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    fs::copy(world.path("tiny/.config"), world.path("kconfig")).unwrap();
    fs::copy(project().join("tests/kernel/vm"), world.path("vm")).unwrap();
    world.edit("mmtests/configs/config-demo-syscalls", |text| text.replace("=200000", "=40000"));
    world.edit("coordinator.toml", |text| {
        let text = text.replace("url = \"tree\"", &format!("url = {url:?}"));
        let text = text.replace("minutes = 0.1", "minutes = 0.02");
        let text = text.replace("[kconfigs.demo]", "[kconfigs.small]\npackage = \"tar\"");
        let text = text.replace("kconfig = \"demo\"", "kconfig = \"small\"");
        let text = text.replace("base = \"kconfig\"", "base = \"kconfig\"\nfragments = [\"vm\"]");
        let text = text.replace("iterations = 1", "iterations = 3");
        text.replace("[http]", "[reruns]\nhours_per_week = 0\n[http]")
    });
    world.write("notify.toml", "[hook]\ncommand = [\"tee\", \"-a\", \"MAILS\"]\n");
    world.edit("notify.toml", |text| text.replace("MAILS", world.path("mails").to_str().unwrap()));
}

/// How much better a kernel is than the one before, in percent.
fn change(world: &World, operation: &str, version: &str) -> f64 {
    let table = world.printed(&["compare", "results", "--format", "csv"]);
    let mut rows = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let row = rows.find(|row| row[3] == operation && row[4] == "Amean" && row[5] == version);
    row.unwrap_or_else(|| panic!("{table}"))[7].parse().unwrap()
}

/// Objects that ccache had.
fn hits(world: &World) -> u64 {
    let printed = Command::new("ccache")
        .arg("--print-stats")
        .env("CCACHE_DIR", world.path("state/ccache"))
        .output()
        .expect("there is no ccache: apt-get install ccache");
    let text = String::from_utf8_lossy(&printed.stdout).into_owned();
    let counts = text.lines().filter_map(|line| line.split_once('\t'));
    counts
        .filter(|(name, _)| matches!(*name, "direct_cache_hit" | "preprocessed_cache_hit"))
        .filter_map(|(_, count)| count.parse::<u64>().ok())
        .sum()
}

fn what_was_done(world: &World, version: &str, package: &str, all: Duration) -> String {
    let jobs = world.printed(&["queue", "list", "--all", "--json"]);
    let jobs: Vec<serde_json::Value> = serde_json::from_str(&jobs).unwrap();
    let spent = |kind: &str| -> i64 {
        let of_it = |job: &&serde_json::Value| {
            job["kind"] == kind && job["title"].as_str().unwrap().contains(version)
        };
        let time = |job: &serde_json::Value| job["ended"].as_i64().zip(job["started"].as_i64());
        let times = jobs.iter().filter(of_it).filter_map(time);
        times.map(|(ended, started)| ended - started).sum::<i64>() / 1000
    };
    let (build, run, analysis) = (spent("build"), spent("run"), spent("analyse"));
    format!(
        "{version} as {package}: built in {build} s, run in {run} s, published in {analysis} s, \
         {} s from push to mail",
        all.as_secs()
    )
}
