import type { EventProvider } from "../../event/auth-event.ts";
import { isIdentifierShaped } from "../../event/privacy.ts";

/** A text or a number as text; of anything else an audit event holds nothing. */
export function readText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "bigint" ? String(value) : undefined;
}

/** The provider that an account belongs to. The account's tokens stay where they are. */
export function readProvider(account: unknown): EventProvider | undefined {
  if (typeof account !== "object" || account === null) return undefined;
  const { provider, type } = account as Record<"provider" | "type", unknown>;
  const id = readText(provider);
  const kind = readText(type);
  return id === undefined ? undefined : { id, ...(kind !== undefined && { type: kind }) };
}

/** The fields that an identity is claimed in. A password never stands in one of them on purpose. */
const identifierFields = ["email", "username", "login"] as const;

/**
 * The identity that credentials claim, where it is shaped like one: people type passwords into the
 * wrong field.
 */
export function readAttemptedIdentifier(credentials: unknown): string | undefined {
  if (typeof credentials !== "object" || credentials === null) return undefined;
  const fields = credentials as Readonly<Record<string, unknown>>;
  return identifierFields
    .map((name) => readText(fields[name])?.trim())
    .find((value) => value !== undefined && value.length <= 320 && isIdentifierShaped(value));
}
