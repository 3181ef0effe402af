// The command line of the console: words, quotes and escapes as redis-cli reads them.

const ESCAPES = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };

/**
 * The words of a line. Words with `\xHH` escapes are bytes, all others text.
 * Throws an Error that says what is wrong with the line.
 */
export function parseWords(line) {
  const words = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(line[at] ?? "")) at++;
    if (at >= line.length) return words;
    const word = new Word();
    while (at < line.length && !/\s/.test(line[at])) {
      const quote = line[at];
      if (quote !== '"' && quote !== "'") {
        const text = /^[^\s"']+/.exec(line.slice(at))[0];
        word.text(text);
        at += text.length;
        continue;
      }
      at = quote === '"' ? doubleQuoted(line, at + 1, word) : singleQuoted(line, at + 1, word);
      if (at < line.length && !/\s/.test(line[at])) throw new Error("a closing quote must be followed by a space");
    }
    words.push(word.value());
  }
}

function doubleQuoted(line, at, word) {
  for (;;) {
    const char = line[at];
    if (char === undefined) throw new Error('a " is not closed');
    if (char === '"') return at + 1;
    const hex = /^\\x([0-9a-fA-F]{2})/.exec(line.slice(at, at + 4));
    if (hex) {
      word.byte(Number.parseInt(hex[1], 16));
      at += 4;
    } else if (char === "\\" && at + 1 < line.length) {
      word.text(ESCAPES[line[at + 1]] ?? line[at + 1]);
      at += 2;
    } else {
      word.text(char);
      at += 1;
    }
  }
}

function singleQuoted(line, at, word) {
  for (;;) {
    const char = line[at];
    if (char === undefined) throw new Error("a ' is not closed");
    if (char === "'") return at + 1;
    const escaped = char === "\\" && line[at + 1] === "'";
    word.text(escaped ? "'" : char);
    at += escaped ? 2 : 1;
  }
}

/** A text until the first escaped byte, bytes from then on. */
class Word {
  #text = "";
  #bytes = null;

  text(text) {
    if (this.#bytes) this.#bytes.push(...new TextEncoder().encode(text));
    else this.#text += text;
  }

  byte(byte) {
    this.#bytes ??= [...new TextEncoder().encode(this.#text)];
    this.#bytes.push(byte);
  }

  value() {
    return this.#bytes ? Uint8Array.from(this.#bytes) : this.#text;
  }
}
