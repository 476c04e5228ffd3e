import { cleanText } from "../event/privacy.ts";
import type { PrivateAttribute } from "./capture-config.ts";
import type { AuthlogOptions } from "./authlog-options.ts";
import { resolveConfig } from "./config.ts";
import { pseudonymOf } from "./pseudonyms.ts";

/**
 * The pseudonyms that a value has had, the current key's first: what to search the audit log for.
 * Without a key there are none. Never throws.
 *
 * @param attribute where the value stands; those of a person all give the same
 * @param value as it is without pseudonyms: an e-mail address in any case, an address of the network
 *   in its shortest form (RFC 5952), for `session.id` the session's token
 * @example
 * import { pseudonymsOf } from "authlog/otel";
 *
 * const pseudonyms = pseudonymsOf("user.email", "alice@example.com");
 * const query = pseudonyms.map((pseudonym) => `actor:"${pseudonym}"`).join(" OR ");
 */
export function pseudonymsOf(
  attribute: PrivateAttribute,
  value: string,
  options: AuthlogOptions = {},
): readonly string[] {
  const { text } = cleanText(attribute, value);
  return resolveConfig(options).pseudonymKeys.value.map((key) => pseudonymOf(key, attribute, text));
}
