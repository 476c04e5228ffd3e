import { getSlot } from "../../slot.ts";
import { type Attempt, beginAttempt, type Failure, recordFailure } from "../attempt.ts";
import { conclude } from "../conclude.ts";
import { guarded, guardedAsync } from "../emit-event.ts";
import type { Capture } from "../framework.ts";
import { checkCookiesOf, cookieIn, copyForm, unchecked, unproven } from "../provider-answer.ts";
import { readField, readText } from "../read.ts";
import { recordedPath } from "../recorded-path.ts";
import { unreadableBody } from "../refusals.ts";
import { readRequest } from "../request-context.ts";
import { headersOf } from "../request-of-call.ts";
import { attemptOf, readTarget4 } from "../request-target.ts";
import { passesChecks } from "./check-cookies.ts";
import { type Answer, describeAnswer } from "./outcome.ts";
import { parseUrl } from "../../telemetry/built-ins.ts";

/**
 * Runs a handler of next-auth 4, of the pages or of the app router, so that each attempt that goes
 * through it ends as one event. What next-auth answered is read, since it logs few of its failures.
 *
 * @param call the request, and the response (pages router) or the context (app router)
 */
export async function runHandler(
  [request, second]: readonly unknown[],
  capture: Capture,
  run: () => unknown,
): Promise<unknown> {
  if (!getSlot().enabled) return run();
  const asked = await guardedAsync(() => readAsked(request, second));
  const attempt = asked && guarded(() => readAttempt(asked, request, capture));
  if (attempt === undefined) return run();
  const isApp = asked?.isApp && request instanceof Request;
  const seen = isApp ? undefined : guarded(() => watchJson(second));
  const form = isApp ? copyForm(request, attempt) : readField(request, "body");
  const runNoted = async (): Promise<unknown> => {
    try {
      return await run();
    } catch (error) {
      // In the app router next-auth reads the body, and does so before all else.
      const isCut = isApp && (request.signal.aborted || readText(error, "name") === "SyntaxError");
      if (isCut && !attempt.identityTried) recordFailure(attempt, unreadableBody);
      throw error;
    }
  };
  return conclude(attempt, runNoted, async (answer) => {
    const { failure } = attempt;
    if (failure?.isClaimed) {
      const response = attempt.request.method === "POST" ? await form : asked?.query;
      attempt.failure = await judgeAnswer(failure, attempt, request, response);
    }
    return describeAnswer(
      answer instanceof Response
        ? await readResponse(answer, attempt)
        : readNodeResponse(second, seen),
      attempt,
    );
  });
}

/** What next-auth reads of a request before it reads its body. */
interface Asked {
  isApp: boolean;
  method: string;
  path: string | undefined;
  query: unknown;
  nextauth: unknown;
}

async function readAsked(request: unknown, second: unknown): Promise<Asked> {
  const url = parseUrl(readText(request, "url") ?? "", "http://localhost");
  const common = { method: readText(request, "method") ?? "GET", path: url?.pathname };
  // By these next-auth, too, knows the context of the app router.
  const params = readField(second, "params");
  if (!params) {
    const query = readField(request, "query");
    return { ...common, isApp: false, query, nextauth: readField(query, "nextauth") };
  }
  const query = url?.search ? Object.fromEntries(url.searchParams) : {};
  return {
    ...common,
    isApp: true,
    query,
    nextauth: readField(await Promise.resolve(params), "nextauth"),
  };
}

function readAttempt(
  { method, path, ...asked }: Asked,
  request: unknown,
  capture: Capture,
): Attempt {
  const target = readTarget4(asked.nextauth, asked.query);
  return beginAttempt({
    name: attemptOf(target, method),
    target,
    request: readRequest(headersOf(request), method, {
      route: path === undefined ? undefined : recordedPath(path, target, capture.providers),
    }),
    capture,
  });
}

/** What a provider's error says: nothing, where it is no answer to a sign-in that began in this browser. */
async function judgeAnswer(
  failure: Failure,
  attempt: Attempt,
  request: unknown,
  response: unknown,
): Promise<Failure> {
  const { target, capture } = attempt;
  const parsed = readField(request, "cookies");
  const fromHeader = cookieIn(headersOf(request).get("cookie"));
  const cookies = checkCookiesOf(attempt, (name) => readText(parsed, name) ?? fromHeader(name), {
    prefix: "next-auth",
    check: "state",
  });
  if (cookies?.length === 0) return unchecked(failure);
  const claimed = {
    providerId: target.providerId,
    state: readText(response, "state"),
    config: capture.config,
  };
  const isProven = cookies !== undefined && (await passesChecks(cookies, claimed));
  return isProven ? failure : unproven(failure);
}

async function readResponse(response: Response, { name }: Attempt): Promise<Answer> {
  const { status, headers } = response;
  const location = headers.get("location");
  // The body of an attempt's answer holds an address alone; a session's, which is read often, does not matter.
  const isJson = headers.get("content-type")?.startsWith("application/json") ?? false;
  if (location !== null || name === undefined || !isJson) {
    return { status, location: location ?? undefined };
  }
  return { status, location: readText(await response.clone().json(), "url") };
}

/** Where a response of the pages router says in JSON where to go: it is told to nobody else. */
interface WatchedJson {
  url: string | undefined;
}

function watchJson(response: unknown): WatchedJson {
  const watched: WatchedJson = { url: undefined };
  const json = readField(response, "json");
  if (typeof json === "function") {
    (response as { json: unknown }).json = function watch(this: unknown, body: unknown) {
      watched.url = readText(body, "url");
      return Reflect.apply(json, this, [body]) as unknown;
    };
  }
  return watched;
}

function readNodeResponse(response: unknown, seen: WatchedJson | undefined): Answer {
  const status = readField(response, "statusCode");
  const getHeader = readField(response, "getHeader");
  const location: unknown =
    typeof getHeader === "function" ? Reflect.apply(getHeader, response, ["location"]) : undefined;
  return {
    status: typeof status === "number" ? status : 0,
    location: typeof location === "string" ? location : seen?.url,
  };
}
