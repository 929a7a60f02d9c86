//! Names as UUIDs: random ones, and ones that belong to a text.

use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;

/// A new one.
pub(crate) fn v4() -> Result<String, Fault> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Fault::new(Kind::Runtime, "", format!("no random numbers: {error}")))?;
    Ok(written(bytes, 4))
}

/// The one that belongs to a text, always the same: of version 8, out of its SHA-256.
pub(crate) fn of(text: &str) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(text.as_bytes());
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    written(bytes, 8)
}

fn written(mut bytes: [u8; 16], version: u8) -> String {
    bytes[6] = bytes[6] & 0x0f | version << 4;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = |range: std::ops::Range<usize>| -> String {
        bytes[range].iter().map(|byte| format!("{byte:02x}")).collect()
    };
    [hex(0..4), hex(4..6), hex(6..8), hex(8..10), hex(10..16)].join("-")
}
