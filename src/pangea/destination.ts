import { AuthlogError } from "../errors.ts";
import { parseUrl } from "../telemetry/built-ins.ts";

/** The domain of Pangea's service, where none is configured. */
const defaultDomain = "aws.us.pangea.cloud";

/** Where the audit service is said to be. */
export interface DestinationOptions {
  /** Host of the API, without the service's name. */
  domain?: string | undefined;
  /** URL of the API in which `{SERVICE_NAME}` stands for `audit`. Goes before `domain`. */
  baseUrlTemplate?: string | undefined;
}

/**
 * The template of the audit service's URL, checked before a token can be sent there: `https:`, or
 * `http:` to this machine alone, and without credentials.
 *
 * @throws AuthlogError `ERR_AUTHLOG_INSECURE_URL`, `ERR_AUTHLOG_CONFIG_INVALID`
 */
export function resolveDestination({ domain, baseUrlTemplate }: DestinationOptions): string {
  const template = baseUrlTemplate ?? `https://{SERVICE_NAME}.${domain ?? defaultDomain}`;
  const url = parseUrl(template.replace("{SERVICE_NAME}", "audit"));
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw invalid("is not a URL of https: (or of http: to this machine)");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw invalid("carries credentials, a query or a fragment");
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new AuthlogError("ERR_AUTHLOG_INSECURE_URL", {
      message: `The audit log at ${url.host} would be spoken to without encryption.`,
      why: "Plain http: shows the token and every event to whoever is on the way.",
      fix: "Use https:, or an address of this machine (127.0.0.1, [::1], localhost).",
    });
  }
  return template;
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    // URL parsing has written every other form of an address (127.1, 0x7f.1) as four numbers.
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}

/** The value is not repeated: it may hold a password. */
function invalid(fault: string): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_CONFIG_INVALID", {
    message: "The URL of the audit log cannot be used.",
    why: `What \`baseUrlTemplate\` or \`domain\` gives ${fault}.`,
    fix: "Set baseUrlTemplate as in https://{SERVICE_NAME}.aws.us.pangea.cloud, or only the domain.",
  });
}
