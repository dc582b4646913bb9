//! A kernel for a virtual machine: out of a package, or as it was built.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use walkdir::WalkDir;

use super::initramfs::Archive;
use super::modules;
use crate::lab::error::LabError;
use crate::lab::names::plain_name;
use crate::lab::process;

/// What a guest needs before it has its root file system.
const MODULES: &[&str] = &["virtio_pci", "virtio_blk", "virtio_net", "ext4", "crc32c_generic"];
/// Unpacking takes seconds.
const UNPACK: Duration = Duration::from_secs(300);

const INIT: &str = "#!/bin/busybox sh
bb=/bin/busybox
$bb mount -t proc proc /proc
$bb mount -t devtmpfs dev /dev
while read -r module; do $bb insmod \"/modules/$module\"; done < /modules/order
root=/dev/vda
for word in $($bb cat /proc/cmdline); do
    case $word in root=/dev/*) root=${word#root=} ;; esac
done
for tries in 1 2 3 4 5 6 7 8 9 10; do [ -b $root ] && break; $bb sleep 1; done
# A panic is noticed at once, a shell that nobody is at is not.
$bb mount -t ext4 $root /root || { echo 'melbot: no root file system'; exit 1; }
$bb umount /proc
$bb mount --move /dev /root/dev
exec $bb switch_root /root /sbin/init
";

/// A kernel that is ready to be booted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// What `uname -r` is going to say.
    pub release: String,
    /// Folder with `vmlinuz` and `initrd.img`.
    pub folder: PathBuf,
}

/// Prepares a kernel below `kernels`, or finds it there: a Debian package, an RPM, or the folder that
/// `make tar-pkg` and the like leave, with `boot/` and `lib/modules/`. Its initramfs is made of this
/// busybox.
pub fn prepared(source: &Path, kernels: &Path, busybox: &Path) -> Result<Kernel, LabError> {
    let busybox = fs::read(busybox).map_err(|error| {
        LabError::new(
            format!("{}: {error}", busybox.display()),
            "install busybox-static, or say busybox = \"…\" in [qemu] of the machine",
        )
    })?;
    let identity = identity(source, &busybox)?;
    let folder = kernels.join(&identity);
    let said = folder.join("release");
    if let Ok(release) = fs::read_to_string(&said) {
        return Ok(Kernel { release: release.trim().to_owned(), folder });
    }
    fs::create_dir_all(kernels).map_err(LabError::file(kernels))?;
    let making = kernels.join(format!(".{identity}"));
    for leftover in [&making, &folder] {
        if leftover.exists() {
            fs::remove_dir_all(leftover).map_err(LabError::file(leftover))?;
        }
    }
    let content = making.join("content");
    fs::create_dir_all(&content).map_err(LabError::file(&content))?;
    let tree = if source.is_dir() {
        source
    } else {
        unpack(source, &content)?;
        &content
    };
    let (release, image) = image(source, tree)?;
    let copy = making.join("vmlinuz");
    fs::copy(&image, &copy).map_err(LabError::file(&image))?;
    let config = tree.join("boot").join(format!("config-{release}"));
    if config.is_file() {
        fs::copy(&config, making.join("config")).map_err(LabError::file(&config))?;
    }
    let initrd = making.join("initrd.img");
    write_initramfs(tree, &release, &busybox, &initrd)?;
    fs::remove_dir_all(&content).map_err(LabError::file(&content))?;
    fs::write(making.join("release"), &release).map_err(LabError::file(&making))?;
    fs::rename(&making, &folder).map_err(LabError::file(&folder))?;
    Ok(Kernel { release, folder })
}

/// Another one for another content.
fn identity(source: &Path, busybox: &[u8]) -> Result<String, LabError> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(busybox);
    let metadata = fs::metadata(source).map_err(|error| {
        LabError::new(format!("{}: {error}", source.display()), "name the package of a kernel")
    })?;
    if metadata.is_dir() {
        let (release, image) = image(source, source)?;
        hasher.update(release.as_bytes());
        let mut file = File::open(&image).map_err(LabError::file(&image))?;
        io::copy(&mut file, &mut hasher).map_err(LabError::file(&image))?;
        // Modules that were built again have other sizes or times.
        for entry in WalkDir::new(source).sort_by_file_name().into_iter().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            hasher.update(entry.path().to_string_lossy().as_bytes());
            hasher.update(format!(" {} {}", metadata.len(), metadata.mtime_nsec()).as_bytes());
        }
    } else {
        let mut file = File::open(source).map_err(LabError::file(source))?;
        io::copy(&mut file, &mut hasher).map_err(LabError::file(source))?;
    }
    Ok(hasher.finalize().to_hex()[..16].to_owned())
}

fn unpack(package: &Path, into: &Path) -> Result<(), LabError> {
    let mut command = match package.extension().and_then(|extension| extension.to_str()) {
        Some("deb") => {
            let mut command = Command::new("dpkg-deb");
            command.arg("--extract").arg(package).arg(into);
            command
        }
        Some("rpm") => {
            let mut command = Command::new("bsdtar");
            command.arg("-xf").arg(package).arg("-C").arg(into);
            command
        }
        _ => {
            let mut command = Command::new("tar");
            command.arg("-xf").arg(package).arg("-C").arg(into);
            command
        }
    };
    process::text(&mut command, UNPACK).map(drop)
}

/// Release and image of the one kernel in a tree.
fn image(source: &Path, tree: &Path) -> Result<(String, PathBuf), LabError> {
    let wrong = |what: String| {
        LabError::new(
            format!("{}: {what}", source.display()),
            "name a .deb, .rpm or .tar of one kernel, or a folder with boot/vmlinuz-RELEASE",
        )
    };
    let mut found = Vec::new();
    for folder in ["boot".to_owned()].into_iter().chain(module_folders(tree)) {
        let Ok(entries) = fs::read_dir(tree.join(&folder)) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            // RPMs of openSUSE and Fedora keep it beside the modules.
            let beside =
                folder.rsplit('/').next().filter(|_| name == "vmlinuz" && folder != "boot");
            if let Some(release) = name.strip_prefix("vmlinuz-").or(beside) {
                found.push((release.to_owned(), entry.path()));
            }
        }
    }
    found.dedup_by(|one, other| one.0 == other.0);
    match found.pop() {
        None => Err(wrong("there is no kernel in it".to_owned())),
        Some(_) if !found.is_empty() => Err(wrong("there are several kernels in it".to_owned())),
        Some((release, _)) if !plain_name(&release) => {
            Err(wrong(format!("{release:?} is no name of a kernel")))
        }
        Some(found) => Ok(found),
    }
}

fn module_folders(tree: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for above in ["lib/modules", "usr/lib/modules"] {
        for entry in fs::read_dir(tree.join(above)).into_iter().flatten().flatten() {
            found.push(format!("{above}/{}", entry.file_name().to_string_lossy()));
        }
    }
    found
}

fn write_initramfs(
    tree: &Path,
    release: &str,
    busybox: &[u8],
    path: &Path,
) -> Result<(), LabError> {
    let folders = ["lib/modules", "usr/lib/modules"].map(|above| tree.join(above).join(release));
    let mut modules = Vec::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        modules.extend(modules::needed(folder, MODULES)?);
    }
    let order: String = modules.iter().map(|module| format!("{}.ko\n", module.name)).collect();
    let write = || -> io::Result<()> {
        let file = BufWriter::new(File::create(path)?);
        let mut archive = Archive::new(GzEncoder::new(file, Compression::fast()));
        for folder in ["bin", "dev", "proc", "root", "modules"] {
            archive.folder(folder)?;
        }
        archive.program("bin/busybox", busybox)?;
        for module in &modules {
            archive.file(&format!("modules/{}.ko", module.name), &module.content)?;
        }
        archive.file("modules/order", order.as_bytes())?;
        archive.program("init", INIT.as_bytes())?;
        archive.finish()?.finish()?.into_inner().map_err(|error| error.into_error())?.sync_all()
    };
    write().map_err(LabError::file(path))
}
