//! The modules that a kernel needs to find its disk and its network, with all that those need.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use liblzma::read::XzDecoder;
use memchr::memmem;
use walkdir::WalkDir;

use crate::lab::error::LabError;

/// No module is larger.
const LARGEST: u64 = 64 << 20;

/// A module, unpacked.
pub struct Module {
    /// Its name, with `_` for `-`.
    pub name: String,
    /// What is loaded.
    pub content: Vec<u8>,
}

/// The modules of these names and all that they depend on, each after what it needs. Those that are
/// not there are built into the kernel.
pub fn needed(folder: &Path, wanted: &[&str]) -> Result<Vec<Module>, LabError> {
    let mut paths: BTreeMap<String, PathBuf> = BTreeMap::new();
    for entry in WalkDir::new(folder).into_iter().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some((stem, "" | ".xz" | ".gz" | ".zst")) = name.split_once(".ko") {
            paths.insert(stem.replace('-', "_"), entry.into_path());
        }
    }
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    for name in wanted {
        add(name, &paths, &mut seen, &mut order)?;
    }
    Ok(order)
}

fn add(
    name: &str,
    paths: &BTreeMap<String, PathBuf>,
    seen: &mut BTreeSet<String>,
    order: &mut Vec<Module>,
) -> Result<(), LabError> {
    let name = name.replace('-', "_");
    let Some(path) = paths.get(&name) else { return Ok(()) };
    if !seen.insert(name.clone()) {
        return Ok(());
    }
    let content = unpacked(path).map_err(LabError::file(path))?;
    for other in depends(&content) {
        add(&other, paths, seen, order)?;
    }
    order.push(Module { name, content });
    Ok(())
}

fn unpacked(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut content = Vec::new();
    let extension = path.extension().unwrap_or_default();
    match extension.to_str() {
        Some("xz") => XzDecoder::new(file).take(LARGEST).read_to_end(&mut content)?,
        Some("gz") => GzDecoder::new(file).take(LARGEST).read_to_end(&mut content)?,
        Some("zst") => zstd::Decoder::new(file)?.take(LARGEST).read_to_end(&mut content)?,
        _ => return fs::read(path),
    };
    Ok(content)
}

/// What the module says in its `.modinfo`: `depends=virtio_ring,virtio`.
fn depends(content: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"\0depends=";
    let Some(at) = memmem::find(content, KEY) else { return Vec::new() };
    let rest = &content[at + KEY.len()..];
    let end = memchr::memchr(0, rest).unwrap_or(0);
    let list = String::from_utf8_lossy(&rest[..end]);
    list.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_come_after_what_they_need() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let module = |name: &str, info: &str| {
            fs::write(folder.path().join(name), format!("ELF\0license=GPL\0{info}\0rest"))
                .expect("writable");
        };
        module("virtio_net.ko", "depends=net_failover,virtio");
        module("net_failover.ko", "depends=failover");
        module("failover.ko", "depends=");
        module("virtio.ko", "depends=virtio-net");
        let modules =
            needed(folder.path(), &["virtio-net", "virtio", "ext4"]).expect("all readable");
        let names: Vec<&str> = modules.iter().map(|module| module.name.as_str()).collect();
        assert_eq!(names, ["failover", "net_failover", "virtio", "virtio_net"]);
    }
}
