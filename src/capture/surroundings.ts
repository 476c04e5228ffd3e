import type { EventRequest } from "../event/auth-event.ts";
import { currentAttempt } from "./attempt.ts";
import { guarded } from "./emit-event.ts";
import { readField, readText } from "./read.ts";
import { type ReadableHeaders, readRequest, requestOfContext } from "./request-context.ts";

/** Where the calling code runs, as far as that can be told at once. */
type Surroundings =
  | { kind: "request"; request: EventRequest }
  /** Next.js renders ahead of any request: nobody does anything. */
  | { kind: "prerender" }
  /** Next.js fills a cache, for every request that will read it. */
  | { kind: "cache" }
  | { kind: "outside" }
  /** Only `headers()` can tell. */
  | { kind: "untold" };

/**
 * The request that the calling code runs in: at once where that can be, else as soon as Next.js says.
 * It is `{}` outside of a request.
 */
export function requestOfCaller(): EventRequest | Promise<EventRequest> {
  const attempt = currentAttempt();
  if (attempt !== undefined) return attempt.request;
  const around = lookAround();
  if (around.kind === "request") return around.request;
  return around.kind === "untold" ? requestOfContext() : {};
}

/**
 * Whether Next.js renders ahead of any request. Nothing that happens then is an event, and to read
 * the clock or a random number would fail the render.
 */
export function isPrerender(): boolean {
  return lookAround().kind === "prerender";
}

/** Whether Next.js fills a cache, where to ask for a session would fail. */
export function fillsCache(): boolean {
  return lookAround().kind === "cache";
}

/** Next.js 16 keeps the request under this name, with its own version behind it. */
const storage = "@next/work-unit-async-storage@";

/**
 * Next's own `headers()` gives a promise, makes a static page dynamic, and fails the render of what is
 * under "use cache", even if what it throws is caught. So the store that it reads is looked at where
 * there is one; where there is none, `headers()` has to be asked.
 */
function lookAround(): Surroundings {
  // Next.js puts the class there for its own use, in either runtime.
  if (!("AsyncLocalStorage" in globalThis)) return { kind: "outside" };
  const key = Object.getOwnPropertySymbols(globalThis).find((symbol) =>
    symbol.description?.startsWith(storage),
  );
  if (key === undefined) return { kind: inJest() ? "outside" : "untold" };
  const store = guarded(() => (globalThis as unknown as Globals)[key]?.getStore());
  if (store === undefined) return { kind: "outside" };
  const type = readText(store, "type");
  if (type?.endsWith("cache")) return { kind: "cache" };
  if (type !== "request" || isStaticStage(store)) return { kind: "prerender" };
  const headers = readField(store, "headers");
  return isReadable(headers)
    ? {
        kind: "request",
        request: readRequest(headers, undefined, {
          path: readText(readField(store, "url"), "pathname"),
        }),
      }
    : { kind: "untold" };
}

/** `next dev` renders what a build would render ahead in stages, within a request. */
function isStaticStage(store: unknown): boolean {
  const stages = readField(store, "stagedRendering");
  const isStatic = readField(stages, "shouldTrackSyncInterrupt");
  return typeof isStatic === "function" && Reflect.apply(isStatic, stages, []) === true;
}

/** The globals of a test in Jest are copies of its own process's: with `next/jest` the class, but no store. */
function inJest(): boolean {
  return Symbol.for("jest-native-promise") in globalThis;
}

type Globals = Readonly<Record<symbol, { getStore(): unknown } | undefined>>;

function isReadable(headers: unknown): headers is ReadableHeaders {
  return typeof readField(headers, "get") === "function";
}
