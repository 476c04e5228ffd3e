import { getSlot } from "../slot.ts";
import type { FailureReason, Outcome } from "../vocabulary.ts";
import { guardedEvent } from "./emit-event.ts";
import { errorTypeOf } from "./error-type.ts";
import type { OwnAttributes } from "./own-attributes.ts";
import { emitOwnEvent } from "./own-event.ts";
import { readField } from "./read.ts";
import { readCallRequest } from "./request-of-call.ts";
import { isPrerender, requestOfCaller } from "./surroundings.ts";

/** Who did it: a user as NextAuth has it in a session, or as your database does. */
export interface AuditActor {
  readonly id?: string | number | null | undefined;
  readonly email?: string | null | undefined;
  readonly name?: string | null | undefined;
}

/** An event of the app's own. */
export interface AuditInput {
  /**
   * What was done, as `billing.refund`: lowercase words, dotted, at most 32 characters, and nothing in
   * it that differs from one time to the next.
   */
  readonly name: string;
  /**
   * Who did it. Only a proven identity: one from a session, never one from a form.
   * @default nobody known
   */
  readonly actor?: AuditActor | null | undefined;
  /** What it was done to, as `invoice:42`. */
  readonly target?: string | undefined;
  /** @default "failure" where there is a reason or an error, else "success" */
  readonly outcome?: Outcome | undefined;
  /** Why it failed: one of `failureReasons`, or a code of your own. Not a sentence. */
  readonly reason?: FailureReason | (string & {}) | undefined;
  /** What was thrown. Only its type is recorded, never its message. */
  readonly error?: unknown;
  /** What else to tell: at most 32 values under names of your own. */
  readonly attributes?: OwnAttributes | undefined;
  /**
   * The request, where authlog cannot find it itself: in the pages router, or outside of Next.js.
   * @default the request that the calling code runs in, as Next.js knows it
   */
  readonly request?: object | undefined;
}

/**
 * Records something that your app did, beside what authlog captures: a refund, a look at personal
 * data, a changed role. It takes the same way: client address, trace, delivery and proof are alike.
 *
 * Never throws, never waits, and returns nothing. What a record cannot hold (a name with a space, an
 * attribute named like a secret) is changed or left out; the diagnostic `ERR_AUTHLOG_AUDIT_INVALID`
 * says so, and the event is recorded all the same.
 *
 * Records nothing while Next.js builds the app or renders a page ahead of any request: in a page, call
 * `await connection()` of `next/server` first.
 *
 * @example
 * audit({
 *   name: "billing.refund",
 *   actor: session.user,
 *   target: "invoice:42",
 *   attributes: { "refund.amount": 12.5, "refund.currency": "EUR" },
 * });
 */
export function audit(event: AuditInput): void {
  if (!getSlot().enabled || isPrerender()) return;
  guardedEvent(() => {
    const error = readField(event, "error");
    emitOwnEvent(
      {
        name: readField(event, "name"),
        actor: readField(event, "actor"),
        target: readField(event, "target"),
        outcome: readField(event, "outcome"),
        reason: readField(event, "reason"),
        errorType: error === undefined || error === null ? undefined : errorTypeOf(error),
        attributes: readField(event, "attributes"),
      },
      readCallRequest(readField(event, "request")) ?? requestOfCaller(),
    );
  });
}
