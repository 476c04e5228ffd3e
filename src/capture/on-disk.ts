import { getSlot } from "../slot.ts";

/** How long an answer waits for the disk at most; a disk that is slower is reported. */
const longestWaitMillis = 2000;

/**
 * Where the app asked for `durability: "disk"`, waits until what happened so far is on the disk: an
 * answer that is sent then cannot be undone by a power cut. Elsewhere nobody waits. Never rejects.
 */
export function keptOnDisk(): Promise<unknown> | undefined {
  const waits = [...getSlot().queues].flatMap((queue) => queue.onDisk?.(longestWaitMillis) ?? []);
  return waits.length === 0 ? undefined : Promise.all(waits);
}
