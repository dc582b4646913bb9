//! A guest with a disk, GRUB and packages of its own, as a real machine has them: Debian packages, RPMs and
//! archives of kernels are installed, booted once, and gone with the next job.

use std::fs;

use super::guest;
use super::packages::{archive, content, deb, rpm};
use super::world::World;

/// The guest of a world boots from its own disk.
fn disk(world: &World) {
    boots_by(world, "driver = \"grub\"");
}

/// With this in `[boot]`.
pub fn boots_by(world: &World, boot: &str) {
    world.debian(&format!("[boot]\n{boot}\n[patience]\nboot = 600\nsilence = 400\n"));
    for job in world.list("jobs") {
        fs::remove_file(world.path("jobs").join(job)).unwrap();
    }
    world.edit("mmtests/configs/config-demo-syscalls", |text| {
        // What an earlier job left would be found.
        format!(
            "{}test ! -e /root/left || exit 3\ntouch /root/left\n",
            text.replace("=200000", "=2000")
        )
    });
}

pub fn job(world: &World, name: &str, package: &str) {
    world.write(
        &format!("jobs/{name}.toml"),
        &format!(
            "machines = [\"vm1\"]\nconfig = \"config-demo-syscalls\"\nrun = \"{name}\"\n\
             attempts = 1\nminutes = 10\n[kernel]\n\
             package = \"{package}\"\n[mmtests]\nsource = \"mmtests\"\n"
        ),
    );
}

/// What the machine says when it was switched on and left alone.
fn says(world: &World, words: &[&str]) -> String {
    world.switched_on();
    world.printed(&[&["machine", "exec", "vm1", "--"], words].concat())
}

/// Runs a job for each of these packages, one after the other on the same machine.
fn kinds(kinds: &[&str]) {
    if !guest::wanted() {
        return;
    }
    let world = World::new();
    disk(&world);
    let content = content(world.path("content"));
    for kind in kinds {
        let package = format!("kernels/linux.{kind}");
        let path = world.path(&package);
        match *kind {
            "deb" => deb(&content.folder, &path),
            "rpm" => rpm(&content, &world.path("rpmbuild"), &path),
            _ => archive(&content, &path),
        }
        job(&world, kind, &package);
    }
    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    world.assert_given_back("vm1");
    for name in kinds {
        let run = format!("results/vm1/config-demo-syscalls/{name}");
        let version = world.read(&format!("{run}/iter-0/kernel.version"));
        assert!(version.starts_with(&format!("Linux guest {} ", content.release)), "{version}");
        let record: toml::Table = world.read(&format!("{run}/run.toml")).parse().unwrap();
        assert_eq!(record["kernel"]["release"].as_str(), Some(content.release.as_str()));
        assert_eq!(record["kernel"]["kconfig"].as_str().map(str::len), Some(16));
    }
    // Installed, and not the default.
    let good = says(&world, &["uname", "-r"]);
    assert_ne!(good.trim(), content.release);
    let installed = says(&world, &["ls", "/boot"]);
    assert!(installed.contains(&format!("vmlinuz-{}", content.release)), "{installed}");
}

/// As a client leaves it that dies before the machine boots what it asked for.
#[test]
fn lab_what_grub_was_asked_for_and_never_booted_does_not_stay_in_the_way() {
    if !guest::wanted() {
        return;
    }
    let world = World::new();
    disk(&world);
    let content = content(world.path("content"));
    archive(&content, &world.path("kernels/linux.tar.gz"));
    job(&world, "after", "kernels/linux.tar.gz");
    world.printed(&["machine", "deploy", "vm1"]);
    world.switched_on();
    let good = world.printed(&["machine", "exec", "vm1", "--", "uname", "-r"]);
    let machine = melbot::lab::Lab::at(&world.path("")).unwrap().machine("vm1").unwrap();
    let exec = machine.exec(None).unwrap();
    let package = world.path("kernels/linux.tar.gz");
    let installed = machine.boot.install(exec.as_ref(), &package, None).unwrap();
    assert_eq!(installed.release, content.release);
    machine.one_time.known_good(good.trim()).unwrap();
    machine.one_time.ask(&installed.release).unwrap();
    machine.boot.once(exec.as_ref(), &installed.release).unwrap();
    world.printed(&["machine", "power", "vm1", "off"]);

    // The next job finds the disk as it is.
    world.edit("machines/vm1.toml", |text| {
        let (before, after) = text.split_once("[deploy]").unwrap();
        let (_, after) = after.split_once("\n[").unwrap();
        format!("{before}[{after}")
    });
    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    let jobs = world.list("state/vm1/jobs");
    let console = world.read(&format!("state/vm1/jobs/{}/known-good.log", jobs[0]));
    let boots: Vec<&str> = console
        .lines()
        .filter_map(|line| line.split_once("Linux version ")?.1.split(' ').next())
        .collect();
    assert_eq!(boots, [content.release.as_str(), good.trim()], "{console}");
    world.switched_on();
    let on = |words: &[&str]| world.printed(&[&["machine", "exec", "vm1", "--"], words].concat());
    let environment = || on(&["grub-editenv", "list"]);
    assert!(!environment().contains("next_entry=g"), "{}", environment());
    // What somebody else asks for is theirs.
    let exec = machine.exec(None).unwrap();
    let cancel = || machine.boot.cancel(exec.as_ref(), Some(&installed.release)).unwrap();
    on(&["grub-editenv", "-", "set", "next_entry=gnulinux-theirs"]);
    cancel();
    assert!(environment().contains("next_entry=gnulinux-theirs\n"), "{}", environment());
    machine.boot.once(exec.as_ref(), &installed.release).unwrap();
    assert!(environment().contains(&installed.release), "{}", environment());
    cancel();
    assert!(!environment().contains("next_entry=g"), "{}", environment());
    assert_eq!(world.printed(&["machine", "exec", "vm1", "--", "uname", "-r"]), good);
}

#[test]
fn lab_an_rpm_is_installed_and_booted_once() {
    kinds(&["rpm"]);
}

#[test]
fn lab_a_debian_package_and_an_archive_are_installed_booted_once_and_gone_with_the_job() {
    kinds(&["deb", "tar.gz"]);
}
