import { closeSync, openSync, readSync } from "node:fs";

/** A line, without its break, and where it begins in its file. */
export interface Line {
  readonly offset: number;
  readonly bytes: Buffer;
}

const chunkBytes = 64 * 1024;
const mostChunkBytes = 1024 ** 2;

/** No entry is longer. What has no break for so long is no line, and is told as one. */
export const maxLineBytes: number = 8 * 1024 ** 2;

const lineBreak = 0x0a;

/** Reads a file line by line; one that grows can be read on. */
export class LineReader {
  readonly #descriptor: number;
  /** Read, and not handed out yet. */
  #buffer: Buffer = Buffer.alloc(0);
  /** Where the buffer begins in the file. */
  #offset: number;

  constructor(path: string, offset = 0) {
    this.#descriptor = openSync(path, "r");
    this.#offset = offset;
  }

  /** The next whole line; `undefined` where there is none yet. */
  next(): Line | undefined {
    let searched = 0;
    for (;;) {
      const end = this.#buffer.indexOf(lineBreak, searched);
      if (end >= 0) return this.#take(end, 1);
      searched = this.#buffer.length;
      if (searched > maxLineBytes) return this.#take(searched, 0);
      if (!this.#fill()) return undefined;
    }
  }

  /** Where the next line begins, in bytes from the start of the file. */
  get offset(): number {
    return this.#offset;
  }

  /** How many bytes stand behind the last whole line, once {@link next} has found no other. */
  get rest(): number {
    return this.#buffer.length;
  }

  /** Hands out what stands behind the last whole line, as a line; `undefined` where nothing does. */
  takeRest(): Line | undefined {
    return this.#buffer.length === 0 ? undefined : this.#take(this.#buffer.length, 0);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #take(length: number, breakLength: number): Line {
    const line = { offset: this.#offset, bytes: this.#buffer.subarray(0, length) };
    this.#buffer = this.#buffer.subarray(length + breakLength);
    this.#offset += length + breakLength;
    return line;
  }

  #fill(): boolean {
    // A line that does not end is read in ever larger steps: each of them copies what was read before.
    const size = Math.min(Math.max(chunkBytes, this.#buffer.length), mostChunkBytes);
    const chunk = Buffer.allocUnsafe(size);
    const position = this.#offset + this.#buffer.length;
    const length = readSync(this.#descriptor, chunk, 0, size, position);
    if (length === 0) return false;
    this.#buffer = Buffer.concat([this.#buffer, chunk.subarray(0, length)]);
    return true;
  }
}
