import { closeSync, existsSync, fstatSync, lstatSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { replaceFile, syncFolder } from "../files/private-file.ts";
import { isOwn, isRegularThere, noFile, openRegular } from "../files/regular-file.ts";
import { appendLetters } from "./letter-file.ts";
import { type LetterLine, letterLines } from "./letter-lines.ts";
import { asidePath, donePath, readDone } from "./letter-sources.ts";
import { assertLetters } from "./own-letters.ts";

/** Bytes of letters that are read at once. */
export const maxBatchBytes: number = 4 * 1024 ** 2;

/** What becomes of lines that were read. */
export interface Kept {
  /** They go back to the file of dead letters. */
  readonly stay: readonly Buffer[];
  /** They go behind all others that are set aside. */
  readonly behind?: readonly Buffer[];
  /** Where the lines end that are done with by this. */
  readonly end: number;
}

/** The letters of one retry, in a file beside the one that is written to, and how far it came. */
export class LettersAside {
  readonly #path: string;
  readonly #done: string;
  /** The file that has them. */
  readonly path: string;

  constructor(path: string) {
    this.#path = path;
    this.#done = donePath(path);
    this.path = asidePath(path);
  }

  /** Whether an earlier retry did not come to its end. */
  get isThere(): boolean {
    return existsSync(this.path);
  }

  /**
   * Checks that what has the names of a retry's files is its own, before any of them is touched.
   *
   * @throws AuthlogError `ERR_AUTHLOG_DEAD_LETTER_FAILED`; `EFTYPE` where something is no file
   */
  assertOwn(): void {
    for (const file of [this.#path, this.path]) {
      if (!isRegularThere(file)) continue;
      const descriptor = openRegular(file);
      try {
        assertLetters(descriptor, fstatSync(descriptor), this.#path);
      } finally {
        closeSync(descriptor);
      }
    }
    if (isRegularThere(this.#done) && !isOwn(lstatSync(this.#done))) throw noFile();
  }

  /** In bytes. */
  get size(): number {
    return statSync(this.path).size;
  }

  /**
   * Gives the file its other name. A file system may put names on the disk in any order: how far an
   * earlier retry came has to be gone before, and the new name be there before others begin a new file.
   *
   * @returns whether there was a file
   */
  begin(): boolean {
    rmSync(this.#done, { force: true });
    if (!existsSync(this.#path)) return false;
    syncFolder(dirname(this.#path));
    renameSync(this.#path, this.path);
    syncFolder(dirname(this.#path));
    return true;
  }

  /**
   * First what is kept is on the disk, then it is noted how far the retry came: never the other way.
   * A retry that ends between the two leaves copies; see `LetterCopies`.
   */
  keep({ stay, behind = [], end }: Kept): void {
    append(this.#path, stay);
    append(this.path, behind);
    replaceFile(this.#done, String(end));
  }

  /** Puts back what is left, as `bytesOf` gives it; what that gives nothing for is left out. */
  putBack(bytesOf: (line: LetterLine) => Buffer | undefined): void {
    let stay: Buffer[] = [];
    let size = 0;
    let end = readDone(this.#path);
    for (const line of letterLines(this.path, end)) {
      const bytes = bytesOf(line);
      if (bytes !== undefined) stay.push(bytes);
      size += bytes?.length ?? 0;
      ({ end } = line);
      if (size < maxBatchBytes) continue;
      this.keep({ stay, end });
      [stay, size] = [[], 0];
    }
    this.keep({ stay, end });
    this.finish();
  }

  /** What stays is on the disk by now, and so is the name of its file. */
  finish(): void {
    rmSync(this.path, { force: true });
    rmSync(this.#done, { force: true });
  }
}

function append(file: string, lines: readonly Buffer[]): void {
  // They were in the file before: no bound keeps them from it now.
  const appended = lines.length > 0 ? appendLetters(file, lines) : undefined;
  if (appended?.status === "failed") throw appended.cause;
}
