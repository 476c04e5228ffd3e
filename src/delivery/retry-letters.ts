import {
  existsSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { AuthlogError } from "../errors.ts";
import { type KernelLock, tryLock } from "../files/kernel-lock.ts";
import { syncFolder } from "../files/private-file.ts";
import type { DeliveryOutcome, ReadableLogRecord, Settled } from "../telemetry/exporter.ts";
import { appendLetters } from "./letter-file.ts";
import {
  type LetterLine,
  letterLines,
  type StoredLetter,
  withDoubt,
  withReason,
} from "./letter-lines.ts";

/** How dead letters are sent again. */
export interface RetryLettersOptions {
  /** The file of dead letters. */
  path: string;
  /** Most letters in one delivery. */
  batchSize: number;
  /**
   * Delivers one batch. Never rejects.
   *
   * @param mayBeThere those that the destination may have: they were given up, or an earlier retry
   *   was killed, or ended without a clear answer
   */
  deliver: (
    records: readonly ReadableLogRecord[],
    mayBeThere: ReadonlySet<ReadableLogRecord>,
  ) => Promise<DeliveryOutcome>;
  /** Called after each batch. */
  onProgress?: (progress: LettersRetried & { bytes: number; ofBytes: number }) => void;
  /** Called with the number of each line that is no dead letter. */
  onUnreadable?: (line: number) => void;
}

/** What became of dead letters that were sent again. */
export interface LettersRetried {
  /** They have left the file. */
  delivered: number;
  /** Refused again: they stay, with the new reason. */
  rejected: number;
  /** The destination did not take them now: they stay, marked where it may have them all the same. */
  waiting: number;
  /** Lines that are no dead letters: they stay as they are. */
  unreadable: number;
  /** Why letters wait. */
  cause?: AuthlogError;
}

/** Bytes of letters that are read at once. */
const maxBatchBytes = 4 * 1024 ** 2;

/** Letters that the destination failed over: after so many in a row it fails over any. */
const failuresToStop = 3;

/**
 * Sends dead letters again. The file gets another name first, so that whoever rejects more meanwhile
 * begins a new one; what stays is appended to that. How far it came is kept beside it: a retry that
 * is killed loses nothing, and the next one goes on there. Two do not run beside each other.
 *
 * @throws AuthlogError `ERR_AUTHLOG_RETRY_RUNNING`, `ERR_AUTHLOG_USAGE` where the path is no file;
 *   the system's error where the folder cannot be written
 */
export async function retryLetters(options: RetryLettersOptions): Promise<LettersRetried> {
  const path = resolve(options.path);
  const files = { path, aside: asidePath(path), done: `${asidePath(path)}.done` };
  if (!hasLetters(files)) return { delivered: 0, rejected: 0, waiting: 0, unreadable: 0 };
  const lock = lockOf(path);
  try {
    if (existsSync(files.aside)) putBack(files);
    rmSync(files.done, { force: true });
    if (!existsSync(path)) return { delivered: 0, rejected: 0, waiting: 0, unreadable: 0 };
    setAside(files);
    const retried = await sendAll(files, options);
    finish(files);
    return retried;
  } finally {
    lock.release();
  }
}

/**
 * Gives the file its other name. A file system may put names on the disk in any order: how far an
 * earlier retry came has to be gone before, and the new name be there before others begin a new file.
 */
function setAside({ path, aside }: Files): void {
  syncFolder(dirname(path));
  renameSync(path, aside);
  syncFolder(dirname(path));
}

/** What a retry has not finished: letters in a file beside the one that is written to. */
export function unfinishedRetry(path: string): { path: string; offset: number } | undefined {
  const aside = asidePath(resolve(path));
  return existsSync(aside) ? { path: aside, offset: readDone(`${aside}.done`) } : undefined;
}

interface Files {
  path: string;
  /** The letters that are sent again. */
  aside: string;
  /** How many bytes of them are done with. */
  done: string;
}

const asidePath = (path: string): string => `${path}.retrying`;

function hasLetters({ path, aside }: Files): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isFile()) {
    throw new AuthlogError("ERR_AUTHLOG_USAGE", {
      message: "What is to be sent again is no file.",
      why: `${path} is a folder, a link, or something else that holds no lines.`,
      fix: "Give the path of the file of dead letters, by --path or AUTHLOG_DEAD_LETTER_PATH.",
    });
  }
  return stat !== undefined || existsSync(aside);
}

function lockOf(path: string): KernelLock {
  const lock = tryLock(`${path}.lock`);
  if (lock !== undefined) return lock;
  throw new AuthlogError("ERR_AUTHLOG_RETRY_RUNNING", {
    message: "These dead letters are being sent again already.",
    why: `Another process does so with ${path}.`,
    fix: "Wait until it has ended.",
  });
}

/**
 * After a retry that was killed: its letters go behind those that have come since. They are marked in
 * the file: this retry, too, can end before it has asked for any of them.
 */
