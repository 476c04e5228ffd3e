import type { AttributeValue, AuthLogRecord } from "../slot.ts";
import { attributes as names, type Outcome } from "../vocabulary.ts";

/** Who acted, as far as the event says. */
export interface TestActor {
  readonly id?: string;
  readonly email?: string;
  readonly name?: string;
}

/** One recorded event, with what a test asks for most at the top. */
export interface TestEvent {
  readonly name: string;
  readonly outcome: Outcome | undefined;
  readonly reason: string | undefined;
  /** `undefined` for somebody who is not known. */
  readonly actor: TestActor | undefined;
  /** What it was done to; of a failed sign-in, the identity that was claimed. */
  readonly target: string | undefined;
  /** Everything that the record carries, by the names in the README. */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** The record as it was emitted. */
  readonly record: AuthLogRecord;
}

/** A record as a test reads it. */
export function toTestEvent(record: AuthLogRecord): TestEvent {
  const { attributes } = record;
  const read = (name: string): string | undefined => {
    const value = attributes[name];
    return typeof value === "string" ? value : undefined;
  };
  const [id, email, name] = [read(names.userId), read(names.userEmail), read(names.userFullName)];
  const actor: TestActor = {
    ...(id !== undefined && { id }),
    ...(email !== undefined && { email }),
    ...(name !== undefined && { name }),
  };
  return {
    name: record.eventName,
    outcome: attributes[names.outcome] as Outcome | undefined,
    reason: read(names.failureReason),
    actor: Object.keys(actor).length === 0 ? undefined : actor,
    target: read(names.target) ?? read(names.attemptedIdentifier),
    attributes,
    record,
  };
}

/** What differs at each run, and so says nothing about what went wrong. */
const noise: ReadonlySet<string> = new Set([names.recordUid, names.producerId, names.sequence]);

/** One line about an event, for whoever reads why a test failed. */
export function describeEvent({ name, outcome, attributes }: TestEvent): string {
  const telling = Object.entries(attributes).filter(([key]) => !noise.has(key));
  return `${name} ${outcome ?? ""} ${JSON.stringify(Object.fromEntries(telling))}`;
}
