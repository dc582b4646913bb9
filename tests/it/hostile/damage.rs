//! Logs that are not what they should be.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::tree::{LOG, LOGS, RUN, SAMPLES, Tree, VICTIM};
use crate::support::{argument, project};

/// A log that cannot be read loses its three times and no others.
fn without_victim(tree: &Tree, name: &str, what: &str) {
    tree.check_all().has(SAMPLES - 3).tells(&format!("{LOGS}/{name}"), what);
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

fn xz(content: &[u8]) -> Vec<u8> {
    let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 6);
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

fn zst(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 3).unwrap()
}

type Pack = fn(&[u8]) -> Vec<u8>;
const PACKERS: [(&str, Pack); 3] = [("gz", gzip), ("xz", xz), ("zst", zst)];

#[test]
fn a_packed_log_reads_like_a_plain_one() {
    for (ending, pack) in PACKERS {
        let tree = Tree::new();
        tree.remove_victim();
        tree.write(format!("{VICTIM}.{ending}"), pack(LOG.as_bytes()));
        tree.check_all().has(SAMPLES).finds_nothing();
    }
}

#[test]
fn a_truncated_packed_log_is_a_problem() {
    for (ending, pack) in PACKERS {
        let tree = Tree::new();
        tree.remove_victim();
        let packed = pack(LOG.as_bytes());
        tree.write(format!("{VICTIM}.{ending}"), &packed[..packed.len() / 2]);
        without_victim(&tree, &format!("time-1-2.{ending}"), "damaged");
    }
}

#[test]
fn a_wrong_checksum_is_a_problem_but_the_text_is_used() {
    let tree = Tree::new();
    tree.remove_victim();
    let mut packed = gzip(LOG.as_bytes());
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    tree.write(format!("{VICTIM}.gz"), packed);
    tree.check_all().has(SAMPLES).tells(&format!("{VICTIM}.gz"), "damaged");
}

#[test]
fn an_xz_header_that_asks_for_gigabytes_gets_none() {
    let tree = Tree::new();
    tree.remove_victim();
    // A dictionary of 4 GiB, in a file of a few bytes: dictionary size 40 of LZMA2.
    let mut packed = xz(LOG.as_bytes());
    let header = 12..24;
    packed[16] = 40;
    let checksum = crc32(&packed[header.start..header.end - 4]);
    packed[header.end - 4..header.end].copy_from_slice(&checksum.to_le_bytes());
    tree.write(format!("{VICTIM}.xz"), packed);
    without_victim(&tree, "time-1-2.xz", "damaged");
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// 1 GiB of zeros in 1 MB: a small packed block, a thousand times.
fn bomb(pack: Pack) -> Vec<u8> {
    pack(&vec![0; 1 << 20]).repeat(1024)
}

#[test]
fn a_decompression_bomb_does_not_fill_the_memory() {
    let tree = Tree::new();
    tree.remove_victim();
    tree.write(format!("{VICTIM}.gz"), bomb(gzip));
    let peak = peak_memory(&tree);
    assert!(peak < 700, "{peak} MiB");
    tree.check().has(SAMPLES - 3).tells(&format!("{VICTIM}.gz"), "larger than 256 MiB");
}

#[test]
fn other_bombs_do_not_fill_the_memory() {
    if std::env::var_os("MELBOT_SLOW_TESTS").is_none() {
        println!("skipped: set MELBOT_SLOW_TESTS=1");
        return;
    }
    for (ending, pack) in [PACKERS[1], PACKERS[2]] {
        let tree = Tree::new();
        tree.remove_victim();
        tree.write(format!("{VICTIM}.{ending}"), bomb(pack));
        let peak = peak_memory(&tree);
        assert!(peak < 700, "{ending}: {peak} MiB");
        tree.check().has(SAMPLES - 3).tells(&format!("{VICTIM}.{ending}"), "larger than 256 MiB");
    }
}

/// Peak memory of `melbot check` in MiB, as the kernel tells it while it runs.
fn peak_memory(tree: &Tree) -> u64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_melbot"))
        .args(["check", argument(&tree.path("")), "--store", argument(&tree.store())])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or(0) / 1024);
        thread::sleep(Duration::from_millis(2));
    }
    assert!(peak > 0, "the kernel tells");
    peak
}

