// A queue for the reader of an async iterator.

/** Bytes that an item takes beside its own, and the default bound for all of them. */
const OVERHEAD = 100;
const MOST_BYTES = 16 << 20;

/**
 * A queue for one reader that holds `capacity` items from one turn of the event loop to the next.
 *
 * Within a turn it may hold more, because no reader can take an item before the turn ends. At no time do the items
 * take more than `mostBytes`, unless there is only one. Items beyond the bounds are dropped, the oldest first.
 *
 * @template [T=any] The items are of any type.
 */
export class Waiting {
  /** @type {({ value: T, bytes: number } | undefined)[]} */
  #items = [];
  /** Index of the oldest item: to move all others whenever one is taken would cost too much. */
  #first = 0;
  #bytes = 0;
  /** @type {{ resolve(result: IteratorResult<T>): void, reject(error: unknown): void }[]} */
  #readers = [];
  #capacity;
  #mostBytes;
  #checking = false;
  /** @type {unknown} */
  #failure = null;
  /** No more items come. */
  ended = false;
  /** Number of dropped items that the reader does not know of. */
  dropped = 0;

  /** @param {number} capacity @param {number} [mostBytes] */
  constructor(capacity, mostBytes = MOST_BYTES) {
    this.#capacity = capacity;
    this.#mostBytes = mostBytes;
  }

  get #length() {
    return this.#items.length - this.#first;
  }

  /**
   * Adds an item that takes this number of bytes.
   * @param {T} value
   * @param {number} bytes
   */
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

  /** What `next` of an iterator returns. @returns {Promise<IteratorResult<T>>} */
  next() {
    const item = this.#take();
    if (item) return Promise.resolve({ done: false, value: item.value });
    if (this.#failure) return Promise.reject(this.#failed());
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  /**
   * Ends the queue: waiting items can still be read, then comes the end, or the failure once.
   * @param {unknown} [failure]
   */
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
    const item = /** @type {{ value: T, bytes: number }} */ (this.#items[this.#first]);
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
