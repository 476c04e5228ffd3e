import { AuthlogError } from "../errors.ts";
import { report } from "../telemetry/diagnostics.ts";
import type { AppFunction } from "./app-types.ts";

/** Wraps one function of the app's. It gets none where the app has none. */
export type Hook = (app: AppFunction | undefined) => AppFunction | undefined;

/** Runs one hook by itself: where it throws, its place is noted, and the others still run. */
export function tryHook<T>(place: string, unhooked: string[], hook: () => T): T | undefined {
  try {
    return hook();
  } catch {
    unhooked.push(place);
    return undefined;
  }
}

/**
 * A copy of one of the app's objects with hooks around some of its functions.
 *
 * @param own `null`, or what has no members, is as none, as NextAuth has it
 * @param unhooked gets the places of what stays as it is, since it cannot be hooked
 */
export function hookMembers(
  own: unknown,
  place: string,
  hooks: Readonly<Record<string, Hook>>,
  unhooked: string[],
): object {
  const source = Object(own ?? {}) as object;
  const hooked: Record<string, AppFunction> = {};
  for (const [name, hook] of Object.entries(hooks)) {
    const made = tryHook(`${place}.${name}`, unhooked, () =>
      hook(ownFunction(source, place, name)),
    );
    if (made !== undefined) hooked[name] = made;
  }
  return copyWith(source, hooked);
}

/**
 * What NextAuth finds under a name: it looks at own, enumerable members alone. What is there and is no
 * function throws when it is called, as it does without authlog.
 */
function ownFunction(source: object, place: string, name: string): AppFunction | undefined {
  if (!Object.prototype.propertyIsEnumerable.call(source, name)) return undefined;
  const app: unknown = Reflect.get(source, name);
  if (typeof app === "function") return app as AppFunction;
  return () => {
    throw new TypeError(`${place}.${name} is not a function`);
  };
}

/** A copy with other members: getters stay getters, and what is an instance of a class stays one. */
export function copyWith<T extends object>(source: T, ...members: readonly object[]): T {
  const parts = [source, ...members].map((part) => Object.getOwnPropertyDescriptors(part));
  return Object.create(Object.getPrototypeOf(source) as object, Object.assign({}, ...parts)) as T;
}

/** Reports, all at once, what could not be hooked: a second diagnostic would only be counted. */
export function reportUnhooked(places: readonly string[]): void {
  if (places.length === 0) return;
  report(
    new AuthlogError("ERR_AUTHLOG_HOOK_FAILED", {
      message: `authlog cannot observe ${places.join(", ")} in your NextAuth configuration.`,
      why: "What is there throws when it is read, or is of another kind than NextAuth expects. It was left as it is, so events that only show there are missing.",
      fix: "Make it a plain object, or a function, or leave it out.",
    }),
  );
}
