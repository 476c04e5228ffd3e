import { AuthlogError } from "../errors.ts";
import type { AuthEvent, EventRequest } from "../event/auth-event.ts";
import { report } from "../telemetry/diagnostics.ts";
import { failureReasons, type Outcome, outcomes } from "../vocabulary.ts";
import { takeIdentity } from "../telemetry/identity.ts";
import { whilePending } from "../telemetry/unconfirmed.ts";
import { emitEvent } from "./emit-event.ts";
import { admitAttributes } from "./own-attributes.ts";
import { isEventName, toEventName } from "./own-name.ts";
import { readText, readUser } from "./read.ts";

/** What the app says of an event of its own. Nothing of it is trusted to have the type it should. */
export interface OwnEventParts {
  name: unknown;
  actor?: unknown;
  target?: unknown;
  outcome?: unknown;
  reason?: unknown;
  errorType?: string | undefined;
  attributes?: unknown;
}

/**
 * Records an event of the app's own. What a record cannot hold is changed or left out, and said; the
 * event itself is never lost.
 *
 * @param request a promise where only Next.js can tell: the event then keeps its time and its place
 */
export function emitOwnEvent(
  parts: OwnEventParts,
  request: EventRequest | Promise<EventRequest>,
): void {
  const event = readEvent(parts);
  if (!(request instanceof Promise)) {
    emitEvent({ ...event, request });
    return;
  }
  const identity = takeIdentity();
  void whilePending(request.then((known) => emitEvent({ ...event, request: known }, identity)));
}

/** A code, and no sentence: a message may quote anything. */
const reasonShape = /^[a-z][a-z0-9_.-]{0,63}$/;

function readEvent(parts: OwnEventParts): AuthEvent {
  const faults: string[] = [];
  const name = isEventName(parts.name) ? parts.name : toEventName(parts.name);
  if (name !== parts.name) faults.push(`its name was no name of an event, and is now ${name}`);
  const user = readUser(parts.actor);
  if (user === undefined && isThere(parts.actor)) faults.push("its actor is no object");
  const target = readTarget(parts.target, faults);
  const { attributes, faults: refused } = admitAttributes(parts.attributes);
  const event: AuthEvent = {
    name,
    timeUnixMillis: Date.now(),
    ...readOutcome(parts, faults),
    ...(user && { user }),
    ...(target !== undefined && { target }),
    own: attributes,
  };
  faults.push(...refused);
  if (faults.length > 0) report(invalid(name, faults));
  return event;
}

function readTarget(given: unknown, faults: string[]): string | undefined {
  const target = readText({ given }, "given");
  if (target === undefined && isThere(given) && given !== "") faults.push("its target is no text");
  return target;
}

function readOutcome(
  { outcome, reason, errorType }: OwnEventParts,
  faults: string[],
): Pick<AuthEvent, "outcome" | "reason" | "errorType"> {
  if (isThere(outcome) && !isOutcome(outcome)) faults.push("its outcome is none");
  const failed = isThere(reason) || errorType !== undefined;
  const ended = isOutcome(outcome) ? outcome : failed ? outcomes.failure : outcomes.success;
  if (ended === outcomes.success) {
    if (failed) faults.push("it succeeded, and yet has a reason or an error");
    return { outcome: ended };
  }
  const code = typeof reason === "string" && reasonShape.test(reason) ? reason : undefined;
  if (code === undefined && isThere(reason)) faults.push("its reason is no code");
  return {
    outcome: ended,
    ...(isThere(reason) && { reason: code ?? failureReasons.unknown }),
    ...(errorType !== undefined && { errorType }),
  };
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isOutcome(value: unknown): value is Outcome {
  return value === outcomes.success || value === outcomes.failure;
}

/** More than this many faults of one event say nothing new. */
const maxFaults = 5;

function invalid(name: string, faults: readonly string[]): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_AUDIT_INVALID", {
    message: `An event ${name} was recorded, but not as it was told: ${faults.slice(0, maxFaults).join("; ")}.`,
    why: "A record holds flat values under fixed names, and no secrets.",
    fix: "Look at the calls of audit() and withAudit() for that event: the name is lowercase, dotted, and at most 32 characters, a reason is a code such as access_denied, an attribute is a text, a finite number, a boolean or a list of texts.",
  });
}
