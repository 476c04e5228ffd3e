import { createHash } from "node:crypto";
import { attributes } from "../vocabulary.ts";
import { type LetterLine, letterLines, mayBeThere, withDoubt } from "./letter-lines.ts";

/** A letter that a file has more than once. */
interface Copies {
  /** Where the last one begins. */
  last: number;
  /** Whether the destination may have it, by any of them. */
  mayBeThere: boolean;
}

/**
 * Letters that stand in a file twice: a retry that ended after it had put them back, and before that
 * was noted, left a copy. The last one counts, which is still there should the next retry, too, end
 * too early; with the doubt of any of them. A record without a uid cannot be told from another one like it.
 */
export class LetterCopies {
  readonly #copies = new Map<string, Copies>();

  constructor(path: string) {
    const once = new Map<string, Copies>();
    for (const { letter, start } of letterLines(path)) {
      const key = letter && keyOf(letter.record);
      if (letter === undefined || key === undefined) continue;
      const before = once.get(key);
      const copies = { last: start, mayBeThere: mayBeThere(letter) || before?.mayBeThere === true };
      once.set(key, copies);
      if (before !== undefined) this.#copies.set(key, copies);
    }
  }

  /** The line, with the doubt of its copies; nothing where one of them is still to come. */
  merge(line: LetterLine): LetterLine | undefined {
    const { letter } = line;
    if (letter === undefined || this.#copies.size === 0) return line;
    const copies = this.#copies.get(keyOf(letter.record) ?? "");
    if (copies === undefined) return line;
    if (line.start < copies.last) return undefined;
    return copies.mayBeThere
      ? { ...line, bytes: withDoubt(line), letter: { ...letter, unclear: true } }
      : line;
  }
}

function keyOf(record: NonNullable<LetterLine["letter"]>["record"]): string | undefined {
  return typeof record.attributes[attributes.recordUid] === "string"
    ? createHash("sha256").update(JSON.stringify(record)).digest("base64")
    : undefined;
}
