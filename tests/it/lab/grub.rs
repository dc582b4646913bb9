//! A guest with a disk, GRUB and packages of its own, as a real machine has them: Debian packages, RPMs and
//! archives of kernels are installed, booted once, and gone with the next job.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::guest;
use super::world::World;

/// What packages are made of.
struct Content {
    folder: PathBuf,
    release: String,
}

fn succeeds(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The newer kernel of the demo, unpacked.
fn content(world: &World) -> Content {
    let folder = world.path("content");
    let package = world.list("kernels").pop().unwrap();
    succeeds(
        Command::new("dpkg-deb").arg("-R").arg(world.path("kernels").join(package)).arg(&folder),
    );
    // Where /lib is a link, as on all systems of today.
    if folder.join("lib").is_dir() {
        fs::create_dir_all(folder.join("usr")).unwrap();
        fs::rename(folder.join("lib"), folder.join("usr/lib")).unwrap();
    }
    let mut names =
        fs::read_dir(folder.join("boot")).unwrap().flatten().map(|entry| entry.file_name());
    let release = names.find_map(|name| Some(name.to_str()?.strip_prefix("vmlinuz-")?.to_owned()));
    Content { release: release.unwrap(), folder }
}

/// A Debian package as `make bindeb-pkg` leaves one: it depends on nothing.
pub fn deb(content: &Path, to: &Path) {
    let control = content.join("DEBIAN/control");
    let kept = |line: &&str| {
        let field = |name: &&str| line.starts_with(&format!("{name}:"));
        !["Depends", "Recommends", "Suggests", "Breaks", "Conflicts", "Pre-Depends"]
            .iter()
            .any(|name| field(&name))
    };
    let text = fs::read_to_string(&control).unwrap();
    fs::write(
        &control,
        text.lines().filter(kept).map(|line| format!("{line}\n")).collect::<String>(),
    )
    .unwrap();
    succeeds(
        Command::new("dpkg-deb").args(["--root-owner-group", "-Znone", "-b"]).arg(content).arg(to),
    );
}

/// An RPM as `make binrpm-pkg` leaves one.
fn rpm(world: &World, content: &Content, to: &str) {
    let files = "%files\n/boot/*\n/usr/lib/modules/*\n";
    let spec = format!(
        "Name: kernel\nVersion: 6\nRelease: 1\nSummary: The Linux kernel\nLicense: GPL-2.0-only\nAutoReqProv: no\n\
         %define _build_id_links none\n%define __os_install_post %{{nil}}\n%define debug_package %{{nil}}\n\
         %define _binary_payload w0.gzdio\n\
         %description\nThe Linux kernel\n%install\nmkdir -p %{{buildroot}}\n\
         cp -a {content}/boot {content}/usr %{{buildroot}}/\nrm -rf %{{buildroot}}/usr/share\n{files}",
        content = content.folder.display(),
    );
    world.write("kernel.spec", &spec);
    succeeds(
        Command::new("rpmbuild")
            .args(["-bb", "--quiet", "--define"])
            .arg(format!("_topdir {}", world.path("rpmbuild").display()))
            .arg(world.path("kernel.spec")),
    );
    let built = world.list("rpmbuild/RPMS/x86_64").pop().unwrap();
    fs::rename(world.path("rpmbuild/RPMS/x86_64").join(built), world.path(to)).unwrap();
}

/// An archive as `make targz-pkg` leaves one.
fn archive(content: &Content, to: &Path) {
    succeeds(
        Command::new("tar")
            .arg("-C")
            .arg(&content.folder)
            .arg("-czf")
            .arg(to)
            .args(["boot", "usr/lib/modules"]),
    );
}

/// The guest of a world boots from its own disk.
fn disk(world: &World, prepare: &str) {
    world.debian(&format!(
        "{prepare}[boot]\ndriver = \"grub\"\n[patience]\nboot = 600\nsilence = 400\n"
    ));
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

fn job(world: &World, name: &str, package: &str, iterations: u32, attempts: u32) {
    world.write(
        &format!("jobs/{name}.toml"),
        &format!(
            "machines = [\"vm1\"]\nconfig = \"config-demo-syscalls\"\nrun = \"{name}\"\n\
             iterations = {iterations}\nattempts = {attempts}\nminutes = 10\n[kernel]\n\
             package = \"{package}\"\n[mmtests]\nsource = \"mmtests\"\n"
        ),
    );
}

/// What the machine says when it was switched on and left alone.
fn says(world: &World, words: &[&str]) -> String {
    world.printed(&["machine", "power", "vm1", "on"]);
    let all = [&["machine", "exec", "vm1", "--within", "60", "--"], words].concat();
    for _ in 0..60 {
        let ended = world.run(&all);
        if ended.status == Some(0) {
            return ended.stdout;
        }
        std::thread::sleep(std::time::Duration::from_secs(2));
    }
    world.printed(&all)
}

#[test]
fn lab_kernels_of_every_kind_are_installed_booted_once_and_gone_with_the_job() {
    if !guest::wanted() {
        return;
    }
    let world = World::new();
    disk(&world, "");
    let content = content(&world);
    archive(&content, &world.path("kernels/linux.tar.gz"));
    rpm(&world, &content, "kernels/linux.rpm");
    deb(&content.folder, &world.path("kernels/linux.deb"));
    for (name, package) in [("deb", "linux.deb"), ("rpm", "linux.rpm"), ("tar", "linux.tar.gz")] {
        job(&world, name, &format!("kernels/{package}"), 1, 1);
    }
    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    world.assert_given_back("vm1");
    for name in ["deb", "rpm", "tar"] {
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

#[test]
fn lab_a_kernel_that_grub_cannot_boot_leaves_the_one_that_works() {
    if !guest::wanted() {
        return;
    }
    let world = World::new();
    disk(&world, "");
    // Without the modules for its disk.
    let content = content(&world);
    fs::remove_dir_all(content.folder.join("usr/lib/modules")).unwrap();
    succeeds(
        Command::new("tar")
            .arg("-C")
            .arg(&content.folder)
            .arg("-cf")
            .arg(world.path("kernels/linux.tar"))
            .arg("boot"),
    );
    job(&world, "broken", "kernels/linux.tar", 1, 1);
    let ended = world.run(&["client", "vm1"]);
    assert_eq!(ended.status, Some(1), "{}", ended.stderr);
    let course = world.course();
    assert!(course.iter().any(|step| step.starts_with("boot 0: ")), "{course:#?}");
    assert!(course.contains(&"install".to_owned()), "{course:#?}");
    world.assert_given_back("vm1");
    let good = says(&world, &["uname", "-r"]);
    assert_ne!(good.trim(), content.release);
}
