//! How large texts are kept in rows: one byte of codec, the length, then the text, mostly by lz4.

/// Plain text.
const PLAIN: u8 = 0;
/// An lz4 block.
const LZ4: u8 = 1;
/// Below this, lz4 gains nothing.
const PACKED_MIN: usize = 64;
/// lz4 cannot shrink by more than this: a longer claim is a broken row, not a reason to allocate.
const RATIO_MAX: usize = 256;

/// Codec and length.
const HEAD_LEN: usize = 5;

/// A row's text that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the packed text is broken")]
pub(crate) struct Broken;

/// Packs a text.
pub(crate) fn pack(text: &[u8]) -> Vec<u8> {
    let len = u32::try_from(text.len()).expect("limits keep a row far below 4 GiB");
    let mut packed = Vec::with_capacity(HEAD_LEN + text.len());
    packed.push(PLAIN);
    packed.extend(len.to_le_bytes());
    if text.len() >= PACKED_MIN {
        let block = lz4_flex::block::compress(text);
        if block.len() < text.len() {
            packed[0] = LZ4;
            packed.extend(block);
            return packed;
        }
    }
    packed.extend(text);
    packed
}

/// Reads what [`pack`] wrote.
pub(crate) fn unpack(packed: &[u8]) -> Result<Vec<u8>, Broken> {
    let (head, rest) = packed.split_first_chunk::<HEAD_LEN>().ok_or(Broken)?;
    let [codec, len @ ..] = *head;
    let len = u32::from_le_bytes(len) as usize;
    match codec {
        PLAIN if rest.len() == len => Ok(rest.to_vec()),
        LZ4 if len / RATIO_MAX <= rest.len() => {
            let text = lz4_flex::block::decompress(rest, len).map_err(|_| Broken)?;
            if text.len() == len { Ok(text) } else { Err(Broken) }
        }
        _ => Err(Broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_reads_back_and_broken_rows_are_refused() {
        for text in [&b""[..], b"short", &[7; 10_000], "市民诉求".repeat(500).as_bytes()] {
            assert_eq!(unpack(&pack(text)).unwrap(), text);
        }
        assert!(pack(&[7; 10_000]).len() < 100);
        let mut claims = pack(&[7; 10_000]);
        claims[1..5].copy_from_slice(&u32::MAX.to_le_bytes());
        for broken in [&b""[..], &[0], &[9, 0, 0, 0, 0], &[0, 4, 0, 0, 0, 1], &claims] {
            assert_eq!(unpack(broken), Err(Broken), "{broken:?}");
        }
    }
}
