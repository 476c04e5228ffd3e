import { closeSync, openSync, readSync } from "node:fs";

/** A line, without its break, and where it begins in its file. */
export interface Line {
  readonly offset: number;
  /** The reader's own memory: they hold until the next line is asked for. */
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
  /** Kept for all that is read: a backlog of a million lines takes the room of a few. */
  #room: Buffer = Buffer.allocUnsafe(chunkBytes);
  /** Read, and not handed out yet: a part of the room. */
  #unread: Buffer = this.#room.subarray(0, 0);
  /** Where that begins in the file. */
  #offset: number;

  constructor(path: string, offset = 0) {
    this.#descriptor = openSync(path, "r");
    this.#offset = offset;
  }

  /** The next whole line; `undefined` where there is none yet. */
  next(): Line | undefined {
    let searched = 0;
    for (;;) {
      const end = this.#unread.indexOf(lineBreak, searched);
      if (end >= 0) return this.#take(end, 1);
      searched = this.#unread.length;
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
    return this.#unread.length;
  }

  /** Hands out what stands behind the last whole line, as a line; `undefined` where nothing does. */
  takeRest(): Line | undefined {
    return this.#unread.length === 0 ? undefined : this.#take(this.#unread.length, 0);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #take(length: number, breakLength: number): Line {
    const line = { offset: this.#offset, bytes: this.#unread.subarray(0, length) };
    this.#unread = this.#unread.subarray(length + breakLength);
    this.#offset += length + breakLength;
    return line;
  }

  #fill(): boolean {
    const { length } = this.#unread;
    // A line that does not end is read in ever larger steps: each of them copies what was read before.
    const room =
      length < this.#room.length
        ? this.#room
        : Buffer.allocUnsafe(length + Math.min(length, mostChunkBytes));
    this.#unread.copy(room);
    this.#room = room;
    this.#unread = room.subarray(0, length);
    const position = this.#offset + length;
    const read = readSync(this.#descriptor, room, length, room.length - length, position);
    this.#unread = room.subarray(0, length + read);
    return read > 0;
  }
}
