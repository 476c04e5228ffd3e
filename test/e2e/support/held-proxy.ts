import { text } from "node:stream/consumers";
import { forward } from "./forward.ts";
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
    const body = await text(request);
    held += 1;
    await gate.promise;
    await forward(target, request, body, response);
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
