import type fs from "node:fs";
import { promisify } from "node:util";
import type { Lane } from "./lane.ts";

/** The system calls that {@link LaneNames} makes. */
export type NameFiles = Pick<typeof fs, "openSync" | "closeSync" | "fsync">;

/** The names of a lane's segments, and its own: without them on the disk, a power cut takes all of it. */
export class LaneNames {
  readonly #lane: Lane;
  readonly #journal: string;
  readonly #files: NameFiles;
  /** Whether a sync of the journal's folder failed: it can be without the lane's name. */
  #suspect = false;

  /** @param journal the folder that the lane lies in */
  constructor(lane: Lane, journal: string, files: NameFiles) {
    this.#lane = lane;
    this.#journal = journal;
    this.#files = files;
  }

  /**
   * Has them on the disk when it resolves. Where that failed, the kernel may have dropped the names that
   * it could not write, and says yes the next time; so there are new ones by then. Those of the segments
   * come with the lines that are written anew; that of the lane is changed here.
   */
  async sync(): Promise<void> {
    await this.#syncFolder(this.#lane.folder);
    if (this.#suspect) this.#lane.rename();
    this.#suspect = true;
    await this.#syncFolder(this.#journal);
    this.#suspect = false;
  }

  async #syncFolder(folder: string): Promise<void> {
    const { openSync, closeSync, fsync } = this.#files;
    const descriptor = openSync(folder, "r");
    try {
      await promisify(fsync)(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }
}
