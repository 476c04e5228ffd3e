import { existsSync } from "node:fs";
import { join } from "node:path";
import { isLocked } from "../../files/kernel-lock.ts";
import { systemReason } from "../../files/system-reason.ts";
import { spanOf } from "../span.ts";
import { type DamagedFile, damagedFiles } from "./damaged-files.ts";
import { firstEntryOf } from "./entries-of.ts";
import type { Entry } from "./entry-line.ts";
import { lockFile, type Segment } from "./lane-files.ts";
import { laneNames, type LaneView, viewLane } from "./lane-list.ts";
import { readFaultOf } from "./read-fault.ts";
import { lastEntryOf } from "./span-of-segment.ts";

/** What one process has written, and what of it waits. */
export interface LaneSummary {
  readonly id: string;
  /** Whether a process lives that delivers from it. Without one it waits for the next process. */
  readonly owner: "living" | "none";
  readonly segments: number;
  readonly bytes: number;
  /** Entries that are not confirmed. */
  readonly depth: number;
  /** When the oldest of them happened, in milliseconds since 1970. */
  readonly oldestUnixMillis: number | undefined;
  /** When a delivery from it was last confirmed, in milliseconds since 1970. */
  readonly confirmedUnixMillis: number | undefined;
}

/** A lane that cannot be read, or that nobody can take over. */
export interface UnreadLane {
  readonly path: string;
  /** The system's code. */
  readonly reason: string;
}

/** A journal as it lies on the disk. */
export interface JournalSummary {
  readonly dir: string;
  readonly lanes: readonly LaneSummary[];
  readonly unread: readonly UnreadLane[];
  /** Damaged segments that are kept for people to look at. */
  readonly damaged: readonly DamagedFile[];
  /** Of all lanes. */
  readonly total: Pick<
    LaneSummary,
    "segments" | "bytes" | "depth" | "oldestUnixMillis" | "confirmedUnixMillis"
  >;
}

/**
 * Looks at a journal, whoever writes to it. Nothing is changed or taken; of a large segment only the
 * end is read, and what stands before its oldest entry that waits.
 *
 * @throws the system's error, where the folder is there and cannot be read
 */
export function viewJournal(dir: string): JournalSummary {
  const ids = existsSync(dir) ? laneNames(dir) : [];
  const seen = ids.map((id) => lookAt(dir, id));
  const lanes = seen.flatMap(({ lane }) => lane ?? []);
  const sum = (of: "segments" | "bytes" | "depth"): number =>
    lanes.reduce((total, lane) => total + lane[of], 0);
  return {
    dir,
    lanes,
    unread: seen.flatMap(({ unread }) => unread ?? []),
    damaged: damagedFiles(dir),
    total: {
      segments: sum("segments"),
      bytes: sum("bytes"),
      depth: sum("depth"),
      oldestUnixMillis: least(lanes.flatMap(({ oldestUnixMillis }) => oldestUnixMillis ?? [])),
      confirmedUnixMillis: greatest(
        lanes.flatMap(({ confirmedUnixMillis }) => confirmedUnixMillis ?? []),
      ),
    },
  };
}

/** Whatever is wrong with one lane, the others are looked at. */
function lookAt(dir: string, id: string): { lane?: LaneSummary; unread?: UnreadLane } {
  const path = join(dir, id);
  let lane: LaneSummary | undefined;
  try {
    const view = viewLane(dir, id);
    lane = view && summaryOf(view);
    return {
      ...(lane && { lane: { ...lane, owner: isLocked(lockFile(path)) ? "living" : "none" } }),
    };
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    return { ...(lane && { lane }), unread: { path, reason } };
  }
}

/** Without its lock: as if nobody had it. */
function summaryOf(view: LaneView): LaneSummary {
  const { id, segments, confirmed, confirmedAtMillis } = view;
  const first = segments[0]?.first ?? 1;
  const last = lastNumberOf(segments);
  const depth = confirmed.countMissing([first, last]);
  return {
    id,
    owner: "none",
    segments: segments.length,
    bytes: segments.reduce((sum, { size }) => sum + size, 0),
    depth,
    oldestUnixMillis: depth === 0 ? undefined : oldestOf(view, confirmed.firstMissing(first)),
    confirmedUnixMillis: confirmedAtMillis,
  };
}

function lastNumberOf(segments: readonly Segment[]): number {
  for (const segment of segments.toReversed()) {
    const last = whereThere(() => lastEntryOf(segment));
    if (last !== undefined) return last.number;
  }
  return 0;
}

/** The time of the first entry from a number on that can be read, and is not confirmed. */
function oldestOf({ segments, confirmed }: LaneView, number: number): number | undefined {
  const from = Math.max(
    0,
    segments.findLastIndex(({ first }) => first <= number),
  );
  for (const { path } of segments.slice(from)) {
    const waits = (entry: Entry): boolean => entry.number >= number && !confirmed.has(entry.number);
    const oldest = whereThere(() => firstEntryOf(path, waits));
    if (oldest !== undefined) return spanOf(oldest.record).firstTimeUnixMillis;
  }
  return undefined;
}

/** A segment whose entries were confirmed meanwhile is gone; what is no file has no entries. */
function whereThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (readFaultOf(error) === "gone") return undefined;
    throw error;
  }
}

function least(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.min(...times);
}

function greatest(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.max(...times);
}