function putBack(files: Files): void {
  let bytes: Buffer[] = [];
  let size = 0;
  let end = readDone(files.done);
  for (const line of letterLines(files.aside, end)) {
    const marked = withDoubt(line);
    bytes.push(marked);
    size += marked.length;
    ({ end } = line);
    if (size < maxBatchBytes) continue;
    keep(files, bytes, end);
    [bytes, size] = [[], 0];
  }
  keep(files, bytes, end);
  finish(files);
}

async function sendAll(
  files: Files,
  { batchSize, deliver, onProgress, onUnreadable }: RetryLettersOptions,
): Promise<LettersRetried> {
  const retried: LettersRetried = { delivered: 0, rejected: 0, waiting: 0, unreadable: 0 };
  const ofBytes = statSync(files.aside).size;
  let down = false;
  let failures = 0;
  let lastUnreadable = 0;
  for (const batch of batches(files.aside, batchSize)) {
    const letters = batch.flatMap(({ letter }) => letter ?? []);
    const records = letters.map(({ record }) => record);
    const outcome =
      down || records.length === 0
        ? undefined
        : await deliver(records, new Set(letters.filter(mayBeThere).map(({ record }) => record)));
    const fates = fatesOf(records, outcome);
    const unclear = outcome?.status === "retryable" && outcome.unclear === true;
    if (outcome?.status === "retryable") {
      retried.cause = outcome.cause;
      failures += 1;
      // A letter that was given up may make the destination fail by itself.
      down = !letters.every(isGivenUp) || failures >= failuresToStop;
    } else if (outcome !== undefined) failures = 0;

    const stays: Buffer[] = [];
    for (const { letter, bytes, number } of batch) {
      const fate = letter && fates.get(letter.record);
      if (letter === undefined) {
        stays.push(bytes);
        if (number === lastUnreadable) continue;
        lastUnreadable = number;
        retried.unreadable += 1;
        onUnreadable?.(number);
      } else if (fate === "delivered") {
        retried.delivered += 1;
      } else if (fate === undefined) {
        stays.push(unclear ? withDoubt({ bytes, letter }) : bytes);
        retried.waiting += 1;
      } else {
        const { code, why } = fate;
        stays.push(withReason(bytes, { at: new Date().toISOString(), code, why }));
        retried.rejected += 1;
      }
    }
    const end = batch.at(-1)?.end ?? 0;
    keep(files, stays, end);
    onProgress?.({ ...retried, bytes: end, ofBytes });
  }
  return retried;
}

/** What became of the records; those that are not in it wait. */
function fatesOf(
  records: readonly ReadableLogRecord[],
  outcome: DeliveryOutcome | undefined,
): Map<ReadableLogRecord, "delivered" | AuthlogError> {
  const fates = new Map<ReadableLogRecord, "delivered" | AuthlogError>();
  if (outcome === undefined) return fates;
  if (outcome.status !== "retryable") for (const record of records) fates.set(record, "delivered");
  let told: readonly Settled[] = [];
  if (outcome.status === "rejected") told = outcome.records;
  if (outcome.status === "retryable") told = outcome.settled ?? [];
  for (const { index, cause } of told) {
    const record = records[index];
    if (record !== undefined) fates.set(record, cause ?? "delivered");
  }
  return fates;
}

/** Lines that go together. A letter that was given up goes alone: the destination fails over it. */
function* batches(path: string, batchSize: number): Generator<LetterLine[], void, undefined> {
  let batch: LetterLine[] = [];
  let size = 0;
  for (const line of letterLines(path)) {
    const alone = line.letter !== undefined && isGivenUp(line.letter);
    const full = batch.length >= batchSize || size + line.bytes.length > maxBatchBytes;
    if (batch.length > 0 && (alone || full)) {
      yield batch;
      [batch, size] = [[], 0];
    }
    batch.push(line);
    size += line.bytes.length;
    if (!alone) continue;
    yield batch;
    [batch, size] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

function isGivenUp({ code }: { code: string }): boolean {
  return code === "ERR_AUTHLOG_DELIVERY_GIVEN_UP";
}

/** What was given up was tried, each time without a clear refusal. */
function mayBeThere(letter: StoredLetter): boolean {
  return letter.unclear || isGivenUp(letter);
}

/** First what stays is on the disk, then it is noted how far the retry came: never the other way. */
function keep({ path, done }: Files, stays: readonly Buffer[], end: number): void {
  // They were in the file before: no bound keeps them from it now.
  const appended = stays.length > 0 ? appendLetters(path, stays) : undefined;
  if (appended?.status === "failed") throw appended.cause;
  writeFileSync(`${done}.new`, String(end), { mode: 0o600 });
  renameSync(`${done}.new`, done);
}

/** What stays is on the disk by now, and so is the name of its file. */
function finish({ aside, done }: Files): void {
  rmSync(aside, { force: true });
  rmSync(done, { force: true });
}

/** What cannot be read is no progress: the letters are sent again. */
function readDone(file: string): number {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
