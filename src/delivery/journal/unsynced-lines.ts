/** A line that is not known to be on the disk. */
export interface Unsynced {
  readonly number: number;
  readonly line: Buffer;
}

/** The lines that have to be written anew if a sync fails, in order. */
export class UnsyncedLines {
  #lines: Unsynced[] = [];
  #bytes = 0;

  get count(): number {
    return this.#lines.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(unsynced: Unsynced): void {
    this.#lines.push(unsynced);
    this.#bytes += unsynced.line.length;
  }

  /** Takes the oldest lines out. */
  take(count: number): Unsynced[] {
    const taken = this.#lines.splice(0, count);
    for (const { line } of taken) this.#bytes -= line.length;
    return taken;
  }
}
