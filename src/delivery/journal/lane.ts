import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { type KernelLock, tryLock, tryLockExisting } from "../../files/kernel-lock.ts";
import { systemReason } from "../../files/system-reason.ts";
import { sealed, unsealed } from "./entry-line.ts";
import { NumberSet, type Range } from "./number-set.ts";

/** One file of entries. The next one begins where its numbers end. */
export interface Segment {
  /** Its place among the segments of its lane. */
  readonly serial: number;
  /** Number of its first entry. */
  readonly first: number;
  readonly path: string;
  /** In bytes. */
  size: number;
}

const laneName = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const segmentName = /^(\d{8})-(\d{12})\.jsonl$/;
const lineBreak = Buffer.from("\n");

/** A lane gets its name when its lock is held: until then it is nobody's, and nobody takes it. */
const newPrefix = ".new-";

/**
 * The part of a journal that one process has written: a folder of segments, what of them is
 * confirmed, and a lock. Whoever holds the lock may deliver from it; a dead process holds none.
 */
export class Lane {
  readonly id: string;
  readonly folder: string;
  /** In order. The last one may still be written to. */
  readonly segments: Segment[];
  readonly confirmed: NumberSet;
  readonly #lock: KernelLock;
  #given = false;

  private constructor(folder: string, lock: KernelLock) {
    this.folder = folder;
    this.id = basename(folder);
    this.#lock = lock;
    this.segments = listSegments(folder);
    this.confirmed = readConfirmed(confirmedFile(folder));
  }

