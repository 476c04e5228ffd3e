import { dirname, join } from "node:path";

/** Lanes of this process that wait for the disk to be cleared away, each by its folder. */
const removals = new Map<string, Promise<void>>();

/** Notes that a lane goes. Its process may wait for that before it ends. */
export function noteRemoval(folder: string, removal: Promise<void>): void {
  removals.set(folder, removal);
  void removal.finally(() => removals.delete(folder));
}

/** Resolves when a lane's removal has ended; `undefined` where none is under way. */
export function removalOf(folder: string): Promise<void> | undefined {
  return removals.get(folder);
}

/** Resolves when those of a journal that are under way have ended. */
export async function removed(journal: string): Promise<void> {
  const isOfIt = (folder: string): boolean => join(dirname(folder), ".") === join(journal, ".");
  await Promise.all(
    [...removals].flatMap(([folder, removal]) => (isOfIt(folder) ? [removal] : [])),
  );
}
