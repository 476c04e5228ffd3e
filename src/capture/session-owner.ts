import type { EventUser } from "../event/auth-event.ts";
import { getSlot } from "../slot.ts";
import { failureReasons } from "../vocabulary.ts";
import type { AppFunctions } from "./app-types.ts";
import type { Attempt } from "./attempt.ts";
import { reportUncaptured } from "./emit-event.ts";
import { readField, readSession, readUser } from "./read.ts";
import { within } from "./within.ts";

/** How long a sign-out waits until the session's owner is known. */
const longestWaitMillis = 1000;

/**
 * Finds out whose session a sign-out is about to delete: afterwards nobody knows. It asks the app's own
 * adapter, and so past the hooks and past NextAuth's logging of what an adapter throws. Never rejects.
 */
export async function noteSessionOwner(
  attempt: Attempt,
  adapter: AppFunctions,
  sessionToken: unknown,
): Promise<void> {
  if (!getSlot().enabled) return;
  try {
    // Options that are wrapped twice have the adapter hooked twice.
    if (adapter.getSessionAndUser === undefined || attempt.user !== undefined) return;
    const asked = Promise.resolve(adapter.getSessionAndUser(sessionToken));
    const answer = await within(
      asked.then((found) => ({ found })),
      longestWaitMillis,
    );
    if (answer === undefined) return;
    attempt.user = ownerOf(answer.found);
    if (attempt.user === undefined) {
      attempt.failure ??= { reason: failureReasons.tokenInvalid, errorType: "SessionNotFound" };
    } else {
      attempt.session = readSession({ sessionToken });
    }
  } catch {
    reportUncaptured();
  }
}

/**
 * Whose session an adapter found, or deleted. Of none, adapters give many things: nothing, an empty
 * object, a count of rows.
 */
export function ownerOf(found: unknown): EventUser | undefined {
  const session = readUser(readField(found, "session"));
  const owner = session && { ...session, ...readUser(readField(found, "user")) };
  return owner?.id === undefined ? undefined : owner;
}
