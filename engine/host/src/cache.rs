//! Compiled components on disk, so that a start takes milliseconds.
//!
//! A compiled component is native code, and loading it is as good as running it. So the folder belongs to
//! the server alone, every file carries a MAC with a key from a file that only the server may read, and the
//! name says for which engine it was made. Anything else is compiled anew.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

const MAC_BYTES: usize = 32;

/// The cache.
pub(crate) struct Cache {
    folder: PathBuf,
    key: Vec<u8>,
}

impl Cache {
    /// Opens the folder, and makes it and its key where they are missing.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        make_private(folder)?;
        let path = folder.join("key");
        let key = match fs::read(&path) {
            Ok(key) if key.len() == 32 => key,
            _ => {
                let mut key = vec![0; 32];
                getrandom::fill(&mut key).map_err(io::Error::other)?;
                write_private(&path, &key)?;
                key
            }
        };
        Ok(Self { folder: folder.to_owned(), key })
    }

    /// The component, from the cache or compiled.
    pub(crate) fn component(&self, engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Component> {
        let path = self.folder.join(format!("{}.cwasm", name(engine, wasm)));
        if let Some(component) = self.load(engine, &path) {
            return Ok(component);
        }
        // CPython takes a minute and more memory than most: those who want the same wait for the one who compiles.
        let _one = self.lock(&path);
        if let Some(component) = self.load(engine, &path) {
            return Ok(component);
        }
        tracing::info!(kib = wasm.len() >> 10, "compiling a component for this machine; it is kept");
        let component = Component::new(engine, wasm)?;
        let mut bytes = component.serialize()?;
        let mac = self.mac(&path, &bytes).finalize().into_bytes();
        bytes.extend_from_slice(&mac);
        if let Err(error) = write_private(&path, &bytes) {
            tracing::warn!(path = %path.display(), %error, "a compiled plugin could not be cached");
        }
        Ok(component)
    }

    /// Held while a component is compiled, by all processes that share the folder. Without it nothing is wrong,
    /// only slower.
    fn lock(&self, path: &Path) -> Option<fs::File> {
        let lock = fs::File::create(path.with_extension("lock")).ok()?;
        lock.lock().ok()?;
        Some(lock)
    }

    fn load(&self, engine: &Engine, path: &Path) -> Option<Component> {
        let bytes = fs::read(path).ok()?;
        let (code, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC_BYTES)?)?;
        if self.mac(path, code).verify_slice(mac).is_err() {
            tracing::warn!(path = %path.display(), "a cached plugin is not what was written; it is compiled anew");
            return None;
        }
        #[allow(
            unsafe_code,
            reason = "the bytes were written by this server: their MAC was checked a line above"
        )]
        let component = unsafe { Component::deserialize(engine, code) };
        component
            .inspect_err(|error| tracing::warn!(path = %path.display(), error = format!("{error:#}"), "a cached plugin does not load"))
            .ok()
    }

    /// Over the name, too: else one plugin's code could be put in the place of another's.
    fn mac(&self, path: &Path, code: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        mac.update(code);
        mac
    }
}

fn name(engine: &Engine, wasm: &[u8]) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut compatibility = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut compatibility);
    format!("{}-{:016x}", hex(&Sha256::digest(wasm)), compatibility.finish())
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of hexadecimal in either case; none: it is none.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.is_ascii() && text.len().is_multiple_of(2);
    let bytes = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok());
    digits.then(|| bytes.collect()).flatten()
}

/// Makes a folder that nobody else may enter.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Writes a file whole or not at all, readable by the server alone.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let temporary = path.with_extension(format!("{}.tmp", hex(&random)));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}
