import { getSlot } from "../slot.ts";
import { type FailureReason, failureReasons } from "../vocabulary.ts";
import type { Failure } from "./attempt.ts";
import { reasonOfCode } from "./credentials-codes.ts";
import { guarded } from "./emit-event.ts";
import { readField, readText } from "./read.ts";

/**
 * What an error that `authorize` threw says: what the app's `classifyAuthorizeError` makes of it, else
 * what its code says, else what kind of error it is. Only codes that are known are taken: databases and
 * Node put theirs into that field, too.
 *
 * @param errorType the framework's, where the error has no such code
 */
export function failureOfThrown(error: unknown, errorType: string): Failure {
  const asked = reasonOfApp(error);
  if (asked !== undefined) return { reason: asked, errorType };
  const fault: Failure = { reason: failureReasons.providerError, errorType };
  // An error that cannot be looked at is no refusal.
  return (
    guarded(
      () =>
        knownCode(error) ??
        (isRefusal(error) ? { ...fault, reason: failureReasons.invalidCredentials } : fault),
    ) ?? fault
  );
}

function knownCode(error: unknown): Failure | undefined {
  const code = ownText(error, "code");
  const reason = code === undefined ? undefined : reasonOfCode(code);
  return code !== undefined && reason !== undefined ? { reason, errorType: code } : undefined;
}

function ownText(source: unknown, name: string): string | undefined {
  if (typeof source !== "object" || source === null || !Object.hasOwn(source, name))
    return undefined;
  const value: unknown = Reflect.get(source, name);
  return typeof value === "string" ? value : undefined;
}

const reasons: ReadonlySet<unknown> = new Set(Object.values(failureReasons));

/** What the app's `classifyAuthorizeError` says of an error; `undefined` leaves it to the default. */
export function reasonOfApp(error: unknown): FailureReason | undefined {
  const classify = getSlot().capture?.classifyAuthorizeError;
  return classify && guarded(() => checked(classify(error)));
}

function checked(answer: unknown): FailureReason | undefined {
  if (answer === undefined || reasons.has(answer)) return answer as FailureReason | undefined;
  // A promise is no answer, and one that is rejected unheard would end the process.
  if (typeof answer === "object") Promise.resolve(answer).catch(() => {});
  throw new TypeError("classifyAuthorizeError must return one of failureReasons at once");
}

/**
 * Whether what was thrown refuses somebody: a bare `Error`, or a text, is how apps say "wrong password".
 * Everything else is a fault: of a class of its own, or marked as the system's.
 */
function isRefusal(error: unknown): boolean {
  return typeof error === "string" || isBare(error, longestChain);
}

/** How many causes are followed: an error can be its own. */
const longestChain = 8;

/** Fields by which Node, drivers and Next.js mark their errors. A name set by hand is a class as well. */
const marks = ["code", "errno", "syscall", "digest"] as const;

function isBare(error: unknown, chain: number): boolean {
  if (typeof error !== "object" || error === null || chain === 0) return false;
  if (!isErrorPrototype(Object.getPrototypeOf(error)) || readText(error, "name") !== "Error") {
    return false;
  }
  return !isMarked(error) && isHarmless(readField(error, "cause"), chain - 1);
}

/** A cause that is an error has to be bare too; one that is a note of the app's has to bear no mark. */
function isHarmless(cause: unknown, chain: number): boolean {
  if (typeof cause !== "object" || cause === null) return true;
  return isPlain(cause) ? !isMarked(cause) : isBare(cause, chain);
}

function isMarked(error: object): boolean {
  return marks.some((mark) => Reflect.get(error, mark) !== undefined);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * Whether it is the `Error.prototype` of any realm: a bundle or a test runner can have its own. Class
 * names prove nothing, since production builds shorten them; what is derived from it is one step longer.
 */
function isErrorPrototype(prototype: unknown): boolean {
  if (typeof prototype !== "object" || prototype === null) return false;
  const parent: unknown = Object.getPrototypeOf(prototype);
  return (
    parent !== null &&
    Object.getPrototypeOf(parent) === null &&
    Object.hasOwn(prototype, "message") &&
    readText(prototype, "name") === "Error"
  );
}
