import type { AuthlogOptions } from "./src/setup/authlog-options.ts";

/**
 * A `register` for Next.js's `instrumentation.ts` with options of your own. Safe in both runtimes of
 * Next.js: in the edge runtime it does nothing. Idempotent under hot reload.
 *
 * @example
 * import { createRegister } from "authlog/instrumentation";
 *
 * export const register = createRegister({ batch: { scheduledDelayMillis: 500 } });
 */
export function createRegister(options: AuthlogOptions = {}): () => Promise<void> {
  return async () => {
    // Bundlers prune only the literal comparison, and an edge bundle must not see what follows.
    if (process.env.NEXT_RUNTIME !== "edge") {
      const { registerNode } = await import("./src/setup/register.ts");
      await registerNode(options);
    }
  };
}

/**
 * Sets authlog up when the server starts. Next.js calls it by its name.
 *
 * @example
 * export { register } from "authlog/instrumentation";
 */
export const register: () => Promise<void> = createRegister();
