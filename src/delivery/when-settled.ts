import type { Journal } from "./journal/journal.ts";
import type { Sender } from "./sender.ts";

/** Tells later whether all that was accepted by now is settled. */
export function whenSettled(sender: Sender, journal: Journal | undefined): () => boolean {
  const goal = sender.accepted;
  const mark = journal?.mark ?? 0;
  return () => sender.oldest > goal && journal?.owes(mark) !== true;
}
