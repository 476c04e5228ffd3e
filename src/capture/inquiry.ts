import type { EventRequest } from "../event/auth-event.ts";
import { guarded, reportUncaptured } from "./emit-event.ts";
import { readField } from "./read.ts";
import { readCallRequest } from "./request-of-call.ts";
import { fillsCache, requestOfCaller } from "./surroundings.ts";

/** What is known about a call of the app's, as far as it has been found out. */
interface CallFacts {
  actor?: unknown;
  target?: unknown;
  attributes?: unknown;
  request?: EventRequest;
}

/** What is being found out about a call, while the app's handler runs. */
export interface Inquiry {
  readonly facts: CallFacts;
  /** Those that were not known at once. None of them rejects. */
  readonly pending: readonly Promise<void>[];
}

/** Where the answers come from: values, or functions of the handler's arguments. */
interface Sources {
  readonly session?: unknown;
  readonly actor?: unknown;
  readonly target?: unknown;
  readonly attributes?: unknown;
}

/**
 * Begins to find out who does what to what. The session is asked for before the handler runs, since
 * the handler may be the one that ends it.
 */
export function inquire(sources: Sources, args: readonly unknown[]): Inquiry {
  const facts: CallFacts = {};
  const pending: Promise<void>[] = [];

  function ask(field: keyof CallFacts, question: () => unknown): void {
    const note = (answer: unknown): void => void Object.assign(facts, { [field]: answer });
    const answer = guarded(question);
    if (isThenable(answer)) pending.push(Promise.resolve(answer).then(note, reportUncaptured));
    else note(answer);
  }

  const { session, actor, target, attributes } = sources;
  if (actor !== undefined) ask("actor", () => resolve(actor, args));
  else if (session !== undefined) ask("actor", () => askForUser(session, args));
  ask("target", () => resolve(target, args));
  ask("attributes", () => resolve(attributes, args));
  ask("request", () => readCallRequest(args[0]) ?? requestOfCaller());
  return { facts, pending };
}

function askForUser(session: unknown, args: readonly unknown[]): unknown {
  // A cache is filled on behalf of nobody, and to ask for a session fails there.
  if (fillsCache()) return undefined;
  const found = resolve(session, args);
  return isThenable(found)
    ? Promise.resolve(found).then((known) => readField(known, "user"))
    : readField(found, "user");
}

function resolve(source: unknown, args: readonly unknown[]): unknown {
  return typeof source === "function"
    ? (Reflect.apply(source, undefined, args) as unknown)
    : source;
}

/** Whether a value is a promise, of whatever library. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof readField(value, "then") === "function";
}