#[test]
fn a_huge_plain_file_is_read_in_part() {
    let tree = Tree::new();
    for name in
        [VICTIM.to_owned(), format!("{RUN}/iter-0/dmesg"), format!("{RUN}/iter-0/os-release")]
    {
        let path = tree.path(&name);
        File::create(path).unwrap().set_len(300 << 20).unwrap();
    }
    let peak = peak_memory(&tree);
    assert!(peak < 700, "{peak} MiB");
    let checked = tree.check().has(SAMPLES - 3).tells(VICTIM, "larger than 256 MiB");
    checked.tells(&format!("{RUN}/iter-0/dmesg"), "larger than 32 MiB");
}

#[test]
fn binary_garbage_in_every_file_is_told_of_each() {
    let mut random = 7_u64;
    let mut garbage = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as u8
    };
    let tree = Tree::new();
    for file in super::tree::files(&tree.path(RUN)) {
        let bytes: Vec<u8> = (0..3000).map(|_| garbage()).collect();
        fs::write(file, bytes).unwrap();
    }
    tree.check_all()
        .has(SAMPLES / 2)
        .tells(VICTIM, "no report of GNU time")
        .tells(&format!("{RUN}/mmtests-activity"), "no line of MMTests");
}

#[test]
fn a_value_that_is_no_measurement_is_left_out() {
    for value in ["NaN", "nan", "inf", "-inf", "1e308", "1e999", "", "x", "--1", "0x10"] {
        let tree = Tree::new();
        let log = LOG.replace("3.96", value);
        tree.write(VICTIM, log);
        tree.check_all().has(SAMPLES - 1).tells(VICTIM, "");
    }
}

#[test]
fn any_number_is_compared_without_nonsense() {
    for value in ["-1", "0", "1e-320", "1e100", "-0", "00012", "+3"] {
        let tree = Tree::new();
        for log in ["time-1-1", "time-1-2"] {
            tree.write(format!("{LOGS}/{log}"), LOG.replace("3.96", value));
            tree.write(format!("{RUN}/iter-0/kernbench/logs/{log}"), LOG.replace("0.66", value));
            let other = LOG.replace("3.96", value).replace("0.66", "0");
            tree.write(format!("ivor/workload-kernbench/6.11/iter-0/kernbench/logs/{log}"), other);
        }
        tree.check_all().has(SAMPLES);
    }
}

#[test]
fn only_zeros_are_no_measurement() {
    let tree = Tree::new();
    for log in ["time-1-1", "time-1-2"] {
        let zeros = "0.00user 0.00system 0:00.00elapsed 0%CPU\n";
        tree.write(format!("{LOGS}/{log}"), zeros);
    }
    tree.check_all().has(SAMPLES).tells(LOGS, "every value is 0");
}

#[test]
fn an_empty_log_is_a_problem() {
    let tree = Tree::new();
    tree.write(VICTIM, "");
    without_victim(&tree, "time-1-2", "no report of GNU time");
}

#[test]
fn a_benchmark_without_samples_is_a_problem() {
    let tree = Tree::new();
    tree.remove_victim();
    fs::remove_file(tree.path(format!("{LOGS}/time-1-1"))).unwrap();
    tree.check_all().has(SAMPLES - 6).tells(LOGS, "nothing was measured");
}

#[test]
fn what_is_no_regular_file_is_a_problem() {
    let tree = Tree::new();
    tree.remove_victim();
    fs::create_dir(tree.path(VICTIM)).unwrap();
    without_victim(&tree, "time-1-2", "not a regular file");

    let tree = Tree::new();
    tree.remove_victim();
    let made = Command::new("mkfifo").arg(tree.path(VICTIM)).status().unwrap();
    assert!(made.success());
    without_victim(&tree, "time-1-2", "not a regular file");

    let tree = Tree::new();
    tree.remove_victim();
    let _socket = UnixListener::bind(tree.path(VICTIM)).unwrap();
    without_victim(&tree, "time-1-2", "not a regular file");
}

