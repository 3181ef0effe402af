// What waits for the reader of an async iterator.

/** What an item takes beside its own bytes, and what all of them may take unless the owner says otherwise, in bytes. */
const OVERHEAD = 100;
const MOST_BYTES = 16 << 20;

/**
 * A queue for one reader that holds `capacity` items from one turn of the event loop to the next.
 *
 * What comes in one turn may be more items: no reader can take any of them before the turn ends. At no time are they
 * more than `mostBytes`, or one item. What is too much is dropped, the oldest first.
 */
export class Waiting {
  #items = [];
  /** Where the oldest is: moving all others with each that is taken would cost too much. */
  #first = 0;
  #bytes = 0;
  #readers = [];
  #capacity;
  #mostBytes;
  #checking = false;
  #failure = null;
  /** Nothing more comes. */
  ended = false;
  /** How many were dropped of which the reader does not know. */
  dropped = 0;

  constructor(capacity, mostBytes = MOST_BYTES) {
    this.#capacity = capacity;
    this.#mostBytes = mostBytes;
  }

  get #length() {
    return this.#items.length - this.#first;
  }

  /** Adds an item, which takes so many bytes. */
  push(value, bytes) {
    if (this.ended) return;
    const reader = this.#readers.shift();
    if (reader) return reader.resolve({ done: false, value });
    this.#items.push({ value, bytes: bytes + OVERHEAD });
    this.#bytes += bytes + OVERHEAD;
    while (this.#bytes > this.#mostBytes && this.#length > 1) this.#drop();
    if (this.#checking || this.#length <= this.#capacity) return;
    this.#checking = true;
    setTimeout(() => {
      this.#checking = false;
      while (this.#length > this.#capacity) this.#drop();
    }, 0);
  }

  /** What `next` of an iterator gives. */
  next() {
    const item = this.#take();
    if (item) return Promise.resolve({ done: false, value: item.value });
    if (this.#failure) return Promise.reject(this.#failed());
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  /** What waits can still be read; then comes the end, or once the failure. */
  end(failure = null) {
    if (this.ended) return;
    this.ended = true;
    this.#failure = failure;
    for (const { resolve, reject } of this.#readers.splice(0)) {
      if (this.#failure) reject(this.#failed());
      else resolve({ done: true, value: undefined });
    }
  }

  clear() {
    this.#items = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  #failed() {
    const failure = this.#failure;
    this.#failure = null;
    return failure;
  }

  #drop() {
    this.#take();
    this.dropped += 1;
  }

  #take() {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first] = undefined;
    this.#first += 1;
    this.#bytes -= item.bytes;
    if (this.#length === 0) this.clear();
    else if (this.#first >= 1024 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }
}
