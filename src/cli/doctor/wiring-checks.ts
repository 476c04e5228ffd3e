import type { App } from "./app.ts";
import type { Check } from "./check.ts";
import { checkNextAuthCalls } from "./next-auth-check.ts";
import { checkProviders } from "./provider-check.ts";
import { checkRegister } from "./register-check.ts";

/**
 * Whether the two edits of the README were made, as far as the sources tell.
 *
 * @param nodeOptions the variable `NODE_OPTIONS`
 */
export function wiringChecks(app: App, nodeOptions = ""): Check[] {
  return app.isPackage
    ? [checkRegister(app), ...checkNextAuthCalls(app), ...checkProviders(app, nodeOptions)]
    : [];
}
