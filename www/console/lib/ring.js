// A list that keeps only its newest items.

export class Ring {
  #items = [];
  #start = 0;
  #capacity;
  /** Number of items ever added. */
  total = 0;

  constructor(capacity) {
    this.#capacity = capacity;
  }

  get length() {
    return this.#items.length;
  }

  /** Number of items that were dropped. */
  get dropped() {
    return this.total - this.length;
  }

  push(item) {
    this.total += 1;
    if (this.#items.length < this.#capacity) {
      this.#items.push(item);
      return;
    }
    this.#items[this.#start] = item;
    this.#start = (this.#start + 1) % this.#capacity;
  }

  clear() {
    this.#items = [];
    this.#start = 0;
    this.total = 0;
  }

  at(place) {
    return this.#items[(this.#start + place + this.length) % this.length];
  }

  /** From the oldest to the newest. */
  *[Symbol.iterator]() {
    for (let place = 0; place < this.length; place++) yield this.at(place);
  }
}
