import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** One request as the receiver saw it. */
export interface ReceivedRequest {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  events: Record<string, string>[];
  body: Record<string, unknown>;
}

/** What the receiver does with one request. */
export type Reply = (
  request: ReceivedRequest,
  response: ServerResponse,
  socket: Socket,
) => void | Promise<void>;

export interface Receiver {
  url: string;
  requests: ReceivedRequest[];
  close(): Promise<void>;
}

/**
 * A receiver on loopback that answers as scripted: the first request by the first reply, and so on;
 * after the last, as Pangea does.
 */
export async function startReceiver(...script: Reply[]): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const server = createServer((message, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      const body = text === "" ? {} : JSON.parse(text);
      const request: ReceivedRequest = {
        method: message.method ?? "",
        path: message.url ?? "",
        headers: message.headers,
        events: (body.events ?? []).map(({ event }: { event: Record<string, string> }) => event),
        body,
      };
      requests.push(request);
      await (script[requests.length - 1] ?? success)(request, response, message.socket);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Pangea's envelope around a result. */
export function envelope(status: string, result: object = {}, summary = "so it is"): string {
  const time = "2026-01-01T00:00:00.000Z";
  const request_id = "prq_0123456789abcdefghijklmnopqrstuv";
  return JSON.stringify({
    request_id,
    request_time: time,
    response_time: time,
    status,
    summary,
    result,
  });
}

/** Answers with a status, a body and headers. */
export function answer(status: number, body: string, headers: Record<string, string> = {}): Reply {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
  };
}

/** Answers as Pangea does when it took every event. */
export const success: Reply = ({ events }, response) => {
  const results = events.map((_event, index) => ({ hash: index.toString(16).padStart(64, "0") }));
  response
    .writeHead(200, { "content-type": "application/json" })
    .end(envelope("Success", { results }));
};
