import { report } from "../../telemetry/diagnostics.ts";
import type { AdoptedLanes } from "./adopted-lanes.ts";
import { causeOfLoss } from "./cause-of-loss.ts";
import { FaultPause } from "./fault-pause.ts";
import type { JournalEntry, JournalWorld } from "./journal-entry.ts";
import { unread } from "./journal-errors.ts";
import type { JournalOptions } from "./journal-options.ts";
import type { Lane } from "./lane.ts";
import type { Loss, Reading } from "./lane-reader.ts";
import type { OwnLane } from "./own-lane.ts";

/** The lanes that are read. */
export interface ReadLanes {
  readonly adopted: AdoptedLanes;
  /** The lane that this process writes, if it does. */
  own(): OwnLane | undefined;
  /** Has something of a lane noted as confirmed, and lets go of what may go by it. */
  confirm(lane: Lane, note: () => void): void;
}

/** What waits on the disk alone: that which this process had no room for, and that of the dead. */
export class Backlog {
  readonly #options: Required<JournalOptions>;
  readonly #world: JournalWorld;
  readonly #lanes: ReadLanes;
  /** While it is on, what could not be read is not tried again. */
  readonly #pause: FaultPause;

  constructor(options: Required<JournalOptions>, world: JournalWorld, lanes: ReadLanes) {
    this.#options = options;
    this.#world = world;
    this.#lanes = lanes;
    this.#pause = new FaultPause(world.clock, () => this.#resume());
  }

  /** Hands out so many entries, half of them those of the dead, where there are; of each one at least. */
  read(maxLines: number): JournalEntry[] {
    const entries: JournalEntry[] = [];
    const ofDead = this.#lanes.adopted.read(Math.ceil(maxLines / 2));
    if (ofDead !== undefined) {
      entries.push(...this.#handOut(ofDead.lane, ofDead));
      this.#lanes.confirm(ofDead.lane, () => {});
    }
    const own = this.#lanes.own();
    if (own !== undefined) {
      // Where there is room for one alone, this process's own are not behind all of the dead.
      const most = Math.max(1, maxLines - entries.length);
      entries.push(...this.#handOut(own.lane, own.read(most)));
    }
    return entries;
  }

  /** Tries nothing again. */
  cancel(): void {
    this.#pause.cancel();
  }

  #handOut(lane: Lane, { entries, losses, fault }: Reading): JournalEntry[] {
    for (const loss of losses) this.#tell(lane, loss);
    if (fault !== undefined) {
      report(unread(lane.folder, fault));
      this.#pause.begin(fault);
    } else if (entries.length > 0) this.#pause.forget();
    // What a process of its own has handed out, it never reads back.
    const mayBeThere = lane !== this.#lanes.own()?.lane;
    return entries.map(({ number, record }) => ({
      record,
      position: { lane, number },
      mayBeThere,
    }));
  }

  /** What is gone is told, and then counts as confirmed: it holds up no segment. */
  #tell(lane: Lane, loss: Loss): void {
    const { count, damage } = loss;
    const cause = causeOfLoss(loss, lane.folder, this.#options);
    if (count === 0 && damage?.kind !== "torn") return report(cause);
    this.#world.onGone({ ...loss, cause, ofDead: lane !== this.#lanes.own()?.lane });
    this.#lanes.confirm(lane, () => lane.confirm([loss.range]));
  }

  #resume(): void {
    this.#lanes.own()?.tryAgain();
    this.#lanes.adopted.tryAgain();
    this.#world.onChange();
  }
}
