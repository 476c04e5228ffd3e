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
    const owner = readUser(readField(answer.found, "session"));
    if (owner === undefined) {
      attempt.failure ??= { reason: failureReasons.tokenInvalid, errorType: "SessionNotFound" };
      return;
    }
    attempt.user = { ...owner, ...readUser(readField(answer.found, "user")) };
    attempt.session = readSession({ sessionToken });
  } catch {
    reportUncaptured();
  }
}
