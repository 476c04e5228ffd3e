import { lstatSync } from "node:fs";
import { join } from "node:path";
import { AuthlogError } from "../../errors.ts";
import { report } from "../../telemetry/diagnostics.ts";
import { foreign, unread } from "./journal-errors.ts";
import { Lane } from "./lane.ts";
import { listSegments } from "./lane-files.ts";
import { laneIds } from "./lane-list.ts";
import { removalOf } from "./lane-removals.ts";
import { whereReadable } from "./span-of-segment.ts";

/** A pass looks at, and tries, so many: the event loop is not held for longer where there are more. */
const mostLooks = 64;
const mostTries = 64;

/** A journal's folder, and who looks at it. */
interface Place {
  readonly journal: string;
  /** The lane that this process writes, once it does. */
  readonly own: string | undefined;
}

/** The lanes in a journal's folder that others have, or nobody. */
export class OtherLanes {
  #journal: string | undefined;
  /** The user whose lanes may be taken; none where the system knows no users. */
  #uid: number | undefined;
  /** Bytes of each when it was last looked at; the one that was not for longest comes first. */
  readonly #sizes = new Map<string, number>();
  #bytes = 0;
  /** Those to be tried before the next look. */
  #untried: string[] = [];
  /** Others live that have them, or they cannot be taken; the one that was not tried for longest comes first. */
  readonly #refused = new Set<string>();

  /** How many bytes they have, when last looked at. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Sees which there are.
   *
   * @param isTaken whether this process has taken it over
   */
  look(place: Place, isTaken: (id: string) => boolean): void {
    const { journal, own } = place;
    this.#journal = journal;
    this.#uid = userOf(place) ?? this.#uid ?? process.geteuid?.();
    const ids = laneIds(journal, reportUnread).filter((id) => id !== own && !isTaken(id));
    const there = new Set(ids);
    for (const id of [...this.#sizes.keys()].filter((known) => !there.has(known))) this.#forget(id);
    const known = [...this.#sizes.keys()].slice(0, mostLooks);
    for (const id of [...ids.filter((other) => !this.#sizes.has(other)), ...known]) {
      this.#measure(id, sizeOf(join(journal, id)));
    }
    const leaving = new Set(ids.filter((id) => this.#forgetOnceRemoved(journal, id)));
    this.#untried = [...ids.filter((id) => !this.#refused.has(id)), ...this.#refused].filter(
      (id) => !leaving.has(id),
    );
  }

  /** Takes over so many at most of those whose process is dead. Each is tried once after a look. */
  take(most: number): Lane[] {
    const taken: Lane[] = [];
    for (let tries = 0; tries < mostTries && taken.length < most; tries += 1) {
      const id = this.#untried.shift();
      if (id === undefined) break;
      const lane = this.#take(id);
      this.#refused.delete(id);
      if (lane === undefined) this.#refused.add(id);
      else {
        this.#forget(id);
        taken.push(lane);
      }
    }
    return taken;
  }

  /**
   * What this process clears away has its room for as long as that takes, and not up to the next look.
   *
   * @returns whether it does
   */
  #forgetOnceRemoved(journal: string, id: string): boolean {
    const removal = removalOf(join(journal, id));
    void removal?.then(() => this.#forget(id));
    return removal !== undefined;
  }

  #take(id: string): Lane | undefined {
    if (this.#journal === undefined) return undefined;
    const folder = join(this.#journal, id);
    const uid = this.#uid;
    try {
      if (uid !== undefined && (uidOf(folder) ?? uid) !== uid) throw foreign(folder);
      return Lane.adopt(this.#journal, id);
    } catch (error) {
      reportUnread(folder, error);
      return undefined;
    }
  }

  #measure(id: string, bytes: number): void {
    this.#bytes += bytes - (this.#sizes.get(id) ?? 0);
    this.#sizes.delete(id);
    this.#sizes.set(id, bytes);
  }

  #forget(id: string): void {
    this.#measure(id, 0);
    this.#sizes.delete(id);
    this.#refused.delete(id);
  }
}

function reportUnread(folder: string, error: unknown): void {
  report(AuthlogError.is(error) ? error : unread(folder, error));
}

/** Some file systems say of every file that it is one user's. Not known where the lane has another name by now. */
function userOf({ journal, own }: Place): number | undefined {
  return own === undefined ? undefined : uidOf(join(journal, own));
}

function uidOf(folder: string): number | undefined {
  return lstatSync(folder, { throwIfNoEntry: false })?.uid;
}

/** Where it cannot be seen, whoever tries to take the lane over says so. */
function sizeOf(folder: string): number {
  const segments = whereReadable(() => listSegments(folder)) ?? [];
  return segments.reduce((sum, { size }) => sum + size, 0);
}
