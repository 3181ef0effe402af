// The entered lines, and the draft of the next.

export class History {
  #lines = [];
  #limit;
  /** The current index; the draft follows the last line. */
  #position = 0;
  #draft = "";

  constructor(limit = Infinity) {
    this.#limit = limit;
  }

  /** Adds a line, unless it equals the last one, and starts a new draft. */
  add(line) {
    if (this.#lines.at(-1) !== line) this.#lines.push(line);
    if (this.#lines.length > this.#limit) this.#lines.shift();
    this.#position = this.#lines.length;
    this.#draft = "";
  }

  /** The line `steps` further, in place of `current`; `null` if there is none. */
  go(steps, current) {
    const next = this.#position + steps;
    if (next < 0 || next > this.#lines.length) return null;
    if (this.#position === this.#lines.length) this.#draft = current;
    this.#position = next;
    return this.#lines[next] ?? this.#draft;
  }

  /** Moves an input by the arrow keys; returns whether it did. */
  key(event, input) {
    const steps = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const line = steps && this.go(steps, input.value);
    if (typeof line !== "string") return false;
    event.preventDefault();
    input.value = line;
    input.setSelectionRange(line.length, line.length);
    return true;
  }
}
