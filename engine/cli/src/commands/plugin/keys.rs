//! `yiwang plugin keygen` and `sign`: what a publisher does.

use std::path::{Path, PathBuf};

use yiwang_host::installed::beside;
use yiwang_host::{Inspection, PrivateKey};

use crate::failure::{self, Exit, Failure};
use crate::output;

#[derive(clap::Args, Debug)]
pub(super) struct KeygenArgs {
    /// Where to write the private key (PEM, mode 0600).
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(clap::Args, Debug)]
pub(super) struct SignArgs {
    /// The component.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The private key.
    #[arg(long, env = "YIWANG_PLUGIN_KEY", value_name = "FILE")]
    key: PathBuf,
}

pub(super) fn keygen(args: &KeygenArgs) -> Result<(), Failure> {
    let failed = |reason: String| Failure::new(Exit::Failed, "plugin.key", reason);
    let pem = PrivateKey::generate().map_err(failed)?;
    let public = PrivateKey::read(&pem).map_err(failed)?.public();
    write_secret(&args.file, &pem)?;
    output::note(&format!(
        "{} holds the private key {}; whoever has it signs as you do. Others trust it by these lines of trust.yaml:",
        args.file.display(),
        public.id()
    ));
    output::line(&format!("publishers:\n  - name: your-name\n    keys:\n      - key: {public}"));
    Ok(())
}

pub(super) fn sign(args: &SignArgs) -> Result<(), Failure> {
    let pem =
        std::fs::read_to_string(&args.key).map_err(|error| failure::file("reading", &args.key, error))?;
    let wrong = |reason: String| {
        Failure::new(Exit::Invalid, "plugin.key", format!("{}: {reason}", args.key.display()))
    };
    let key = PrivateKey::read(&pem).map_err(wrong)?;
    // What is not sound would be refused wherever it is installed.
    let found = Inspection::of(&args.file).map_err(|reason| {
        Failure::new(Exit::Invalid, "plugin.unsound", format!("{}: {reason}", args.file.display()))
    })?;
    let wasm = std::fs::read(&args.file).map_err(|error| failure::file("reading", &args.file, error))?;
    let signature = key.sign(&wasm);
    let path = beside(&args.file);
    let text = serde_json::to_string_pretty(&signature).unwrap_or_default();
    std::fs::write(&path, format!("{text}\n")).map_err(|error| failure::file("writing", &path, error))?;
    output::note(&format!("{} {} signed with the key {}", found.name, found.version, signature.keyid));
    output::line(&path.display().to_string());
    Ok(())
}

fn write_secret(path: &Path, text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let write = || {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error| failure::file("writing the key", path, error))
}
