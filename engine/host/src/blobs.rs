//! Files by the digest of their bytes, on disk before anybody hears of them.
//!
//! A file is written beside, synced, and only then renamed to its name, so a name is always a whole file.
//! Names are made of checked digests alone: nothing that came from outside becomes part of a path.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::bindings::yiwang::channel::types::BlobRef;
use crate::cache::{hex, make_private};

/// The store.
#[derive(Clone, Debug)]
pub(crate) struct BlobStore {
    folder: PathBuf,
}

impl BlobStore {
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        make_private(folder)?;
        let unfinished = folder.join("tmp");
        // What a crash left half-written nobody knows of.
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        fs::create_dir(&unfinished)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Where a file is; none if the digest is none or nothing is kept under it.
    pub(crate) fn path(&self, digest: &str) -> Option<PathBuf> {
        let digits = digest.strip_prefix("sha256:")?;
        let plain =
            digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let path = plain.then(|| self.folder.join(&digits[..2]).join(&digits[2..]))?;
        path.is_file().then_some(path)
    }

    /// Begins a file.
    pub(crate) fn writer(&self, media_type: &str, file_name: Option<&str>, max: u64) -> io::Result<Writer> {
        let mut random = [0; 12];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let path = self.folder.join("tmp").join(hex(&random));
        Ok(Writer {
            file: Some(File::create_new(&path)?),
            path,
            folder: self.folder.clone(),
            hash: Sha256::new(),
            head: Vec::new(),
            size: 0,
            max,
            media_type: media_type.to_owned(),
            file_name: file_name.and_then(plain_name),
        })
    }

    /// A file without a name, for as long as somebody holds it.
    pub(crate) fn scratch(&self) -> io::Result<File> {
        tempfile::tempfile_in(self.folder.join("tmp"))
    }

    /// Keeps these bytes.
    pub(crate) fn put(&self, media_type: &str, file_name: Option<&str>, bytes: &[u8]) -> io::Result<BlobRef> {
        let mut writer = self.writer(media_type, file_name, bytes.len() as u64)?;
        writer.write(bytes)?;
        writer.finish()
    }
}

/// A file on its way. Dropped without [`Writer::finish`] it leaves nothing behind.
#[allow(unreachable_pub, reason = "the generated bindings re-export it")]
#[derive(Debug)]
pub struct Writer {
    file: Option<File>,
    path: PathBuf,
    folder: PathBuf,
    hash: Sha256,
    head: Vec<u8>,
    size: u64,
    max: u64,
    media_type: String,
    file_name: Option<String>,
}

impl Writer {
    /// Adds bytes; [`io::ErrorKind::FileTooLarge`] when there are too many.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.size += bytes.len() as u64;
        if self.size > self.max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if self.head.len() < 16 {
            self.head.extend_from_slice(&bytes[..bytes.len().min(16 - self.head.len())]);
        }
        self.hash.update(bytes);
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(bytes))
    }

    /// Makes it durable and gives its name.
    pub(crate) fn finish(mut self) -> io::Result<BlobRef> {
        let digest = hex(&std::mem::take(&mut self.hash).finalize());
        let folder = self.folder.join(&digest[..2]);
        let target = folder.join(&digest[2..]);
        if let Some(file) = self.file.take()
            && !target.exists()
        {
            file.sync_all()?;
            fs::create_dir_all(&folder)?;
            fs::rename(&self.path, &target)?;
            File::open(&folder)?.sync_all()?;
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(BlobRef {
            digest: format!("sha256:{digest}"),
            size: self.size,
            media_type: media_type(&self.media_type, &self.head),
            file_name: self.file_name.take(),
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Gone already once it has been renamed.
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "an unfinished file could not be removed");
        }
    }
}

/// The last part of a name as sent, without folders and controls.
pub(crate) fn plain_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control() && !is_bidi(*c)).take(120).collect();
    let plain = plain.trim().trim_start_matches('.').to_owned();
    (!plain.is_empty()).then_some(plain)
}

/// Marks that turn the direction of text.
pub(crate) fn is_bidi(char: char) -> bool {
    matches!(char, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The type as declared, but nothing is called a picture that does not begin like one.
fn media_type(declared: &str, head: &[u8]) -> String {
    let declared = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let plain = declared.split_once('/').is_some_and(|(kind, rest)| {
        let token = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
        };
        token(kind) && token(rest)
    });
    let picture = match head {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', ..] => Some("image/heic"),
        _ => None,
    };
    match picture {
        Some(picture) => picture.to_owned(),
        None if !plain || declared.starts_with("image/") => "application/octet-stream".to_owned(),
        None => declared,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_its_digest_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        let blob = store.put("text/plain", Some("../../etc/passwd"), b"abc").unwrap();
        assert_eq!(blob.file_name.as_deref(), Some("passwd"));
        assert_eq!(fs::read(store.path(&blob.digest).unwrap()).unwrap(), b"abc");
        assert_eq!(store.put("text/plain", None, b"abc").unwrap().digest, blob.digest);
        for digest in ["", "sha256:", "sha256:../../x", &blob.digest.to_uppercase(), "sha256:00"] {
            assert!(store.path(digest).is_none(), "{digest}");
        }
        assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0, "nothing unfinished stays");
    }

    #[test]
    fn a_picture_is_what_begins_like_one() {
        assert_eq!(media_type("image/jpeg", b"<html>"), "application/octet-stream");
        assert_eq!(media_type("text/plain", b"\xff\xd8\xff\xe0"), "image/jpeg");
        assert_eq!(media_type("Text/CSV; charset=gbk", b"a,b"), "text/csv");
        assert_eq!(media_type("x\r\ny", b""), "application/octet-stream");
    }

    #[test]
    fn too_large_is_refused_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        let mut writer = store.writer("a/b", None, 3).unwrap();
        assert_eq!(writer.write(b"abcd").unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        drop(writer);
        assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    }
}
