import { getSlot } from "../slot.ts";
import type { AppFunction } from "./app-types.ts";
import { guarded } from "./emit-event.ts";

// Whether authlog is on is asked at each call: an app's modules may be loaded before `register` says.

/** Runs a piece of capture in front of a function of the app's. */
export function before(app: AppFunction, look: (...args: unknown[]) => void): AppFunction {
  return function hooked(this: unknown, ...args: unknown[]) {
    if (getSlot().enabled) guarded(() => look(...args));
    return app.apply(this, args);
  };
}

/** Runs a piece of capture when a function of the app's has its result. What it throws stays its own. */
export function after(
  app: AppFunction,
  look: (result: unknown, ...args: unknown[]) => void,
  lookAtThrown: (error: unknown) => void = () => {},
): AppFunction {
  async function watch(run: () => unknown, args: unknown[]): Promise<unknown> {
    let result: unknown;
    try {
      result = await run();
    } catch (error) {
      guarded(() => lookAtThrown(error));
      throw error;
    }
    guarded(() => look(result, ...args));
    return result;
  }
  return function hooked(this: unknown, ...args: unknown[]) {
    const run = (): unknown => app.apply(this, args);
    return getSlot().enabled ? watch(run, args) : run();
  };
}

const wrappedMark = Symbol.for("authlog.wrapped.v1");

/**
 * Wraps a function, unless this copy of the package, or another, has done so before: an app may wrap
 * its options and then the `NextAuth` that it gives them to, and each event is to come once.
 */
export function once(
  app: AppFunction | undefined,
  wrap: (app: AppFunction) => AppFunction,
): AppFunction {
  if (app !== undefined && wrappedMark in app) return app;
  return Object.defineProperty(wrap(app ?? doNothing), wrappedMark, { value: true });
}

function doNothing(): void {}
