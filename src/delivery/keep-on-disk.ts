import { isOnDisk, type Kept } from "./batch.ts";
import type { Journal } from "./journal/journal.ts";

/** Puts on the disk what had to be kept in memory alone, as far as that takes it now. */
export function keepOnDisk(journal: Journal, all: readonly Kept[]): void {
  for (const kept of all) {
    if (isOnDisk(kept)) continue;
    const appended = journal.append(kept.record, "yes", Infinity);
    if (appended.status !== "kept") return;
    kept.position = appended.position;
  }
}
