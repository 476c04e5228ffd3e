import type { TestActor, TestEvent } from "./test-event.ts";

/**
 * What an event must hold; what is left out may be anything. A field that is `undefined` must be
 * absent: `{ actor: undefined }` finds what nobody known did.
 */
export type TestEventPattern = {
  readonly [Field in Exclude<keyof TestEvent, "actor" | "record">]?: TestEvent[Field] | undefined;
} & {
  readonly actor?: { readonly [Field in keyof TestActor]?: string | undefined } | undefined;
};

/** Whether an event holds everything that a pattern names. */
export function matches(event: TestEvent, pattern: TestEventPattern): boolean {
  return holds(event, pattern);
}

/** A pattern, for whoever reads why a test failed. */
export function describePattern(pattern: TestEventPattern): string {
  return JSON.stringify(pattern, (_, value: unknown) => (value === undefined ? "(absent)" : value));
}

function holds(value: unknown, expected: unknown): boolean {
  if (typeof expected !== "object" || expected === null) return Object.is(value, expected);
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(expected) && expected.length !== (value as unknown[]).length) return false;
  return Object.entries(expected).every(([key, part]) =>
    holds((value as Readonly<Record<string, unknown>>)[key], part),
  );
}
