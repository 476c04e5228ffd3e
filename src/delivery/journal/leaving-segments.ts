import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { syncFolderSoon } from "../../files/private-file.ts";
import { systemReason } from "../../files/system-reason.ts";
import { report } from "../../telemetry/diagnostics.ts";
import { type ConfirmedNote, isFull } from "./confirmed-note.ts";
import { unnoted } from "./journal-errors.ts";
import type { Segment } from "./lane-files.ts";

/**
 * Segments of a lane of which all is confirmed. They go once the disk has noted that, behind all that
 * waits: nobody's event loop is held by a slow disk.
 */
export class LeavingSegments {
  readonly #note: ConfirmedNote;
  /** Those of the lane that stay. */
  readonly #staying: readonly Segment[];
  #segments: Segment[] = [];
  #clearing: Promise<void> | undefined;
  /** Those that the note under way is for. */
  #going: readonly Segment[] = [];
  #unsynced = false;
  /** Why segments had to go without the note, while there is none. */
  #missed: unknown;
  /** Whether something went before the disk had noted that it may. */
  #noteDue = false;
  #ended = false;

  constructor(note: ConfirmedNote, staying: readonly Segment[]) {
    this.#note = note;
    this.#staying = staying;
  }

  /** In order. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** In bytes, of those that do not go now: they wait for the ones that do, or for a disk that failed. */
  get waitingBytes(): number {
    return sizeOf(this.#segments.filter((segment) => !this.#going.includes(segment)));
  }

  /** Whether a power cut can bring back some of those that went. */
  get unsynced(): boolean {
    return this.#unsynced;
  }

  /** Takes more of them, and tries again those that did not go. */
  add(segments: readonly Segment[]): void {
    this.#segments.push(...segments);
    this.#segments.sort((a, b) => a.serial - b.serial);
    void this.cleared();
  }

  /** Has one go at once: room is needed now, and all that was in it is told as gone. */
  drop(segment: Segment): void {
    this.#remove(segment);
    this.#noteDue = true;
    void this.cleared();
  }

  /** Resolves when they are gone, or the disk did not let them go, which is reported. */
  cleared(): Promise<void> {
    if (this.#toDo) this.#clearing ??= this.#clear();
    return this.#clearing ?? Promise.resolve();
  }

  /**
   * Asked before a segment begins.
   *
   * @throws the system's error, while segments are gone without a note: behind such a hole, the next
   *   one would make it look like a loss
   */
  admit(): void {
    if (this.#missed === undefined) return;
    void this.cleared();
    throw this.#missed;
  }

  /** Touches nothing any more: somebody else may have the lane. */
  end(): void {
    this.#ended = true;
  }

  get #toDo(): boolean {
    if (this.#ended) return false;
    return this.#segments.length > 0 || this.#noteDue || this.#missed !== undefined;
  }

  async #clear(): Promise<void> {
    try {
      while (this.#toDo) await this.#clearOnce();
    } catch (error) {
      this.#noteDue = true;
      // That its files are gone is told by whoever looks at them.
      if (this.#ended || systemReason(error) === "ENOENT") return;
      report(unnoted(dirname(this.#note.folder), error));
    } finally {
      this.#going = [];
      this.#clearing = undefined;
    }
  }

  async #clearOnce(): Promise<void> {
    this.#going = [...this.#segments];
    this.#noteDue = false;
    await this.#store();
    if (this.#ended) return;
    for (const segment of this.#going) this.#remove(segment);
    this.#note.reserve();
    await syncFolderSoon(this.#note.folder);
    this.#unsynced = false;
  }

  /** Where there is no room for the note, and nothing stays, the last one goes without: no hole is made. */
  async #store(): Promise<void> {
    for (;;) {
      try {
        await this.#note.store(() => !this.#ended);
        if (this.#ended) return;
        this.#missed = undefined;
        return;
      } catch (error) {
        const last = this.#staying.length === 0 ? this.#segments.at(-1) : undefined;
        if (this.#ended || !isFull(error) || last === undefined) throw error;
        this.#missed = error;
        this.#remove(last);
      }
    }
  }

  #remove(segment: Segment): void {
    this.#unsynced = true;
    rmSync(segment.path, { force: true });
    this.#segments = this.#segments.filter((other) => other !== segment);
  }
}

/** In bytes. */
export function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { size }) => sum + size, 0);
}
