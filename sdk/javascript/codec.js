/**
 * UTF-8, base64, hex, SHA-256 and comparisons as channels need them: the engine in a component has none of what
 * browsers and Node have. It holds no key; an HMAC with a secret is made by the host.
 */

/** The bytes of a text in UTF-8. */
export function utf8(text) {
  const bytes = new Uint8Array(text.length * 3);
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) {
      bytes[length++] = unit;
    } else if (unit < 0x800) {
      bytes[length++] = 0xc0 | (unit >> 6);
      bytes[length++] = 0x80 | (unit & 63);
    } else if (unit < 0xd800 || unit > 0xdfff) {
      bytes[length++] = 0xe0 | (unit >> 12);
      bytes[length++] = 0x80 | ((unit >> 6) & 63);
      bytes[length++] = 0x80 | (unit & 63);
    } else {
      let point = text.codePointAt(at);
      // Half of a pair is no character.
      if (point > 0xffff) at += 1;
      else point = 0xfffd;
      if (point > 0xffff) bytes[length++] = 0xf0 | (point >> 18);
      bytes[length++] = point > 0xffff ? 0x80 | ((point >> 12) & 63) : 0xe0 | (point >> 12);
      bytes[length++] = 0x80 | ((point >> 6) & 63);
      bytes[length++] = 0x80 | (point & 63);
    }
  }
  return bytes.slice(0, length);
}

/** The text of bytes in UTF-8; null if they are something else. */
export function fromUtf8(bytes) {
  const parts = [];
  let points = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at++];
    const more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : -1;
    if (more < 0 || at + more > bytes.length) return null;
    let point = more === 0 ? first : first & (0x3f >> more);
    for (let n = 0; n < more; n += 1) {
      const next = bytes[at++];
      if ((next & 0xc0) !== 0x80) return null;
      point = (point << 6) | (next & 63);
    }
    const overlong = (more === 2 && point < 0x800) || (more === 3 && point < 0x10000);
    if (overlong || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return null;
    points.push(point);
    if (points.length === 4096) {
      parts.push(String.fromCodePoint(...points));
      points = [];
    }
  }
  parts.push(String.fromCodePoint(...points));
  return parts.join("");
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64 with padding. */
export function base64Encode(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const [a, b, c] = [bytes[at], bytes[at + 1], bytes[at + 2]];
    text += ALPHABET[a >> 2] + ALPHABET[((a & 3) << 4) | ((b ?? 0) >> 4)];
    text += b === undefined ? "=" : ALPHABET[((b & 15) << 2) | ((c ?? 0) >> 6)];
    text += c === undefined ? "=" : ALPHABET[c & 63];
  }
  return text;
}

/** The bytes of base64, with padding or without it; null if it is none. */
export function base64Decode(text) {
  const symbols = text.replace(/={0,2}$/, "");
  if (!/^[A-Za-z0-9+/]*$/.test(symbols) || symbols.length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((symbols.length * 3) / 4));
  let [bits, held, at] = [0, 0, 0];
  for (const symbol of symbols) {
    held = ((held << 6) | ALPHABET.indexOf(symbol)) & 0xfff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (held >> bits) & 0xff;
    }
  }
  return bytes;
}

/** Lower-case hexadecimal. */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of hexadecimal of either case; null if it is none. */
export function hexDecode(text) {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return null;
  return Uint8Array.from({ length: text.length / 2 }, (_, at) => parseInt(text.slice(at * 2, at * 2 + 2), 16));
}

/** Are they equal? Takes the same time wherever they differ. */
export function same(left, right) {
  let differs = left.length ^ right.length;
  for (let at = 0; at < left.length; at += 1) differs |= left[at] ^ (right[at] ?? 0);
  return differs === 0;
}

/** SHA-256 (FIPS 180-4) of bytes or of a text. */
export function sha256(input) {
  const bytes = typeof input === "string" ? utf8(input) : input;
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 0x20000000));
  view.setUint32(padded.length - 4, (bytes.length << 3) >>> 0);
  const state = Int32Array.from(START);
  const words = new Int32Array(64);
  for (let block = 0; block < padded.length; block += 64) {
    for (let t = 0; t < 16; t += 1) words[t] = view.getInt32(block + t * 4);
    for (let t = 16; t < 64; t += 1) {
      const [early, late] = [words[t - 15], words[t - 2]];
      const s0 = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
      const s1 = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
      words[t] = words[t - 16] + s0 + words[t - 7] + s1;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 64; t += 1) {
      const one = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[t] + words[t]) | 0;
      const two = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, at) => {
      state[at] += value;
    });
  }
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((value, at) => digest.setInt32(at * 4, value));
  return new Uint8Array(digest.buffer);
}

/** SHA-256 in lower-case hexadecimal. */
export function sha256Hex(input) {
  return hex(sha256(input));
}

function turned(word, by) {
  return (word >>> by) | (word << (32 - by));
}

const PRIMES = (() => {
  const found = [];
  for (let number = 2; found.length < 64; number += 1) {
    if (found.every((prime) => number % prime !== 0)) found.push(number);
  }
  return found;
})();

/** The first 32 bits behind the point. */
function fraction(value) {
  return ((value - Math.floor(value)) * 0x100000000) | 0;
}

const START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const ROUND = PRIMES.map((prime) => fraction(Math.cbrt(prime)));
