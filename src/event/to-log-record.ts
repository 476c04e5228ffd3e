import type { AttributeValue, AuthLogRecord, RecordIdentity } from "../slot.ts";
import { attributes, eventNames, failureReasons } from "../vocabulary.ts";
import type { AuthEvent, Pseudonym } from "./auth-event.ts";
import { cleanText } from "./privacy.ts";

/** What an attribute is told as; `undefined` leaves it out. */
export type Tell = (attribute: string, text: string) => string | undefined;

const asItIs: Tell = (_, text) => text;

/** Severities of OpenTelemetry's log data model. */
const severities = {
  info: { severityNumber: 9, severityText: "INFO" },
  warn: { severityNumber: 13, severityText: "WARN" },
  error: { severityNumber: 17, severityText: "ERROR" },
} as const;

/**
 * The log record of an event. Privacy is applied here, before any exporter sees the record: the
 * attributes are an allow-list, capped and well-formed, and the names of those that a cap cut stand
 * in `authlog.truncated`. Pure; never throws for any event of the type.
 *
 * @param tell what stands in place of an attribute's text, once that is capped and well-formed
 * @example
 * const record = toLogRecord(
 *   { name: "auth.sign_in", timeUnixMillis: Date.now(), outcome: "success",
 *     user: { id: "42" }, framework: { name: "next-auth", version: "5" } },
 *   { uid: "0199…", producerId: "…", sequence: 1 },
 * );
 * record.attributes["user.id"]; // "42"
 */
export function toLogRecord(
  event: AuthEvent,
  identity: RecordIdentity,
  tell: Tell = asItIs,
): AuthLogRecord {
  const values: Record<string, AttributeValue> = {};
  const truncated: string[] = [];
  const tellText = (name: string, text: string, as = tell): string | undefined => {
    const clean = cleanText(name, text);
    const told = as(name, clean.text);
    if (told !== undefined && clean.truncated && !truncated.includes(name)) truncated.push(name);
    return told;
  };
  const set = (
    name: string,
    value: AttributeValue | Pseudonym | undefined,
    as: Tell = tell,
  ): void => {
    if (value === undefined || value === "") return;
    const told = typeof value === "string" ? tellText(name, value, as) : tellOther(name, value);
    if (told !== undefined) values[name] = told;
  };
  const tellOther = (
    name: string,
    value: Exclude<AttributeValue, string> | Pseudonym,
  ): AttributeValue => {
    if (typeof value !== "object") return value;
    if ("pseudonym" in value) return value.pseudonym;
    const texts = value.map((text) => tellText(name, text));
    return Object.freeze(texts.filter((text) => text !== undefined));
  };
  const { user, provider, framework, request } = event;
  set(attributes.recordUid, identity.uid);
  set(attributes.producerId, identity.producerId);
  set(attributes.sequence, identity.sequence);
  set(attributes.outcome, event.outcome);
  set(attributes.failureReason, event.reason);
  set(attributes.errorType, event.errorType);
  set(attributes.userId, user?.id);
  set(attributes.userEmail, user?.email);
  set(attributes.userFullName, user?.fullName);
  set(attributes.userIsNew, user?.isNew);
  set(attributes.attemptedIdentifier, event.attemptedIdentifier);
  set(attributes.target, event.target);
  set(attributes.providerId, provider?.id);
  set(attributes.providerType, provider?.type);
  set(attributes.frameworkName, framework?.name);
  set(attributes.frameworkVersion, framework?.version);
  set(attributes.sessionId, event.session);
  set(attributes.clientAddress, request?.clientAddress);
  set(attributes.clientAddressVerified, request?.clientAddressVerified);
  set(attributes.userAgent, request?.userAgent);
  set(attributes.requestMethod, request?.method);
  set(attributes.urlPath, request?.path);
  set(attributes.urlPath, request?.route, asItIs);
  set(attributes.coalescedCount, event.coalescedCount);
  set(attributes.traceRemote, request?.caller && true);
  for (const [name, value] of Object.entries(event.own ?? {})) set(name, value);
  if (truncated.length > 0) values[attributes.truncated] = Object.freeze(truncated);
  return Object.freeze({
    eventName: event.name,
    timeUnixMillis: event.timeUnixMillis,
    ...severityOf(event),
    body: sentenceOf(event, values),
    attributes: Object.freeze(values),
    ...(request?.caller && { remoteSpan: Object.freeze(request.caller) }),
  });
}

function severityOf(event: AuthEvent): (typeof severities)[keyof typeof severities] {
  if (event.reason === failureReasons.configuration) return severities.error;
  return event.outcome === "failure" ? severities.warn : severities.info;
}

/** What an event says to a person, up to the point where it went wrong. */
const phrases: ReadonlyMap<string, readonly [done: string, failed: string]> = new Map(
  Object.entries({
    [eventNames.signIn]: ["signed in", "failed to sign in"],
    [eventNames.signOut]: ["signed out", "failed to sign out"],
    [eventNames.userCreate]: ["was created as a user", "could not be created as a user"],
    [eventNames.userUpdate]: ["was updated", "could not be updated"],
    [eventNames.verificationRequest]: [
      "asked for an e-mail link",
      "asked for an e-mail link that was not sent",
    ],
    [eventNames.sessionReject]: ["showed a session", "showed a session that was refused"],
    [eventNames.requestReject]: ["made a request", "made a request that was refused"],
    [eventNames.sessionRead]: ["read the session", "could not read the session"],
    [eventNames.accountLink]: ["linked an account", "failed to link an account"],
  }),
);

function sentenceOf(event: AuthEvent, values: Readonly<Record<string, AttributeValue>>): string {
  const who =
    values[attributes.userEmail] ??
    values[attributes.userId] ??
    values[attributes.attemptedIdentifier] ??
    "Somebody";
  const [done, failed] = phrases.get(event.name) ?? [
    `did ${event.name}`,
    `failed at ${event.name}`,
  ];
  const target = values[attributes.target];
  const what = target === undefined ? "" : ` on ${String(target)}`;
  const provider = values[attributes.providerId];
  const how = provider === undefined ? "" : ` with ${String(provider)}`;
  const why = event.reason === undefined ? "" : `: ${event.reason.replaceAll("_", " ")}`;
  return `${String(who)} ${event.outcome === "failure" ? failed : done}${what}${how}${why}`;
}
