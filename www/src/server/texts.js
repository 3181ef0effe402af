// What reads texts that may not be UTF-8, with the fast ways of `text` for those that are.

/** @import { ReadText } from "../internal.js" */

import { looseText, text } from "../reply.js";

/** Bytes that are not UTF-8 are replaced. @type {ReadText} */
export function lossyText(memory, start, end) {
  try {
    return text(memory, start, end);
  } catch {
    return looseText(memory, start, end);
  }
}

/** What is not UTF-8 stays bytes. @type {ReadText} */
export function textOrBytes(memory, start, end) {
  try {
    return text(memory, start, end);
  } catch {
    return memory.slice(start, end);
  }
}
