//! Writes an initramfs: a cpio archive as the kernel reads it (`newc`).

use std::io::{self, Write};

/// An archive in the making.
pub struct Archive<W: Write> {
    out: W,
    number: u32,
    written: u64,
}

const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const FILE: u32 = 0o100_644;

impl<W: Write> Archive<W> {
    /// An empty one.
    pub fn new(out: W) -> Archive<W> {
        Archive { out, number: 0, written: 0 }
    }

    /// Adds a folder.
    pub fn folder(&mut self, name: &str) -> io::Result<()> {
        self.entry(name, FOLDER, &[])
    }

    /// Adds a file that can be run.
    pub fn program(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        self.entry(name, PROGRAM, content)
    }

    /// Adds a file.
    pub fn file(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        self.entry(name, FILE, content)
    }

    /// Writes the end mark.
    pub fn finish(mut self) -> io::Result<W> {
        self.entry("TRAILER!!!", 0, &[])?;
        Ok(self.out)
    }

    fn entry(&mut self, name: &str, mode: u32, content: &[u8]) -> io::Result<()> {
        let size = u32::try_from(content.len())
            .map_err(|_| io::Error::other(format!("{name} is too large for an initramfs")))?;
        self.number += 1;
        let links = if mode == FOLDER { 2 } else { 1 };
        let length = name.len() as u32 + 1;
        // Magic, then inode, mode, uid, gid, links, time, size, four numbers of devices, length of the
        // name, and a checksum that this format does not use.
        let fields = [self.number, mode, 0, 0, links, 0, size, 0, 0, 0, 0, length, 0];
        let mut header = String::from("070701");
        for field in fields {
            header += &format!("{field:08X}");
        }
        self.put(header.as_bytes())?;
        self.put(name.as_bytes())?;
        self.put(&[0])?;
        self.pad()?;
        self.put(content)?;
        self.pad()
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn pad(&mut self) -> io::Result<()> {
        let missing = (4 - self.written % 4) % 4;
        self.put(&[0; 3][..missing as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpio_archives_are_as_the_kernel_reads_them() {
        let mut archive = Archive::new(Vec::new());
        archive.folder("bin").expect("into memory");
        archive.program("bin/x", b"hello").expect("into memory");
        let bytes = archive.finish().expect("into memory");
        let text = String::from_utf8(bytes).expect("ASCII");
        let headers: Vec<usize> = text.match_indices("070701").map(|(at, _)| at).collect();
        assert_eq!(headers.len(), 3);
        assert!(headers.iter().all(|at| at % 4 == 0), "{headers:?}");
        assert!(text[headers[1]..].starts_with("07070100000002000081ED"));
        assert!(text.contains("hello\x00\x00\x00070701") && text.contains("TRAILER!!!\0"));
    }
}
