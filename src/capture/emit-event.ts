import { V7Generator } from "uuidv7";
import { AuthlogError } from "../errors.ts";
import type { AuthEvent } from "../event/auth-event.ts";
import { type RecordIdentity, toLogRecord } from "../event/to-log-record.ts";
import { getSlot } from "../slot.ts";
import { activeSpan } from "../telemetry/api-globals.ts";
import { report } from "../telemetry/diagnostics.ts";
import { emit } from "../telemetry/logger.ts";
import { holdForDelivery } from "./request-end.ts";

/**
 * The last step of capture: gives the event its identity and hands its record to OpenTelemetry. Never
 * throws: it is called by timers and by promises that nobody waits for, too.
 */
export function emitEvent(event: AuthEvent, identity?: RecordIdentity): void {
  const { enabled, capture } = getSlot();
  if (!enabled) return;
  guarded(() => {
    // With a span of this process, the caller's word on the trace is not needed.
    const told = activeSpan() === undefined ? event : withoutCaller(event);
    emit(toLogRecord(told, identity ?? takeIdentity(), capture?.tell));
    void holdForDelivery();
  });
}

/** Random numbers for that many ids at a time: asking for those of one takes longer than the id. */
const random = new Uint32Array(256);
let taken = random.length;

const uids = new V7Generator({
  nextUint32() {
    if (taken === random.length) {
      crypto.getRandomValues(random);
      taken = 0;
    }
    const next = random[taken] ?? 0;
    taken += 1;
    return next;
  },
});

/** Takes the next place in the producer's count: for an event that happens now and is told later. */
export function takeIdentity(): RecordIdentity {
  const { producer } = getSlot();
  producer.sequence += 1;
  return { uid: uids.generate().toString(), producerId: producer.id, sequence: producer.sequence };
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

/** Says that a part of an event is missing. The cause may quote anything, so it is not passed on. */
export function reportUncaptured(): void {
  report(
    new AuthlogError("ERR_AUTHLOG_CAPTURE_FAILED", {
      message: "A part of an authentication event could not be captured.",
      why: "Something that NextAuth, a provider or the app handed over threw while it was read.",
      fix: "Look for getters that throw in your users, profiles and providers, and at your attemptedIdentifier; the sign-in itself was not touched.",
    }),
  );
}
