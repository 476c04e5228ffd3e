import { uuidv7 } from "uuidv7";
import { Lane } from "./lane.ts";

/** Far more than were ever needed. */
const mostAttempts = 20;

/**
 * Makes a lane of this process's own. Others that start at the same time may take a half-made one for
 * a dead process's: then another is made.
 *
 * @throws the system's error
 */
export function makeLane(journal: string): Lane {
  for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
    const lane = Lane.create(journal, uuidv7());
    if (lane !== undefined) return lane;
  }
  throw new Error("Other processes cleared away each lane while it was made.");
}
