import { createServer } from "node:http";

/**
 * Takes every bulk call, every single one, and OTLP; parses what is JSON, and keeps nothing: what the
 * way to a receiver costs without the receiver. Prints its URL, and ends when its standard input does.
 */
const result = { hash: "0".repeat(64) };

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const type = request.headers["content-type"];
    if (type === "application/x-protobuf") {
      // An empty message: everything was taken.
      response.setHeader("content-type", type).end();
      return;
    }
    const body = JSON.parse(Buffer.concat(chunks).toString()) as { events?: unknown[] };
    response.setHeader("content-type", "application/json");
    if (request.url === "/v1/logs") {
      response.end("{}");
      return;
    }
    const answer = {
      request_id: "prq_".padEnd(36, "a"),
      request_time: "2026-01-01T00:00:00Z",
      response_time: "2026-01-01T00:00:00Z",
      status: "Success",
      summary: "",
      result: body.events === undefined ? result : { results: body.events.map(() => result) },
    };
    response.end(JSON.stringify(answer));
  });
});

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The receiver has no port.");
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${address.port}` })}\n`);
});
process.stdin.on("end", () => process.exit()).resume();
