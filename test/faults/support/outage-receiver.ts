import { createServer } from "node:http";

/** What the receiver saw. */
export interface OutageReceipt {
  requests: number;
  refused: number;
  /** How many different events came, and how many of them more than once. */
  found: number;
  twice: number;
}

/**
 * A receiver that is down (503) until it is told otherwise, and then takes what it is sent. It keeps
 * no event, only which ones came. Told by messages of its parent; ends with it.
 */
const result = { hash: "0".repeat(64) };
let down = false;
let requests = 0;
let refused = 0;
let times = new Uint8Array(1024);

const uid = /"log\.record\.uid\\":\\"(?:event-(\d+))?/g;

function note(body: string): number {
  let events = 0;
  for (const [, number] of body.matchAll(uid)) {
    events += 1;
    // An event that tells of a gap has another uid.
    if (number === undefined) continue;
    const n = Number(number);
    if (n >= times.length) {
      const more = new Uint8Array(Math.max(n + 1, times.length * 2));
      more.set(times);
      times = more;
    }
    times[n] = (times[n] ?? 0) + 1;
  }
  return events;
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    requests += 1;
    response.setHeader("content-type", "application/json");
    const envelope = {
      request_id: "prq_".padEnd(36, "a"),
      request_time: "2026-01-01T00:00:00Z",
      response_time: "2026-01-01T00:00:00Z",
      summary: "",
    };
    if (down) {
      refused += 1;
      response.statusCode = 503;
      response.end(JSON.stringify({ ...envelope, status: "ServiceTemporarilyUnavailable" }));
      return;
    }
    const events = note(Buffer.concat(chunks).toString());
    const results = Array.from({ length: events }, () => result);
    response.end(JSON.stringify({ ...envelope, status: "Success", result: { results } }));
  });
});

process.on("message", (order: "up" | "down" | "tell") => {
  if (order === "tell") {
    const found = times.reduce((sum, count) => sum + Math.min(count, 1), 0);
    const twice = times.reduce((sum, count) => sum + (count > 1 ? 1 : 0), 0);
    const receipt: OutageReceipt = { requests, refused, found, twice };
    process.send?.(receipt);
  } else {
    down = order === "down";
    process.send?.("done");
  }
});
process.on("disconnect", () => process.exit());

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The receiver has no port.");
  process.send?.(`http://127.0.0.1:${address.port}`);
});
