import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What became of one request at a {@link BreakingProxy}. */
export type ProxyFate =
  /** It reaches the server behind, and its answer comes back. */
  | "passed"
  /** The server behind takes it, and then the connection breaks. */
  | "answer lost"
  /** The server behind takes it, and no answer ever comes. */
  | "answer withheld"
  /** A status, without the server behind. */
  | number;

/** A proxy on loopback before a receiver. */
export interface BreakingProxy {
  url: string;
  /** Paths of all requests, in order. */
  readonly paths: string[];
  /** Resolves when the server behind has answered a request whose answer never arrives. */
  readonly swallowed: Promise<void>;
  close: () => Promise<void>;
}

/**
 * @param fateOf what becomes of the `n`th request to a path, from 1
 * @param change what the server behind gets in place of a body
 */
export async function breakingProxy(
  target: string,
  fateOf: (path: string, n: number) => ProxyFate,
  change: (body: string, n: number) => string = (body) => body,
): Promise<BreakingProxy> {
  const paths: string[] = [];
  const swallowed = Promise.withResolvers<void>();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    paths.push(path);
    const n = paths.filter((other) => other === path).length;
    const fate = fateOf(path, n);
    const body = change(await text(request), n);
    if (typeof fate === "number") return void response.writeHead(fate).end();
    const answer = await fetch(target + path, {
      method: request.method ?? "POST",
      headers: {
        authorization: request.headers.authorization ?? "",
        "content-type": "application/json",
      },
      ...(body !== "" && { body }),
    });
    const answered = await answer.text();
    if (fate === "passed") {
      response.writeHead(answer.status, { "content-type": "application/json" }).end(answered);
      return;
    }
    if (fate === "answer lost") request.socket.destroy();
    swallowed.resolve();
  }

  const server = createServer((request, response) => {
    // What fails behind fails here.
    handle(request, response).catch(() => request.socket.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    swallowed: swallowed.promise,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
