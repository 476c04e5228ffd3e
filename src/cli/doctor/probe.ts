import { uuidv7 } from "uuidv7";
import { canonicalJson } from "../../canonical/canonical-json.ts";
import { AuthlogError } from "../../errors.ts";
import { findServed } from "../../ledger-server/descriptor.ts";
import { filesOf } from "../../ledger-server/files.ts";
import { resolveDestination } from "../../pangea/destination.ts";
import { loadBulkCall } from "../../pangea/request.ts";
import { RequestFault } from "../../pangea/request-fault.ts";
import { roundTrip } from "../../pangea/round-trip.ts";
import type { AuthlogConfig } from "../../setup/config.ts";
import { attributes, outcomes } from "../../vocabulary.ts";
import { type Destination, isTaken, type Probe, type RoundTripFinding } from "./destination.ts";

/** What the probe is asked to do. */
export interface ProbeOptions {
  config: AuthlogConfig;
  /** Path of the ledger's database, absolute. */
  ledgerPath: string;
  /** A token that can search, where the app has one beside that which appends. */
  readToken: string | undefined;
  /** Whether the app has its token from its code. */
  tokenInCode: boolean;
  /** Whether one event may be appended, which cannot be taken back. */
  write: boolean;
  /** For each question. */
  timeoutMillis: number;
}

interface Access {
  token: string;
  readToken: string | undefined;
  baseUrlTemplate: string;
}

/** Finds out where events go, and asks there. Rejects never: what went wrong is in the answer. */
export async function probeDestination(options: ProbeOptions): Promise<Destination> {
  const { config, ledgerPath, readToken, tokenInCode } = options;
  const token = config.token.value;
  if (typeof token !== "string") {
    if (tokenInCode) return { kind: "code" };
    if (config.production) return { kind: "none" };
    const served = await findServed(filesOf(ledgerPath));
    if (served === undefined) return { kind: "ledger", path: ledgerPath };
    const { url, tokens } = served;
    const access = { token: tokens.append, readToken: tokens.read, baseUrlTemplate: url };
    return { kind: "ledger", path: ledgerPath, url, probe: await ask(access, options) };
  }
  try {
    const baseUrlTemplate = resolveDestination({
      domain: config.domain.value,
      baseUrlTemplate: config.baseUrlTemplate.value,
    });
    const url = new URL(baseUrlTemplate.replace("{SERVICE_NAME}", "audit")).origin;
    // One token of Pangea's can have both scopes; the ledger's has one.
    const access = { token, readToken: readToken ?? token, baseUrlTemplate };
    return { kind: "remote", url, probe: await ask(access, options) };
  } catch (cause) {
    if (AuthlogError.is(cause)) return { kind: "unusable", cause };
    throw cause;
  }
}

async function ask(access: Access, options: ProbeOptions): Promise<Probe> {
  const { config, write, timeoutMillis } = options;
  const { baseUrlTemplate, token } = access;
  const configId = config.configId.value;
  const url = baseUrlTemplate.replace("{SERVICE_NAME}", "audit");
  const reached = await reach(url, AbortSignal.timeout(timeoutMillis));
  if (reached.fault !== undefined) return reached;
  const signal = AbortSignal.timeout(timeoutMillis);
  try {
    const bulk = await loadBulkCall();
    const limits = { baseUrlTemplate, configId, maxRequestBytes: 1_024, signal };
    // No event: an audit log that takes the token then finds fault with the request, and keeps nothing.
    const { httpStatus, envelope } = await bulk([], { ...limits, token });
    const { status, summary } = envelope ?? {};
    const answer = {
      httpStatus,
      ...(status !== undefined && { status }),
      ...(summary !== undefined && { summary }),
    };
    if (!write || !isTaken(answer)) return { ...reached, answer };
    return { ...reached, answer, roundTrip: await writeAndRead(access, options) };
  } catch (error) {
    return { fault: faultOf(error, signal) };
  }
}

/** One request without the token: whether anybody answers, and what time it is there. */
async function reach(url: string, signal: AbortSignal): Promise<Probe> {
  const sentMillis = Date.now();
  try {
    const response = await fetch(url, { method: "HEAD", redirect: "manual", signal });
    await response.body?.cancel();
    const thereMillis = Date.parse(response.headers.get("date") ?? "");
    const hereMillis = (sentMillis + Date.now()) / 2;
    // The header is cut to whole seconds: on average it is half a second behind.
    return Number.isNaN(thereMillis) ? {} : { skewMillis: thereMillis + 500 - hereMillis };
  } catch (error) {
    return { fault: faultOf(error, signal) };
  }
}

async function writeAndRead(
  access: Access,
  { config, timeoutMillis }: ProbeOptions,
): Promise<RoundTripFinding> {
  const uid = uuidv7();
  const record = {
    eventName: "authlog.doctor",
    timeUnixMillis: Date.now(),
    body: "authlog doctor wrote this event to see whether events arrive",
    attributes: { [attributes.recordUid]: uid, [attributes.outcome]: outcomes.success },
  };
  const schema = config.schema.value;
  const context = { canonicalize: canonicalJson, tenantId: config.tenantId.value };
  const mapped = schema.toEvent(record, context);
  if (!mapped.ok) return { proven: false, fault: mapped.cause.why, readBack: "no token" };
  const done = await roundTrip(mapped.event, {
    ...access,
    // Where the id has no place in the event, no search finds it.
    readToken: schema.uidPath === undefined ? undefined : access.readToken,
    configId: config.configId.value,
    query: `"${uid}"`,
    signal: AbortSignal.timeout(timeoutMillis),
  });
  return done.proven && schema.uidPath === undefined ? { ...done, readBack: "no id" } : done;
}

function faultOf(error: unknown, signal: AbortSignal): string {
  const { kind, code } = RequestFault.from(error, signal);
  // Without a code there is only the name of a class, which tells nobody anything.
  return code !== undefined && /^[A-Z0-9_]+$/.test(code) ? code : kind;
}
