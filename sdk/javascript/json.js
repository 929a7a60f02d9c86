/**
 * JSON from outside, read strictly: no key twice, not too deep. It knows no schema.
 *
 * `JSON.parse` takes the last of two equal keys without a word; another reader on the way may have taken the
 * first. What two programs read differently is refused.
 */

/** Deepest nesting that is read. */
export const DEPTH_MAX = 64;

/** Parses one JSON document; a SyntaxError says what is wrong. */
export function parse(text) {
  look(text);
  return JSON.parse(text);
}

/**
 * One pass before the parser, which recurses: depth, and equal keys. A text behind `{`, or behind a comma of an
 * object, is a key. It takes time in proportion to the length, whatever stands there.
 */
function look(text) {
  const open = [];
  let atKey = false;
  for (let at = 0; at < text.length; at += 1) {
    // Numbers: a letter would be a text of its own, and there are millions.
    switch (text.charCodeAt(at)) {
      case OBJECT:
      case LIST:
        atKey = text.charCodeAt(at) === OBJECT;
        open.push(atKey ? new Set() : null);
        if (open.length > DEPTH_MAX) throw new SyntaxError(`nested deeper than ${DEPTH_MAX} levels`);
        break;
      case OBJECT_END:
      case LIST_END:
        open.pop();
        atKey = false;
        break;
      case COMMA:
        atKey = Boolean(open[open.length - 1]);
        break;
      case QUOTE: {
        const end = endOfText(text, at);
        if (atKey) {
          const [key, keys] = [JSON.parse(text.slice(at, end + 1)), open[open.length - 1]];
          if (keys.has(key)) throw new SyntaxError(`key ${JSON.stringify(key)} is there twice`);
          keys.add(key);
          atKey = false;
        }
        at = end;
        break;
      }
      default:
    }
  }
}

const [OBJECT, OBJECT_END, LIST, LIST_END, COMMA, QUOTE] = [0x7b, 0x7d, 0x5b, 0x5d, 0x2c, 0x22];

/** Where the text that begins at `from` has its closing quote. */
function endOfText(text, from) {
  for (let end = text.indexOf('"', from + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text[end - 1 - escapes] === "\\") escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  throw new SyntaxError("a text has no end");
}
