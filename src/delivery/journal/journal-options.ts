/**
 * What it means that an event was accepted.
 *
 * - `process`: it is with the kernel before `emit` returns, and survives the process;
 * - `disk`: and an answer that is sent to a user waits until it is on the disk, and survives a power
 *   cut;
 * - `memory`: it waits in memory, and survives nothing.
 */
export type Durability = "process" | "disk" | "memory";

/** What it means if nobody says otherwise. */
export const durabilityDefault: Durability = "process";

/**
 * What becomes of events when the journal is full.
 *
 * - `drop-newest`: what happens then is not kept;
 * - `drop-oldest`: the oldest part that waits goes, so that what happens now is kept; but not for what
 *   anyone can bring about, and not where the files of other living processes leave no room.
 *
 * Either way a gap event tells how many are gone, and which.
 */
export type OnFull = "drop-newest" | "drop-oldest";

/** How the journal keeps what waits. */
export interface JournalOptions {
  /**
   * Its folder, on a disk of this machine. Several processes may share it.
   * @default ".authlog/journal"
   */
  dir?: string;
  /**
   * The most that it grows to, in bytes. The last tenth is kept for what takes an identity: rejected
   * requests, which anyone can bring about, cannot displace a sign-in.
   * @default 1073741824
   */
  maxBytes?: number;
  /** @default "drop-newest" */
  onFull?: OnFull;
}

/** The defaults of {@link JournalOptions}. */
export const journalDefaults: Required<JournalOptions> = {
  dir: ".authlog/journal",
  maxBytes: 1024 ** 3,
  onFull: "drop-newest",
};

/** Sizes and pauses that are not for users to choose. Tests pass smaller ones. */
export interface JournalTuning {
  /** A segment that has so many bytes is followed by the next. */
  segmentBytes: number;
  /** At `durability: "disk"`: the most that waits for a sync, in bytes, and is held in memory for it. */
  unsyncedBytes: number;
  /** How often the folder is searched for lanes whose processes have died, in milliseconds. */
  adoptionMillis: number;
}

/** What they are. */
export const journalTuning: JournalTuning = {
  segmentBytes: 8 * 1024 ** 2,
  unsyncedBytes: 32 * 1024 ** 2,
  adoptionMillis: 15_000,
};
