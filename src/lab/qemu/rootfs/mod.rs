//! A root file system that comes as a tar archive, as debootstrap, mmdebstrap and the like make it: it becomes an
//! ext4 image, once, and disks of virtual machines are overlays of that.
//!
//! Nobody has to be root. The archive is unpacked into plain files of whoever runs melbot; `mke2fs` makes an image
//! of them, and `debugfs` writes into that what plain files could not be: owners, devices, attributes.

mod image;
mod tree;

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use liblzma::bufread::XzDecoder;

use super::sparse;
use crate::lab::error::LabError;
use tree::Tree;

/// Images are made anew where they would be others now.
const VERSION: u8 = 1;
/// Room for what jobs build and write; it takes no disk until it is used.
const ROOM: u64 = 4 << 30;
/// Begins the names of those that disks are overlays of.
const BASE: &str = "base-";
/// Whatever a disk becomes, it is no use without.
const INITS: [&str; 4] = ["sbin/init", "usr/sbin/init", "bin/init", "usr/bin/init"];

/// The image of an archive, for one machine.
#[derive(Clone, Copy, Debug)]
pub struct Rootfs<'a> {
    /// A tar archive, as it is or compressed by gzip, xz or zstd.
    pub archive: &'a Path,
    /// Size of the file system in MiB; else it has 4 GiB of room.
    pub size: Option<u64>,
    /// Where images are kept.
    pub images: &'a Path,
}

impl Rootfs<'_> {
    /// Puts its image into `folder`, under a name of its own, and gives its path. It is never written to. Images that no
    /// machine has any more go.
    pub fn put(&self, folder: &Path) -> Result<PathBuf, LabError> {
        fs::create_dir_all(self.images).map_err(LabError::file(self.images))?;
        // Whoever wants the same one waits for it, and nobody takes away what was not linked yet.
        let lock = self.images.join("lock");
        let held = File::create(&lock).map_err(LabError::file(&lock))?;
        held.lock().map_err(LabError::file(&lock))?;
        let key = self.key()?;
        let image = self.images.join(format!("{key}.ext4"));
        if !image.is_file() {
            self.clear()?;
            self.make(&image)?;
        }
        let to = folder.join(format!("{BASE}{key}.ext4"));
        if !to.is_file() {
            // Links, for many machines begin with the same.
            fs::hard_link(&image, &to)
                .or_else(|_| copy(&image, &to))
                .map_err(LabError::file(&to))?;
        }
        Ok(to)
    }

    /// Removes what was put into `folder`, but for this one.
    pub fn forget(folder: &Path, but: Option<&Path>) -> Result<(), LabError> {
        for entry in fs::read_dir(folder).map_err(LabError::file(folder))?.flatten() {
            let (name, path) = (entry.file_name(), entry.path());
            let name = name.to_string_lossy();
            if name.starts_with(BASE) && name.ends_with(".ext4") && but != Some(&path) {
                fs::remove_file(&path).map_err(LabError::file(&path))?;
            }
        }
        Ok(())
    }

    /// Another one for another content or size.
    fn key(&self) -> Result<String, LabError> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[VERSION]);
        hasher.update(&self.size.unwrap_or(0).to_le_bytes());
        let mut file = File::open(self.archive).map_err(LabError::file(self.archive))?;
        io::copy(&mut file, &mut hasher).map_err(LabError::file(self.archive))?;
        Ok(hasher.finalize().to_hex()[..16].to_owned())
    }

    /// What somebody left who was killed, and images that no machine has.
    fn clear(&self) -> Result<(), LabError> {
        for entry in fs::read_dir(self.images).map_err(LabError::file(self.images))?.flatten() {
            let path = entry.path();
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                fs::remove_dir_all(&path).map_err(LabError::file(&path))?;
            } else if path.extension().is_some_and(|is| is == "ext4") && metadata.nlink() == 1 {
                fs::remove_file(&path).map_err(LabError::file(&path))?;
            }
        }
        Ok(())
    }

    /// Whole, or not at all.
    fn make(&self, image: &Path) -> Result<(), LabError> {
        let making = image.with_extension("making");
        fs::create_dir(&making).map_err(LabError::file(&making))?;
        let made = self.make_in(&making, image);
        let cleared = fs::remove_dir_all(&making).map_err(LabError::file(&making));
        made.and(cleared)
    }

    fn make_in(&self, making: &Path, image: &Path) -> Result<(), LabError> {
        let tree = Tree::unpack(decoded(self.archive)?, self.archive, &making.join("root"))?;
        if !INITS.iter().any(|name| tree.has(Path::new(name))) {
            return Err(LabError::new(
                format!("{}: there is no /sbin/init in it", self.archive.display()),
                "name an archive of a whole system, whose names begin with etc/, usr/ and so on",
            ));
        }
        let least = (tree.bytes >> 20) + 1;
        let size = self.size.unwrap_or(least + (ROOM >> 20));
        if size < least {
            return Err(LabError::new(
                format!("{}: {size} MiB are too few for what is in it", self.archive.display()),
                format!("say size = {} or more in [deploy], or leave it out", least + least / 4),
            ));
        }
        let new = making.join("image");
        image::make(&tree, making, &new, size)?;
        File::open(&new).and_then(|file| file.sync_all()).map_err(LabError::file(&new))?;
        fs::rename(&new, image).map_err(LabError::file(image))
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let new = to.with_extension("new");
    sparse::copy(&mut File::open(from)?, &mut File::create(&new)?)?;
    fs::rename(&new, to)
}

/// `true` if it is a tar archive, as the file says and not its name. What is compressed and none is an error: no disk
/// can be made of it.
pub fn is_archive(path: &Path) -> Result<bool, LabError> {
    let compressed = compression(path)? != Compression::None;
    let mut archive = tar::Archive::new(decoded(path)?);
    // The checksum of the first header tells.
    let first = archive.entries().ok().and_then(|mut entries| entries.next());
    match first {
        Some(Ok(_)) => Ok(true),
        _ if compressed => Err(LabError::new(
            format!("{}: it is compressed, and no tar archive", path.display()),
            "unpack it, if it is the image of a disk",
        )),
        _ => Ok(false),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Xz,
    Zstd,
}

fn compression(path: &Path) -> Result<Compression, LabError> {
    let mut magic = [0; 6];
    let mut file = File::open(path).map_err(LabError::file(path))?;
    let count = file.read(&mut magic).map_err(LabError::file(path))?;
    Ok(match &magic[..count] {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0xfd, b'7', b'z', b'X', b'Z', 0] => Compression::Xz,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
        _ => Compression::None,
    })
}

/// What is in a file that may be compressed.
fn decoded(path: &Path) -> Result<Box<dyn Read>, LabError> {
    let compression = compression(path)?;
    let file = File::open(path).map_err(LabError::file(path))?;
    let file = BufReader::with_capacity(64 << 10, file);
    Ok(match compression {
        Compression::None => Box::new(file),
        Compression::Gzip => Box::new(MultiGzDecoder::new(file)),
        Compression::Xz => Box::new(XzDecoder::new_multi_decoder(file)),
        Compression::Zstd => {
            Box::new(zstd::Decoder::with_buffer(file).map_err(LabError::file(path))?)
        }
    })
}

#[cfg(test)]
mod tests;
