import type { BatchOptions } from "./batch-options.ts";
import type { Clock } from "./clock.ts";
import type { Journal } from "./journal/journal.ts";
import type { Sender } from "./sender.ts";

/** How a {@link Refill} takes. */
export interface RefillOptions {
  batch: Required<BatchOptions>;
  clock: Clock;
  /** Called before records are taken. */
  onTake: () => void;
}

/** Takes from the journal what finds room in memory. */
export class Refill {
  readonly #journal: Journal;
  readonly #sender: Sender;
  readonly #options: RefillOptions;
  #cancelNext: (() => void) | undefined;

  constructor(journal: Journal, sender: Sender, options: RefillOptions) {
    this.#journal = journal;
    this.#sender = sender;
    this.#options = options;
  }

  /** Takes a batch now, where there is one, and the others one by one. */
  run(): void {
    if (this.#journal.readable === 0) return;
    const { batch, clock, onTake } = this.#options;
    const room = Math.min(batch.maxQueueSize - this.#sender.load, batch.maxExportBatchSize);
    if (room <= 0) return;
    onTake();
    this.#sender.take(this.#journal.read(room));
    // The event loop goes round before the next reading: requests have their turn.
    this.#cancelNext ??= clock.schedule(() => {
      this.#cancelNext = undefined;
      this.run();
    }, 0);
  }

  /** Takes nothing more by itself. */
  cancel(): void {
    this.#cancelNext?.();
  }
}
