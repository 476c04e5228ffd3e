import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type LetterLine, letterLines } from "./letter-lines.ts";

/** Letters in a file, from an offset on. */
export interface LetterSource {
  readonly path: string;
  /** In bytes; what stands before it is done with. */
  readonly offset: number;
}

/** What the file of dead letters is called while its letters are sent again. */
export const asidePath = (path: string): string => `${path}.retrying`;

/** What tells how many bytes of them are done with. */
export const donePath = (path: string): string => `${asidePath(path)}.done`;

/** What a retry has not finished: letters in a file beside the one that is written to. */
export function unfinishedRetry(path: string): LetterSource | undefined {
  const aside = asidePath(resolve(path));
  return existsSync(aside) ? { path: aside, offset: readDone(path) } : undefined;
}

/** Where dead letters are: in their file, and in what a retry has still to send, or left when it was killed. */
export function letterSources(path: string): LetterSource[] {
  const unfinished = unfinishedRetry(path);
  return [...(unfinished ? [unfinished] : []), ...(isFile(path) ? [{ path, offset: 0 }] : [])];
}

/** The lines of a source; none where it went away meanwhile, as what a retry sends does at its end. */
export function* linesOf({ path, offset }: LetterSource): Generator<LetterLine, void, undefined> {
  try {
    yield* letterLines(path, offset);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** How many dead letters there are, wherever a retry has come to; none where there is no file. */
export function countLetters(path: string): number {
  let count = 0;
  for (const source of letterSources(path)) {
    for (const { letter } of linesOf(source)) if (letter !== undefined) count += 1;
  }
  return count;
}

/** What cannot be read is no progress: the letters are sent again. */
export function readDone(path: string): number {
  const file = donePath(resolve(path));
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
