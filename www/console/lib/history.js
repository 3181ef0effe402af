// The lines that were entered, and the one that is being written.

export class History {
  #lines = [];
  #limit;
  /** Where one is; behind the last line is the draft. */
  #position = 0;
  #draft = "";

  constructor(limit = Infinity) {
    this.#limit = limit;
  }

  /** Notes a line, unless it is the one before once more, and begins a new draft. */
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

  /** Moves an input by the arrow keys; whether it did. */
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
