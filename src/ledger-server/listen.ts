import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { AuthlogError } from "../errors.ts";
import { causeText } from "../files/system-reason.ts";
import { report } from "../telemetry/diagnostics.ts";

/** A server that listens. */
export interface Listening {
  readonly url: string;
  /** Has it keep the process alive no longer, nor its clients' connections. */
  unref: () => void;
  /** Lets running requests end, for at most {@link drainMillis}, and takes no new ones. */
  close: () => Promise<void>;
}

const drainMillis = 2_000;

/** A client that stalls holds a socket for so long, and no longer. */
const timeouts = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
};

/** Where to listen. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Whether the port was asked for, so that another one would not do. */
  readonly portIsGiven: boolean;
}

/**
 * Serves an application on a socket.
 *
 * @throws AuthlogError `ERR_AUTHLOG_LEDGER_PORT_IN_USE` when the port was asked for and is taken;
 *   `ERR_AUTHLOG_LEDGER_UNUSABLE` when the address cannot be listened on
 */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  { host, port, portIsGiven }: ListenOptions,
): Promise<Listening> {
  // The ledger lives in the app's process: its `Request` and `Response` are not to be replaced. What
  // a refused client still sends is read and dropped for a while, so that it gets to read its answer.
  const options = { fetch, serverOptions: timeouts, overrideGlobalObjects: false };
  const server = createAdaptorServer(options) as Server;
  // A reader that does not read its answer is cut off as well.
  server.setTimeout(60_000);
  try {
    await bind(server, host, port);
  } catch (cause) {
    if (!isTaken(cause)) throw cannotListen(host, port, cause);
    if (portIsGiven) throw portInUse(host, port, cause);
    await bind(server, host, 0);
    report(otherPort(port, portOf(server)));
  }
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${portOf(server)}`,
    unref: () => {
      server.unref();
      server.on("connection", (socket) => socket.unref());
    },
    close: () =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), drainMillis);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function isTaken(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EADDRINUSE";
}

function otherPort(taken: number, used: number): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_LEDGER_PORT_IN_USE", {
    message: `Port ${taken} is taken; the ledger is served on port ${used} this time.`,
    why: "Another program listens on the ledger's default port: often the ledger of another app.",
    fix: "Nothing has to be done: authlog finds its ledger by its file. For a port that stays the same, set AUTHLOG_LEDGER_PORT.",
  });
}

function portInUse(host: string, port: number, cause: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_LEDGER_PORT_IN_USE", {
    message: `The ledger cannot listen on ${host}:${port}.`,
    why: "Another program listens there.",
    fix: "Give another port (AUTHLOG_LEDGER_PORT, or the option `port`), or none: then any free one is used.",
    cause,
  });
}

function cannotListen(host: string, port: number, cause: unknown): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_LEDGER_UNUSABLE", {
    message: `The ledger cannot listen on ${host}:${port}.`,
    why: causeText(cause),
    fix: "Give a port above 1023, or leave the port out.",
    cause,
  });
}
