import type { EventProvider, EventUser } from "../event/auth-event.ts";
import { isIdentifierShaped } from "../event/privacy.ts";
import { guarded } from "./emit-event.ts";

/** A field of an object that somebody else made: it may be missing, or a getter that throws. */
export function readField(source: unknown, name: string): unknown {
  if (typeof source !== "object" || source === null) return undefined;
  return guarded(() => (source as Record<string, unknown>)[name]);
}

/** A field's text, or number as text; of anything else an audit event holds nothing. */
export function readText(source: unknown, name: string): string | undefined {
  const value = readField(source, name);
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" || typeof value === "bigint" ? String(value) : undefined;
}

/** The user in a user object, in a token (`sub`), or in a database session (`userId`). */
export function readUser(source: unknown): EventUser | undefined {
  if (typeof source !== "object" || source === null) return undefined;
  const id = readText(source, "sub") ?? readText(source, "userId") ?? readText(source, "id");
  const email = readText(source, "email");
  const fullName = readText(source, "name");
  return {
    ...(id !== undefined && { id }),
    ...(email !== undefined && { email }),
    ...(fullName !== undefined && { fullName }),
  };
}

/** The provider that an account belongs to. The account's tokens stay where they are. */
export function readProvider(account: unknown): EventProvider | undefined {
  const id = readText(account, "provider");
  const type = readText(account, "type");
  return id === undefined ? undefined : { id, ...(type !== undefined && { type }) };
}

/** The fields that an identity is claimed in. A password never stands in one of them on purpose. */
const identifierFields = ["email", "username", "login"] as const;

/** The longest e-mail address there is, in octets, with some room (RFC 5321, section 4.5.3.1). */
const longestIdentifier = 320;

/**
 * The identity that credentials claim, where it is shaped like one: people type passwords into the
 * wrong field.
 */
export function readAttemptedIdentifier(credentials: unknown): string | undefined {
  return identifierFields
    .map((name) => readIdentifier(readText(credentials, name)))
    .find((value) => value !== undefined);
}

/** A text that somebody claims to be, where it is shaped like an identity. */
export function readIdentifier(text: string | undefined): string | undefined {
  const value = text !== undefined && text.length <= longestIdentifier ? text.trim() : "";
  return isIdentifierShaped(value) ? value : undefined;
}
