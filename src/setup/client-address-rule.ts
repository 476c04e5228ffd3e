import type { ClientAddressRule } from "../slot.ts";
import type { Shape } from "./setting.ts";
import { integer } from "./shapes.ts";

const proxies = integer(0, 100);

/** How many proxies stand in front, as `AUTHLOG_TRUSTED_PROXIES` has it. */
export const trustedProxies: Shape<ClientAddressRule> = {
  description: proxies.description,
  parse(value) {
    const count = proxies.parse(value);
    return count === undefined ? undefined : { trustedProxies: count };
  },
};

// RFC 9110, section 5.6.2. A name that is no token would make each reading of a header throw.
const headerName = /^[\w!#$%&'*+.^`|~-]{1,100}$/;

/** A header's name, as `AUTHLOG_CLIENT_ADDRESS_HEADER` has it; in code the rule of either kind. */
export const clientAddressRule: Shape<ClientAddressRule> = {
  description: "the name of a header; in code { header } or { trustedProxies }",
  parse(value) {
    if (typeof value === "string") {
      return headerName.test(value) ? { header: value.toLowerCase() } : undefined;
    }
    if (typeof value !== "object" || value === null) return undefined;
    const rule = value as { header?: unknown; trustedProxies?: unknown };
    return typeof rule.header === "string"
      ? clientAddressRule.parse(rule.header)
      : trustedProxies.parse(rule.trustedProxies);
  },
};
