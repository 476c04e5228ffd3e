import { AuthlogError } from "../errors.ts";
import type { AuthEvent } from "../event/auth-event.ts";
import { toLogRecord } from "../event/to-log-record.ts";
import { getSlot, type RecordIdentity } from "../slot.ts";
import { activeSpan } from "../telemetry/api-globals.ts";
import { report } from "../telemetry/diagnostics.ts";
import { takeIdentity } from "../telemetry/identity.ts";
import { emit } from "../telemetry/logger.ts";
import { noteLost } from "../telemetry/unconfirmed.ts";
import { holdForDelivery } from "./request-end.ts";

/**
 * The last step of capture: gives the event its identity and hands its record to OpenTelemetry. Never
 * throws: it is called by timers and by promises that nobody waits for, too.
 */
export function emitEvent(event: AuthEvent, identity?: RecordIdentity): void {
  const { enabled, capture } = getSlot();
  if (!enabled) return;
  guardedEvent(() => {
    // With a span of this process, the caller's word on the trace is not needed.
    const told = activeSpan() === undefined ? event : withoutCaller(event);
    emit(toLogRecord(told, identity ?? takeIdentity(), capture?.tell));
    void holdForDelivery();
  });
}

function withoutCaller(event: AuthEvent): AuthEvent {
  if (event.request?.caller === undefined) return event;
  const { caller: _, ...request } = event.request;
  return { ...event, request };
}

/**
 * Runs a piece of capture. Whatever goes wrong in it is said, and reaches no login.
 *
 * @returns what the piece returned, or `undefined` where it threw
 */
export function guarded<T>(piece: () => T): T | undefined {
  try {
    return piece();
  } catch {
    reportUncaptured();
    return undefined;
  }
}

/** The same for a piece without which there is no event: a flush is not to say that it arrived. */
export function guardedEvent(piece: () => void): void {
  const isDone = guarded(() => {
    piece();
    return true;
  });
  if (isDone !== true) noteLost();
}

/** {@link guarded} for a piece that has to wait. */
export async function guardedAsync<T>(piece: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await piece();
  } catch {
    reportUncaptured();
    return undefined;
  }
}

/** Says that a part of an event is missing. The cause may quote anything, so it is not passed on. */
export function reportUncaptured(): void {
  report(
    new AuthlogError("ERR_AUTHLOG_CAPTURE_FAILED", {
      message: "A part of an authentication event could not be captured.",
      why: "Something that NextAuth, a provider or the app handed over threw while it was read.",
      fix: "Look for getters that throw in your users, profiles and providers, and at your attemptedIdentifier and classifyAuthorizeError; the sign-in itself was not touched.",
    }),
  );
}
