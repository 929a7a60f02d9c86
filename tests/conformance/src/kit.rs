//! Where the features are: the official ones beside the repository, never edited, and ours.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// The official features as they were when the page was written: name, and SHA-256 of the text.
const OFFICIAL: &[(&str, &str)] = &[
    ("branch", "603ab76222332ae56a48618142fbdb1b4b05d648e01c5f49d63cd9c27711aeb0"),
    ("call", "4994d0d437a21cb2e026e6e3573111621309e774d3c106467c0b2d4df98ec0a2"),
    ("data-flow", "ed4a7f483203b265cbd84c506e934ecf2c34dde0a7592527100381d003d86893"),
    ("do", "f9a671d6be666d80ca8d47c84862f0483955a68b2f403a18fc4ad86cb6c91fa5"),
    ("emit", "415e7745c7031479ea5fdfa034336eb6fa6693b339a618962e5566d97c3981c2"),
    ("flow", "8cbe3c793e97a8cd56815aa3e110119c8c3d86f752937e004d590a01fd11e4f4"),
    ("for", "4a0f782d926781bfba9d85c7be4bce88d7555058b0f0a54245c27a9b820507b2"),
    ("raise", "21dcd985f394c3537981d7b12f1cecfaffcc98e94461b9bc6e827edb987ae7de"),
    ("set", "bdee08d7f22302134d763d657c9942d35b7e866c71cc0c781210d9825ef6355e"),
    ("switch", "fecc436e8db6b5d4a3fcd55f64c1546a79e134a5e19da91b35d9dff3a2a369aa"),
    ("try", "bc3dfeaf8e68c9720ded4059ef00cfe051bdf648b4e1c4f286311cc058c5f3af"),
];

/// The environment variable that names another folder of the specification.
pub const VARIABLE: &str = "YIWANG_OWS";

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Our features.
pub fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("features")
}

/// The official features, if the specification is there.
pub fn official() -> Option<PathBuf> {
    let specification =
        std::env::var_os(VARIABLE).map_or_else(|| root().join("../shared/ows"), PathBuf::from);
    let features = specification.join("ctk/features");
    features.is_dir().then_some(features)
}

/// One official feature, and whether it is the text we know.
#[derive(Clone, Debug)]
pub struct Checked {
    /// File name without its ending.
    pub name: String,
    /// SHA-256 of the text, hex.
    pub hash: String,
    /// Is it unedited?
    pub known: bool,
}

/// Hashes of the official features, by name. One that is missing has an empty hash.
///
/// # Errors
/// When a file cannot be read.
pub fn check(folder: &Path) -> std::io::Result<Vec<Checked>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != "feature") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let digest = Sha256::digest(std::fs::read(&path)?);
        let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let known = OFFICIAL.contains(&(&*name, &*hash));
        found.push(Checked { name, hash, known });
    }
    let missing = OFFICIAL.iter().filter(|(name, _)| !found.iter().any(|it| it.name == *name));
    let missing =
        missing.map(|(name, _)| Checked { name: (*name).to_owned(), hash: String::new(), known: false });
    let missing: Vec<_> = missing.collect();
    found.extend(missing);
    found.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(found)
}
