import type { IncomingMessage, ServerResponse } from "node:http";

/** Hands a request whose body was read on to another server, and its answer back. */
export async function forward(
  target: string,
  { method = "GET", url = "/", headers }: IncomingMessage,
  body: string,
  response: ServerResponse,
  change: (answer: string) => string = (answer) => answer,
): Promise<void> {
  const answer = await fetch(target + url, {
    method,
    headers: {
      authorization: headers.authorization ?? "",
      "content-type": headers["content-type"] ?? "",
    },
    body,
  });
  response.writeHead(answer.status, { "content-type": "application/json" });
  response.end(change(await answer.text()));
}
