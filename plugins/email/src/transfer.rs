//! Transfer encodings, decoded as the lines come: base64 and quoted-printable. What is not as it should be is decoded
//! as far as it goes, as every mail program does.

/// How a part's bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As they are.
    Plain,
    Base64,
    QuotedPrintable,
}

impl Encoding {
    pub(crate) fn of(name: Option<&str>) -> Self {
        match name.unwrap_or_default().trim() {
            name if name.eq_ignore_ascii_case("base64") => Self::Base64,
            name if name.eq_ignore_ascii_case("quoted-printable") => Self::QuotedPrintable,
            _ => Self::Plain,
        }
    }
}

/// A decoder, fed with lines or pieces of them.
#[derive(Debug)]
pub(crate) struct Decoder {
    encoding: Encoding,
    /// Bits of base64 that make no byte yet, and how many they are.
    bits: (u32, u32),
    /// Base64 has come to its end.
    ended: bool,
    /// What may go on with the next piece: `=`, `=4`, or blanks before a line's end.
    held: Vec<u8>,
}

impl Decoder {
    pub(crate) fn new(encoding: Encoding) -> Self {
        Self { encoding, bits: (0, 0), ended: false, held: Vec::new() }
    }

    /// Decodes some more.
    pub(crate) fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        match self.encoding {
            Encoding::Plain => out.extend_from_slice(bytes),
            Encoding::Base64 => self.base64(bytes, out),
            Encoding::QuotedPrintable => bytes.iter().for_each(|byte| self.quoted(*byte, out)),
        }
    }

    /// The end: what was held is itself.
    pub(crate) fn end(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.held);
    }

    fn base64(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for byte in bytes {
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' => {
                    self.ended = true;
                    continue;
                }
                _ => continue,
            };
            // Behind the padding there is a footer of some mailing list.
            if self.ended {
                return;
            }
            let (bits, count) = (self.bits.0 << 6 | u32::from(value), self.bits.1 + 6);
            self.bits = if count >= 8 {
                out.push((bits >> (count - 8)) as u8);
                (bits & ((1 << (count - 8)) - 1), count - 8)
            } else {
                (bits, count)
            };
        }
    }

    fn quoted(&mut self, byte: u8, out: &mut Vec<u8>) {
        match (self.held.first(), byte) {
            (Some(b'='), _) => {
                self.held.push(byte);
                let hex = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
                let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
                match self.held[1..] {
                    // The line goes on: what stands behind `=` was put there on the way.
                    [ref blanks @ .., b'\n'] if blanks.iter().all(blank) => self.held.clear(),
                    ref blanks if blanks.iter().all(blank) => {}
                    [high] if hex(high).is_some() => {}
                    [high, low] => {
                        match (hex(high), hex(low)) {
                            (Some(high), Some(low)) => out.push(high << 4 | low),
                            _ => out.extend_from_slice(&self.held),
                        }
                        self.held.clear();
                    }
                    _ => out.append(&mut self.held),
                }
            }
            (_, b'=') => {
                out.append(&mut self.held);
                self.held.push(b'=');
            }
            // Blanks at the end of a line were put there on the way.
            (_, b' ' | b'\t') => self.held.push(byte),
            (_, b'\r' | b'\n') => {
                self.held.clear();
                out.push(byte);
            }
            _ => {
                out.append(&mut self.held);
                out.push(byte);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(encoding: Encoding, text: &str, piece: usize) -> String {
        let (mut decoder, mut out) = (Decoder::new(encoding), Vec::new());
        text.as_bytes().chunks(piece).for_each(|piece| decoder.feed(piece, &mut out));
        decoder.end(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn pieces_make_no_difference() {
        for (encoding, text, plain) in [
            (Encoding::Base64, "5Lit\r\n5paH\r\n", "中文"),
            (Encoding::Base64, "YQ==\r\n-- \r\nfooter", "a"),
            (Encoding::Base64, "YWI=", "ab"),
            (Encoding::Base64, "!!Y W\tI=", "ab"),
            (Encoding::Base64, "", ""),
            (Encoding::QuotedPrintable, "=E4=B8=AD=\r\n=E6=96=87\r\n", "中文\r\n"),
            (Encoding::QuotedPrintable, "a=20=3D  \r\nb", "a =\r\nb"),
            (Encoding::QuotedPrintable, "a= \r\nb=\nc", "abc"),
            (Encoding::QuotedPrintable, "1=2=ZZ=4", "1=2=ZZ=4"),
            (Encoding::Plain, "=E4\r\n", "=E4\r\n"),
        ] {
            for piece in [1, 2, 3, 1000] {
                assert_eq!(decoded(encoding, text, piece), plain, "{text:?} by {piece}");
            }
        }
    }
}
