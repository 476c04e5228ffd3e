import type { AuthEvent, EventProvider, EventUser } from "../event/auth-event.ts";
import { getSlot } from "../slot.ts";
import { attributes } from "../vocabulary.ts";
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

/** A pseudonym of a database session's token, where there is a key. The token stays where it is. */
export function readSession(row: unknown): AuthEvent["session"] {
  const token = readText(row, "sessionToken");
  if (token === undefined) return undefined;
  const pseudonym = getSlot().capture?.pseudonymOf(attributes.sessionId, token);
  return pseudonym === undefined ? undefined : { pseudonym };
}
