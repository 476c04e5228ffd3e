import type { Framework } from "../framework.ts";
import { printError } from "./logger.ts";
import { describeError, describeThrown, refineFailure } from "./outcome.ts";

/** Next-auth 4. */
export const nextAuth4: Framework = {
  version: "4",
  describeError,
  describeThrown,
  refine: refineFailure,
  printError,
};
