//! What this program carries of the repository: the contract, the SDKs and the templates, as `build.rs` put them in.

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// All of them: path in the repository and text.
pub(crate) fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().copied()
}

/// The text of one file.
pub(crate) fn text(folder: &str, file: &str) -> &'static str {
    let path = format!("{folder}/{file}");
    files().find(|(name, _)| *name == path).map(|(_, text)| text).unwrap_or_default()
}
