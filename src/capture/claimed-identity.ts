import type { AuthEvent } from "../event/auth-event.ts";
import { isIdentifierShaped } from "../event/privacy.ts";
import { getSlot } from "../slot.ts";
import { attributes } from "../vocabulary.ts";
import { guarded } from "./emit-event.ts";
import { readText } from "./read.ts";

/** What an event tells of an identity that was claimed. */
type Claim = AuthEvent["attemptedIdentifier"];

/** The fields that an identity is claimed in. A password never stands in one of them on purpose. */
const identifierFields = ["email", "username", "login"] as const;

/** Fields whose value is told in no form, whatever other field it was typed into as well. */
const secretFields = [
  "password",
  "passwd",
  "pass",
  "pwd",
  "passphrase",
  "passcode",
  "pin",
  "otp",
  "code",
  "token",
  "secret",
] as const;

/** The longest e-mail address there is, in octets, with some room (RFC 5321, section 4.5.3.1). */
const longestIdentifier = 320;

/**
 * The identity that credentials claim, as far as it may be told: what the app's own
 * `attemptedIdentifier` says; else the first field that is shaped like an identity, or a pseudonym of
 * the first that is not. Nothing that stands in a password's field as well is told.
 */
export function claimOfCredentials(credentials: unknown): Claim {
  if (typeof credentials !== "object" || credentials === null) return undefined;
  const secrets = new Set(secretFields.map((name) => readText(credentials, name)?.trim()));
  const own = getSlot().capture?.attemptedIdentifier;
  if (own !== undefined) {
    const claimed = guarded(() => askApp(own, credentials));
    return claimed === undefined || secrets.has(claimed.trim()) ? undefined : claimed;
  }
  const claims = identifierFields
    .map((name) => readText(credentials, name)?.trim())
    .filter((text) => text !== undefined && !secrets.has(text))
    .map(claimOfText);
  return (
    claims.find((claim) => typeof claim === "string") ?? claims.find((claim) => claim !== undefined)
  );
}

/**
 * A text that somebody typed where an identity belongs. People type passwords into the wrong field,
 * so one that is not shaped like an identity is told as a pseudonym, or not at all without a key.
 */
export function claimOfText(text: string | undefined): Claim {
  const value = text?.trim() ?? "";
  if (value === "" || value.length > longestIdentifier) return undefined;
  if (isIdentifierShaped(value)) return value;
  const pseudonym = getSlot().capture?.pseudonymOf(attributes.attemptedIdentifier, value);
  return pseudonym === undefined ? undefined : { pseudonym };
}

type AskApp = (credentials: Readonly<Record<string, unknown>>) => unknown;

/** The app's word is taken as it is. It gets a copy, so that what it does to it reaches no login. */
function askApp(own: AskApp, credentials: object): string | undefined {
  const answer = own({ ...credentials });
  if (answer === undefined || typeof answer === "string") return answer;
  // A promise is no answer, and one that is rejected unheard would end the process.
  if (typeof answer === "object") Promise.resolve(answer).catch(() => {});
  throw new TypeError("attemptedIdentifier must return a text at once");
}
