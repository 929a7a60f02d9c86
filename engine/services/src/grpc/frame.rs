//! Messages on a gRPC stream: a flag, a length, the bytes.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use yiwang_dsl::Fault;
use yiwang_dsl::error::Kind;

/// Flag and length.
const HEAD_LEN: usize = 5;

/// One message, ready to be sent. Never compressed.
pub(crate) fn write(message: &[u8]) -> Result<Bytes, Fault> {
    let length = u32::try_from(message.len())
        .map_err(|_| Fault::new(Kind::Configuration, "", "a message of gRPC has at most 4 GiB"))?;
    let mut frame = BytesMut::with_capacity(HEAD_LEN + message.len());
    frame.put_u8(0);
    frame.put_u32(length);
    frame.put_slice(message);
    Ok(frame.freeze())
}

/// Takes messages out of a stream that comes in pieces of any size.
#[derive(Debug)]
pub(crate) struct Reader {
    pending: BytesMut,
    bytes_max: usize,
}

impl Reader {
    /// With a limit for one message.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { pending: BytesMut::new(), bytes_max }
    }

    /// Adds bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The next whole message.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        let broken = |detail: String| Fault::new(Kind::Communication, "", detail);
        let Some(mut head) = self.pending.get(..HEAD_LEN) else { return Ok(None) };
        if head.get_u8() != 0 {
            return Err(broken(
                "the server sent a compressed message, which was not offered to it".to_owned(),
            ));
        }
        let length = usize::try_from(head.get_u32()).unwrap_or(usize::MAX);
        if length > self.bytes_max {
            return Err(broken(format!("the server sent a message of more than {} bytes", self.bytes_max)));
        }
        if self.pending.len() < HEAD_LEN + length {
            return Ok(None);
        }
        self.pending.advance(HEAD_LEN);
        Ok(Some(self.pending.split_to(length).freeze()))
    }

    /// Is a message cut off?
    pub(crate) fn is_within(&self) -> bool {
        !self.pending.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_in_pieces_of_any_size() {
        let stream = [write(b"one").unwrap(), write(b"").unwrap(), write(b"three").unwrap()].concat();
        let mut reader = Reader::new(10);
        let mut found = Vec::new();
        for byte in stream {
            assert!(found.len() < 3);
            reader.push(&[byte]);
            while let Some(message) = reader.next().unwrap() {
                found.push(message);
            }
        }
        assert_eq!(found, ["one", "", "three"]);
        assert!(!reader.is_within());
    }

    #[test]
    fn what_is_too_long_or_compressed_is_refused() {
        let mut reader = Reader::new(2);
        reader.push(&write(b"one").unwrap());
        assert!(reader.next().is_err());
        let mut reader = Reader::new(10);
        reader.push(&[1, 0, 0, 0, 0]);
        assert!(reader.next().is_err());
    }
}
