import { AuthlogError } from "../errors.ts";
import type { ClientAddressRule } from "../slot.ts";
import { defaultFlushMillis } from "../telemetry/flush.ts";
import { attributes, type FailureReason } from "../vocabulary.ts";
import { clientAddressRule, trustedProxies } from "./client-address-rule.ts";
import { suggest } from "../suggest.ts";
import { type PseudonymKey, pseudonymKeys } from "./pseudonyms.ts";
import type { ReadSetting, Setting } from "./setting.ts";
import { callback, flag, integer, names, ratio } from "./shapes.ts";
import { asksForPseudonyms, type UnknownName } from "./unknown-names.ts";

/** An attribute that can be told as a pseudonym: it points at a person. */
export type PrivateAttribute =
  | (typeof attributes)["userId" | "userEmail" | "userFullName"]
  | (typeof attributes)["attemptedIdentifier" | "target"]
  | (typeof attributes)["clientAddress" | "userAgent" | "urlPath"]
  | (typeof attributes)["sessionId"];

const privateAttributes: readonly PrivateAttribute[] = [
  attributes.userId,
  attributes.userEmail,
  attributes.userFullName,
  attributes.attemptedIdentifier,
  attributes.target,
  attributes.clientAddress,
  attributes.userAgent,
  attributes.urlPath,
  // It is a pseudonym in any case; to ask for one is no mistake.
  attributes.sessionId,
];

/** Settings of how events are captured. */
export interface CaptureOptions {
  /** What of people's data stands in the records. */
  privacy?: {
    /**
     * Keys for pseudonyms, as `id:key` in base64 or hexadecimal, at least 16 bytes each. Of several,
     * with commas between them, the first is used; the others are known to `pseudonymsOf` only, which
     * finds what was told before a rotation. `AUTHLOG_PSEUDONYM_KEY`
     * @default none
     */
    pseudonymKey?: string;
    /**
     * Attributes that are recorded as pseudonyms, and not at all where there is no key. With one that
     * names a person, or with `auth.target`, `url.path` is one as well, except on NextAuth's own routes.
     * `AUTHLOG_PSEUDONYMIZE`, with commas between them
     * @default none
     */
    pseudonymize?: readonly PrivateAttribute[];
  };
  /**
   * Reads the identity that a failed attempt claimed. What it returns is told as it is, `undefined`
   * tells none; a promise is not waited for. Only in code.
   * @default the field `email`, `username` or `login`; what is no e-mail address as a pseudonym, or
   *   not at all where there is no key
   */
  attemptedIdentifier?: AttemptedIdentifier;
  /**
   * Says why `authorize` threw: one of `failureReasons`, or `undefined` for the default. Asked of
   * everything but a `CredentialsSignin`; a promise is not waited for. Only in code.
   * @default a bare `Error`, or a text, is `invalid_credentials`; an error that has a class of its own,
   *   or a `code`, `errno` or `syscall`, or a `cause` of that kind, is `provider_error`. So is a
   *   subclass such as `InvalidPasswordError`: production builds shorten its name
   */
  classifyAuthorizeError?: ClassifyAuthorizeError;
  /**
   * Where the client's address stands. `AUTHLOG_CLIENT_ADDRESS_HEADER`, or else
   * `AUTHLOG_TRUSTED_PROXIES`
   * @default the last hop of `x-forwarded-for`, marked as not verified
   */
  clientAddress?: ClientAddressRule;
  /**
   * How many of the readings of a session are told, from 0 (none) to 1 (all). `AUTHLOG_SESSION_READ`
   * @default 0
   */
  sessionRead?: number;
  /** How the end of a request waits for the delivery of its events. */
  requestEnd?: {
    /**
     * How long at most, in milliseconds, behind the answer: so long Next.js's `after()`, or the
     * platform's `waitUntil`, keeps the process. `AUTHLOG_REQUEST_END_TIMEOUT`
     * @default 5000
     */
    timeoutMillis?: number;
    /**
     * Whether the handler itself waits where there is neither of the two, as in an API route of the
     * pages router on a server of your own. `AUTHLOG_REQUEST_END_BLOCKS`
     * @default false
     */
    blocks?: boolean;
  };
}

/** How an app itself reads the identity that credentials claim. */
export type AttemptedIdentifier = (
  credentials: Readonly<Record<string, unknown>>,
) => string | undefined;

/** How an app itself says why its `authorize` threw. */
export type ClassifyAuthorizeError = (error: unknown) => FailureReason | undefined;

