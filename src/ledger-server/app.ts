import { Hono } from "hono";
import { AuthlogError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Clock } from "../time.ts";
import type { EventSchema } from "./event-schema.ts";
import { readJson, refuseUnread } from "./json-body.ts";
import { type AppendedEvent, logRoutes } from "./log-routes.ts";
import { Refusal } from "./refusal.ts";
import { refusalReply, type Success, successReply } from "./reply.ts";
import { searchRoutes } from "./search-routes.ts";
import { proofOfToken, type Role, roleChecker, type Tokens } from "./tokens.ts";

/** What the HTTP application needs; none of it is a socket. */
export interface AppOptions {
  readonly ledger: Ledger;
  readonly tokens: Tokens;
  /** The server's own address, `http://127.0.0.1:4319`; asked at each request. */
  readonly url: () => string;
  readonly schema: EventSchema;
  readonly maxBodyBytes: number;
  readonly clock: Clock;
  readonly onAppend?: (event: AppendedEvent) => void;
  readonly onError?: (error: unknown) => void;
}

/**
 * The ledger's HTTP application: Pangea's audit API for one ledger, from Request to Response.
 *
 * Errors are answered in Pangea's envelope, never thrown. A body is read only after its sender has
 * shown a token.
 */
export function createApp(options: AppOptions): Hono {
  const { tokens, url, maxBodyBytes, clock } = options;
  const { log, bulkLog } = logRoutes(options);
  const { search, results, root } = searchRoutes(options);
  const roleOf = roleChecker(tokens);
  const app = new Hono();

  const route = (path: string, role: Role, handle: (body: unknown) => Promise<Success>): void => {
    app.all(path, async (context) => {
      const requestMillis = clock();
      const request = context.req.raw;
      const refusal = refusalOf(request, role, roleOf);
      if (refusal !== undefined) return await refuseUnread(request, refusal);
      const success = await handle(await readJson(request, maxBodyBytes));
      return successReply(requestMillis, clock(), success);
    });
  };

  app.use(async (context, next) => {
    const request = context.req.raw;
    if (!isOwn(request, url())) {
      const summary = "The ledger answers to its own address only.";
      return await refuseUnread(request, new Refusal("Forbidden", summary));
    }
    return await next();
  });
  route("/v1/log", "append", log);
  route("/v2/log", "append", bulkLog);
  route("/v1/search", "read", search);
  route("/v1/results", "read", results);
  route("/v1/root", "read", root);
  app.get("/authlog/challenge/:nonce{[0-9a-f]{64}}", (context) => {
    const proof = proofOfToken(tokens.append, url(), context.req.param("nonce"));
    return successReply(clock(), clock(), { resultJson: JSON.stringify({ proof }), summary: "" });
  });
  app.notFound(async (context) => {
    const refusal = new Refusal("NotFound", "There is nothing at this path.");
    return await refuseUnread(context.req.raw, refusal);
  });
  app.onError((error) => {
    if (!(error instanceof Refusal)) options.onError?.(error);
    return refusalReply(clock(), clock(), asRefusal(error));
  });
  return app;
}

/**
 * A page that a developer visits can send requests to loopback: under a name of its own that it
 * lets resolve to 127.0.0.1 (DNS rebinding, told by Host), or across origins (told by Origin).
 */
function isOwn(request: Request, url: string): boolean {
  const { port } = new URL(url);
  const names = ["127.0.0.1", "localhost", "[::1]"].map((name) => `${name}:${port}`);
  const host = request.headers.get("host") ?? new URL(request.url).host;
  const origin = request.headers.get("origin");
  return names.includes(host.toLowerCase()) && (origin === null || origin === `http://${host}`);
}

/** What stands against a request before its body is looked at. */
function refusalOf(
  request: Request,
  role: Role,
  roleOf: (token: string) => Role | undefined,
): Refusal | undefined {
  if (request.method !== "POST") return new Refusal("MethodNotAllowed", "This path takes POST.");
  const header = request.headers.get("authorization") ?? "";
  const given = roleOf(/^Bearer +(\S+)$/i.exec(header)?.[1] ?? "");
  if (given === undefined) return new Refusal("Unauthorized", "The token is missing or wrong.");
  if (given === role) return undefined;
  return new Refusal("Forbidden", `This path takes the ledger's ${role} token.`);
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (!AuthlogError.is(error))
    return new Refusal("InternalError", "The ledger failed to handle the request.");
  // Not "temporarily": whoever reads or appends has to know that the trail is not whole, and where.
  if (error.code === "ERR_AUTHLOG_LEDGER_DAMAGED")
    return new Refusal("LedgerDamaged", error.message);
  // What SQLite or V8 says can quote an event: the sender learns only which side is at fault.
  return new Refusal("ServiceNotAvailable", "The ledger's database cannot be used.");
}
