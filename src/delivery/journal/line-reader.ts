import { closeSync, openSync, readSync } from "node:fs";
import { openRegular } from "../../files/regular-file.ts";
import { systemReason } from "../../files/system-reason.ts";

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

/** What a disk, or the kernel's cache of it, loses as a whole. */
const blockBytes = 4096;

const lineBreak = 0x0a;

/** The system calls that a reader makes. Tests pass some that fail. */
export interface ReaderFiles {
  open: (path: string) => number;
  read: (
    descriptor: number,
    room: Buffer,
    from: number,
    length: number,
    position: number,
  ) => number;
  close: (descriptor: number) => void;
}

/** Whatever has the name is read, also by a link. */
const anyFiles: ReaderFiles = {
  open: (path) => openSync(path, "r"),
  read: readSync,
  close: closeSync,
};

/** See {@link openRegular}. */
export const regularFiles: ReaderFiles = { ...anyFiles, open: openRegular };

/** Reads a file line by line; one that grows can be read on. */
export class LineReader {
  readonly #files: ReaderFiles;
  readonly #descriptor: number;
  /** Kept for all that is read: a backlog of a million lines takes the room of a few. */
  #room: Buffer = Buffer.allocUnsafe(chunkBytes);
  /** Read, and not handed out yet: a part of the room. */
  #unread: Buffer = this.#room.subarray(0, 0);
  /** Where that begins in the file. */
  #offset: number;
  /** Whether that is within a line whose beginning was passed over. */
  #within = false;

  constructor(path: string, offset = 0, files: ReaderFiles = anyFiles) {
    this.#files = files;
    this.#descriptor = files.open(path);
    this.#offset = offset;
  }

  /**
   * The next whole line; `undefined` where there is none yet.
   *
   * @throws the system's error, where the disk does not give it back; it can be asked for again
   */
  next(): Line | undefined {
    let searched = 0;
    for (;;) {
      const end = this.#unread.indexOf(lineBreak, searched);
      if (end >= 0) {
        const line = this.#take(end, 1);
        if (!this.#within) return line;
        this.#within = false;
        searched = 0;
        continue;
      }
      searched = this.#unread.length;
      if (searched > maxLineBytes) return this.#take(searched, 0);
      if (!this.#fill()) return undefined;
    }
  }

  /** Goes on with the first line that begins behind so many blocks that the disk does not give back. */
  skip(blocks: number): void {
    this.#offset = (Math.floor(this.readTo / blockBytes) + blocks) * blockBytes;
    this.#unread = this.#room.subarray(0, 0);
    this.#within = true;
  }

  /** Where the next line begins, in bytes from the start of the file. */
  get offset(): number {
    return this.#offset;
  }

  /** Up to where the file was read, in bytes from its start. */
  get readTo(): number {
    return this.#offset + this.#unread.length;
  }

  /** How many bytes stand behind the last whole line, once {@link next} has found no other. */
  get rest(): number {
    return this.#within ? 0 : this.#unread.length;
  }

  /** Hands out what stands behind the last whole line, as a line; `undefined` where nothing does. */
  takeRest(): Line | undefined {
    const { rest } = this;
    return rest === 0 ? undefined : this.#take(rest, 0);
  }

  /** Nothing is written by it: where the system fails to close the file, no more is to be done. */
  close(): void {
    try {
      this.#files.close(this.#descriptor);
    } catch (error) {
      if (systemReason(error) === undefined) throw error;
    }
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
    const read = this.#files.read(this.#descriptor, room, length, room.length - length, position);
    this.#unread = room.subarray(0, length + read);
    return read > 0;
  }
}
