//! One message as a letter: who, what about, words, files. It is read part by part; texts are kept up to a limit,
//! files go to the host while they are decoded.

use mail_parser::decoders::html::html_to_text;
use mail_parser::{HeaderValue, MimeHeaders as _};
use yiwang_sdk::intake::clean;
use yiwang_sdk::prelude::*;
use yiwang_sdk::serde_json::Value;
use yiwang_sdk::{BlobError, BlobWriter, provider};

use crate::authentication::Authentication;
use crate::guard::{self, Aside};
use crate::parts::{Head, Sink};
use crate::transfer::{Decoder, Encoding};
use crate::{address, charset};

/// Texts of one message; a report takes 20 000 characters of them.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// Files of one message; a report takes 50.
pub(crate) const FILES_MAX: usize = 20;
/// Names of further files that are told.
const LEFT_OUT_MAX: usize = 50;
/// Longest media type; a longer one is none.
const KIND_BYTES_MAX: usize = 100;
/// What is handed to the host at once.
const PIECE_BYTES: usize = 64 << 10;
/// Message ids; longer ones are cut, and serve as ids all the same.
const ID_BYTES_MAX: usize = 240;

/// A letter.
#[derive(Debug, Default)]
pub(crate) struct Letter {
    pub(crate) from: String,
    pub(crate) name: Option<String>,
    pub(crate) to: Vec<String>,
    pub(crate) subject: String,
    pub(crate) message_id: Option<String>,
    pub(crate) in_reply_to: Option<String>,
    pub(crate) references: Vec<String>,
    pub(crate) authentication: Authentication,
    pub(crate) aside: Option<Aside>,
    pub(crate) files: Vec<BlobRef>,
    /// Names of files that were not kept, the first ones of them.
    pub(crate) left_out: Vec<String>,
    pub(crate) left_out_count: usize,
    /// Of a delivery report: its fields, and the head of what came back.
    pub(crate) status: String,
    pub(crate) original: String,
    texts: Vec<Text>,
}

#[derive(Debug)]
struct Text {
    is_html: bool,
    alternative: Option<usize>,
    words: String,
}

impl Letter {
    /// The words: plain ones, and those of HTML where there are no plain ones to choose.
    pub(crate) fn words(&self) -> String {
        let has_plain = |alternative: Option<usize>| {
            self.texts
                .iter()
                .any(|text| !text.is_html && text.alternative == alternative && !text.words.trim().is_empty())
        };
        let wanted = self.texts.iter().filter(|text| match text.alternative {
            Some(_) => text.is_html != has_plain(text.alternative),
            None => true,
        });
        let words: Vec<String> = wanted
            .map(|text| if text.is_html { html_to_text(&text.words) } else { text.words.clone() })
            .map(|words| clean(&words))
            .filter(|words| !words.is_empty())
            .collect();
        words.join("\n\n")
    }
}

/// Reads one.
pub(crate) struct Reader<'a, H: Host> {
    pub(crate) letter: Letter,
    host: &'a H,
    config: &'a Value,
    part: Part<'a>,
    text_bytes: usize,
    files_begun: usize,
}

/// What becomes of the part that is being read.
enum Part<'a> {
    Nothing,
    Text {
        decoder: Decoder,
        bytes: Vec<u8>,
        charset: Option<String>,
        is_html: bool,
        alternative: Option<usize>,
    },
    File {
        decoder: Decoder,
        piece: Vec<u8>,
        writer: Box<dyn BlobWriter + 'a>,
    },
    /// `message/delivery-status`, or the message that came back.
    Report {
        decoder: Decoder,
        bytes: Vec<u8>,
        is_status: bool,
    },
}

impl<'a, H: Host> Reader<'a, H> {
    pub(crate) fn new(host: &'a H, config: &'a Value) -> Self {
        let letter = Letter::default();
        Self { letter, host, config, part: Part::Nothing, text_bytes: 0, files_begun: 0 }
    }

    /// How many files were begun.
    pub(crate) fn files_begun(&self) -> usize {
        self.files_begun
    }

    fn kind_of(&mut self, head: &Head) -> Result<Part<'a>, Failure> {
        let parsed = head.parsed();
        let kind = parsed.content_type();
        let kind = kind.map_or_else(
            || "text/plain".to_owned(),
            |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase(),
        );
        let kind = if kind.len() > KIND_BYTES_MAX { "application/octet-stream".to_owned() } else { kind };
        let decoder = Decoder::new(Encoding::of(parsed.content_transfer_encoding()));
        if self.letter.aside.is_some() {
            return Ok(match kind.as_str() {
                "message/delivery-status" => Part::Report { decoder, bytes: Vec::new(), is_status: true },
                "message/rfc822" | "text/rfc822-headers" => {
                    Part::Report { decoder, bytes: Vec::new(), is_status: false }
                }
                _ => Part::Nothing,
            });
        }
        let named = parsed.attachment_name().map(clean).filter(|name| !name.is_empty());
        let attached =
            parsed.content_disposition().is_some_and(|it| it.ctype().eq_ignore_ascii_case("attachment"));
        let is_html = kind == "text/html";
        if (is_html || kind == "text/plain") && !attached && (named.is_none() || !head.within) {
            let charset =
                parsed.content_type().and_then(|kind| kind.attribute("charset")).map(ToOwned::to_owned);
            return Ok(Part::Text {
                decoder,
                bytes: Vec::new(),
                charset,
                is_html,
                alternative: head.alternative,
            });
        }
        let name = named.or_else(|| (kind == "message/rfc822").then(|| "message.eml".to_owned()));
        if self.files_begun >= FILES_MAX {
            self.letter.left_out_count += 1;
            if self.letter.left_out.len() < LEFT_OUT_MAX {
                self.letter.left_out.push(name.unwrap_or(kind).chars().take(120).collect());
            }
            return Ok(Part::Nothing);
        }
        self.files_begun += 1;
        let writer = self.host.new_blob(&kind, name.as_deref()).map_err(not_kept)?;
        Ok(Part::File { decoder, piece: Vec::new(), writer })
    }
}

