import { type Attempt, beginAttempt } from "../attempt.ts";
import { conclude } from "../conclude.ts";
import { guarded } from "../emit-event.ts";
import type { Capture } from "../framework.ts";
import { readField, readText } from "../read.ts";
import { readRequest } from "../request-context.ts";
import { headersOf } from "../request-of-call.ts";
import { attemptOf, readTarget } from "../request-target.ts";
import { type Answer, describeAnswer, handlerError } from "./outcome.ts";
import { parseUrl } from "../../telemetry/built-ins.ts";

/**
 * Runs a handler of next-auth 4, of the pages or of the app router, so that each attempt that goes
 * through it ends as one event. What next-auth answered is read, since it logs few of its failures.
 *
 * @param call the request, and the response (pages router) or the context (app router)
 */
export function runHandler(
  [request, second]: readonly unknown[],
  capture: Capture,
  run: () => unknown,
): unknown {
  const attempt = guarded(() => readAttempt(request, capture));
  if (attempt === undefined) return run();
  const seen = request instanceof Request ? undefined : guarded(() => watchJson(second));
  const runNoted = async (): Promise<unknown> => {
    try {
      return await run();
    } catch (error) {
      attempt.failure ??= handlerError;
      throw error;
    }
  };
  return conclude(attempt, runNoted, async (answer) =>
    describeAnswer(
      answer instanceof Response
        ? await readResponse(answer, attempt)
        : readNodeResponse(second, seen),
      attempt,
    ),
  );
}

function readAttempt(request: unknown, capture: Capture): Attempt | undefined {
  const path = readText(request, "url");
  const url = path === undefined ? null : parseUrl(path, "http://localhost");
  if (url === null) return undefined;
  const method = readText(request, "method") ?? "GET";
  const target = readTarget(url);
  return beginAttempt({
    name: attemptOf(target, method),
    target,
    request: readRequest(headersOf(request), method, url.pathname),
    capture,
  });
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
