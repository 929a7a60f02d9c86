//! `blobs`: files that were handed to this call, and files that it makes.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};

use wasmtime::component::Resource;

use crate::bindings::yiwang::channel::blobs::{BlobError, Host, HostReader, HostWriter};
use crate::bindings::yiwang::channel::types::BlobRef;
#[allow(unreachable_pub, reason = "the generated bindings re-export it")]
pub use crate::blobs::Writer;
use crate::call::CallState;
use crate::limits;

/// An open file. Public, because the generated bindings name it; the module is not.
#[allow(unreachable_pub, reason = "the generated bindings re-export it")]
#[derive(Debug)]
pub struct Reader(File);

type Answer<T> = wasmtime::Result<Result<T, BlobError>>;

impl Host for CallState {
    async fn open(&mut self, blob: BlobRef) -> Answer<Resource<Reader>> {
        if let Err(reason) = self.effective.read_blobs() {
            return Ok(Err(BlobError::Denied(reason)));
        }
        if let Err(refused) = self.count_file() {
            return Ok(Err(refused));
        }
        // Knowing a digest is not enough: it must have been handed to this call.
        let known =
            self.files.contains(&blob.digest).then(|| self.channel.environment.blobs.path(&blob.digest));
        let Some(path) = known.flatten() else { return Ok(Err(BlobError::NotFound)) };
        match File::open(path) {
            Ok(file) => Ok(Ok(self.table.push(Reader(file))?)),
            Err(error) => Ok(Err(unavailable(&error))),
        }
    }

    async fn create(&mut self, media_type: String, file_name: Option<String>) -> Answer<Resource<Writer>> {
        let max = match self.effective.write_blobs() {
            Ok(max) => max,
            Err(reason) => return Ok(Err(BlobError::Denied(reason))),
        };
        if let Err(refused) = self.count_file() {
            return Ok(Err(refused));
        }
        match self.channel.environment.blobs.writer(&media_type, file_name.as_deref(), max) {
            Ok(writer) => Ok(Ok(self.table.push(writer)?)),
            Err(error) => Ok(Err(unavailable(&error))),
        }
    }

    async fn finish(&mut self, writer: Resource<Writer>) -> Answer<BlobRef> {
        let writer = self.table.delete(writer)?;
        match tokio::task::spawn_blocking(move || writer.finish()).await? {
            Ok(blob) => {
                self.files.insert(blob.digest.clone());
                Ok(Ok(blob))
            }
            Err(error) => Ok(Err(unavailable(&error))),
        }
    }
}

impl CallState {
    fn count_file(&mut self) -> Result<(), BlobError> {
        self.saw("blobs");
        self.blob_calls += 1;
        if self.blob_calls > limits::BLOB_CALLS_MAX {
            return Err(BlobError::Unavailable(format!(
                "more than {} files in one call",
                limits::BLOB_CALLS_MAX
            )));
        }
        Ok(())
    }
}

impl HostReader for CallState {
    async fn read(&mut self, reader: Resource<Reader>, max: u32) -> Answer<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = &mut self.table.get_mut(&reader)?.0;
        let max = max.min(limits::BLOB_CHUNK_BYTES_MAX);
        Ok(match file.take(u64::from(max)).read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(unavailable(&error)),
        })
    }

    async fn skip(&mut self, reader: Resource<Reader>, len: u64) -> Answer<u64> {
        let file = &mut self.table.get_mut(&reader)?.0;
        let moved = |file: &mut File| {
            let (at, end) = (file.stream_position()?, file.metadata()?.len());
            let to = at.saturating_add(len).min(end);
            file.seek(SeekFrom::Start(to))?;
            Ok(to - at)
        };
        Ok(moved(file).map_err(|error| unavailable(&error)))
    }

    async fn drop(&mut self, reader: Resource<Reader>) -> wasmtime::Result<()> {
        self.table.delete(reader)?;
        Ok(())
    }
}

impl HostWriter for CallState {
    async fn write(&mut self, writer: Resource<Writer>, chunk: Vec<u8>) -> Answer<()> {
        let writer = self.table.get_mut(&writer)?;
        Ok(match writer.write(&chunk) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::FileTooLarge => {
                Err(BlobError::TooLarge(limits::BLOB_BYTES_MAX))
            }
            Err(error) => Err(unavailable(&error)),
        })
    }

    async fn drop(&mut self, writer: Resource<Writer>) -> wasmtime::Result<()> {
        self.table.delete(writer)?;
        Ok(())
    }
}

fn unavailable(error: &std::io::Error) -> BlobError {
    tracing::warn!(%error, "the store of files failed");
    BlobError::Unavailable("the store of files does not answer".to_owned())
}