impl<H: Host> Sink for Reader<'_, H> {
    type Error = Failure;

    fn message(&mut self, head: &Head) {
        let parsed = head.parsed();
        let letter = &mut self.letter;
        let from = parsed.from().and_then(|from| from.first());
        let address = from.and_then(|from| from.address()).unwrap_or_default().trim();
        letter.from = if address::is_plain(address) { address.to_owned() } else { String::new() };
        let name =
            from.and_then(|from| from.name()).map(|name| clean(name).chars().take(100).collect::<String>());
        letter.name = name.filter(|name| !name.is_empty());
        let to = parsed
            .to()
            .into_iter()
            .flat_map(|to| to.iter())
            .filter_map(|to| to.address())
            .filter(|to| address::is_plain(to));
        letter.to = to.take(20).map(ToOwned::to_owned).collect();
        letter.subject = one_line(parsed.subject().unwrap_or_default());
        letter.message_id = parsed.message_id().and_then(id);
        letter.in_reply_to = ids(parsed.in_reply_to()).into_iter().next();
        letter.references = ids(parsed.references());
        letter.authentication = Authentication::of(&parsed, self.config["authservId"].as_str());
        letter.aside = guard::aside(self.config, &parsed, &letter.from, &letter.authentication);
    }

    fn begin(&mut self, head: &Head) -> Result<(), Failure> {
        self.part = self.kind_of(head)?;
        Ok(())
    }

    fn data(&mut self, data: &[u8]) -> Result<(), Failure> {
        match &mut self.part {
            Part::Nothing => {}
            Part::Text { decoder, bytes, .. } => {
                if self.text_bytes < TEXT_BYTES_MAX {
                    let before = bytes.len();
                    decoder.feed(data, bytes);
                    self.text_bytes += bytes.len() - before;
                }
            }
            Part::Report { decoder, bytes, .. } => {
                if bytes.len() < PIECE_BYTES {
                    decoder.feed(data, bytes);
                }
            }
            Part::File { decoder, piece, writer } => {
                decoder.feed(data, piece);
                if piece.len() >= PIECE_BYTES {
                    writer.write(piece).map_err(not_kept)?;
                    piece.clear();
                }
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Failure> {
        match std::mem::replace(&mut self.part, Part::Nothing) {
            Part::Nothing => {}
            Part::Text { mut decoder, mut bytes, charset, is_html, alternative } => {
                decoder.end(&mut bytes);
                let words = charset::text(&bytes, charset.as_deref());
                self.letter.texts.push(Text { is_html, alternative, words });
            }
            Part::Report { mut decoder, mut bytes, is_status } => {
                decoder.end(&mut bytes);
                let text = charset::unnamed(&bytes);
                *(if is_status { &mut self.letter.status } else { &mut self.letter.original }) = text;
            }
            Part::File { mut decoder, mut piece, mut writer } => {
                decoder.end(&mut piece);
                writer.write(&piece).map_err(not_kept)?;
                self.letter.files.push(writer.finish().map_err(not_kept)?);
            }
        }
        Ok(())
    }
}

/// A file that the host did not keep.
pub(crate) fn not_kept(error: BlobError) -> Failure {
    match error {
        BlobError::Denied(reason) => Failure::misconfigured("email.denied", reason),
        BlobError::TooLarge(max) => {
            Failure::permanent("email.file-too-large", format!("a file has more than {max} bytes"))
        }
        BlobError::NotFound => Failure::permanent("email.file-gone", "a file is not there"),
        BlobError::Unavailable(reason) => Failure::retryable("channel.store-unavailable", reason),
    }
}

/// The state of the small store, as a failure.
pub(crate) fn not_stored(error: yiwang_sdk::KvError) -> Failure {
    provider::not_stored("email", error)
}

/// Controls and line ends as single blanks.
pub(crate) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    clean(&spaced.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A message id without its brackets, in what may stand in a header; none if nothing is left.
pub(crate) fn id(text: &str) -> Option<String> {
    let plain = text.trim().trim_start_matches('<').trim_end_matches('>');
    let plain = plain.chars().filter(|char| char.is_ascii_graphic() && !matches!(char, '<' | '>'));
    let id: String = plain.take(ID_BYTES_MAX).collect();
    (!id.is_empty()).then_some(id)
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Text(text) => id(text).into_iter().collect(),
        HeaderValue::TextList(texts) => texts.iter().filter_map(|text| id(text)).collect(),
        _ => Vec::new(),
    }
}
