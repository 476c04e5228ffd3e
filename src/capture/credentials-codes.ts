import { type FailureReason, failureReasons } from "../vocabulary.ts";

const reasons: ReadonlyMap<string, FailureReason> = new Map(
  Object.entries({
    locked: failureReasons.lockedOut,
    locked_out: failureReasons.lockedOut,
    account_locked: failureReasons.lockedOut,
    rate_limit: failureReasons.rateLimited,
    rate_limited: failureReasons.rateLimited,
    too_many_requests: failureReasons.rateLimited,
  }),
);

/** What a code of an error that the app's `authorize` threw says, where it says more than "wrong". */
export function reasonOfCode(code: string): FailureReason | undefined {
  return reasons.get(code);
}
