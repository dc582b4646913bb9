//! Copies that leave holes out.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};

/// Blocks of zeros are left out.
const BLOCK: usize = 64 << 10;

/// Copies to an empty file; what is zero becomes a hole. Gives the number of bytes.
pub fn copy(from: &mut impl Read, to: &mut File) -> io::Result<u64> {
    let (zeros, mut block) = (vec![0; BLOCK], vec![0; BLOCK]);
    let mut at = 0;
    loop {
        let count = fill(from, &mut block)?;
        // Slices are compared at once, which counts in gigabytes of zeros.
        if block[..count] != zeros[..count] {
            to.seek(SeekFrom::Start(at))?;
            to.write_all(&block[..count])?;
        }
        at += count as u64;
        if count < block.len() {
            to.set_len(at)?;
            return Ok(at);
        }
    }
}

fn fill(from: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < block.len() {
        match from.read(&mut block[count..])? {
            0 => break,
            more => count += more,
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn a_copy_has_the_same_bytes_and_the_same_holes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        let mut file = File::create(&one).expect("writable");
        file.write_all(b"begin").expect("writable");
        file.seek(SeekFrom::Start((8 << 20) + 5)).expect("a file");
        file.write_all(b"middle").expect("writable");
        for size in [(16 << 20) + 7, 16 << 20] {
            file.set_len(size).expect("a file");
            let mut from = File::open(&one).expect("there");
            let mut to = File::create(&other).expect("writable");
            assert_eq!(copy(&mut from, &mut to).expect("copied"), size);
            assert_eq!(fs::read(&one).expect("there"), fs::read(&other).expect("there"));
            assert!(fs::metadata(&other).expect("there").blocks() * 512 < 1 << 20);
        }
    }
}
