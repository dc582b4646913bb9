//! A kernel of Debian in packages of every kind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What packages are made of.
pub struct Content {
    pub folder: PathBuf,
    pub release: String,
}

pub fn succeeds(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The newer kernel of the demo, unpacked.
pub fn content(folder: PathBuf) -> Content {
    let kernels = fs::read_dir(super::world::original().join("kernels")).unwrap().flatten();
    let package = kernels.map(|entry| entry.path()).max().unwrap();
    succeeds(Command::new("dpkg-deb").arg("-R").arg(package).arg(&folder));
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
    let relations =
        ["Depends:", "Recommends:", "Suggests:", "Breaks:", "Conflicts:", "Pre-Depends:"];
    let kept = |line: &&str| !relations.iter().any(|field| line.starts_with(field));
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
pub fn rpm(content: &Content, scratch: &Path, to: &Path) {
    let files = "%files\n/boot/*\n/usr/lib/modules/*\n";
    let spec = format!(
        "Name: kernel\nVersion: 6\nRelease: 1\nSummary: The Linux kernel\nLicense: GPL-2.0-only\nAutoReqProv: no\n\
         %define _build_id_links none\n%define __os_install_post %{{nil}}\n%define debug_package %{{nil}}\n\
         %define _binary_payload w0.gzdio\n\
         %description\nThe Linux kernel\n%install\nmkdir -p %{{buildroot}}\n\
         cp -a {content}/boot {content}/usr %{{buildroot}}/\nrm -rf %{{buildroot}}/usr/share\n{files}",
        content = content.folder.display(),
    );
    fs::create_dir(scratch).unwrap();
    fs::write(scratch.join("kernel.spec"), &spec).unwrap();
    succeeds(
        Command::new("rpmbuild")
            .args(["-bb", "--quiet", "--define"])
            .arg(format!("_topdir {}", scratch.display()))
            .arg(scratch.join("kernel.spec")),
    );
    let built = fs::read_dir(scratch.join("RPMS/x86_64")).unwrap().flatten().next().unwrap();
    fs::rename(built.path(), to).unwrap();
}

/// An archive as `make targz-pkg` leaves one.
pub fn archive(content: &Content, to: &Path) {
    succeeds(
        Command::new("tar")
            .arg("-C")
            .arg(&content.folder)
            .arg("-czf")
            .arg(to)
            .args(["boot", "usr/lib/modules"]),
    );
}