#[test]
fn a_link_to_nothing_or_to_itself_is_a_problem() {
    for (target, what) in [("nowhere", "leads nowhere"), ("time-1-2", "too many levels")] {
        let tree = Tree::new();
        tree.remove_victim();
        symlink(target, tree.path(VICTIM)).unwrap();
        without_victim(&tree, "time-1-2", what);
    }
}

#[test]
fn a_file_that_may_not_be_read_is_a_problem() {
    use std::os::unix::fs::PermissionsExt as _;
    let tree = Tree::new();
    fs::set_permissions(tree.path(VICTIM), fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(tree.path(VICTIM)).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    without_victim(&tree, "time-1-2", "permission denied");
    fs::set_permissions(tree.path(LOGS), fs::Permissions::from_mode(0o000)).unwrap();
    tree.check().has(SAMPLES - 6);
    fs::set_permissions(tree.path(LOGS), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_notes_of_mmtests_may_be_damaged() {
    let activity = format!("{RUN}/mmtests-activity");
    for (content, what) in [
        (&b"\0\xff\n99999999999999999999 run-mmtests: Start\n"[..], "no line of MMTests"),
        (b"", "no line of MMTests"),
        (b"10 run-mmtests: Start\n11 run-mmtests: test start :: kernbench 11\n", "never ended"),
        (b"10 run-mmtests: Start\n10 run-mmtests: test end :: kernbench 12 3\n", "status 3"),
        (b"10 run-mmtests: Start\n20 run-mmtests: End\n20 status :: 137\n", "status 137"),
        (b"10 run-mmtests: Start\n11 run-mmtests: test start :: ../../6.11 11\n", "no folder"),
        (b"10 run-mmtests: Start\n11 run-mmtests: test start :: \x1b[2J 11\n", "no folder"),
    ] {
        let tree = Tree::new();
        tree.write(&activity, content);
        tree.check_all().has(SAMPLES).tells(&activity, what);
    }
    let tree = Tree::new();
    fs::remove_file(tree.path(&activity)).unwrap();
    tree.check_all().has(SAMPLES).tells(RUN, "neither mmtests-activity nor tests-activity");
    let packed = gzip(b"10 run-mmtests: Start\n20 run-mmtests: End\n");
    tree.write(format!("{activity}.gz"), &packed[..20]);
    tree.check_all().has(SAMPLES).tells(&format!("{activity}.gz"), "damaged");
}

#[test]
fn a_benchmark_named_in_the_notes_does_not_lead_out_of_the_run() {
    let tree = Tree::new();
    fs::create_dir(tree.path(format!("{RUN}/iter-0/kernbench-"))).unwrap();
    let path = "kernbench-/../../../6.11/iter-0/kernbench";
    let start = format!("10 run-mmtests: Start\n11 run-mmtests: test start :: {path} 11\n");
    tree.write(format!("{RUN}/mmtests-activity"), start);
    tree.check_all().has(SAMPLES);
}

#[test]
fn the_description_of_the_kernel_may_be_damaged() {
    for content in [&b""[..], b" ", b"Linux", b"\xff\0\n\n\x1b[31m"] {
        let tree = Tree::new();
        for iteration in ["iter-0", "iter-1"] {
            tree.write(format!("{RUN}/{iteration}/kernel.version"), content);
        }
        tree.check_all().has(SAMPLES).finds_nothing();
    }
}

#[test]
fn every_log_of_the_samples_may_be_cut_anywhere() {
    let samples = project().join("sample-results/native2/multi-iter");
    let tree = Tree::empty();
    for (at, file) in super::tree::files(&samples).into_iter().enumerate() {
        let content = fs::read(&file).unwrap();
        let inside = Path::new("native2/multi-iter").join(file.strip_prefix(&samples).unwrap());
        tree.write(inside, &content[..content.len() * (at % 8) / 8]);
    }
    let checked = tree.check_all();
    assert_eq!(checked.status, 1);
}
