import { join } from "node:path";

/** Lanes of this process that wait for the disk to be cleared away, each with its journal's folder. */
const removals = new Map<Promise<void>, string>();

/** Notes that a lane goes. Its process may wait for that before it ends. */
export function noteRemoval(journal: string, removal: Promise<void>): void {
  removals.set(removal, journal);
  void removal.finally(() => removals.delete(removal));
}

/** Resolves when those of a journal that are under way have ended. */
export async function removed(journal: string): Promise<void> {
  const isOfIt = (folder: string): boolean => join(folder, ".") === join(journal, ".");
  await Promise.all([...removals].flatMap(([removal, of]) => (isOfIt(of) ? [removal] : [])));
}
