import { getSlot } from "../slot.ts";

/** From where to where events stand in their producer's count, as far as that is known. */
export interface Places {
  readonly producerId?: string | undefined;
  readonly firstSequence?: number | undefined;
  readonly lastSequence?: number | undefined;
}

/**
 * Has a flush wait for an event that has happened, and is still being put together. Where that fails,
 * the event is lost.
 *
 * @returns the same promise
 */
export function whilePending<T>(making: Promise<T>): Promise<T> {
  const { pending } = getSlot().unconfirmed;
  pending.add(making);
  void making.catch(() => noteLost()).finally(() => pending.delete(making));
  return making;
}

/**
 * Notes that nothing delivers some events any more. A flush under way says so where they happened
 * before its call, which counts for all whose place is not known; else the next one does.
 */
export function noteLost({ producerId, firstSequence = 0, lastSequence }: Places = {}): void {
  const { unconfirmed, producer } = getSlot();
  const first = producerId === producer.id ? firstSequence : 0;
  const last = producerId === producer.id ? (lastSequence ?? first) : 0;
  for (const watch of unconfirmed.flushes) if (first <= watch.sequence) watch.lost = true;
  const before = unconfirmed.lost ?? { first, last };
  unconfirmed.lost = { first: Math.min(before.first, first), last: Math.max(before.last, last) };
}

/** What is lost, as one flush sees it. */
export interface LossWatch {
  /** Says that all which the flush speaks of has happened. */
  close(): void;
  /** Ends it. What it knows of is reported by that, and to no later flush. */
  end(): boolean;
}

/** Begins to watch for losses: those that no flush has reported are among them. */
export function watchLosses(): LossWatch {
  const { unconfirmed, producer } = getSlot();
  const watch = { sequence: Infinity, lost: unconfirmed.lost !== undefined };
  unconfirmed.flushes.add(watch);
  return {
    close() {
      watch.sequence = producer.sequence;
    },
    end() {
      unconfirmed.flushes.delete(watch);
      const { lost } = unconfirmed;
      if (watch.lost && lost !== undefined) {
        const first = Math.max(lost.first, watch.sequence + 1);
        unconfirmed.lost = first <= lost.last ? { first, last: lost.last } : undefined;
      }
      return watch.lost;
    },
  };
}
