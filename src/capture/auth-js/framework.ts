import type { Framework } from "../framework.ts";
import { printAuthError } from "./logger.ts";
import { describeThrown, failureOf, refineFailure } from "./outcome.ts";

/** Auth.js, the framework of next-auth 5. */
export const authJs: Framework = {
  version: "5",
  describeError: ([error]) => failureOf(error),
  describeThrown,
  refine: refineFailure,
  printError: ([error]) => printAuthError(error),
};
