import { failureReasons } from "../vocabulary.ts";
import type { Failure } from "./attempt.ts";
import { readField, readText } from "./read.ts";

/** Words of the OAuth clients of both majors for a state, nonce or PKCE value that is missing or wrong. */
const checkWords =
  /\bstate\b|\bnonce\b|pkce|code_verifier|created for a different provider than the one handling/i;

/** Jose's codes for a token that it cannot open: the cookie of a check was changed, or is past its time. */
const checkCodes = /^ERR_JW[ET]_/;

/** Whether an error says that a check of the OAuth flow failed. Its message is looked at, never kept. */
export function failsOAuthCheck(error: unknown): boolean {
  return (
    checkWords.test(readText(error, "message") ?? "") ||
    checkCodes.test(readText(error, "code") ?? "")
  );
}

/** Why a token was refused: jose, in both majors, has a code for one that is past its time. */
export function tokenReason(error: unknown): Failure["reason"] {
  return readField(error, "code") === "ERR_JWT_EXPIRED"
    ? failureReasons.tokenExpired
    : failureReasons.tokenInvalid;
}
