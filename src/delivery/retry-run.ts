import type { AuthlogError } from "../errors.ts";
import { LetterCopies } from "./letter-copies.ts";
import { type DeliverRecords, LetterDelivery, type LetterFates } from "./letter-delivery.ts";
import {
  isGivenUp,
  type LetterLine,
  letterLines,
  mayBeThere,
  withDoubt,
  withReason,
} from "./letter-lines.ts";
import { type LettersAside, maxBatchBytes } from "./letters-aside.ts";

/** How the letters that are set aside are sent. */
export interface RetryRunOptions {
  /** Most letters in one delivery. */
  batchSize: number;
  deliver: DeliverRecords;
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

/** What becomes of a line: it stays in the file, or comes behind the others, or behind those as well. */
type Turn = "stays" | "behind" | "last";

/** A line that is not done with. */
interface Left {
  readonly turn: Turn;
  readonly bytes: Buffer;
  /** Whether it was sent. */
  readonly tried: boolean;
}

/**
 * Sends letters that are set aside, in the order of their file. Those that the destination fails over go
 * behind all others: they are tried last, and are the last ones that a next retry begins with.
 */
export class RetryRun {
  readonly #aside: LettersAside;
  readonly #options: RetryRunOptions;
  readonly #delivery: LetterDelivery;
  readonly #copies: LetterCopies;
  /** Where those begin that went behind the others, in bytes. */
  readonly #size: number;
  /** Of each of those that were not read again yet, whether it was tried. */
  readonly #behind: boolean[] = [];
  readonly #retried: LettersRetried = { delivered: 0, rejected: 0, waiting: 0, unreadable: 0 };
  #lastUnreadable = 0;

  constructor(aside: LettersAside, options: RetryRunOptions) {
    this.#aside = aside;
    this.#options = options;
    this.#delivery = new LetterDelivery(options.deliver);
    this.#copies = new LetterCopies(aside.path);
    this.#size = aside.size;
  }

  /** Ends when each letter was tried, or the destination takes nothing. */
  async end(): Promise<LettersRetried> {
    let end = await this.#pass(0, this.#size, this.#options.batchSize);
    while (this.#behind.length > 0 && !this.#delivery.down) {
      // Alone: the destination is likely to fail over them.
      end = await this.#pass(Math.max(end, this.#size), Infinity, 1);
    }
    this.#aside.putBack((line) => this.#leave(line));
    const { cause } = this.#delivery;
    return { ...this.#retried, ...(cause && { cause }) };
  }

  /** @returns where the last line ends that it has read */
  async #pass(from: number, until: number, most: number): Promise<number> {
    let end = from;
    for (const batch of batches(letterLines(this.#aside.path, from), until, most)) {
      end = batch.at(-1)?.end ?? end;
      await this.#send(batch, end);
      this.#options.onProgress?.({ ...this.#retried, bytes: end, ofBytes: this.#aside.size });
      if (this.#delivery.down) break;
    }
    return end;
  }

  async #send(batch: readonly LetterLine[], end: number): Promise<void> {
    const lines = batch
      .flatMap((line) => this.#merged(line) ?? [])
      .map((line) => ({ line, turn: this.#turnOf(line) }));
    const sent = await this.#delivery.send(
      lines.flatMap(({ line, turn }) => (turn === undefined && line.letter) || []),
    );
    const left = lines.flatMap(
      ({ line, turn }): Left | [] =>
        (turn === undefined
          ? this.#leftOf(line, sent)
          : { turn, bytes: line.bytes, tried: false }) ?? [],
    );
    const ofTurn = (turn: Turn): Left[] => left.filter((line) => line.turn === turn);
    const stay = ofTurn("stays").map(({ bytes }) => bytes);
    const later = [...ofTurn("behind"), ...ofTurn("last")];
    this.#behind.push(...later.map(({ tried }) => tried));
    this.#aside.keep({ stay, behind: later.map(({ bytes }) => bytes), end });
  }

  /** A line that goes behind stands there as one: it has no copies. */
  #merged(line: LetterLine): LetterLine | undefined {
    return line.start < this.#size ? this.#copies.merge(line) : line;
  }

  /** What becomes of a line that is not to be sent now; nothing for one that is. */
  #turnOf(line: LetterLine): Turn | undefined {
    const { letter, start } = line;
    const wasTried = start >= this.#size && this.#behind.shift();
    if (letter === undefined || wasTried === true) {
      this.#count(line);
      return "stays";
    }
    return start < this.#size && isGivenUp(letter) ? "behind" : undefined;
  }

  /** What is left of a letter that was sent; nothing where it was delivered. */
  #leftOf(line: LetterLine, { fates, doubtful }: LetterFates): Left | undefined {
    const { letter } = line;
    const fate = (letter && fates.get(letter)) ?? "suspected";
    const inDoubt = letter !== undefined && (doubtful.has(letter) || mayBeThere(letter));
    switch (fate) {
      case "delivered":
        this.#retried.delivered += 1;
        return undefined;
      case "failed":
      case "suspected": {
        const bytes = inDoubt ? withDoubt(line) : line.bytes;
        return { turn: fate === "failed" ? "last" : "behind", bytes, tried: true };
      }
      default: {
        this.#retried.rejected += 1;
        const { code, why } = fate;
        const reason = { at: new Date().toISOString(), code, why };
        // That it is refused now does not tell that no attempt before was taken.
        const bytes = inDoubt ? withDoubt(line) : line.bytes;
        return { turn: "stays", bytes: withReason(bytes, reason), tried: true };
      }
    }
  }

  /** Leaves a line that is not sent any more. */
  #leave(line: LetterLine): Buffer | undefined {
    const merged = this.#merged(line);
    if (merged !== undefined) this.#count(merged);
    return merged?.bytes;
  }

  /** Counts a line that stays as it is. One that is far too long comes in pieces. */
  #count({ letter, number }: LetterLine): void {
    if (letter !== undefined) this.#retried.waiting += 1;
    else if (number !== this.#lastUnreadable) {
      this.#lastUnreadable = number;
      this.#retried.unreadable += 1;
      this.#options.onUnreadable?.(number);
    }
  }
}

/** Lines that go together, of those that begin before an offset. */
function* batches(
  lines: Iterable<LetterLine>,
  until: number,
  most: number,
): Generator<LetterLine[], void, undefined> {
  let batch: LetterLine[] = [];
  let size = 0;
  for (const line of lines) {
    if (line.start >= until) break;
    if (batch.length >= most || (batch.length > 0 && size + line.bytes.length > maxBatchBytes)) {
      yield batch;
      [batch, size] = [[], 0];
    }
    batch.push(line);
    size += line.bytes.length;
  }
  if (batch.length > 0) yield batch;
}
