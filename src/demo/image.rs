//! The root file system of the guests: busybox, dropbear, and a key to get in.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::lab::{LabError, process};

const RC: &str = include_str!("files/rcS");
const INITTAB: &str = include_str!("files/inittab");
/// Files and folders that a guest of this kind has no use for.
const UNUSED: [&str; 6] = [
    "share/doc",
    "share/man",
    "share/locale",
    "share/i18n",
    "lib/x86_64-linux-gnu/gconv",
    "share/perl5",
];
const WITHIN: Duration = Duration::from_secs(300);

/// Makes `images/demo.ext4`; gives the public key of its host.
pub fn make(folder: &Path, packages: &[PathBuf], client_key: &str) -> Result<String, LabError> {
    let root = folder.join("state/root");
    if root.exists() {
        fs::remove_dir_all(&root).map_err(LabError::file(&root))?;
    }
    fs::create_dir_all(&root).map_err(LabError::file(&root))?;
    for package in packages {
        process::text(Command::new("dpkg-deb").arg("--extract").arg(package).arg(&root), WITHIN)?;
    }
    let host_key = fill(&root, client_key)?;
    // The initramfs is made of it as well.
    let (from, to) = (root.join("usr/bin/busybox"), folder.join("images/busybox"));
    fs::copy(&from, &to).map_err(LabError::file(&from))?;
    let image = folder.join("images/demo.ext4");
    let mut command = process::for_root("mke2fs");
    command.args(["-q", "-F", "-t", "ext4", "-E", "root_owner=0:0", "-d"]);
    process::text(command.arg(&root).arg(&image).arg("192M"), WITHIN)?;
    fs::remove_dir_all(&root).map_err(LabError::file(&root))?;
    Ok(host_key)
}

fn fill(root: &Path, client_key: &str) -> Result<String, LabError> {
    let failed = LabError::file(root);
    let fill = || -> io::Result<()> {
        merge_usr(root)?;
        for unused in UNUSED {
            let _ = fs::remove_dir_all(root.join("usr").join(unused));
        }
        for name in
            ["dev", "proc", "sys", "tmp", "root/.ssh", "etc/init.d", "etc/dropbear", "var/tmp"]
        {
            fs::create_dir_all(root.join(name))?;
        }
        fs::write(root.join("etc/init.d/rcS"), RC)?;
        fs::set_permissions(root.join("etc/init.d/rcS"), fs::Permissions::from_mode(0o755))?;
        fs::write(root.join("etc/inittab"), INITTAB)?;
        fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n")?;
        fs::write(root.join("etc/group"), "root:x:0:\n")?;
        fs::write(root.join("etc/shells"), "/bin/sh\n")?;
        let ssh = root.join("root/.ssh");
        fs::write(ssh.join("authorized_keys"), client_key)?;
        fs::set_permissions(ssh.join("authorized_keys"), fs::Permissions::from_mode(0o600))?;
        fs::set_permissions(&ssh, fs::Permissions::from_mode(0o700))?;
        fs::set_permissions(root.join("root"), fs::Permissions::from_mode(0o700))
    };
    fill().map_err(failed)?;
    links(root)?;
    host_key(root)
}

/// Older packages have files in `/lib` that newer ones have in `/usr/lib`: all go there.
fn merge_usr(root: &Path) -> io::Result<()> {
    for name in ["bin", "sbin", "lib", "lib64"] {
        let (old, new) = (root.join(name), root.join("usr").join(name));
        fs::create_dir_all(&new)?;
        if old.is_dir() && !old.is_symlink() {
            merge(&old, &new)?;
            fs::remove_dir_all(&old)?;
        }
        if !old.is_symlink() {
            symlink(Path::new("usr").join(name), &old)?;
        }
    }
    Ok(())
}

fn merge(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if target.is_dir() && entry.file_type()?.is_dir() {
            merge(&entry.path(), &target)?;
        } else {
            fs::rename(entry.path(), target)?;
        }
    }
    Ok(())
}

/// A link to busybox for each of its programs.
fn links(root: &Path) -> Result<(), LabError> {
    let busybox = root.join("usr/bin/busybox");
    let list = process::text(Command::new(&busybox).arg("--list"), WITHIN)?;
    let bin = root.join("usr/bin");
    for name in list.lines().map(str::trim).filter(|name| !name.is_empty() && !name.contains('/')) {
        let path = bin.join(name);
        if path.symlink_metadata().is_err() {
            symlink("busybox", &path).map_err(LabError::file(&path))?;
        }
    }
    for name in ["init", "reboot"] {
        let path = root.join("usr/sbin").join(name);
        symlink("../bin/busybox", &path).map_err(LabError::file(&path))?;
    }
    Ok(())
}

/// Made here, so that it can be pinned before the first boot. The program and its libraries are those
/// of the guest.
fn host_key(root: &Path) -> Result<String, LabError> {
    let key = root.join("etc/dropbear/host_key");
    let mut command = Command::new(root.join("usr/lib64/ld-linux-x86-64.so.2"));
    command.arg("--library-path").arg(root.join("usr/lib/x86_64-linux-gnu"));
    command.arg(root.join("usr/bin/dropbearkey")).args(["-t", "ed25519", "-f"]).arg(&key);
    let text = process::text(&mut command, WITHIN)?;
    let line = text.lines().find(|line| line.starts_with("ssh-ed25519 "));
    let words: Vec<&str> = line.unwrap_or_default().split(' ').take(2).collect();
    if words.len() < 2 {
        return Err(LabError::new(
            format!("dropbearkey printed no public key: {}", process::last_line(&text)),
            "name another suite with --suite",
        ));
    }
    Ok(words.join(" "))
}