/** How events are captured, resolved. */
export interface CaptureConfig {
  /** The first is used, the others are known. */
  readonly pseudonymKeys: Setting<readonly PseudonymKey[]>;
  readonly pseudonymize: Setting<readonly string[]>;
  readonly attemptedIdentifier: Setting<AttemptedIdentifier | undefined>;
  readonly classifyAuthorizeError: Setting<ClassifyAuthorizeError | undefined>;
  readonly clientAddress: Setting<ClientAddressRule | undefined>;
  readonly sessionRead: Setting<number>;
  readonly requestEnd: Readonly<{ timeoutMillis: Setting<number>; blocks: Setting<boolean> }>;
}

/**
 * Resolves how events are captured. Where privacy was asked for and cannot be had as it was, less is
 * told, not more.
 *
 * @param problems gets what cannot be used
 */
export function resolveCapture(
  options: CaptureOptions,
  read: ReadSetting,
  problems: AuthlogError[],
): CaptureConfig {
  const { attemptedIdentifier, clientAddress, sessionRead } = options;
  const privacy = options.privacy ?? {};
  const requestEnd = options.requestEnd ?? {};
  const keys = read(
    "privacy.pseudonymKey",
    privacy.pseudonymKey,
    "AUTHLOG_PSEUDONYM_KEY",
    pseudonymKeys,
    [],
  );
  const asked = read(
    "privacy.pseudonymize",
    privacy.pseudonymize,
    "AUTHLOG_PSEUDONYMIZE",
    names,
    [],
  );
  const known: ReadonlySet<string> = new Set(privateAttributes);
  if (!asked.value.every((name) => known.has(name))) problems.push(unknownAttribute());
  // A misspelt name hides what was probably meant by it.
  const meant = asked.value.map((name) => suggest(name, privateAttributes) ?? name);
  const pseudonymize = { ...asked, value: meant };
  if (pseudonymize.value.length > 0 && keys.value.length === 0) problems.push(keyMissing());
  const rule = read(
    "clientAddress",
    clientAddress,
    "AUTHLOG_CLIENT_ADDRESS_HEADER",
    clientAddressRule,
    undefined,
  );
  const proxies = read(
    "clientAddress",
    undefined,
    "AUTHLOG_TRUSTED_PROXIES",
    trustedProxies,
    undefined,
  );
  return {
    pseudonymKeys: keys,
    pseudonymize,
    attemptedIdentifier: read(
      "attemptedIdentifier",
      attemptedIdentifier,
      undefined,
      callback<AttemptedIdentifier>(),
      undefined,
    ),
    classifyAuthorizeError: read(
      "classifyAuthorizeError",
      options.classifyAuthorizeError,
      undefined,
      callback<ClassifyAuthorizeError>(),
      undefined,
    ),
    clientAddress: rule.value === undefined ? proxies : rule,
    sessionRead: read("sessionRead", sessionRead, "AUTHLOG_SESSION_READ", ratio, 0),
    requestEnd: {
      timeoutMillis: read(
        "requestEnd.timeoutMillis",
        requestEnd.timeoutMillis,
        "AUTHLOG_REQUEST_END_TIMEOUT",
        integer(0, 600_000),
        defaultFlushMillis,
      ),
      blocks: read(
        "requestEnd.blocks",
        requestEnd.blocks,
        "AUTHLOG_REQUEST_END_BLOCKS",
        flag,
        false,
      ),
    },
  };
}

/**
 * All that points at a person, where a setting of a name that does not exist was probably to hide some
 * of it, and the one that exists is not set.
 */
export function hiddenByMistake(
  { pseudonymize }: CaptureConfig,
  unknown: readonly UnknownName[],
): Partial<CaptureConfig> {
  const mistake = unknown.find((name) => asksForPseudonyms(name));
  if (mistake === undefined || pseudonymize.source !== "default") return {};
  return { pseudonymize: { value: privateAttributes, source: mistake.source } };
}

function unknownAttribute(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_CONFIG_INVALID", {
    message:
      "An attribute cannot be told as a pseudonym (privacy.pseudonymize, AUTHLOG_PSEUDONYMIZE).",
    why: "Its name is misspelt, or it does not point at a person. The other names apply, and so does the one that a misspelt name is nearest to.",
    fix: `Name only ${privateAttributes.join(", ")}.`,
  });
}

function keyMissing(): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_CONFIG_INVALID", {
    message: "Pseudonyms were asked for, but there is no key: these attributes are left out.",
    why: "privacy.pseudonymize (AUTHLOG_PSEUDONYMIZE) is set; AUTHLOG_PSEUDONYM_KEY is not, or cannot be used.",
    fix: "Set AUTHLOG_PSEUDONYM_KEY to id:key, for example with `echo k1:$(openssl rand -base64 32)`.",
  });
}
