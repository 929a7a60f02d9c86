//! Bytes of a text as the protocol's lines and columns, and back.
//!
//! Columns count UTF-16 units, unless the editor can count bytes (LSP 3.17, "Position encoding").

use std::ops::Range;

use lsp_types::{InitializeParams, Position, PositionEncodingKind};

/// In what columns are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 units.
    Utf16,
}

impl Encoding {
    /// Bytes if the editor can, otherwise what every editor can.
    pub(super) fn negotiate(parameters: &InitializeParams) -> Self {
        let general = parameters.capabilities.general.as_ref();
        let known = general.and_then(|general| general.position_encodings.as_deref()).unwrap_or_default();
        if known.contains(&PositionEncodingKind::UTF8) { Self::Utf8 } else { Self::Utf16 }
    }

    /// The position of a byte.
    pub(super) fn position(self, text: &str, byte: usize) -> Position {
        let before = text.get(..byte).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let column = self.units(&before[line_start..]);
        let line = before.matches('\n').count();
        Position { line: u32::try_from(line).unwrap_or(u32::MAX), character: column }
    }

    /// The byte of a position; beyond the end of a line, its end.
    pub(super) fn byte(self, text: &str, position: Position) -> usize {
        let mut start = 0;
        for _ in 0..position.line {
            match text[start..].find('\n') {
                Some(end) => start += end + 1,
                None => return text.len(),
            }
        }
        let line = text[start..].lines().next().unwrap_or_default();
        let mut column = 0;
        for (at, character) in line.char_indices() {
            if column >= position.character {
                return start + at;
            }
            column += self.units(character.encode_utf8(&mut [0; 4]));
        }
        start + line.len()
    }

    /// A range of bytes.
    pub(super) fn range(self, text: &str, span: &Range<usize>) -> lsp_types::Range {
        lsp_types::Range { start: self.position(text, span.start), end: self.position(text, span.end) }
    }

    fn units(self, text: &str) -> u32 {
        let units = match self {
            Self::Utf8 => text.len(),
            Self::Utf16 => text.encode_utf16().count(),
        };
        u32::try_from(units).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_as_agreed() {
        let text = "a\n派单𝄞: x\n";
        let byte = text.find('x').unwrap();
        for (encoding, column) in [(Encoding::Utf16, 6), (Encoding::Utf8, 12)] {
            let position = encoding.position(text, byte);
            assert_eq!((position.line, position.character), (1, column));
            assert_eq!(encoding.byte(text, position), byte);
        }
        assert_eq!(Encoding::Utf16.byte(text, Position { line: 1, character: 99 }), text.len() - 1);
        assert_eq!(Encoding::Utf16.byte(text, Position { line: 9, character: 0 }), text.len());
    }
}
