import type { AuthlogError } from "../errors.ts";
import type { Verdict } from "./outcome.ts";

/** What became of each item; those in neither list were not settled, and `retry` says why. */
export interface PartsOutcome<T> {
  delivered: T[];
  refused: Map<T, AuthlogError>;
  retry?: Extract<Verdict, { status: "retryable" }>;
}

/**
 * Sends items in as many requests as it takes: each part in one, and where the destination refuses
 * some of them, the others again without; where it does not say which, in halves, until the bad one
 * stands alone. Stops at the first request that is to be tried again later.
 */
export async function deliverInParts<T>(
  first: readonly (readonly T[])[],
  send: (part: readonly T[]) => Promise<Verdict>,
): Promise<PartsOutcome<T>> {
  const outcome: PartsOutcome<T> = { delivered: [], refused: new Map() };
  // The next part stands last.
  const parts = first.toReversed();
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const verdict = await send(part);
    switch (verdict.status) {
      case "delivered":
        outcome.delivered.push(...part);
        break;
      case "retryable":
        return { ...outcome, retry: verdict };
      case "refused": {
        const others = part.filter((item, position) => {
          const cause = verdict.events.get(position);
          if (cause !== undefined) outcome.refused.set(item, cause);
          return cause === undefined;
        });
        if (others.length > 0) parts.push(others);
        break;
      }
      case "divisible": {
        const [only] = part;
        if (part.length === 1 && only !== undefined) outcome.refused.set(only, verdict.cause);
        else parts.push(...chunks(part, Math.ceil(part.length / 2)).toReversed());
        break;
      }
    }
  }
  return outcome;
}

/** The items in parts of at most `size`. */
export function chunks<T>(items: readonly T[], size: number): (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
