//! What the disk gives: the time of an fdatasync, beside every figure that depends on it.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

use crate::spread::Spread;

/// The time of 200 writes of one page, each followed by fdatasync, in this folder.
///
/// # Errors
/// When the folder cannot be written.
pub fn fdatasync(folder: &Path) -> io::Result<Spread> {
    let path = folder.join("fdatasync.bench");
    let mut file = File::create(&path)?;
    let page = [7; 4096];
    // The file has its size before, as a write-ahead log has: what is measured is not its growth.
    file.write_all(&[0; 4096 * 64])?;
    file.sync_all()?;
    let mut spread = Spread::default();
    for at in 0..200_u64 {
        file.seek(SeekFrom::Start(4096 * (at % 64)))?;
        let began = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        spread.add(began.elapsed());
    }
    fs::remove_file(&path)?;
    Ok(spread)
}

/// Bytes of all files in a folder and below.
///
/// # Errors
/// When it cannot be read.
pub fn bytes(folder: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let known = entry.metadata()?;
        sum += if known.is_dir() { bytes(&entry.path())? } else { known.len() };
    }
    Ok(sum)
}
