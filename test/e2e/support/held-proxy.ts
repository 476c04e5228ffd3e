import { arrayBuffer } from "node:stream/consumers";
import { loopbackServer } from "./loopback-server.ts";

export interface HeldProxy extends AsyncDisposable {
  url: string;
  /** How many requests it has accepted and not answered. */
  held(): number;
  /** From now on every request, also those that were held, gets the answer of the server behind. */
  release(): void;
}

/** Stands before a server, accepts every request, and answers none until it is released. */
export async function heldProxy(target: string): Promise<HeldProxy> {
  const gate = Promise.withResolvers<void>();
  let held = 0;
  const server = await loopbackServer(async (request, response) => {
    const body = await arrayBuffer(request);
    held += 1;
    await gate.promise;
    const answer = await fetch(`${target}${request.url ?? ""}`, {
      method: request.method ?? "GET",
      headers: {
        authorization: request.headers.authorization ?? "",
        "content-type": request.headers["content-type"] ?? "",
      },
      body,
    });
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(await answer.text());
    held -= 1;
  });
  return {
    url: server.url,
    held: () => held,
    release: gate.resolve,
    async [Symbol.asyncDispose]() {
      gate.resolve();
      await server[Symbol.asyncDispose]();
    },
  };
}