  /**
   * Makes a lane of this process's own in the journal's folder; `undefined` where another process took
   * the half-made one for a dead one's, and cleared it away.
   */
  static create(journal: string, id: string): Lane | undefined {
    const temporary = join(journal, `${newPrefix}${id}`);
    const folder = join(journal, id);
    mkdirSync(temporary, { mode: 0o700 });
    let lock: KernelLock | undefined;
    try {
      lock = lockNew(temporary);
      // A lock on a file that has no name any more keeps nobody out, and lets nobody in after us.
      if (lock === undefined || !existsSync(lockFile(temporary))) throw new ClearedAway();
      renameSync(temporary, folder);
      return new Lane(folder, lock);
    } catch (error) {
      lock?.release();
      if (error instanceof ClearedAway || systemReason(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Takes over a lane whose process is dead; `undefined` where one lives, or it is gone. */
  static adopt(journal: string, id: string): Lane | undefined {
    const folder = join(journal, id);
    const lock = tryLockExisting(lockFile(folder)) ?? lockForsaken(folder);
    if (lock === undefined) return undefined;
    try {
      return new Lane(folder, lock);
    } catch (error) {
      lock.release();
      if (systemReason(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  /** In bytes. */
  get size(): number {
    return this.segments.reduce((sum, { size }) => sum + size, 0);
  }

  /** The numbers of a segment, as far as the next one tells them. */
  rangeOf(segment: Segment): Range {
    const next = this.segments[this.segments.indexOf(segment) + 1];
    return [segment.first, next === undefined ? Infinity : next.first - 1];
  }

  segmentPath(serial: number, first: number): string {
    const [place, number] = [String(serial).padStart(8, "0"), String(first).padStart(12, "0")];
    return join(this.folder, `${place}-${number}.jsonl`);
  }

  /**
   * Notes that entries need not be delivered any more. It is not synced: what a power cut takes of
   * it is delivered again, and known again by its uid.
   */
  confirm(ranges: readonly Range[]): void {
    // Somebody else may have it.
    if (this.#given) return;
    for (const range of ranges) this.confirmed.add(range);
    const lines = ranges.map(([first, last]) => sealed(`{"confirmed":[${first},${last}]`));
    // A break first: what a process left that died within a line is not a part of the next one.
    const bytes = Buffer.concat([lineBreak, ...lines]);
    appendFileSync(confirmedFile(this.folder), bytes, { mode: 0o600 });
    this.#dropConfirmedSegments();
  }

  /** Lets go of one segment, whatever is in it: its numbers count as confirmed from now on. */
  drop(segment: Segment, range: Range): void {
    this.confirm([range]);
    if (!this.segments.includes(segment)) return;
    rmSync(segment.path, { force: true });
    this.segments.splice(this.segments.indexOf(segment), 1);
  }

  /**
   * Lets go of all segments, also of the last one: all of them have to be confirmed, and the writer
   * closed.
   */
  dropSegments(): void {
    this.#compact();
    this.#removeSegments();
  }

  /**
   * Keeps a damaged segment beyond the end of the lane, for people to look at.
   *
   * @returns where
   */
  keepDamaged({ path }: Segment, folder: string): string {
    const copy = join(folder, `${this.id}-${basename(path)}`);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      linkSync(path, copy);
      return copy;
    } catch (error) {
      return systemReason(error) === "EEXIST" ? copy : path;
    }
  }

  /** Lets go of the lane: others may take it. */
  release(): void {
    this.#given = true;
    this.#lock.release();
  }

  /** Whether this process has let go of it. */
  get given(): boolean {
    return this.#given;
  }

  /** Whether what was written to last is still there, under its name. */
  get isThere(): boolean {
    const last = this.segments.at(-1);
    return existsSync(lockFile(this.folder)) && (last === undefined || existsSync(last.path));
  }

  /** Clears the lane away: everything in it is confirmed. */
  remove(): void {
    this.#given = true;
    this.#removeSegments();
    const file = confirmedFile(this.folder);
    for (const path of [file, compactFile(file)]) rmSync(path, { force: true });
    clear(this.folder, this.#lock);
  }

  /** In order only: where a file is missing between others, it was taken away. */
  #dropConfirmedSegments(): void {
    const { segments, confirmed } = this;
    const owing = segments.findIndex((segment) => {
      const range = this.rangeOf(segment);
      return range[1] === Infinity || !confirmed.covers(range);
    });
    if (owing <= 0) return;
    this.#compact();
    for (const { path } of segments.splice(0, owing)) rmSync(path, { force: true });
  }

  /**
   * Before segments go, what is confirmed is synced: without it, what is missing in front would look
   * like a loss after a power cut.
   */
  #compact(): void {
    const file = confirmedFile(this.folder);
    const lines = this.confirmed.ranges.map(([first, last]) =>
      sealed(`{"confirmed":[${first},${last}]`),
    );
    writeFileSync(compactFile(file), Buffer.concat(lines), { mode: 0o600, flush: true });
    renameSync(compactFile(file), file);
  }

  #removeSegments(): void {
    for (const { path } of this.segments.splice(0)) rmSync(path, { force: true });
  }
}

class ClearedAway extends Error {}

const isOfLane = (name: string): boolean => name.startsWith(newPrefix) || laneName.test(name);

/** The lanes in a journal's folder. What a process that died left half made is cleared away. */
export function laneIds(journal: string): string[] {
  const names = readdirSync(journal);
  for (const name of names.filter((other) => other.startsWith(newPrefix))) {
    const folder = join(journal, name);
    const lock = tryLockExisting(lockFile(folder));
    if (lock !== undefined) clear(folder, lock);
  }
  // A process died before it made the lock, or when it had just taken it away.
  const isLocked = (name: string): boolean => existsSync(lockFile(join(journal, name)));
  for (const name of names.filter((other) => isOfLane(other) && !isLocked(other))) {
    removeEmpty(join(journal, name));
  }
  return names.filter((name) => laneName.test(name));
}

/** The same, without clearing anything away: for those who only look. */
export function laneNames(journal: string): string[] {
  return readdirSync(journal).filter((name) => laneName.test(name));
}

/** What is known of a lane without taking it. */
export interface LaneView {
  id: string;
  folder: string;
  segments: readonly Segment[];
  confirmed: NumberSet;
  /** When something of it was last confirmed, in milliseconds since 1970. */
  confirmedAtMillis: number | undefined;
}

/** Looks at a lane, whoever has it; `undefined` if it goes away meanwhile. */
export function viewLane(journal: string, id: string): LaneView | undefined {
  const folder = join(journal, id);
  try {
    const file = confirmedFile(folder);
    const confirmedAtMillis = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    const segments = listSegments(folder);
    return { id, folder, segments, confirmed: readConfirmed(file), confirmedAtMillis };
  } catch (error) {
    if (systemReason(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** The file whose lock says whether a lane's process lives. */
export function lockFile(folder: string): string {
  return join(folder, "lock");
}

function confirmedFile(folder: string): string {
  return join(folder, "confirmed.jsonl");
}

/** Where a shorter list of what is confirmed is written, before it takes the other's place. */
function compactFile(confirmed: string): string {
  return `${confirmed}.new`;
}

function listSegments(folder: string): Segment[] {
  return readdirSync(folder)
    .toSorted()
    .flatMap((name): Segment[] => {
      const [, serial, first] = segmentName.exec(name) ?? [];
      if (serial === undefined) return [];
      const path = join(folder, name);
      // Whoever only looks at the lane of another process may find a name whose file has just gone.
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat === undefined) return [];
      return [{ serial: Number(serial), first: Number(first), path, size: stat.size }];
    });
}

/** A line that is damaged confirms nothing: its entries are delivered again, and known by their uid. */
function readConfirmed(file: string): NumberSet {
  const confirmed = new NumberSet();
  for (const line of linesOf(file)) {
    const range: unknown = unsealed(line)?.["confirmed"];
    if (isRange(range)) confirmed.add(range);
  }
  return confirmed;
}

function linesOf(file: string): Buffer[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file).toString("latin1");
  return text.split("\n").map((line) => Buffer.from(line, "latin1"));
}

function isRange(value: unknown): value is Range {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [first, last]: unknown[] = value;
  return Number.isSafeInteger(first) && Number.isSafeInteger(last) && Number(first) >= 1;
}

/** Where there is no room for a lock, nothing of the lane is left: it is tried again and again. */
function lockNew(folder: string): KernelLock | undefined {
  try {
    return tryLock(lockFile(folder));
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Longer than a living process takes to see that its lock's file is gone, and to let go of the lane. */
const forsakenMillis = 60_000;

/** The lock of a lane whose lock's file is gone: by a power cut, or somebody's hand. */
function lockForsaken(folder: string): KernelLock | undefined {
  try {
    const { mtimeMs } = statSync(folder);
    if (existsSync(lockFile(folder)) || Date.now() - mtimeMs < forsakenMillis) return undefined;
    return tryLock(lockFile(folder));
  } catch (error) {
    if (systemReason(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** The lock goes first, while it is held: whoever opened it before finds an empty folder, or none. */
function clear(folder: string, lock: KernelLock): void {
  rmSync(lockFile(folder), { force: true });
  lock.release();
  removeEmpty(folder);
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const code = systemReason(error);
    if (code !== "ENOENT" && code !== "ENOTEMPTY") throw error;
  }
}
